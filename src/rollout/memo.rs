//! What has to be remembered beside the state, whatever that is?

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Action, Handled, Observed, Revision};

/// The most actions that wait for their own status to be written: then no further one is done.
const MOST_HANDLED: usize = 32;

/// The most Deployments whose drift is remembered as told: more than a history has room for were made by somebody else.
const MOST_DRIFTED: usize = 128;

/// Drift of one object is told once in this time.
const QUIET: TimeDelta = TimeDelta::hours(1);

/// How long an action is kept after it was answered.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// What is committed beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memo {
    /// Actions that are done, and whose own status may not say so yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handled: Vec<Handled>,
    /// When drift of a revision's Deployment was last told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drift: BTreeMap<Revision, DateTime<Utc>>,
}

impl Memo {
    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        self.handled.is_empty() && self.drift.is_empty()
    }

    /// The memo without what is no longer needed.
    #[must_use]
    pub fn tidied(&self, seen: &Observed, now: DateTime<Utc>) -> Self {
        let waits = |handled: &&Handled| seen.actions.iter().any(|action| action.uid == handled.uid && action.answered.is_none());
        Self {
            handled: self.handled.iter().filter(waits).cloned().collect(),
            drift: self.drift.iter().filter(|(_, at)| now < **at + QUIET).map(|(revision, at)| (revision.clone(), *at)).collect(),
        }
    }

    /// The action that is next, if one is.
    pub fn next<'a>(&self, seen: &'a Observed) -> Option<&'a Action> {
        if self.handled.len() >= MOST_HANDLED {
            return None;
        }
        seen.actions.iter().find(|action| action.answered.is_none() && self.handled.iter().all(|handled| handled.uid != action.uid))
    }

    /// Drift of this revision's Deployment is told now. Where too many are remembered, the one told longest ago is forgotten.
    pub fn tell(&mut self, revision: Revision, now: DateTime<Utc>) {
        if self.drift.len() >= MOST_DRIFTED
            && let Some(oldest) = self.drift.iter().min_by_key(|(_, at)| **at).map(|(revision, _)| revision.clone())
        {
            self.drift.remove(&oldest);
        }
        self.drift.insert(revision, now);
    }

    /// Whether drift of this revision's Deployment was told a short while ago.
    pub fn told(&self, revision: &Revision, now: DateTime<Utc>) -> bool {
        self.drift.get(revision).is_some_and(|at| now < *at + QUIET)
    }
}

/// When an answered action may go.
pub fn forgotten_at(answered: DateTime<Utc>) -> DateTime<Utc> {
    answered + KEPT
}
