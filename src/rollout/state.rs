//! Where a rollout stands. One enum with its data inside; it is what a restart goes on from.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::clock::millis;
use super::{AttemptResult, Cause, Clock, Revision, Weight};

/// The state of one rollout, as it is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// The first revision comes up; nothing is stable yet.
    Installing(Installing),
    /// Stable serves everything and no attempt is in flight.
    Idle(Idle),
    /// The canary serves a step's share and earns the next one.
    Stepping(Stepping),
    /// Exposure stands still until somebody or something new moves it.
    Paused(Paused),
    /// The canary earned everything and replaces stable.
    Promoting(Promoting),
    /// Stable comes back, then the canary goes.
    RollingBack(RollingBack),
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
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// The revision it was about.
    pub revision: Revision,
    /// How it ended.
    pub result: AttemptResult,
    /// Why, in one sentence.
    pub message: String,
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
}

/// Who or what stopped an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PauseCause {
    /// The step's deadline passed without a Pass.
    Deadline,
    /// `spec.paused`.
    Spec,
}

/// See [`State::Promoting`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Promoting {
    /// The attempt.
    pub attempt: Attempt,
    /// Since when.
    pub since: DateTime<Utc>,
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

/// A state's name, for people and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// See [`State::Installing`].
    Installing,
    /// See [`State::Idle`].
    Idle,
    /// See [`State::Stepping`].
    Stepping,
    /// See [`State::Paused`].
    Paused,
    /// See [`State::Promoting`].
    Promoting,
    /// See [`State::RollingBack`].
    RollingBack,
    /// See [`State::Deleted`].
    Deleted,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 7] =
        [Self::Installing, Self::Idle, Self::Stepping, Self::Paused, Self::Promoting, Self::RollingBack, Self::Deleted];

    /// The phase as it is printed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installing => "Installing",
            Self::Idle => "Idle",
            Self::Stepping => "Stepping",
            Self::Paused => "Paused",
            Self::Promoting => "Promoting",
            Self::RollingBack => "RollingBack",
            Self::Deleted => "Deleted",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl State {
    /// The state's name.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Installing(_) => Phase::Installing,
            Self::Idle(_) => Phase::Idle,
            Self::Stepping(_) => Phase::Stepping,
            Self::Paused(_) => Phase::Paused,
            Self::Promoting(_) => Phase::Promoting,
            Self::RollingBack(_) => Phase::RollingBack,
            Self::Deleted(_) => Phase::Deleted,
        }
    }

    /// The revision that serves, or comes back.
    pub const fn stable(&self) -> Option<&Revision> {
        match self {
            Self::Installing(_) => None,
            Self::Idle(s) => Some(&s.stable),
            Self::Deleted(s) => s.stable.as_ref(),
            Self::Stepping(Stepping { attempt, .. })
            | Self::Paused(Paused { attempt, .. })
            | Self::Promoting(Promoting { attempt, .. })
            | Self::RollingBack(RollingBack { attempt, .. }) => Some(&attempt.stable),
        }
    }

    /// The attempt in flight, a rollback included.
    pub const fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Installing(_) | Self::Idle(_) | Self::Deleted(_) => None,
            Self::Stepping(Stepping { attempt, .. })
            | Self::Paused(Paused { attempt, .. })
            | Self::Promoting(Promoting { attempt, .. })
            | Self::RollingBack(RollingBack { attempt, .. }) => Some(attempt),
        }
    }

    /// The attempt on trial and the exposure it has: what evidence is gathered for.
    pub const fn trial(&self) -> Option<(&Attempt, Weight)> {
        match self {
            Self::Stepping(Stepping { attempt, step, .. }) | Self::Paused(Paused { attempt, step, .. }) => Some((attempt, *step)),
            Self::Promoting(Promoting { attempt, .. }) => Some((attempt, Weight::FULL)),
            Self::Installing(_) | Self::Idle(_) | Self::RollingBack(_) | Self::Deleted(_) => None,
        }
    }
}
