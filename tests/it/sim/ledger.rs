//! What has happened so far, as somebody writes it down who watches everything and trusts nobody.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serin::audit::NO_PREV;
use serin::rollout::{Revision, Weight};

/// The Rollout's uid.
pub(super) const UID: &str = "11111111-2222-4333-8444-555555555555";

/// What is remembered of a run to judge it.
pub(super) struct Ledger {
    /// Every event that was committed, in its order.
    pub(super) told: Vec<String>,
    /// The newest event's number and hash.
    pub(super) head: (u64, String),
    /// Events that an `audit.gap` gave up.
    pub(super) dropped: BTreeSet<u64>,
    /// When an attempt entered its step.
    pub(super) entered: Option<(u32, Weight, DateTime<Utc>)>,
    /// Attempts whose promotion began with a Pass.
    pub(super) passed: BTreeSet<u32>,
    /// Revisions that were aborted, until the template changed.
    pub(super) rejected: Option<Revision>,
    /// What was stable last.
    pub(super) last_stable: Option<Revision>,
    /// Revisions whose pods had bad luck.
    pub(super) hurt: BTreeSet<Revision>,
    /// Serving pods that were lost, and not through us.
    pub(super) losses: Vec<Loss>,
    /// How many edges and faults of each kind there were: what the run was good for.
    pub(super) happened: BTreeMap<&'static str, u32>,
    /// The most pods that the last spec that could be read asks for.
    pub(super) most: u32,
    /// Writes so far.
    pub(super) writes: u64,
    /// The first promise that was broken.
    pub(super) broken: Option<Broken>,
}

/// A serving pod that was lost, and not through us.
pub(super) struct Loss {
    pub(super) revision: Revision,
    /// The version of the Deployment from which on it can be known.
    pub(super) visible: Option<u64>,
}

/// A promise that was broken, and how.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) promise: &'static str,
    pub(super) how: String,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            told: Vec::new(),
            head: (0, NO_PREV.to_owned()),
            dropped: BTreeSet::new(),
            entered: None,
            passed: BTreeSet::new(),
            rejected: None,
            last_stable: None,
            hurt: BTreeSet::new(),
            losses: Vec::new(),
            happened: BTreeMap::new(),
            most: 0,
            writes: 0,
            broken: None,
        }
    }

    pub(super) fn count(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    pub(super) fn violated(&mut self, promise: &'static str, how: String) {
        self.broken.get_or_insert(Broken { promise, how });
    }

    /// The losses of a revision can be known from this version of its Deployment on.
    pub(super) fn visible(&mut self, revision: &Revision, version: u64) {
        for loss in self.losses.iter_mut().filter(|loss| loss.revision == *revision && loss.visible.is_none()) {
            loss.visible = Some(version);
        }
    }

    /// How many lost pods nobody could know of who knows this version.
    pub(super) fn unknown_losses(&self, revision: &Revision, version: u64) -> u32 {
        let unknown = |loss: &&Loss| loss.revision == *revision && loss.visible.is_none_or(|visible| visible > version);
        u32::try_from(self.losses.iter().filter(unknown).count()).expect("few losses")
    }
}
