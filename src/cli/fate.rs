//! What became of a revision, as far as its Rollout's status and its record tell?

use crate::api::Status;
use crate::rollout::{Adopting, AttemptResult, Ended, Idle, Installing, Revision, RollingBack, State};

/// What is known of a revision's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not decided; the text says why not yet.
    Open(String),
    /// It is decided.
    Ended {
        /// How its attempt ended.
        result: AttemptResult,
        /// Why, in one sentence.
        message: String,
    },
    /// The status says nothing of it any more: its record does.
    Past,
}

/// A Rollout, seen by somebody who asks for one of its revisions.
pub(super) struct Sight<'a> {
    /// What its status says.
    pub(super) status: &'a Status,
    /// Whether the spec has that revision now.
    pub(super) is_newest: bool,
    /// Whether the status speaks of the newest spec.
    pub(super) is_observed: bool,
}

/// What the record of a revision says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// There is one, with this outcome if any; or there was no time to make one.
    Kept(Option<String>),
    /// Nobody has heard of the revision.
    Unknown,
}

/// What the status says of a revision.
pub(super) fn fate(wanted: &Revision, sight: &Sight<'_>) -> Fate {
    let Some(state) = &sight.status.state else { return open(sight) };
    match state {
        State::Idle(idle) => at_rest(idle, wanted, sight),
        State::Baking(at) if at.attempt.canary == *wanted => {
            ended(AttemptResult::Promoted, "it replaced stable and is being watched".to_owned())
        }
        State::RollingBack(RollingBack { attempt, cause, .. }) if attempt.canary == *wanted => match cause.result() {
            // The template changed there and back: it gets another attempt.
            AttemptResult::Superseded if sight.is_newest => open(sight),
            result => ended(result, cause.to_string()),
        },
        State::Installing(Installing { revision, .. }) | State::Adopting(Adopting { revision, .. }) if revision == wanted => open(sight),
        State::Stepping(_) | State::Approval(_) | State::Paused(_) | State::Promoting(_)
            if state.attempt().is_some_and(|attempt| attempt.canary == *wanted) =>
        {
            open(sight)
        }
        State::Installing(_)
        | State::Adopting(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_)
        | State::HandingBack(_)
        | State::Deleted(_) => elsewhere(state, wanted, sight),
    }
}

/// While nothing is in flight.
fn at_rest(idle: &Idle, wanted: &Revision, sight: &Sight<'_>) -> Fate {
    let Ended { revision, result, message, .. } = &idle.last;
    let is_last = revision == wanted;
    if idle.serves(wanted) {
        return match result {
            AttemptResult::Installed | AttemptResult::Promoted | AttemptResult::Recovered if is_last => ended(*result, message.clone()),
            _ => serves(),
        };
    }
    let is_rejected = idle.rejected.as_ref() == Some(wanted);
    match sight.is_newest {
        // A status that speaks of an older spec may remember an attempt of long ago.
        true if is_rejected && is_last && sight.is_observed => ended(*result, message.clone()),
        true => open(sight),
        false if is_last => ended(*result, message.clone()),
        false => Fate::Past,
    }
}

/// The rollout is about another revision now.
fn elsewhere(state: &State, wanted: &Revision, sight: &Sight<'_>) -> Fate {
    let is_stable = state.stable() == Some(wanted);
    match (sight.is_newest, is_stable) {
        // What comes next, or comes back, is not there yet.
        (true, _) if !matches!(state, State::Deleted(_)) => open(sight),
        (_, true) => serves(),
        (_, false) => Fate::Past,
    }
}

fn ended(result: AttemptResult, message: String) -> Fate {
    Fate::Ended { result, message }
}

fn serves() -> Fate {
    ended(AttemptResult::Promoted, "it is stable".to_owned())
}

/// Why it is not decided: where the rollout stands.
fn open(sight: &Sight<'_>) -> Fate {
    let Status { phase, why, .. } = sight.status;
    Fate::Open(match (phase, why) {
        (None, _) => "Serin has not looked at the Rollout yet; is the controller running?".to_owned(),
        (Some(phase), None) => phase.clone(),
        (Some(phase), Some(why)) => format!("{phase}, {}: {}", why.reason, why.message),
    })
}

impl Past {
    /// What it says of the revision.
    pub(super) fn fate(&self) -> Fate {
        match self {
            Self::Unknown => Fate::Open("the Rollout has had no such revision".to_owned()),
            Self::Kept(None) => ended(AttemptResult::Superseded, "the template changed before it was decided".to_owned()),
            Self::Kept(Some(word)) => match AttemptResult::ALL.into_iter().find(|result| result.word() == word) {
                Some(result) => ended(result, format!("it was {word}, and other revisions came after it")),
                None => Fate::Open(format!("its record says {word}, which this version of Serin does not know")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CANARY: &str = "cccccccccc";
    const STABLE: &str = "5555555555";
    const LONG_AGO: &str = "0000000000";

    /// Whether the spec has the revision that is asked for, and whether the status speaks of that spec.
    #[derive(Clone, Copy)]
    enum Spec {
        Newest,
        Unobserved,
        Another,
    }

    fn told(state: &Value, wanted: &str, spec: Spec) -> String {
        let state = serde_json::from_value(state.clone()).unwrap();
        let status = Status { state: Some(state), phase: Some("There".to_owned()), ..Status::default() };
        let sight = Sight {
            status: &status,
            is_newest: matches!(spec, Spec::Newest | Spec::Unobserved),
            is_observed: matches!(spec, Spec::Newest | Spec::Another),
        };
        text(&fate(&Revision::new(wanted), &sight))
    }

    fn text(fate: &Fate) -> String {
        match fate {
            Fate::Open(why) => format!("open: {why}"),
            Fate::Ended { result, message } => format!("{}: {message}", result.word()),
            Fate::Past => "past".to_owned(),
        }
    }

    fn attempt() -> Value {
        json!({"number": 3, "stable": STABLE, "canary": CANARY})
    }

    fn idle(result: &str) -> Value {
        let rejected = (result != "Promoted").then_some(CANARY);
        let stable = if result == "Promoted" { CANARY } else { STABLE };
        let last = json!({"revision": CANARY, "result": result, "message": "so it was", "at": "2026-11-23T12:00:00Z"});
        json!({"idle": {"stable": stable, "attempts": 3, "last": last, "rejected": rejected}})
    }

    fn rolling_back(cause: &Value) -> Value {
        json!({"rollingBack": {"attempt": attempt(), "cause": cause, "since": "2026-11-23T12:00:00Z"}})
    }

    #[test]
    fn an_attempt_in_flight_is_open_and_says_where_it_stands() {
        let clock = json!({"waiting": {"since": "2026-11-23T12:00:00Z", "heldMillis": 0}});
        let stepping = json!({"stepping": {"attempt": attempt(), "step": 25, "clock": clock}});
        assert_eq!(told(&stepping, CANARY, Spec::Newest), "open: There");
        // A newer template waits, or is about to take its place.
        assert_eq!(told(&stepping, CANARY, Spec::Another), "open: There");
        assert_eq!(told(&stepping, LONG_AGO, Spec::Newest), "open: There");
        assert_eq!(told(&stepping, LONG_AGO, Spec::Another), "past");
        assert_eq!(told(&stepping, STABLE, Spec::Another), "promoted: it is stable");
        // The template was set back to it: it serves everything again when the canary is gone.
        assert_eq!(told(&stepping, STABLE, Spec::Newest), "open: There");
    }

    #[test]
    fn a_promotion_is_the_edge_into_the_bake_or_to_rest() {
        let promoting = json!({"promoting": {"attempt": attempt(), "since": "2026-11-23T12:00:00Z"}});
        assert_eq!(told(&promoting, CANARY, Spec::Newest), "open: There");
        let baking = json!({"baking": {"attempt": attempt(), "since": "2026-11-23T12:00:00Z"}});
        assert_eq!(told(&baking, CANARY, Spec::Newest), "promoted: it replaced stable and is being watched");
        assert_eq!(told(&idle("Promoted"), CANARY, Spec::Newest), "promoted: so it was");
        assert_eq!(told(&idle("Promoted"), CANARY, Spec::Another), "promoted: so it was");
    }

    #[test]
    fn an_abort_is_known_when_it_begins_and_when_it_is_over() {
        let aborted = rolling_back(&json!({"unavailable": "1 of 2 pods"}));
        assert_eq!(told(&aborted, CANARY, Spec::Newest), "aborted: 1 of 2 pods");
        assert_eq!(told(&aborted, CANARY, Spec::Another), "aborted: 1 of 2 pods");
        assert_eq!(told(&aborted, STABLE, Spec::Newest), "open: There");
        assert_eq!(told(&idle("Aborted"), CANARY, Spec::Newest), "aborted: so it was");
        assert_eq!(told(&idle("Undone"), CANARY, Spec::Newest), "undone: so it was");
        assert_eq!(told(&idle("Aborted"), STABLE, Spec::Newest), "promoted: it is stable");
    }

    /// A pipeline applies a template that was aborted before: what the status still says of it is no answer.
    #[test]
    fn a_template_that_was_just_applied_is_not_answered_from_an_older_look() {
        assert_eq!(told(&idle("Aborted"), CANARY, Spec::Unobserved), "open: There");
        assert_eq!(told(&idle("Aborted"), LONG_AGO, Spec::Newest), "open: There");
        assert_eq!(text(&Past::Kept(Some("aborted".to_owned())).fate()), "aborted: it was aborted, and other revisions came after it");
    }

    #[test]
    fn what_the_template_left_behind_is_superseded_unless_it_comes_back() {
        let superseded = rolling_back(&json!({"superseded": LONG_AGO}));
        assert_eq!(told(&superseded, CANARY, Spec::Another), "superseded: the template changed to revision 0000000000");
        assert_eq!(told(&superseded, CANARY, Spec::Newest), "open: There");
        assert_eq!(told(&idle("Superseded"), CANARY, Spec::Another), "superseded: so it was");
        assert_eq!(text(&Past::Kept(None).fate()), "superseded: the template changed before it was decided");
    }

    #[test]
    fn a_first_revision_is_open_until_it_is_stable() {
        let installing = json!({"installing": {"revision": CANARY, "since": "2026-11-23T12:00:00Z"}});
        assert_eq!(told(&installing, CANARY, Spec::Newest), "open: There");
        assert_eq!(told(&installing, LONG_AGO, Spec::Another), "past");
        let sight = Sight { status: &Status::default(), is_newest: true, is_observed: false };
        assert!(text(&fate(&Revision::new(CANARY), &sight)).contains("is the controller running?"));
    }

    #[test]
    fn every_word_of_a_record_is_understood() {
        for result in AttemptResult::ALL {
            assert!(text(&Past::Kept(Some(result.word().to_owned())).fate()).starts_with(result.word()));
        }
        assert!(text(&Past::Kept(Some("blessed".to_owned())).fate()).starts_with("open: "));
        assert!(text(&Past::Unknown.fate()).starts_with("open: "));
    }
}
