//! What is a revision really like? Serin only hears what pods and metrics tell of it.

use chrono::{DateTime, Utc};
use serin::rollout::{Intent, Reading, Split, split};

use super::rng::Rng;

/// What nobody tells Serin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Good,
    /// Good until it gets this share of the pods, in tenths of a percent.
    BadFrom(u32),
    /// Good for some seconds, bad for some seconds.
    Flapping,
    /// No series tells of it.
    Silent,
    /// Its pods run and never get ready.
    NeverReady,
    /// Its containers end with an error.
    Crashing,
    /// There is no such image.
    NoImage,
    /// The API server refuses it.
    Refused,
}

impl Truth {
    /// Any truth; half of them good, for otherwise nothing gets far.
    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.between(0, 13) {
            0..=6 => Self::Good,
            7 | 8 => Self::BadFrom(rng.pick(&[0, 150, 400, 900])),
            9 => Self::Flapping,
            10 => Self::Silent,
            11 => Self::NeverReady,
            12 => rng.pick(&[Self::Crashing, Self::NoImage]),
            _ => Self::Refused,
        }
    }

    /// Whether its pods cannot serve.
    pub(super) fn is_broken(self) -> bool {
        matches!(self, Self::NeverReady | Self::Crashing | Self::NoImage)
    }

    /// What a check's query gives while the revision has that share.
    pub(super) fn reading(self, check: &str, share: u32, at: DateTime<Utc>) -> Reading {
        let bad = match self {
            Self::Good | Self::NeverReady | Self::Crashing | Self::NoImage | Self::Refused => false,
            Self::BadFrom(from) => share >= from,
            Self::Flapping => at.timestamp() / 45 % 2 == 1,
            Self::Silent => return Reading::NoData,
        };
        Reading::Value(match (check, bad) {
            ("errors", false) => 0.001,
            ("errors", true) => 0.2,
            (_, false) => 0.5,
            (_, true) => 0.01,
        })
    }

    /// The share of bad requests while the revision has that share, in tenths of a percent; nothing where no series tells of it.
    pub(super) fn bad(self, share: u32, at: DateTime<Utc>) -> Option<f64> {
        match self.reading("errors", share, at) {
            Reading::Value(bad) => Some(bad),
            _ => None,
        }
    }

    /// How a revision that nobody disturbs has to end, where that is certain. Pods that nobody knows of any more serve, too, and make its share
    /// smaller.
    pub(super) fn fate(self, intent: &Intent, strangers: u32) -> Fate {
        let share = |split: Split| split.canary * 1000 / (split.total() + strangers).max(1);
        let last = intent.steps.last().map_or(0, |step| share(split(intent.replicas, step.weight, &intent.capacity)));
        match self {
            Self::Good => Fate::Promoted,
            Self::BadFrom(_) | Self::Flapping | Self::Silent if intent.checks.is_empty() => Fate::Promoted,
            Self::BadFrom(from) if from <= last => Fate::Rejected,
            Self::NeverReady | Self::Crashing | Self::NoImage => Fate::Rejected,
            Self::Silent => Fate::Undecided,
            Self::Refused => Fate::NeverTried,
            Self::BadFrom(_) | Self::Flapping => Fate::Any,
        }
    }
}

/// How a revision has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Promoted,
    Rejected,
    /// The step's deadline pauses or rejects it.
    Undecided,
    NeverTried,
    Any,
}

/// What a metrics backend says that is not well.
pub(super) fn trouble(rng: &mut Rng) -> Reading {
    match rng.between(0, 6) {
        0 => Reading::NoData,
        1 => Reading::NotANumber,
        2 => Reading::Unavailable(503),
        3 => Reading::Throttled,
        4 => Reading::Partial("one block is missing".to_owned()),
        5 => Reading::TimedOut,
        _ => Reading::Unreachable("connection refused".to_owned()),
    }
}
