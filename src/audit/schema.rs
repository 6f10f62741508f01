//! What may a machine expect of a canonical event? Its JSON Schema.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::body::Body;
use super::kind::{Kind, OUTCOMES, SEVERITIES, outcome_word, severity_word};

/// The schema of the format's version 1, draft 2020-12. It is open: new members may come without a new version.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Body>().to_value();
    simplify(&mut schema);
    schema["$id"] = json!("https://serin.dev/schemas/event-v1.json");
    schema["title"] = json!("Serin event, version 1");
    // It is given last, when all other bytes are known.
    schema["properties"]["id"] = json!({ "type": "string", "format": "uuid" });
    if let Some(required) = schema["required"].as_array_mut() {
        required.push(json!("id"));
    }
    for (member, facts) in facts() {
        let (Some(known), Value::Object(facts)) = (schema["properties"][member].as_object_mut(), facts) else { continue };
        known.extend(facts);
    }
    schema
}

/// What the types of the members do not say.
fn facts() -> [(&'static str, Value); 11] {
    let types: Vec<&str> = Kind::all().map(Kind::name).collect();
    let whole = |least: u32| json!({ "minimum": least, "maximum": (1_u64 << 53) - 1 });
    [
        ("v", json!({ "const": 1 })),
        ("seq", whole(1)),
        ("type", json!({ "enum": types })),
        ("time", json!({ "format": "date-time", "pattern": "^[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$" })),
        ("severity", json!({ "enum": SEVERITIES.map(severity_word) })),
        ("outcome", json!({ "enum": OUTCOMES.map(outcome_word) })),
        ("attempt", whole(1)),
        ("weight", json!({ "maximum": 100 })),
        ("count", whole(2)),
        ("truncated", json!({ "const": true })),
        ("prev", json!({ "pattern": "^sha256:[0-9a-f]{64}$" })),
    ]
}

/// A member that has nothing to say is left out, so none is ever null. And formats of numbers are Rust's, and nobody else's.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format").and_then(Value::as_str).is_some_and(|format| format.contains("int")) {
                members.remove("format");
            }
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|one| one != "null");
                if let [only] = &types[..] {
                    members["type"] = only.clone();
                }
            }
            if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(only)] = &choices[..] {
                    let only = only.clone();
                    members.remove("anyOf");
                    members.extend(only);
                }
            }
            members.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
