//! What an edge of the state machine states, to people and to the SIEM.

use super::{Author, Failure, Revision, Weight};

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
    /// Who asked for it by an action, if somebody did.
    pub author: Option<Author>,
}

/// The reason of [`EventKind::Deleted`] where the Deployments go with the Rollout, so that nothing serves any more.
pub const REMOVED: &str = "DeploymentsDeleted";

/// The closed set of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A Rollout was seen for the first time and its first revision is being installed.
    Created,
    /// The first revision is available and is stable now.
    Installed,
    /// The first revision did not become available in time.
    InstallFailed,
    /// Somebody edited the spec, and nothing else was told of that.
    SpecChanged,
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
    /// A step passed and waits for an approval.
    ApprovalRequested,
    /// Somebody approved.
    ApprovalGranted,
    /// Somebody ended a step before its time.
    StepSkipped,
    /// Somebody promoted a canary without a Pass.
    PromotionForced,
    /// What was promoted was watched long enough; the old pods go.
    Baked,
    /// Somebody goes back to an earlier revision.
    Undone,
    /// Somebody has stable's pods replaced by new ones.
    Restarted,
    /// The status was lost; what serves was found again.
    Recovered,
    /// A new revision takes the place of a stable one that no longer serves, without an attempt.
    Reinstalled,
    /// Somebody else changed what Serin holds in place; it is put right.
    DriftCorrected,
    /// A running Deployment was taken over and is stable now.
    Adopted,
    /// The Rollout goes; the Deployment that it had taken over serves again, pod by pod.
    HandBackStarted,
    /// Stable's pods cannot come back; the rollback waits for somebody to act.
    RollbackBlocked,
    /// What somebody asked for cannot be done now.
    ActionRefused,
    /// What somebody asked for was meant for a state that is over.
    ActionSuperseded,
    /// A provider of metrics does not answer.
    ProviderSilent,
    /// A provider of metrics answers again.
    ProviderAnswers,
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
    pub const ALL: [Self; 32] = [
        Self::Created,
        Self::Installed,
        Self::InstallFailed,
        Self::SpecChanged,
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
        Self::ApprovalRequested,
        Self::ApprovalGranted,
        Self::StepSkipped,
        Self::PromotionForced,
        Self::Baked,
        Self::Undone,
        Self::Restarted,
        Self::Recovered,
        Self::Reinstalled,
        Self::DriftCorrected,
        Self::Adopted,
        Self::HandBackStarted,
        Self::RollbackBlocked,
        Self::ActionRefused,
        Self::ActionSuperseded,
        Self::ProviderSilent,
        Self::ProviderAnswers,
    ];

    /// The event's type, as sinks and alerts know it. Never renamed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "rollout.created",
            Self::Installed => "rollout.installed",
            Self::InstallFailed => "rollout.install-failed",
            Self::SpecChanged => "rollout.spec-changed",
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
            Self::ApprovalRequested => "approval.requested",
            Self::ApprovalGranted => "approval.granted",
            Self::StepSkipped => "step.skipped",
            Self::PromotionForced => "promotion.forced",
            Self::Baked => "rollout.baked",
            Self::Undone => "rollout.undone",
            Self::Restarted => "rollout.restarted",
            Self::Recovered => "rollout.recovered",
            Self::Reinstalled => "rollout.reinstalled",
            Self::DriftCorrected => "drift.corrected",
            Self::Adopted => "rollout.adopted",
            Self::HandBackStarted => "hand-back.started",
            Self::RollbackBlocked => "rollback.blocked",
            Self::ActionRefused => "action.refused",
            Self::ActionSuperseded => "action.superseded",
            Self::ProviderSilent => "provider.silent",
            Self::ProviderAnswers => "provider.answers",
        }
    }

    /// How much attention it deserves.
    pub const fn severity(self) -> Severity {
        match self {
            Self::HandBackStarted
            | Self::Adopted
            | Self::Created
            | Self::Installed
            | Self::SpecChanged
            | Self::Started
            | Self::StepStarted
            | Self::Resumed
            | Self::ProviderAnswers
            | Self::PromotionStarted => Severity::Info,
            Self::Promoted
            | Self::RolledBack
            | Self::Deleted
            | Self::ApprovalRequested
            | Self::ApprovalGranted
            | Self::Baked
            | Self::Restarted
            | Self::DriftCorrected
            | Self::ActionRefused
            | Self::ActionSuperseded => Severity::Notice,
            Self::Paused
            | Self::Superseded
            | Self::StepSkipped
            | Self::Undone
            | Self::Recovered
            | Self::Reinstalled
            | Self::ProviderSilent => Severity::Warning,
            Self::InstallFailed | Self::Aborted | Self::PromotionForced => Severity::High,
            Self::RollbackOverdue | Self::RollbackBlocked => Severity::Critical,
        }
    }

    /// Whether what was wanted came about.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Installed
            | Self::Promoted
            | Self::Deleted
            | Self::RolledBack
            | Self::ApprovalGranted
            | Self::Baked
            | Self::Restarted
            | Self::Recovered
            | Self::DriftCorrected
            | Self::ProviderAnswers
            | Self::Adopted => Outcome::Success,
            Self::InstallFailed
            | Self::Aborted
            | Self::RollbackOverdue
            | Self::RollbackBlocked
            | Self::ProviderSilent
            | Self::ActionRefused
            | Self::ActionSuperseded => Outcome::Failure,
            Self::Created
            | Self::SpecChanged
            | Self::Started
            | Self::StepStarted
            | Self::Paused
            | Self::Resumed
            | Self::PromotionStarted
            | Self::Superseded
            | Self::ApprovalRequested
            | Self::StepSkipped
            | Self::PromotionForced
            | Self::Undone
            | Self::Reinstalled
            | Self::HandBackStarted => Outcome::Unknown,
        }
    }
}
