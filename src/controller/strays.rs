//! What becomes of commands for a Rollout that is not there?

use chrono::{DateTime, TimeDelta, Utc};

use crate::rollout::{Action, Answer, Change, Handled, forgotten_at};

/// How long a command waits for its Rollout: both may come out of one file, in any order.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// What has to be written on them, and when to look again. There is no rollout that could tell an event of it: the answer is all there is.
pub(super) fn strays(actions: &[Action], now: DateTime<Utc>) -> (Vec<Change>, Option<DateTime<Utc>>) {
    let due = |action: &Action| action.answered.map_or(action.at + PATIENCE, forgotten_at);
    let writes = actions.iter().filter(|action| now >= due(action)).map(|action| match action.answered {
        Some(_) => Change::Forget { name: action.name.clone(), uid: action.uid.clone() },
        None => Change::Answer(refused(action, now)),
    });
    (writes.collect(), actions.iter().map(due).filter(|at| *at > now).min())
}

fn refused(action: &Action, now: DateTime<Utc>) -> Handled {
    Handled {
        uid: action.uid.clone(),
        name: action.name.clone(),
        answer: Answer::Refused,
        message: "there is no Rollout of that name in this namespace".to_owned(),
        phase: "Absent".to_owned(),
        at: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{Author, Verb};

    fn stray(at: i64, answered: Option<i64>) -> Action {
        let time = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        Action {
            uid: "u1".to_owned(),
            name: "given-1".to_owned(),
            verb: Verb::Abort,
            revision: None,
            attempt: None,
            to: None,
            author: Author::default(),
            at: time(at),
            answered: answered.map(time),
        }
    }

    #[test]
    fn a_command_without_a_rollout_waits_a_minute_and_is_refused() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(60);
        assert_eq!(strays(&[stray(1, None)], now), (vec![], Some(now + TimeDelta::seconds(1))));
        let (writes, wake) = strays(&[stray(0, None)], now);
        let [Change::Answer(Handled { answer: Answer::Refused, message, .. })] = &writes[..] else { panic!("{writes:?}") };
        assert_eq!((message.as_str(), wake), ("there is no Rollout of that name in this namespace", None));
    }

    #[test]
    fn one_that_was_answered_a_day_ago_goes() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(2);
        let answered = now - TimeDelta::days(1);
        let gone = Change::Forget { name: "given-1".to_owned(), uid: "u1".to_owned() };
        assert_eq!(strays(&[stray(0, Some(answered.timestamp()))], now), (vec![gone], None));
        let later = answered + TimeDelta::seconds(1);
        assert_eq!(strays(&[stray(0, Some(later.timestamp()))], now), (vec![], Some(now + TimeDelta::seconds(1))));
    }
}
