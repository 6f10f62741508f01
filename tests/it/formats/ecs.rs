//! The Elastic Common Schema 9.4: the fields that Serin uses, as the schema has them.

use serde_json::Value;
use serin::audit::Format;

use super::{object, one_of_each};

/// A field's name, its type in the schema, and what it may say where the schema lists that.
const FIELDS: &[(&str, &str, &[&str])] = &[
    ("@timestamp", "date", &[]),
    ("ecs.version", "keyword", &[]),
    ("message", "match_only_text", &[]),
    ("event.kind", "keyword", &["alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"]),
    ("event.category", "keyword[]", &["configuration"]),
    // Of those that the schema allows, these are expected with the category configuration.
    ("event.type", "keyword[]", &["access", "change", "creation", "deletion", "info"]),
    ("event.action", "keyword", &[]),
    ("event.code", "keyword", &[]),
    ("event.outcome", "keyword", &["failure", "success", "unknown"]),
    ("event.reason", "keyword", &[]),
    ("event.id", "keyword", &[]),
    ("event.sequence", "long", &[]),
    ("event.severity", "long", &[]),
    ("event.hash", "keyword", &[]),
    ("event.original", "keyword", &[]),
    ("event.dataset", "keyword", &[]),
    ("event.module", "keyword", &[]),
    ("event.provider", "keyword", &[]),
    ("observer.vendor", "keyword", &[]),
    ("observer.product", "keyword", &[]),
    ("observer.version", "keyword", &[]),
    ("observer.name", "keyword", &[]),
    ("observer.ip", "ip[]", &[]),
    ("service.name", "keyword", &[]),
    ("service.version", "keyword", &[]),
    ("orchestrator.type", "keyword", &[]),
    ("orchestrator.cluster.name", "keyword", &[]),
    ("orchestrator.cluster.id", "keyword", &[]),
    ("orchestrator.namespace", "keyword", &[]),
    ("orchestrator.resource.type", "keyword", &[]),
    ("orchestrator.resource.name", "keyword", &[]),
    ("orchestrator.resource.id", "keyword", &[]),
    ("container.image.hash.all", "keyword[]", &[]),
    ("rule.name", "keyword", &[]),
    ("user.name", "keyword", &[]),
    ("related.user", "keyword[]", &[]),
    ("labels", "object", &[]),
];

/// What the schema has against a document.
pub(super) fn violations(document: &Value) -> Vec<String> {
    let members = document.as_object().expect("an object");
    let missing = ["@timestamp", "ecs.version"].into_iter().filter(|name| !members.contains_key(*name)).map(|name| format!("no {name}"));
    let odd = members.iter().filter_map(|(name, value)| {
        let Some((_, kind, allowed)) = FIELDS.iter().find(|(known, ..)| known == name) else { return Some(format!("{name} is unknown")) };
        let fits = match kind.strip_suffix("[]") {
            Some(kind) => value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(|item| fits(kind, allowed, item))),
            None => fits(kind, allowed, value),
        };
        (!fits).then(|| format!("{name} must not be {value}"))
    });
    missing.chain(odd).collect()
}

fn fits(kind: &str, allowed: &[&str], value: &Value) -> bool {
    match kind {
        "long" => value.is_u64(),
        "date" => value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
        "ip" => value.as_str().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok()),
        "object" => value.as_object().is_some_and(|labels| labels.iter().all(|(name, value)| !name.contains('.') && value.is_string())),
        _ => value.as_str().is_some_and(|text| allowed.is_empty() || allowed.contains(&text)),
    }
}

#[test]
fn every_document_is_as_the_schema_wants_it() {
    for record in one_of_each() {
        assert_eq!(violations(&object(Format::Ecs, &record)), Vec::<String>::new(), "{}", record.text);
    }
}

#[test]
fn the_check_finds_what_the_schema_forbids() {
    let good = object(Format::Ecs, &one_of_each().remove(0));
    let spoilt = |field: &str, value: Value| {
        let mut document = good.clone();
        document[field] = value;
        violations(&document).join("; ")
    };
    assert_eq!(spoilt("event.type", Value::from("change")), "event.type must not be \"change\"");
    assert_eq!(spoilt("event.outcome", Value::from("perhaps")), "event.outcome must not be \"perhaps\"");
    assert_eq!(spoilt("event.flavour", Value::from("sour")), "event.flavour is unknown");
}

#[test]
fn the_original_is_the_event_and_the_hash_is_its_hash() {
    for record in one_of_each() {
        let document = object(Format::Ecs, &record);
        assert_eq!(document["event.original"], record.text.as_str());
        assert_eq!(format!("sha256:{}", document["event.hash"].as_str().unwrap()), record.hash);
    }
}
