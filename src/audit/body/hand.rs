//! Whose doing is an edge, and for whom was it asked?

use super::super::parts::Origin;
use crate::rollout::{Cause, Event, EventKind, PauseCause, Why};

/// Whose doing an edge is.
pub(super) enum Hand<'a> {
    /// Serin decided.
    Serin,
    /// Somebody asked, and the API server knows who.
    Verified(&'a str),
    /// Somebody did, and nothing verifies who.
    Somebody,
}

/// For whom it was asked: what a command claims, or what the Rollout claims where an edit of it is what the event answers.
pub(super) fn claim<'a>(event: &'a Event, origin: &'a Origin) -> Option<&'a str> {
    match (&event.author, hand(event), event.kind) {
        (Some(author), ..) => author.on_behalf_of.as_deref(),
        (None, Hand::Somebody, _) | (None, Hand::Serin, EventKind::Started) => origin.requested_by.as_deref(),
        (None, Hand::Serin | Hand::Verified(_), _) => None,
    }
}

/// Whose doing an edge is: Serin's decision, or the answer to an edit of the Rollout.
pub(super) fn hand(event: &Event) -> Hand<'_> {
    if let Some(author) = &event.author {
        return author.name.as_deref().map_or(Hand::Somebody, Hand::Verified);
    }
    match event.kind {
        EventKind::Created
        | EventKind::SpecChanged
        | EventKind::HandBackStarted
        | EventKind::Resumed
        | EventKind::Superseded
        | EventKind::Deleted
        | EventKind::ApprovalGranted
        | EventKind::StepSkipped
        | EventKind::PromotionForced
        | EventKind::Undone
        | EventKind::Restarted
        | EventKind::ActionRefused
        | EventKind::ActionSuperseded => Hand::Somebody,
        EventKind::Paused if event.reason == Why::Paused(PauseCause::Spec, String::new()).reason() => Hand::Somebody,
        EventKind::Aborted if event.reason == Cause::Deleted.reason() => Hand::Somebody,
        EventKind::Installed
        | EventKind::InstallFailed
        | EventKind::Started
        | EventKind::StepStarted
        | EventKind::Paused
        | EventKind::PromotionStarted
        | EventKind::Promoted
        | EventKind::Aborted
        | EventKind::RolledBack
        | EventKind::RollbackOverdue
        | EventKind::ApprovalRequested
        | EventKind::Adopted
        | EventKind::Baked
        | EventKind::Recovered
        | EventKind::Reinstalled
        | EventKind::DriftCorrected
        | EventKind::ProviderSilent
        | EventKind::ProviderAnswers
        | EventKind::RollbackBlocked => Hand::Serin,
    }
}
