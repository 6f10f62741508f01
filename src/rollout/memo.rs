//! What has to be remembered beside the state, whatever that is?

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Action, Epoch, Event, Fields, Handled, Observed, Outage};

/// The most actions that wait for their own status to be written: then no further one is done.
const MOST_HANDLED: usize = 32;

/// The most Deployments whose drift is remembered as told: more than a history has room for were made by somebody else.
const MOST_DRIFTED: usize = 128;

/// Drift of one object is told once in this time.
const QUIET: TimeDelta = TimeDelta::hours(1);

/// How long an answer is remembered after it was given: whoever takes over then may know of this commit and not yet of the action's own status,
/// and would do it once more.
const REMEMBERED: TimeDelta = TimeDelta::minutes(1);

/// How long an action is kept after it was answered.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// What the Deployment that was taken over is called here: its revision changes.
pub const ADOPTED: &str = "workloadRef";

/// What is committed beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memo {
    /// Actions that are done, and whose own status may not say so yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handled: Vec<Handled>,
    /// When drift of a Deployment was last told: by its revision, or as [`ADOPTED`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drift: BTreeMap<String, DateTime<Utc>>,
    /// Providers that do not answer, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outages: BTreeMap<String, Outage>,
    /// The replicas that a Deployment had when it was taken over, where the spec names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<u32>,
    /// The spec that an event told of last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<Known>,
    /// The epoch of the last leader that wrote this, but not before all Deployments of a rollout in flight carry it.
    #[serde(default, skip_serializing_if = "Epoch::is_none")]
    pub epoch: Epoch,
}

/// A spec, as far as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// Its generation.
    pub generation: i64,
    /// What its fields say, as digests.
    pub fields: Fields,
}

impl Memo {
    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        let Self { handled, drift, outages, adopted, spec, epoch } = self;
        handled.is_empty() && drift.is_empty() && outages.is_empty() && adopted.is_none() && spec.is_none() && epoch.is_none()
    }

    /// The memo without what is no longer needed.
    #[must_use]
    pub fn tidied(&self, seen: &Observed, now: DateTime<Utc>) -> Self {
        let waits = |handled: &&Handled| {
            let action = seen.actions.iter().find(|action| action.uid == handled.uid);
            action.is_some_and(|action| action.answered.is_none() || now < handled.at + REMEMBERED)
        };
        Self {
            handled: self.handled.iter().filter(waits).cloned().collect(),
            drift: self.drift.iter().filter(|(_, at)| now < **at + QUIET).map(|(object, at)| (object.clone(), *at)).collect(),
            outages: self.outages.clone(),
            adopted: self.adopted,
            spec: self.spec.clone(),
            epoch: self.epoch,
        }
    }

    /// Notes that drift is told now. Where too much of it is remembered, what was told longest ago is forgotten.
    pub fn note(&mut self, drift: &Event, now: DateTime<Utc>) {
        if self.drift.len() >= MOST_DRIFTED
            && let Some(oldest) = self.drift.iter().min_by_key(|(_, at)| **at).map(|(object, _)| object.clone())
        {
            self.drift.remove(&oldest);
        }
        let object = if drift.reason == super::drift::HELD { ADOPTED } else { drift.revision.as_str() };
        self.drift.insert(object.to_owned(), now);
    }

    /// The action that is next, if one is and there is room for its answer.
    pub fn next<'a>(&self, seen: &'a Observed) -> Option<&'a Action> {
        self.unanswered(seen).filter(|_| self.handled.len() < MOST_HANDLED)
    }

    /// When there is room again for answers, where an action waits for that.
    pub fn room_at(&self, seen: &Observed) -> Option<DateTime<Utc>> {
        let full = self.handled.len() >= MOST_HANDLED && self.unanswered(seen).is_some();
        self.handled.iter().map(|handled| handled.at + REMEMBERED).min().filter(|_| full)
    }

    fn unanswered<'a>(&self, seen: &'a Observed) -> Option<&'a Action> {
        seen.actions.iter().find(|action| action.answered.is_none() && self.handled.iter().all(|handled| handled.uid != action.uid))
    }

    /// Whether drift of this Deployment was told a short while ago.
    pub fn told(&self, object: &str, now: DateTime<Utc>) -> bool {
        self.drift.get(object).is_some_and(|at| now < *at + QUIET)
    }
}

/// When an answered action may go.
pub fn forgotten_at(answered: DateTime<Utc>) -> DateTime<Utc> {
    answered + KEPT
}
