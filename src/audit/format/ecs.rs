//! An event as the Elastic Common Schema 9.4 has it.
//!
//! `event.original` has the canonical bytes and `event.hash` their hash: the schema's own pair to demonstrate that a log is whole.

use serde_json::{Map, Value, json};

use super::super::body::Body;
use super::told::Told;
use super::words::{self, Deed, Signal};
use super::{PRODUCT, Reporter, Scale, VENDOR};

/// The version of the schema that the documents are checked against.
const SCHEMA: &str = "9.4.0";

/// One document, its members named with dots as they are in the schema.
pub(super) fn document(told: &Told<'_>, reporter: &Reporter) -> Value {
    let body = &told.body;
    let mut document = json!({
        "@timestamp": body.time,
        "ecs.version": SCHEMA,
        "message": body.message,
        "event.kind": match words::signal(told.kind) {
            Signal::Activity => "event",
            Signal::Alert => "alert",
        },
        "event.category": ["configuration"],
        "event.type": [change(told)],
        "event.action": body.kind.replace('.', "-"),
        "event.code": body.kind,
        "event.outcome": body.outcome,
        "event.reason": body.reason,
        "event.id": told.record.id,
        "event.sequence": told.record.seq,
        "event.severity": Scale::of(told.severity).ecs,
        "event.hash": told.digest(),
        "event.original": told.record.text,
        "event.dataset": "serin.audit",
        "event.module": PRODUCT,
        "event.provider": PRODUCT,
        "observer.vendor": VENDOR,
        "observer.product": PRODUCT,
        "observer.version": reporter.version,
        "observer.name": reporter.instance,
        "service.name": body.rollout.as_ref().map_or(PRODUCT, |rollout| rollout.name.as_str()),
        "orchestrator.type": "kubernetes",
        "orchestrator.cluster.name": body.cluster.name,
        "labels": labels(told),
    });
    let (rollout, process) = (body.rollout.as_ref(), body.process.as_ref());
    let (kind, name) = match (rollout, process) {
        (Some(rollout), _) => ("rollout", Some(&rollout.name)),
        (None, process) => ("controller", process.map(|process| &process.name)),
    };
    let version = body.revision.as_ref().or(process.map(|process| &process.version));
    let known = [
        ("orchestrator.namespace", rollout.map(|rollout| json!(rollout.namespace))),
        ("orchestrator.resource.type", Some(json!(kind))),
        ("orchestrator.resource.name", name.map(|name| json!(name))),
        ("orchestrator.resource.id", rollout.map(|rollout| json!(rollout.uid))),
        ("observer.ip", reporter.address.as_ref().map(|address| json!([address]))),
        ("orchestrator.cluster.id", body.cluster.uid.as_ref().map(|uid| json!(uid))),
        ("service.version", version.map(|version| json!(version))),
        ("container.image.hash.all", Some(digests(body)).filter(|digests| !digests.is_empty()).map(|digests| json!(digests))),
        ("rule.name", body.analysis.as_ref().map(|analysis| json!(analysis.check))),
        ("user.name", told.actor().map(|name| json!(name))),
        ("related.user", told.actor().map(|name| json!([name]))),
    ];
    for (member, value) in known {
        if let Some(value) = value {
            document[member] = value;
        }
    }
    document
}

fn change(told: &Told<'_>) -> &'static str {
    match words::deed(told.kind) {
        Deed::Create => "creation",
        Deed::Update => "change",
        Deed::Delete => "deletion",
        Deed::Other => "info",
    }
}

/// The digests of the images that are named by one.
fn digests(body: &Body) -> Vec<&str> {
    body.images.iter().filter_map(|image| image.split_once('@')).map(|(_, digest)| digest).collect()
}

/// What the schema has no field for: keywords, so texts only.
fn labels(told: &Told<'_>) -> Map<String, Value> {
    let body = &told.body;
    let analysis = body.analysis.as_ref();
    let known = [
        ("revision", body.revision.clone()),
        ("stable", body.stable.clone()),
        ("attempt", body.attempt.map(|attempt| attempt.to_string())),
        ("step", told.step()),
        ("weight", body.weight.map(|weight| weight.to_string())),
        ("value", analysis.and_then(|analysis| analysis.value.clone())),
        ("limit", analysis.and_then(|analysis| analysis.limit.clone())),
        ("comment", body.comment.clone()),
        ("sink", body.sink.clone()),
        ("count", body.count.map(|count| count.to_string())),
        ("epoch", body.process.as_ref().map(|process| process.epoch.to_string())),
        ("on_behalf_of", body.on_behalf_of.as_ref().map(|claim| claim.name.clone())),
        ("images", Some(body.images.join(" ")).filter(|images| !images.is_empty())),
    ];
    known.into_iter().filter_map(|(label, value)| Some((label.to_owned(), Value::String(value?)))).collect()
}
