//! CloudEvents 1.0.2 and CDEvents 0.5.1: what their schemas demand.

use serde_json::Value;
use serin::audit::{Format, Record};

use super::{object, one_of_each, reporter};

/// What the schema of CloudEvents, and its rules for names, have against an event.
pub(super) fn cloud_violations(event: &Value) -> Vec<String> {
    let members = event.as_object().expect("an object");
    let mut found: Vec<String> = ["id", "source", "specversion", "type"]
        .into_iter()
        .filter(|name| members.get(*name).and_then(Value::as_str).is_none_or(str::is_empty))
        .map(|name| format!("no {name}"))
        .collect();
    for (name, value) in members {
        let fits = match name.as_str() {
            "data" => true,
            "specversion" => value == "1.0",
            "source" => value.as_str().is_some_and(is_uri_reference),
            "time" => value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
            "datacontenttype" => value == "application/json",
            "id" | "type" | "subject" => value.as_str().is_some_and(|text| !text.is_empty()),
            // Extensions: short names, and values of the format's own few types.
            _ => {
                name.len() <= 20
                    && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                    && (value.is_string() || value.is_u64())
            }
        };
        if !fits {
            found.push(format!("{name} must not be {value}"));
        }
    }
    found
}

/// A member of a CDEvent: its path, and whether it has to be there.
const CONTEXT: &[(&str, bool)] =
    &[("specversion", true), ("id", true), ("source", true), ("type", true), ("timestamp", true), ("chainId", false)];
const SUBJECT: &[(&str, bool)] = &[("id", true), ("source", false), ("content", true)];
const REFERENCE: &[(&str, bool)] = &[("id", true), ("source", false)];
const SERVICE_CONTENT: &[(&str, bool)] = &[("environment", true), ("artifactId", true)];
const REMOVED_CONTENT: &[(&str, bool)] = &[("environment", false)];
const INCIDENT_CONTENT: &[(&str, bool)] = &[("environment", true), ("artifactId", false), ("description", false), ("service", false)];
const EVENT: &[(&str, bool)] = &[("context", true), ("subject", true), ("customData", false), ("customDataContentType", false)];

/// What the schemas of CDEvents have against an event. They allow no member that they do not name.
pub(super) fn cd_violations(event: &Value) -> Vec<String> {
    let content = match event["context"]["type"].as_str().unwrap_or_default() {
        "dev.cdevents.service.deployed.0.3.0" | "dev.cdevents.service.upgraded.0.3.0" | "dev.cdevents.service.rolledback.0.3.0" => {
            SERVICE_CONTENT
        }
        "dev.cdevents.incident.detected.0.3.0" => INCIDENT_CONTENT,
        "dev.cdevents.service.removed.0.3.0" => REMOVED_CONTENT,
        other => return vec![format!("the type {other} is unknown")],
    };
    let mut found = members("", EVENT, event);
    for (path, table) in [
        ("/context", CONTEXT),
        ("/subject", SUBJECT),
        ("/subject/content", content),
        ("/subject/content/environment", REFERENCE),
        ("/subject/content/service", REFERENCE),
    ] {
        if let Some(part) = event.pointer(path) {
            found.extend(members(path, table, part));
        }
    }
    for path in ["/context/source", "/subject/source", "/subject/content/environment/source"] {
        if !event.pointer(path).and_then(Value::as_str).is_some_and(is_uri_reference) {
            found.push(format!("{path} is no URI reference"));
        }
    }
    let artifact = event.pointer("/subject/content/artifactId").and_then(Value::as_str).unwrap_or_default();
    let named = content.iter().any(|(name, _)| *name == "artifactId");
    if named && (!artifact.starts_with("pkg:") || !is_uri_reference(artifact)) {
        found.push(format!("{artifact} is no package URL"));
    }
    found
}

fn members(path: &str, table: &[(&str, bool)], part: &Value) -> Vec<String> {
    let Some(part) = part.as_object() else { return vec![format!("{path} is no object")] };
    let missing =
        table.iter().filter(|(name, needed)| *needed && !part.contains_key(*name)).map(|(name, _)| format!("{path}/{name} is missing"));
    let odd =
        part.iter().filter(|(name, _)| !table.iter().any(|(known, _)| known == name)).map(|(name, _)| format!("{path}/{name} is unknown"));
    let empty =
        part.iter().filter(|(name, value)| *value == "" && *name != "description").map(|(name, _)| format!("{path}/{name} is empty"));
    missing.chain(odd).chain(empty).collect()
}

/// RFC 3986: nothing but its own characters, and a percent only before two hex digits.
fn is_uri_reference(text: &str) -> bool {
    let bytes = text.as_bytes();
    !text.is_empty()
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'%' => bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
            other => other.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(other),
        })
}

fn cdevents() -> Vec<(Record, Value)> {
    let event = |record: Record| {
        let text = Format::CdEvents.render(&record, &reporter()).expect("our own words")?;
        Some((record, serde_json::from_str(&text).expect("one JSON object")))
    };
    one_of_each().into_iter().filter_map(event).collect()
}

#[test]
fn every_cloudevent_is_as_the_schema_wants_it() {
    for record in one_of_each() {
        assert_eq!(cloud_violations(&object(Format::CloudEvents, &record)), Vec::<String>::new(), "{}", record.text);
    }
}

#[test]
fn every_cdevent_is_as_the_schemas_want_it() {
    for (record, event) in cdevents() {
        assert_eq!(cd_violations(&event), Vec::<String>::new(), "{}", record.text);
    }
}

#[test]
fn the_checks_find_what_the_schemas_forbid() {
    let mut event = object(Format::CloudEvents, &one_of_each().remove(0));
    event["source"] = Value::from("not a uri");
    event["severityNumber"] = Value::from(9);
    assert_eq!(cloud_violations(&event), ["severityNumber must not be 9", "source must not be \"not a uri\""]);
    let mut event = cdevents().remove(0).1;
    event["subject"]["type"] = Value::from("service");
    event["subject"]["content"]["environment"] = Value::from("prod");
    let found = cd_violations(&event);
    assert_eq!(found[..2], ["/subject/type is unknown", "/subject/content/environment is no object"]);
}

#[test]
fn the_data_of_a_cloudevent_is_the_event_byte_for_byte() {
    for record in one_of_each() {
        let event = super::rendered(Format::CloudEvents, &record);
        assert!(event.contains(&format!("\"data\":{},\"datacontenttype\"", record.text)), "{event}");
    }
}

#[test]
fn numbers_in_a_source_sort_as_text() {
    let sequences: Vec<String> =
        one_of_each()[..29].iter().map(|record| object(Format::CloudEvents, record)["sequence"].as_str().unwrap().to_owned()).collect();
    assert!(sequences.is_sorted(), "{sequences:?}");
}

#[test]
fn cdevents_tell_what_serves_and_what_failed() {
    let told: Vec<(String, String)> = cdevents()
        .into_iter()
        .map(|(record, event)| {
            let artifact = event["subject"]["content"]["artifactId"].as_str().unwrap_or("-").to_owned();
            let kind = event["context"]["type"].as_str().unwrap().replace("dev.cdevents.", "").replace(".0.3.0", "");
            (record.body().expect("our own format").kind, format!("{kind} {artifact}"))
        })
        .collect();
    let image = format!("pkg:oci/checkout@sha256%3A{}?repository_url=registry.example%2Fshop%2Fcheckout", "9b1d44c0".repeat(8));
    let expected = [
        ("rollout.installed", format!("service.deployed {image}")),
        ("rollout.install-failed", format!("incident.detected {image}")),
        ("rollout.promoted", format!("service.upgraded {image}")),
        ("rollout.aborted", format!("incident.detected {image}")),
        ("rollout.rolled-back", "service.rolledback pkg:generic/shop/checkout@a17be04c66".to_owned()),
        ("rollout.deleted", "service.removed -".to_owned()),
        ("rollout.adopted", format!("service.deployed {image}")),
    ];
    assert_eq!(told, expected.map(|(kind, told)| (kind.to_owned(), told)));
}
