//! What has happened so far, as somebody writes it down who watches everything and trusts nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serin::audit::NO_PREV;
use serin::controller::Seen;
use serin::rollout::{Answer, Revision, Weight};

use super::process::Life;

/// What is remembered of a run to judge it.
pub(super) struct Ledger {
    /// Every event that was committed, in its order: its hash and its text.
    pub(super) told: Vec<(String, String)>,
    /// The newest event's number and hash.
    pub(super) head: (u64, String),
    /// The newest generation of the spec whose changes were told.
    pub(super) edits: i64,
    /// Events that an `audit.gap` gave up.
    pub(super) dropped: BTreeSet<u64>,
    /// The step that was entered last.
    pub(super) entered: Option<Entered>,
    /// What the attempt that took a step last is compared with.
    pub(super) beside: Option<Revision>,
    /// Attempts whose promotion began with a Pass.
    pub(super) passed: BTreeSet<u32>,
    /// Revisions that were aborted, until the template changed.
    pub(super) rejected: Option<Revision>,
    /// What was stable last.
    pub(super) last_stable: Option<Revision>,
    /// What the pass saw that told the Rollout's end: from there on nothing is taken down any more.
    pub(super) ended: Option<Arc<Seen>>,
    /// Revisions whose pods had bad luck.
    pub(super) hurt: BTreeSet<Revision>,
    /// Serving pods that were lost, and not through us.
    pub(super) losses: Vec<Loss>,
    /// The uids of all commands that were ever given.
    pub(super) commands: Vec<String>,
    /// What was committed about commands.
    pub(super) handled: BTreeMap<String, Answer>,
    /// The same of the statuses that somebody wiped since, and the version of the last one.
    pub(super) forgotten: (BTreeMap<String, Answer>, u64),
    /// When drift of a Deployment was told last.
    pub(super) drift: BTreeMap<String, DateTime<Utc>>,
    /// What strangers made of our Deployments' sizes: the version that it led to, and the size before.
    pub(super) meddled: Vec<(Revision, u64, u32)>,
    /// How many edges and faults of each kind there were: what the run was good for.
    pub(super) happened: BTreeMap<&'static str, u32>,
    /// The most pods that a spec that could be read asked for last.
    pub(super) most: u32,
    /// How often a clock jumped: from then on no time that a process counts means anything.
    pub(super) jumps: u32,
    /// Writes that a plan may know nothing of.
    pub(super) strange: Vec<Strange>,
    /// Writes so far.
    pub(super) writes: u64,
    /// The first promise that was broken.
    pub(super) broken: Option<Broken>,
}

/// A step that an attempt entered.
#[derive(Clone, Copy)]
pub(super) struct Entered {
    pub(super) attempt: u32,
    pub(super) step: Weight,
    /// The true time.
    pub(super) at: DateTime<Utc>,
}

/// A serving pod that was lost, and not through us.
pub(super) struct Loss {
    pub(super) revision: Revision,
    /// The version of the Deployment from which on it can be known.
    pub(super) visible: Option<u64>,
}

/// A write that took effect, by a process that another one may stand beside, or after its own had given it up.
pub(super) struct Strange {
    pub(super) life: Life,
    pub(super) wait: Wait,
    /// The Deployment that it hit; `None` for a commit.
    pub(super) revision: Option<Revision>,
    /// The version that it led to.
    pub(super) version: u64,
}

/// Whether somebody waits for what came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Waited,
    GivenUp,
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
            edits: 0,
            dropped: BTreeSet::new(),
            entered: None,
            beside: None,
            passed: BTreeSet::new(),
            rejected: None,
            last_stable: None,
            ended: None,
            hurt: BTreeSet::new(),
            losses: Vec::new(),
            meddled: Vec::new(),
            commands: Vec::new(),
            handled: BTreeMap::new(),
            forgotten: (BTreeMap::new(), 0),
            drift: BTreeMap::new(),
            happened: BTreeMap::new(),
            most: 0,
            jumps: 0,
            strange: Vec::new(),
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

    pub(super) fn lost(&mut self, revision: &Revision) {
        self.losses.push(Loss { revision: revision.clone(), visible: None });
        self.hurt.insert(revision.clone());
    }

    /// Somebody wrote an empty status over this version of the Rollout: what it told is over, and the stream begins anew.
    pub(super) fn wiped(&mut self, version: u64) {
        self.told.clear();
        self.head = (0, NO_PREV.to_owned());
        self.edits = 0;
        self.dropped.clear();
        self.passed.clear();
        self.forgotten.0.append(&mut self.handled);
        self.forgotten.1 = version;
        self.drift.clear();
        (self.entered, self.rejected, self.last_stable, self.ended) = (None, None, None, None);
    }

    /// The losses of a revision can be known from this version of its Deployment on.
    pub(super) fn visible(&mut self, revision: &Revision, version: u64) {
        for loss in self.losses.iter_mut().filter(|loss| loss.revision == *revision && loss.visible.is_none()) {
            loss.visible = Some(version);
        }
    }

    /// What a Deployment was asked for before strangers changed it, where nobody can know of that who knows this version.
    pub(super) fn unknown_size(&self, revision: &Revision, version: u64) -> Option<u32> {
        let unknown = self.meddled.iter().filter(|(other, at, _)| other == revision && *at > version);
        unknown.map(|(.., before)| *before).max()
    }

    /// How many lost pods nobody could know of who knows this version.
    pub(super) fn unknown_losses(&self, revision: &Revision, version: u64) -> u32 {
        let unknown = |loss: &&Loss| loss.revision == *revision && loss.visible.is_none_or(|visible| visible > version);
        u32::try_from(self.losses.iter().filter(unknown).count()).expect("few losses")
    }
}
