//! An event as CloudEvents 1.0.2 has it, in structured mode.

use serde_json::{Value, json};

use super::super::parts::Actor;
use super::line::segment;
use super::told::Told;
use super::{PRODUCT, Scale};

/// The data is the canonical event itself: written as RFC 8785 says, it has the hash again.
///
/// The source has the Rollout's uid, so that `sequence`, which counts within a source, never begins anew in it.
pub(super) fn event(told: &Told<'_>) -> Value {
    let body = &told.body;
    let rollout =
        body.rollout.as_ref().map(|rollout| [&rollout.namespace, &rollout.name, &rollout.uid].map(|part| segment(part)).join("/"));
    // A stream of the controller's own says so itself.
    let sequence = rollout.unwrap_or_else(|| body.stream.split('/').map(segment).collect::<Vec<_>>().join("/"));
    let source = format!("{}/{sequence}", segment(&body.cluster.name));
    let scale = Scale::of(told.severity);
    let data: Value = serde_json::from_str(&told.record.text).unwrap_or_default();
    let mut event = json!({
        "specversion": "1.0",
        "id": told.record.id,
        "source": format!("/{PRODUCT}/{source}"),
        "type": format!("dev.serin.{}.v{}", body.kind, body.v),
        "subject": told.subject(),
        "time": body.time,
        "datacontenttype": "application/json",
        "sequence": format!("{:010}", told.record.seq),
        "partitionkey": body.stream,
        "correlationid": told.thread(),
        "authtype": match body.actor {
            Actor::User { .. } => "user",
            Actor::Controller { .. } => "service_account",
            Actor::Unknown => "unknown",
        },
        "severitytext": scale.otel_text,
        "severitynumber": scale.otel,
        "data": data,
    });
    if let Some(name) = told.actor() {
        event["authid"] = json!(name);
    }
    event
}
