//! An event as OCSF 1.8.0 has it: class 6003, API Activity.
//!
//! One class for all events, so that one query finds them; `metadata.event_code` tells them apart. `raw_data` has the canonical bytes, so
//! that a copy in a data lake can be verified.

use serde_json::{Value, json};

use super::super::parts::Actor;
use super::told::Told;
use super::words::{self, Deed, Signal};
use super::{PRODUCT, Reporter, Scale, VENDOR};
use crate::rollout::Outcome;

/// The version of the schema that the events are checked against.
const SCHEMA: &str = "1.8.0";

/// API Activity, in the category Application Activity.
const CLASS: u32 = 6003;

/// SHA-256 among OCSF's algorithms.
const SHA_256: u32 = 3;

pub(super) fn event(told: &Told<'_>, reporter: &Reporter) -> Value {
    let body = &told.body;
    let activity = activity(told);
    let mut event = json!({
        "activity_id": activity.id,
        "activity_name": activity.name,
        "category_uid": CLASS / 1000,
        "class_uid": CLASS,
        "type_uid": CLASS * 100 + activity.id,
        "time": told.at.timestamp_millis(),
        "severity_id": Scale::of(told.severity).ocsf,
        "status_id": status(told.outcome),
        "status_code": body.reason,
        "message": body.message,
        "actor": { "user": user(&body.actor) },
        "api": { "operation": body.kind, "service": { "name": PRODUCT }, "version": format!("v{}", body.v) },
        "src_endpoint": { "name": reporter.instance },
        "resources": resources(told),
        "metadata": {
            "version": SCHEMA,
            "uid": told.record.id,
            "event_code": body.kind,
            "correlation_uid": told.thread(),
            "sequence": told.record.seq,
            "product": { "name": PRODUCT, "vendor_name": VENDOR, "version": reporter.version },
        },
        "raw_data": told.record.text,
        "raw_data_hash": { "algorithm": "SHA-256", "algorithm_id": SHA_256, "value": told.digest() },
    });
    if let Some(address) = &reporter.address {
        event["src_endpoint"]["ip"] = json!(address);
    }
    if let Some(analysis) = &body.analysis {
        let part = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        event["status_detail"] = json!(format!("{}: {} against {}", analysis.check, part(&analysis.value), part(&analysis.limit)));
    }
    match words::signal(told.kind) {
        Signal::Activity => {}
        Signal::Alert => {
            event["metadata"]["profiles"] = json!(["security_control"]);
            // A control that was overruled: allowed, and worth an alert.
            event["action_id"] = json!(1);
            event["disposition_id"] = json!(1);
            event["is_alert"] = json!(true);
        }
    }
    event
}

struct Activity {
    id: u32,
    name: &'static str,
}

fn activity(told: &Told<'_>) -> Activity {
    match words::deed(told.kind) {
        Deed::Create => Activity { id: 1, name: "Create" },
        Deed::Update => Activity { id: 3, name: "Update" },
        Deed::Delete => Activity { id: 4, name: "Delete" },
        Deed::Other => Activity { id: 99, name: words::title(told.kind) },
    }
}

const fn status(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Unknown => 0,
        Outcome::Success => 1,
        Outcome::Failure => 2,
    }
}

/// Who caused it. An actor that nothing verified is told as unknown: the class demands one.
fn user(actor: &Actor) -> Value {
    match actor {
        Actor::User { name } => json!({ "name": name, "uid": name, "type_id": 1 }),
        Actor::Controller { name } => json!({ "name": name, "uid": name, "type_id": 4 }),
        Actor::Unknown => json!({ "name": "unknown", "type_id": 0 }),
    }
}

/// The Rollout and the images that its revision brings, or the process that tells.
fn resources(told: &Told<'_>) -> Vec<Value> {
    let images = told.body.images.iter().map(|image| json!({ "type": "Container Image", "name": image }));
    [subject(told)].into_iter().chain(images).collect()
}

fn subject(told: &Told<'_>) -> Value {
    let body = &told.body;
    let mut labels = vec![format!("cluster:{}", body.cluster.name)];
    let Some(rollout) = &body.rollout else {
        labels.extend(body.sink.as_ref().map(|sink| format!("sink:{sink}")));
        labels.extend(body.count.map(|count| format!("count:{count}")));
        let mut resource = json!({ "type": "Controller", "name": PRODUCT, "uid": body.stream, "labels": labels });
        if let Some(process) = &body.process {
            (resource["name"], resource["version"]) = (json!(process.name), json!(process.version));
        }
        return resource;
    };
    let mut resource = json!({
        "type": "Rollout",
        "namespace": rollout.namespace,
        "name": rollout.name,
        "uid": rollout.uid,
        "labels": labels,
    });
    if let Some(revision) = &told.body.revision {
        resource["version"] = json!(revision);
    }
    resource
}
