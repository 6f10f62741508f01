//! The JSON Schema of events: that it is what the code says, and that a validator of somebody else's finds every event in it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::audit_given::{aborted, filled, records, told};
use crate::formats::one_of_each;

/// The published schema, with what the page says of each member.
#[test]
fn generated_schema_of_events_is_fresh() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md")).expect("the page is there");
    let told: BTreeMap<&str, String> = page.lines().filter_map(row).collect();
    let mut schema = serin::audit::schema();
    schema["description"] = json!("docs/events.md explains it. New members may come without a new version.");
    for (member, facts) in schema["properties"].as_object_mut().expect("an event is an object") {
        let text = told.get(member.as_str()).unwrap_or_else(|| panic!("docs/events.md has no row for {member}"));
        facts["description"] = json!(text);
    }
    let text = serde_json::to_string_pretty(&schema).expect("JSON can be written") + "\n";
    crate::generated::check("docs/event.schema.json", &text);
}

/// The member and its meaning, where a line is a row of the page's table; without its links.
fn row(line: &str) -> Option<(&str, String)> {
    let (member, meaning) = line.strip_prefix("| `")?.split_once("` | ")?;
    let mut plain = String::new();
    let mut rest = meaning.strip_suffix(" |")?;
    while let Some((before, link)) = rest.split_once('[') {
        let (text, after) = link.split_once("](").and_then(|(text, target)| Some((text, target.split_once(')')?.1)))?;
        plain.push_str(before);
        plain.push_str(text);
        rest = after;
    }
    plain.push_str(rest);
    Some((member, plain))
}

/// The published schema, closed: in our own events it has to know every member.
static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/event.schema.json")).expect("the schema is there");
    let mut schema = serde_json::from_str(&text).expect("it is JSON");
    close(&mut schema);
    schema
});

fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a validator finds wrong with an event.
pub(crate) fn violations(text: &str) -> Vec<String> {
    thread_local! {
        static KNOWN: (Schemas, boon::SchemaIndex) = {
            let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
            compiler.enable_format_assertions();
            compiler.add_resource("event.json", CLOSED.clone()).expect("it is a schema");
            let index = compiler.compile("event.json", &mut schemas).expect("it is sound");
            (schemas, index)
        };
    }
    let event = serde_json::from_str(text).expect("an event is JSON");
    KNOWN.with(|(schemas, index)| schemas.validate(&event, *index).err().map(|error| format!("{error:#}")).into_iter().collect())
}

#[test]
fn every_event_is_as_the_schema_says() {
    let life = one_of_each().into_iter().chain(records(&filled(2)));
    for record in life {
        assert_eq!(violations(&record.text), Vec::<String>::new(), "{}", record.text);
    }
}

#[test]
fn what_is_no_event_is_found() {
    let event: Value = serde_json::from_str(&records(&told([&aborted()]))[0].text).expect("JSON");
    let with = |member: &str, value: Value| {
        let mut event = event.clone();
        event[member] = value;
        violations(&event.to_string())
    };
    assert_eq!(with("v", json!(1)), Vec::<String>::new());
    for (member, value) in [
        ("v", json!(2)),
        ("seq", json!(0)),
        ("seq", json!("1")),
        ("type", json!("rollout.exploded")),
        ("severity", json!("bad")),
        ("time", json!("2026-11-23T12:02:00Z")),
        ("id", json!("7")),
        ("prev", json!("sha256:0")),
        ("weight", json!(101)),
        ("actor", json!({"type": "root"})),
        ("analysis", json!({"check": "errors", "query": "up"})),
        ("step", Value::Null),
        ("secret", json!("t0ps3cret")),
    ] {
        assert!(!with(member, value.clone()).is_empty(), "{member}: {value}");
    }
}
