//! An event of PagerDuty's Events API v2: what opens an incident, and what ends it.

use serde_json::{Map, Value, json};

use super::super::body::Body;
use super::super::kind::Kind;
use super::super::own::OwnKind;
use super::{Notice, clipped};
use crate::rollout::{EndReason, EventKind, Severity};

/// PagerDuty's limit, in characters.
const SUMMARY: usize = 1024;

/// What an incident is about. It ends by its key alone, and a promotion does not know which revisions failed before it: so the key names the rollout and the
/// matter, and two failed revisions in a row are one incident.
#[derive(Clone, Copy)]
enum Matter {
    /// The revision that is wanted does not get through.
    Release,
    /// Stable does not come back.
    Rollback,
    /// The trail has a hole.
    Trail,
    /// A sink has failed for long.
    Sink,
    /// Serin may not do what it has to.
    Permission,
}

enum Word {
    Trigger(Matter),
    Resolve(Matter),
}

/// `None` where nobody has to get up, and nothing ends for which somebody did.
pub(super) fn event(notice: &Notice<'_>, key: &str) -> Option<Value> {
    let told = notice.told;
    let body = &told.body;
    let (action, matter) = match word(told.kind, &body.reason)? {
        Word::Trigger(matter) => ("trigger", matter),
        Word::Resolve(matter) => ("resolve", matter),
    };
    let details: Map<String, Value> = notice.facts.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut event = json!({
        "routing_key": key,
        "event_action": action,
        "dedup_key": dedup_key(body, matter),
        "client": "Serin",
        "payload": {
            "summary": clipped(&format!("{}: {}", notice.title, body.message), SUMMARY),
            "source": clipped(&format!("{}/{}", body.cluster.name, told.subject()), 255),
            "severity": severity(told.severity),
            "timestamp": body.time,
            "component": body.rollout.as_ref().map_or("serin", |rollout| &rollout.name),
            "group": body.rollout.as_ref().map_or(&body.cluster.name, |rollout| &rollout.namespace),
            "class": body.reason,
            "custom_details": details,
        },
    });
    if let Some(page) = &notice.page {
        event["links"] = json!([{"href": page, "text": "What to do"}]);
    }
    Some(event)
}

fn dedup_key(body: &Body, matter: Matter) -> String {
    let sink = body.sink.as_ref().map(|sink| format!("/{sink}")).unwrap_or_default();
    format!("{}/{}{sink}", body.stream, name(matter))
}

const fn name(matter: Matter) -> &'static str {
    match matter {
        Matter::Release => "release",
        Matter::Rollback => "rollback",
        Matter::Trail => "trail",
        Matter::Sink => "sink",
        Matter::Permission => "permission",
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Warning => "warning",
        Severity::Notice | Severity::Info => "info",
    }
}

fn word(kind: Kind, reason: &str) -> Option<Word> {
    match kind {
        Kind::Gap => Some(Word::Trigger(Matter::Trail)),
        Kind::Own(own) => match own {
            OwnKind::Backlog => Some(Word::Trigger(Matter::Sink)),
            OwnKind::SinkRecovered => Some(Word::Resolve(Matter::Sink)),
            OwnKind::PermissionLost => Some(Word::Trigger(Matter::Permission)),
            OwnKind::Started | OwnKind::Elected | OwnKind::ConfigChanged | OwnKind::SinkFailing | OwnKind::Refused => None,
        },
        Kind::Edge(edge) => match edge {
            // Whoever gave it up is awake.
            EventKind::Aborted if asked_for(reason) => None,
            EventKind::Aborted | EventKind::InstallFailed => Some(Word::Trigger(Matter::Release)),
            EventKind::RollbackOverdue | EventKind::RollbackBlocked => Some(Word::Trigger(Matter::Rollback)),
            EventKind::Promoted | EventKind::Installed | EventKind::Deleted => Some(Word::Resolve(Matter::Release)),
            EventKind::RolledBack | EventKind::Reinstalled => Some(Word::Resolve(Matter::Rollback)),
            EventKind::Created
            | EventKind::SpecChanged
            | EventKind::Started
            | EventKind::StepStarted
            | EventKind::Paused
            | EventKind::Resumed
            | EventKind::PromotionStarted
            | EventKind::Superseded
            | EventKind::ApprovalRequested
            | EventKind::ApprovalGranted
            | EventKind::StepSkipped
            | EventKind::PromotionForced
            | EventKind::Baked
            | EventKind::Undone
            | EventKind::Restarted
            | EventKind::Recovered
            | EventKind::DriftCorrected
            | EventKind::Adopted
            | EventKind::HandBackStarted
            | EventKind::ProviderSilent
            | EventKind::ProviderAnswers
            | EventKind::ActionRefused
            | EventKind::ActionSuperseded => None,
        },
    }
}

fn asked_for(reason: &str) -> bool {
    [EndReason::AbortedByAction, EndReason::Undone, EndReason::Deleted, EndReason::Superseded].iter().any(|end| end.word() == reason)
}
