//! Where a rollout stands. One enum with its data inside; it is what a restart goes on from.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::clock::millis;
use super::{AttemptResult, Author, Cause, Clock, EndReason, Revision, Weight};

/// The state of one rollout, as it is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The first revision comes up; nothing is stable yet.
    Installing(Installing),
    /// A running Deployment is taken over.
    Adopting(Adopting),
    /// Stable serves everything and no attempt is in flight.
    Idle(Idle),
    /// The canary serves a step's share and earns the next one.
    Stepping(Stepping),
    /// The step passed; a person or CI has to approve before exposure grows.
    Approval(Approval),
    /// Exposure stands still until somebody or something new moves it.
    Paused(Paused),
    /// The canary earned everything and replaces stable.
    Promoting(Promoting),
    /// What was promoted serves everything and is still watched; a part of the old pods stays as the way back.
    Baking(Baking),
    /// Stable comes back, then the canary goes.
    RollingBack(RollingBack),
    /// The Rollout goes, and the Deployment that it had taken over serves again.
    HandingBack(HandingBack),
    /// The last event is told; the finalizer goes once it is delivered.
    Deleted(Deleted),
}

/// See [`State::Installing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installing {
    /// The revision that comes up.
    pub revision: Revision,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether its deadline passed and that was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// Attempts so far: there are some where it takes the place of a stable revision that no longer serves.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
}

/// See [`State::Adopting`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adopting {
    /// The revision of what is taken over.
    pub revision: Revision,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether its deadline passed and that was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
}

/// See [`State::HandingBack`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandingBack {
    /// The revision that serves.
    pub stable: Revision,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Another revision that means the same, if what is given back has that one as its template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Revision>,
}

/// See [`State::Idle`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Idle {
    /// The revision that serves.
    pub stable: Revision,
    /// Attempts so far.
    pub attempts: u32,
    /// How the last attempt or the installation ended.
    pub last: Ended,
    /// A revision that was aborted: it is not tried again until the template changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Revision>,
    /// A revision whose template means the same as stable's to the API server: it needs no attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Revision>,
    /// A restart of stable's pods that somebody asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// Since when stable has had no available pod, if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<DateTime<Utc>>,
}

/// A restart of pods, written on their template as an annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Restart(String);

impl Restart {
    /// Wraps the uid of the action that asked for it, or what stands on a template.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// What is written on the template.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// The revision it was about.
    pub revision: Revision,
    /// How it ended.
    pub result: AttemptResult,
    /// Why, in one word.
    #[serde(default)]
    pub reason: EndReason,
    /// Why, in one sentence.
    pub message: String,
    /// When.
    #[serde(default)]
    pub at: DateTime<Utc>,
}

/// One try at promoting a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Counted from 1 over the rollout's life.
    pub number: u32,
    /// The way back.
    pub stable: Revision,
    /// The revision on trial.
    pub canary: Revision,
}

impl Attempt {
    /// The same with stable's young pods in the place of stable.
    #[must_use]
    pub fn beside_young(&self) -> Self {
        Self { stable: self.stable.baseline(), ..self.clone() }
    }
}

/// See [`State::Stepping`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stepping {
    /// The attempt.
    pub attempt: Attempt,
    /// The exposure of the current step.
    pub step: Weight,
    /// How long the step's share has been held.
    pub clock: Clock,
    /// Whether the step's approval was given already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approved: bool,
}

/// See [`State::Approval`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// The attempt.
    pub attempt: Attempt,
    /// The exposure of the step that passed.
    pub step: Weight,
    /// How long its share had been held.
    #[serde(rename = "heldMillis", with = "millis")]
    pub held: TimeDelta,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// See [`State::Paused`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paused {
    /// The attempt.
    pub attempt: Attempt,
    /// The exposure that is kept.
    pub step: Weight,
    /// How long its share had been held.
    #[serde(rename = "heldMillis", with = "millis")]
    pub held: TimeDelta,
    /// What stopped it.
    pub cause: PauseCause,
    /// Who stopped it, where that was an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Whether the step's approval was given already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approved: bool,
}

/// Who or what stopped an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PauseCause {
    /// The step's deadline passed without a Pass.
    Deadline,
    /// `spec.paused`.
    Spec,
    /// An action.
    Action,
    /// An approval did not come in time.
    Approval,
}

/// See [`State::Promoting`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promoting {
    /// The attempt.
    pub attempt: Attempt,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether somebody forced it: then no measured check is asked any more, only whether its pods run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
}

/// See [`State::Baking`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baking {
    /// The attempt whose canary was promoted; its `stable` is the way back.
    pub attempt: Attempt,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether somebody forced the promotion: then no measured check is asked, only whether its pods run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
}

/// See [`State::RollingBack`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollingBack {
    /// The attempt that ended.
    pub attempt: Attempt,
    /// Why.
    pub cause: Cause,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether its deadline passed and that was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    /// Whether something that keeps stable's pods from coming was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blocked: bool,
    /// The spec's revision where that is not the one that goes but is not wanted either: it was rejected before, or means the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Revision>,
}

/// See [`State::Deleted`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deleted {
    /// The revision that goes on serving, if one did.
    pub stable: Option<Revision>,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Idle {
    /// Nothing is in flight, and nothing else is remembered.
    pub const fn new(stable: Revision, attempts: u32, last: Ended) -> Self {
        Self { stable, attempts, last, rejected: None, alias: None, restart: None, down: None }
    }

    /// Whether stable is what this revision asks for: it is that revision, or means the same.
    pub fn serves(&self, revision: &Revision) -> bool {
        self.stable == *revision || self.alias.as_ref() == Some(revision)
    }
}

impl HandingBack {
    /// Whether a revision is what serves: it is that revision, or means the same.
    pub fn serves(&self, revision: &Revision) -> bool {
        self.stable == *revision || self.alias.as_ref() == Some(revision)
    }
}

impl Baking {
    /// How the attempt ended: nothing of that is open any more.
    pub fn ended(&self) -> Ended {
        let Attempt { stable, canary, .. } = &self.attempt;
        let message = format!("revision {canary} replaced revision {stable}");
        let reason = if self.forced { EndReason::Forced } else { EndReason::Passed };
        Ended { revision: canary.clone(), result: AttemptResult::Promoted, reason, message, at: self.since }
    }
}

impl RollingBack {
    /// A rollback that begins now.
    pub const fn new(attempt: Attempt, cause: Cause, now: DateTime<Utc>) -> Self {
        Self { attempt, cause, since: now, overdue: false, blocked: false, rejected: None }
    }
}

impl Stepping {
    /// A step that begins now.
    pub fn new(attempt: Attempt, step: Weight, now: DateTime<Utc>) -> Self {
        Self { attempt, step, clock: Clock::new(now), approved: false }
    }

    /// Whether this is that step, and nothing has happened since but that its clock began to run.
    pub fn only_began(&self, before: &Self) -> bool {
        match (before.clock, self.clock) {
            (Clock::Waiting { since, held }, Clock::Running { since: from, held: then }) => {
                from >= since && held == then && *before == Self { clock: before.clock, ..self.clone() }
            }
            (Clock::Waiting { .. } | Clock::Running { .. }, _) => false,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
