//! Which events are there? The edges of the state machine, what the controller tells of itself, and what the outbox itself has to tell.

use super::own::OwnKind;
use crate::rollout::{EventKind, Outcome, Severity};

/// What an event tells: the closed set that `type` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A decision about a rollout.
    Edge(EventKind),
    /// Something about the controller itself.
    Own(OwnKind),
    /// Events were dropped because too many waited.
    Gap,
}

impl Kind {
    /// All kinds.
    pub fn all() -> impl Iterator<Item = Self> {
        EventKind::ALL.into_iter().map(Self::Edge).chain(OwnKind::ALL.map(Self::Own)).chain([Self::Gap])
    }

    /// The kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|kind| kind.name() == name)
    }

    /// The event's type, as sinks and alerts know it. Never renamed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Edge(edge) => edge.name(),
            Self::Own(own) => own.name(),
            Self::Gap => "audit.gap",
        }
    }

    /// How much attention it deserves.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Edge(edge) => edge.severity(),
            Self::Own(own) => own.severity(),
            Self::Gap => Severity::Critical,
        }
    }

    /// Whether what was wanted came about.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Edge(edge) => edge.outcome(),
            Self::Own(own) => own.outcome(),
            Self::Gap => Outcome::Failure,
        }
    }
}

/// All severities, and all outcomes.
pub(super) const SEVERITIES: [Severity; 5] = [Severity::Info, Severity::Notice, Severity::Warning, Severity::High, Severity::Critical];
pub(super) const OUTCOMES: [Outcome; 3] = [Outcome::Success, Outcome::Failure, Outcome::Unknown];

/// A severity in an event.
pub(super) const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// An outcome in an event.
pub(super) const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
        Outcome::Unknown => "unknown",
    }
}

/// The severity that has this name.
pub fn severity_named(name: &str) -> Option<Severity> {
    SEVERITIES.into_iter().find(|one| severity_word(*one) == name)
}

/// The outcome that has this name.
pub(super) fn outcome_named(name: &str) -> Option<Outcome> {
    OUTCOMES.into_iter().find(|one| outcome_word(*one) == name)
}
