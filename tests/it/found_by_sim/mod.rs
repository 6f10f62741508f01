//! What the simulator found, once more as tables: each of these was a run that broke a promise.

mod commands;
mod pods;
mod specs;
mod views;

use std::collections::BTreeMap;

use serin::api::{Invalid, Status};
use serin::audit::{Cluster, Origin, Teller};
use serin::controller::{Key, Seen};
use serin::rollout::{Action, Author, Change, Fields, Observed, Revision, State, Verb};

use crate::given::noon;

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
    Seen {
        shared: std::sync::Arc::default(),
        fields: Fields::default(),
        version: "7".to_owned(),
        generation: 3,
        uid: "uid".to_owned(),
        intent: Err(Invalid::NoRoom),
        replicas: None,
        status: Ok(Status { state: Some(state), replicas, ..Status::default() }.into()),
        observed,
        sinks: BTreeMap::new(),
        teller: Teller { cluster: Cluster { name: "test".to_owned(), uid: None }, controller: "serin".to_owned() },
        origin: Origin::default(),
    }
}

fn key() -> Key {
    Key { namespace: "shop".to_owned(), name: "checkout".to_owned() }
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
