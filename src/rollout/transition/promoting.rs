//! The canary earned everything and replaces stable, pod by pod.

use super::super::reach::{Reach, late_at, reach};
use super::super::{AttemptResult, Cause, Ended, Event, EventKind, Promoting, State, Weight, Why};
use super::{Facts, Next, roll_back, settle, stay, tell, unread};

pub(super) fn next(at: &Promoting, facts: &Facts) -> Next {
    let attempt = &at.attempt;
    let waiting = match reach(facts.intent, attempt, Weight::FULL, facts.seen) {
        Reach::Reached if facts.seen.children.contains_key(&attempt.canary) => return promoted(at),
        Reach::Reached => "the Deployment does not exist yet".to_owned(),
        Reach::Waiting(text) | Reach::Exceeded(text) => text,
    };
    let deadline = |since| late_at(facts.intent, attempt, since, facts.seen);
    let late = facts.now >= deadline(at.since);
    if let Some(why) = unread(facts) {
        // Nothing is written meanwhile, so nothing can be late.
        let since = if late { facts.now } else { at.since };
        return stay(State::Promoting(Promoting { since, ..at.clone() }), why, Some(deadline(since)));
    }
    if late {
        return roll_back(attempt.clone(), Cause::Unavailable(format!("promotion not complete in time: {waiting}")), facts);
    }
    stay(State::Promoting(at.clone()), Why::WaitingForPods(waiting), Some(deadline(at.since)))
}

fn promoted(at: &Promoting) -> Next {
    let Promoting { attempt, .. } = at;
    let message = format!("revision {} replaced revision {}", attempt.canary, attempt.stable);
    let last = Ended { revision: attempt.canary.clone(), result: AttemptResult::Promoted, message: message.clone() };
    let event =
        Event { weight: Some(Weight::FULL), stable: Some(attempt.canary.clone()), ..tell(EventKind::Promoted, attempt, "Passed", message) };
    Next::Edge { state: settle(attempt.canary.clone(), attempt.number, last, None), event, why: Why::Settled }
}
