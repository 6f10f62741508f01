//! What became of a revision, as far as its Rollout's status and its record tell?

use crate::api::Status;
use crate::rollout::{AttemptResult, Ended, Idle, Installing, Revision, RollingBack, State};

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
        State::Installing(Installing { revision, .. }) if revision == wanted => open(sight),
        State::Stepping(_) | State::Approval(_) | State::Paused(_) | State::Promoting(_)
            if state.attempt().is_some_and(|attempt| attempt.canary == *wanted) =>
        {
            open(sight)
        }
        State::Installing(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_)
        | State::Deleted(_) => elsewhere(state, wanted, sight),
    }
}

/// While nothing is in flight.
fn at_rest(idle: &Idle, wanted: &Revision, sight: &Sight<'_>) -> Fate {
    let Ended { revision, result, message } = &idle.last;
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
