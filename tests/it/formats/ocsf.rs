//! OCSF 1.8.0, class 6003: the attributes of the class and of its objects that Serin uses, as the schema has them.

use serde_json::Value;
use serin::audit::Format;

use super::{object, one_of_each};

/// What an attribute holds.
pub(super) enum Holds {
    Text,
    Integer,
    Flag,
    /// One of these ids.
    OneOf(&'static [u64]),
    Object(&'static [Attribute]),
    List(&'static Holds),
}

/// Whether an attribute has to be there.
pub(super) enum Needed {
    Always,
    Not,
}

pub(super) type Attribute = (&'static str, Holds, Needed);

use Holds::{Flag, Integer, List, Object, OneOf, Text};
use Needed::{Always, Not};

const USER: &[Attribute] = &[("name", Text, Not), ("uid", Text, Not), ("type_id", OneOf(&[0, 1, 2, 3, 4, 99]), Not), ("type", Text, Not)];
const ACTOR: &[Attribute] = &[("user", Object(USER), Not)];
const SERVICE: &[Attribute] = &[("name", Text, Not), ("uid", Text, Not), ("version", Text, Not), ("labels", List(&Text), Not)];
const API: &[Attribute] = &[("operation", Text, Always), ("service", Object(SERVICE), Not), ("version", Text, Not)];
const ENDPOINT: &[Attribute] = &[("name", Text, Not), ("ip", Text, Not), ("hostname", Text, Not), ("uid", Text, Not)];
const RESOURCE: &[Attribute] = &[
    ("type", Text, Not),
    ("namespace", Text, Not),
    ("name", Text, Not),
    ("uid", Text, Not),
    ("version", Text, Not),
    ("labels", List(&Text), Not),
];
const PRODUCT: &[Attribute] = &[("name", Text, Not), ("vendor_name", Text, Not), ("version", Text, Not), ("uid", Text, Not)];
const METADATA: &[Attribute] = &[
    ("version", Text, Always),
    ("product", Object(PRODUCT), Always),
    ("uid", Text, Not),
    ("event_code", Text, Not),
    ("correlation_uid", Text, Not),
    ("sequence", Integer, Not),
    ("profiles", List(&Text), Not),
];
const FINGERPRINT: &[Attribute] =
    &[("algorithm", Text, Not), ("algorithm_id", OneOf(&[0, 1, 2, 3, 4, 5, 6, 7, 99]), Always), ("value", Text, Always)];
const CLASS: &[Attribute] = &[
    ("activity_id", OneOf(&[0, 1, 2, 3, 4, 99]), Always),
    ("activity_name", Text, Not),
    ("category_uid", OneOf(&[6]), Always),
    ("class_uid", OneOf(&[6003]), Always),
    ("type_uid", OneOf(&[600_300, 600_301, 600_302, 600_303, 600_304, 600_399]), Always),
    ("time", Integer, Always),
    ("severity_id", OneOf(&[0, 1, 2, 3, 4, 5, 6, 99]), Always),
    ("status_id", OneOf(&[0, 1, 2, 99]), Not),
    ("status_code", Text, Not),
    ("status_detail", Text, Not),
    ("message", Text, Not),
    ("actor", Object(ACTOR), Always),
    ("api", Object(API), Always),
    ("src_endpoint", Object(ENDPOINT), Always),
    ("resources", List(&Object(RESOURCE)), Not),
    ("metadata", Object(METADATA), Always),
    ("raw_data", Text, Not),
    ("raw_data_hash", Object(FINGERPRINT), Not),
];
/// The profile that makes an activity an alert.
const SECURITY_CONTROL: &[Attribute] =
    &[("action_id", OneOf(&[0, 1, 2]), Not), ("disposition_id", OneOf(&[0, 1, 2, 15, 16, 99]), Not), ("is_alert", Flag, Not)];

/// What is wrong with a value, if anything is.
fn wrong(path: &str, holds: &Holds, value: &Value) -> Vec<String> {
    let fits = match holds {
        Text => value.is_string(),
        Integer => value.is_i64() || value.is_u64(),
        Flag => value.is_boolean(),
        OneOf(ids) => value.as_u64().is_some_and(|id| ids.contains(&id)),
        Object(attributes) => return object_wrong(path, attributes, value),
        List(items) => {
            let Some(list) = value.as_array() else { return vec![format!("{path} is no list")] };
            return list.iter().flat_map(|item| wrong(path, items, item)).collect();
        }
    };
    if fits { Vec::new() } else { vec![format!("{path} must not be {value}")] }
}

fn object_wrong(path: &str, attributes: &[Attribute], value: &Value) -> Vec<String> {
    let Some(members) = value.as_object() else { return vec![format!("{path} is no object")] };
    let missing = attributes
        .iter()
        .filter(|(name, _, needed)| matches!(needed, Always) && !members.contains_key(*name))
        .map(|(name, ..)| format!("{path}.{name} is missing"));
    let odd = members.iter().flat_map(|(name, value)| match attributes.iter().find(|(known, ..)| known == name) {
        Some((_, holds, _)) => wrong(&format!("{path}.{name}"), holds, value),
        None => vec![format!("{path}.{name} is unknown")],
    });
    missing.chain(odd).collect()
}

/// What the schema has against an event.
pub(super) fn violations(event: &Value) -> Vec<String> {
    let mut event = event.clone();
    let mut found = Vec::new();
    let has_profile = event["metadata"]["profiles"].as_array().is_some_and(|profiles| profiles.contains(&Value::from("security_control")));
    let members = event.as_object_mut().expect("an object");
    for (name, holds, _) in SECURITY_CONTROL {
        if let Some(value) = members.remove(*name) {
            found.extend(wrong(name, holds, &value));
            if !has_profile {
                found.push(format!("{name} needs the profile security_control"));
            }
        }
    }
    found.extend(object_wrong("", CLASS, &event));
    let number = |name: &str| event[name].as_u64().unwrap_or_default();
    if number("type_uid") != number("class_uid") * 100 + number("activity_id") {
        found.push("type_uid is not that of the class and its activity".to_owned());
    }
    // What the schema calls constraints: at least one of these.
    for (path, names) in [("/actor/user", ["name", "uid"]), ("/src_endpoint", ["name", "ip"]), ("/metadata/product", ["name", "uid"])] {
        if names.iter().all(|name| event.pointer(&format!("{path}/{name}")).is_none()) {
            found.push(format!("{path} needs one of {names:?}"));
        }
    }
    found
}

#[test]
fn every_event_is_as_the_schema_wants_it() {
    for record in one_of_each() {
        assert_eq!(violations(&object(Format::Ocsf, &record)), Vec::<String>::new(), "{}", record.text);
    }
}

#[test]
fn the_check_finds_what_the_schema_forbids() {
    let good = object(Format::Ocsf, &one_of_each().remove(0));
    let spoilt = |pointer: &str, value: Value| {
        let mut event = good.clone();
        *event.pointer_mut(pointer).expect("it is there") = value;
        violations(&event).join("; ")
    };
    assert_eq!(spoilt("/severity_id", Value::from(7)), ".severity_id must not be 7");
    assert_eq!(spoilt("/time", Value::from("noon")), ".time must not be \"noon\"");
    assert_eq!(spoilt("/activity_id", Value::from(3)), "type_uid is not that of the class and its activity");
    let mut event = good.clone();
    event["is_alert"] = Value::from(true);
    event["flavour"] = Value::from("sour");
    assert_eq!(violations(&event).join("; "), "is_alert needs the profile security_control; .flavour is unknown");
}

#[test]
fn the_raw_data_is_the_event_and_the_hash_is_its_hash() {
    for record in one_of_each() {
        let event = object(Format::Ocsf, &record);
        assert_eq!(event["raw_data"], record.text.as_str());
        assert_eq!(format!("sha256:{}", event["raw_data_hash"]["value"].as_str().unwrap()), record.hash);
    }
}

#[test]
fn only_what_overrules_the_evidence_is_an_alert() {
    let alerts: Vec<String> = one_of_each()
        .iter()
        .map(|record| object(Format::Ocsf, record))
        .filter(|event| event["is_alert"] == true)
        .map(|event| event["metadata"]["event_code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(alerts, ["promotion.forced"]);
}
