//! Fixtures for the API: the smallest spec, and specs that differ from it in one place.

use chrono::TimeDelta;
use serde_json::{Value, json};
use serin::api::{Invalid, Providers, parse, shared};
use serin::rollout::Intent;

pub(crate) fn providers() -> Providers {
    Providers { delays: ["prod", "staging"].map(|name| (name.to_owned(), TimeDelta::seconds(5))).into(), default: "prod".to_owned() }
}

pub(crate) fn template() -> Value {
    json!({
        "metadata": {"labels": {"app": "checkout"}},
        "spec": {"containers": [{"name": "web", "image": "registry.example/checkout:1.0"}]},
    })
}

/// Four replicas behind a Service, with one check.
pub(crate) fn spec() -> Value {
    json!({
        "replicas": 4,
        "service": "checkout",
        "template": template(),
        "analysis": {"checks": [check("errors")]},
    })
}

pub(crate) fn check(name: &str) -> Value {
    json!({"name": name, "threshold": {"query": "q", "window": "1m", "max": 0.01}})
}

/// The smallest spec with other values at these paths; null takes a member away.
pub(crate) fn spec_with(edits: &[(&str, Value)]) -> Value {
    let mut spec = spec();
    for (path, value) in edits {
        let pointer = format!("/{}", path.replace('.', "/"));
        let (parent, last) = pointer.rsplit_once('/').expect("it begins with one");
        let parent = spec.pointer_mut(parent).and_then(Value::as_object_mut).expect("the spec has that parent");
        match value {
            Value::Null => parent.remove(last),
            other => parent.insert(last.to_owned(), other.clone()),
        };
    }
    spec
}

pub(crate) fn parsed(spec: &Value) -> Result<Intent, Invalid> {
    parse(("shop", "checkout"), spec, &shared(spec, |_| None), &providers())
}
