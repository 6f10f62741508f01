//! What the simulator found, once more as tables: each of these was a run that broke a promise.

mod commands;
mod pods;
mod specs;
mod views;

use serin::api::{Invalid, Status};
use serin::controller::Seen;
use serin::rollout::{Action, Author, Change, Observed, Revision, State, Verb};

use crate::given::{intent, look, noon, v2};

/// Which revision gets how many replicas.
fn scales(changes: &[Change]) -> Vec<(&Revision, u32)> {
    changes.iter().filter_map(scale).collect()
}

fn scale(change: &Change) -> Option<(&Revision, u32)> {
    match change {
        Change::Scale { revision, replicas, .. } => Some((revision, *replicas)),
        Change::Guard
        | Change::Record { .. }
        | Change::Create { .. }
        | Change::Mark { .. }
        | Change::Repair { .. }
        | Change::Restart { .. }
        | Change::Stamp { .. }
        | Change::Prune { .. }
        | Change::Discard { .. }
        | Change::Hold { .. }
        | Change::Unpause { .. }
        | Change::ScaleHeld { .. }
        | Change::LetGo { .. }
        | Change::Answer(_)
        | Change::Forget { .. }
        | Change::Release => None,
    }
}

fn unreadable(state: State, replicas: i64, observed: Observed) -> Seen {
    let status = Status { state: Some(state), replicas, ..Status::default() };
    Seen { intent: Err(Invalid::NoRoom), replicas: None, ..look(status, intent(v2()), observed) }
}

/// A command by somebody.
fn command() -> Action {
    Action {
        uid: "a".to_owned(),
        name: "a".to_owned(),
        verb: Verb::Pause,
        revision: None,
        attempt: None,
        to: None,
        author: Author::default(),
        at: noon(),
        answered: None,
    }
}
