//! What is an event called where its type's name is not enough?

use super::super::kind::Kind;
use super::super::own::OwnKind;
use crate::rollout::EventKind;

/// What an event does to the Rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It is new.
    Create,
    /// It is in another state now.
    Update,
    /// It is gone.
    Delete,
    /// Nothing: the audit or the controller speaks of itself.
    Other,
}

/// Whether an event is the normal course of things, or a signal that somebody has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// An activity like others.
    Activity,
    /// What was measured was overruled.
    Alert,
}

/// What the event does to the Rollout.
pub(super) const fn deed(kind: Kind) -> Deed {
    match kind {
        Kind::Gap | Kind::Own(_) => Deed::Other,
        Kind::Edge(EventKind::Created) => Deed::Create,
        Kind::Edge(EventKind::Deleted) => Deed::Delete,
        Kind::Edge(
            EventKind::Installed
            | EventKind::InstallFailed
            | EventKind::SpecChanged
            | EventKind::Started
            | EventKind::StepStarted
            | EventKind::Paused
            | EventKind::Resumed
            | EventKind::PromotionStarted
            | EventKind::Promoted
            | EventKind::Aborted
            | EventKind::Superseded
            | EventKind::RolledBack
            | EventKind::RollbackOverdue
            | EventKind::ApprovalRequested
            | EventKind::ApprovalGranted
            | EventKind::StepSkipped
            | EventKind::PromotionForced
            | EventKind::Baked
            | EventKind::Undone
            | EventKind::Restarted
            | EventKind::Recovered
            | EventKind::Reinstalled
            | EventKind::DriftCorrected
            | EventKind::Adopted
            | EventKind::HandBackStarted
            | EventKind::RollbackBlocked
            | EventKind::ActionRefused
            | EventKind::ActionSuperseded
            | EventKind::ProviderSilent
            | EventKind::ProviderAnswers,
        ) => Deed::Update,
    }
}

/// Whether the event is a signal for whoever guards releases.
pub(super) fn signal(kind: Kind) -> Signal {
    if kind == Kind::Edge(EventKind::PromotionForced) { Signal::Alert } else { Signal::Activity }
}

/// A few words for people; the same for all events of a type.
pub(super) const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Gap => "Events were dropped",
        Kind::Own(own) => match own {
            OwnKind::Started => "Controller started",
            OwnKind::Elected => "Controller leads",
            OwnKind::ConfigChanged => "Configuration changed",
            OwnKind::PermissionLost => "Permission lost",
            OwnKind::SinkFailing => "Sink fails",
            OwnKind::SinkRecovered => "Sink works again",
            OwnKind::Backlog => "Sink has failed for long",
            OwnKind::Refused => "Sink refused an event",
        },
        Kind::Edge(edge) => match edge {
            EventKind::Created => "Rollout created",
            EventKind::Installed => "First revision installed",
            EventKind::InstallFailed => "First revision not installed in time",
            EventKind::SpecChanged => "Spec changed",
            EventKind::Started => "Rollout started",
            EventKind::StepStarted => "Step started",
            EventKind::Paused => "Rollout paused",
            EventKind::Resumed => "Rollout resumed",
            EventKind::PromotionStarted => "Promotion started",
            EventKind::Promoted => "Revision promoted",
            EventKind::Aborted => "Rollout aborted",
            EventKind::Superseded => "Revision superseded",
            EventKind::RolledBack => "Rolled back",
            EventKind::RollbackOverdue => "Rollback overdue",
            EventKind::Deleted => "Rollout deleted",
            EventKind::ApprovalRequested => "Approval requested",
            EventKind::ApprovalGranted => "Approval granted",
            EventKind::StepSkipped => "Step skipped",
            EventKind::PromotionForced => "Promotion forced",
            EventKind::Baked => "Bake ended",
            EventKind::Undone => "Going back to an earlier revision",
            EventKind::Restarted => "Pods restarted",
            EventKind::Recovered => "Lost status recovered",
            EventKind::Reinstalled => "Revision installed without an attempt",
            EventKind::DriftCorrected => "Drift corrected",
            EventKind::Adopted => "Deployment taken over",
            EventKind::HandBackStarted => "Handing the Deployment back",
            EventKind::RollbackBlocked => "Rollback blocked",
            EventKind::ActionRefused => "Action refused",
            EventKind::ActionSuperseded => "Action superseded",
            EventKind::ProviderSilent => "Metrics provider does not answer",
            EventKind::ProviderAnswers => "Metrics provider answers again",
        },
    }
}
