//! Courtesy copies: what `kubectl describe` and `kubectl get events` show of a rollout's great moments.

use std::time::Duration;

use k8s_openapi::api::events::v1::Event;
use kube::api::PostParams;
use kube::{Api, Client};
use serde_json::json;
use tracing::{debug, warn};

use crate::audit::{Body, Record};
use crate::rollout::EventKind;

/// The API server refuses longer notes.
const MAX_NOTE_BYTES: usize = 1024;

/// The API server refuses a longer name of the reporting process.
const MAX_INSTANCE_BYTES: usize = 128;

/// A courtesy must not pile up behind an API server that hangs.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The Kubernetes Event for a record, where there is one: for an attempt's start, its promotion and its abort. `instance` names
/// the process that reports. The same record always gets the same name, so that a second creation is a 409.
pub fn kubernetes_event(record: &Record, instance: &str) -> Option<Event> {
    let body = record.body().ok()?;
    let (reason, action, kind) = words(&body)?;
    let Body { rollout: Some(rollout), message, time, .. } = &body else { return None };
    let short: String = record.id.chars().filter(|c| *c != '-').take(12).collect();
    let event = json!({
        "metadata": {
            "name": format!("{}.{short}", rollout.name),
            "namespace": rollout.namespace,
            "annotations": {"serin.dev/event-id": record.id},
        },
        "eventTime": time,
        "type": kind,
        "reason": reason,
        "action": action,
        "note": &message[..message.floor_char_boundary(MAX_NOTE_BYTES)],
        "regarding": {
            "apiVersion": "serin.dev/v1alpha1",
            "kind": "Rollout",
            "namespace": rollout.namespace,
            "name": rollout.name,
            "uid": rollout.uid,
        },
        "reportingController": "serin.dev/serin",
        "reportingInstance": &instance[..instance.floor_char_boundary(MAX_INSTANCE_BYTES)],
    });
    serde_json::from_value(event).ok()
}

/// Creates a courtesy copy. It is there already: fine. It cannot be created: that is logged and holds up nothing.
pub async fn post(client: Client, event: Event) {
    let (namespace, name) = (event.metadata.namespace.as_deref().unwrap_or_default(), event.metadata.name.as_deref().unwrap_or_default());
    let api: Api<Event> = Api::namespaced(client, namespace);
    match tokio::time::timeout(TIMEOUT, api.create(&PostParams::default(), &event)).await {
        Ok(Ok(_)) => debug!(namespace, name, "a Kubernetes Event was created"),
        Ok(Err(kube::Error::Api(status))) if status.code == 409 => {}
        Ok(Err(error)) => warn!(namespace, name, %error, "a Kubernetes Event could not be created"),
        Err(_) => warn!(namespace, name, "a Kubernetes Event could not be created: the API server did not answer in time"),
    }
}

/// Reason, action and type, as people filter by them.
fn words(body: &Body) -> Option<(&'static str, &'static str, &'static str)> {
    match EventKind::ALL.into_iter().find(|kind| kind.name() == body.kind)? {
        EventKind::Started => Some(("Started", "Start", "Normal")),
        EventKind::Promoted => Some(("Promoted", "Promote", "Normal")),
        EventKind::Aborted => Some(("Aborted", "Abort", "Warning")),
        EventKind::Created
        | EventKind::Installed
        | EventKind::InstallFailed
        | EventKind::SpecChanged
        | EventKind::StepStarted
        | EventKind::Paused
        | EventKind::Resumed
        | EventKind::PromotionStarted
        | EventKind::Superseded
        | EventKind::RolledBack
        | EventKind::RollbackOverdue
        | EventKind::Deleted
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
        | EventKind::ProviderAnswers => None,
    }
}
