//! What an edge of the state machine states, to people and to the SIEM.

use super::{Failure, Revision, Weight};

/// One decision, told once. How it becomes bytes is the audit's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The revision it is about.
    pub revision: Revision,
    /// The revision that serves as the way back, if there is one.
    pub stable: Option<Revision>,
    /// The attempt it belongs to; 0 where there is none.
    pub attempt: u32,
    /// The exposure that holds from this edge on, where it matters.
    pub weight: Option<Weight>,
    /// One word for machines, `CamelCase`.
    pub reason: &'static str,
    /// One sentence for people, with the numbers.
    pub message: String,
    /// The failed check behind it, if one is.
    pub failure: Option<Failure>,
}

/// The closed set of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A Rollout was seen for the first time and its first revision is being installed.
    Created,
    /// The first revision is available and is stable now.
    Installed,
    /// The first revision did not become available in time.
    InstallFailed,
    /// An attempt began: the canary gets its first share.
    Started,
    /// The canary earned its next share.
    StepStarted,
    /// Exposure stands still.
    Paused,
    /// Exposure may grow again.
    Resumed,
    /// The canary earned everything; stable is being replaced.
    PromotionStarted,
    /// The canary is stable now.
    Promoted,
    /// An attempt was given up; stable comes back.
    Aborted,
    /// An attempt ended because the template changed.
    Superseded,
    /// Stable serves everything again.
    RolledBack,
    /// A rollback takes longer than its deadline; it goes on.
    RollbackOverdue,
    /// The Rollout is gone; its stable Deployment goes on serving.
    Deleted,
}

/// How much attention an event deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The normal course.
    Info,
    /// Worth noticing: the end of something.
    Notice,
    /// Somebody may want to look.
    Warning,
    /// A release failed.
    High,
    /// Somebody has to act now.
    Critical,
}

/// How what the event tells ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it was wanted.
    Success,
    /// Not as it was wanted.
    Failure,
    /// It goes on.
    Unknown,
}

impl EventKind {
    /// All kinds, in the order of a rollout's life.
    pub const ALL: [Self; 14] = [
        Self::Created,
        Self::Installed,
        Self::InstallFailed,
        Self::Started,
        Self::StepStarted,
        Self::Paused,
        Self::Resumed,
        Self::PromotionStarted,
        Self::Promoted,
        Self::Aborted,
        Self::Superseded,
        Self::RolledBack,
        Self::RollbackOverdue,
        Self::Deleted,
    ];

    /// The event's type, as sinks and alerts know it. Never renamed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "rollout.created",
            Self::Installed => "rollout.installed",
            Self::InstallFailed => "rollout.install-failed",
            Self::Started => "rollout.started",
            Self::StepStarted => "step.started",
            Self::Paused => "rollout.paused",
            Self::Resumed => "rollout.resumed",
            Self::PromotionStarted => "promotion.started",
            Self::Promoted => "rollout.promoted",
            Self::Aborted => "rollout.aborted",
            Self::Superseded => "rollout.superseded",
            Self::RolledBack => "rollout.rolled-back",
            Self::RollbackOverdue => "rollback.overdue",
            Self::Deleted => "rollout.deleted",
        }
    }

    /// How much attention it deserves.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Created | Self::Installed | Self::Started | Self::StepStarted | Self::Resumed | Self::PromotionStarted => Severity::Info,
            Self::Promoted | Self::RolledBack | Self::Deleted => Severity::Notice,
            Self::Paused | Self::Superseded => Severity::Warning,
            Self::InstallFailed | Self::Aborted => Severity::High,
            Self::RollbackOverdue => Severity::Critical,
        }
    }

    /// Whether what was wanted came about.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Installed | Self::Promoted | Self::Deleted | Self::RolledBack => Outcome::Success,
            Self::InstallFailed | Self::Aborted | Self::RollbackOverdue => Outcome::Failure,
            Self::Created
            | Self::Started
            | Self::StepStarted
            | Self::Paused
            | Self::Resumed
            | Self::PromotionStarted
            | Self::Superseded => Outcome::Unknown,
        }
    }
}
