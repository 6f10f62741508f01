//! Do the CRDs in the repository say what the code says, and is everything in them bounded and explained?

use serde_json::Value;
use serin::api::{crd_files, crds};

use crate::generated;

#[test]
fn the_generated_crds_are_those_that_the_code_prints() {
    for (name, text) in crd_files() {
        generated::check(&format!("crds/{name}"), &text);
    }
}

/// The definitions as JSON: of Rollouts, and of their actions.
fn definitions() -> Vec<Value> {
    crds().iter().map(|crd| serde_json::to_value(crd).expect("plain JSON")).collect()
}

fn part(crd: &Value, name: &str) -> Value {
    crd.pointer(&format!("/spec/versions/0/schema/openAPIV3Schema/properties/{name}")).expect("a part of an object").clone()
}

fn specs() -> Vec<Value> {
    definitions().iter().map(|crd| part(crd, "spec")).collect()
}

/// Calls `look` with the path and schema of every declared node.
fn walk(path: &str, schema: &Value, look: &mut dyn FnMut(&str, &Value)) {
    look(path, schema);
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{field}"), schema, look);
    }
    for (field, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if let Some(schema) = schema.get(field).filter(|schema| schema.is_object()) {
            walk(&format!("{path}{mark}"), schema, look);
        }
    }
}

/// The API server prices every rule by the largest object it may have to look at.
#[test]
fn every_list_text_and_number_that_a_user_writes_is_bounded() {
    let mut unbounded = Vec::new();
    let mut look = |path: &str, schema: &Value| {
        let bounded = match schema["type"].as_str() {
            Some("string") => schema["maxLength"].is_number() || schema["enum"].is_array(),
            Some("array") => schema["maxItems"].is_number(),
            Some("integer") => schema["minimum"].is_number() && schema["maximum"].is_number(),
            Some("object") => !schema["additionalProperties"].is_object() || schema["maxProperties"].is_number(),
            _ => true,
        };
        if !bounded {
            unbounded.push(path.to_owned());
        }
    };
    for spec in specs() {
        walk("spec", &spec, &mut look);
    }
    assert_eq!(unbounded, Vec::<String>::new());
}

#[test]
fn every_field_is_explained_and_none_is_nullable() {
    let mut look = |path: &str, schema: &Value| {
        assert!(schema.get("nullable").is_none(), "{path}");
        let inside = path.ends_with("[]") || path.ends_with("{}");
        assert!(inside || schema["description"].as_str().is_some_and(|text| text.len() > 10), "{path} says nothing to kubectl explain");
    };
    for spec in specs() {
        walk("spec", &spec, &mut look);
    }
}

#[test]
fn a_pod_field_that_this_build_has_never_heard_of_survives() {
    walk("template", &specs()[0]["properties"]["template"], &mut |path, schema| {
        let keeps = schema["x-kubernetes-preserve-unknown-fields"] == true || schema["additionalProperties"].is_object();
        assert!(schema["type"] != "object" || keeps, "{path} would be pruned");
    });
}

/// The API server must never refuse the commit of an abort.
#[test]
fn nothing_in_the_status_has_a_bound_that_a_commit_could_break() {
    // A template of checks has none.
    let with_status = definitions().into_iter().filter(|crd| crd["spec"]["names"]["kind"] != "AnalysisTemplate");
    let statuses: Vec<Value> = with_status.map(|crd| part(&crd, "status")).collect();
    let mut look = |path: &str, schema: &Value| {
        for bound in ["maxLength", "minLength", "maxItems", "maximum", "minimum", "pattern", "enum", "x-kubernetes-validations", "default"]
        {
            assert!(schema.get(bound).is_none(), "{path} has {bound}");
        }
    };
    for status in &statuses {
        walk("status", status, &mut look);
    }
    let status = &statuses[0];
    for open in ["state", "audit"] {
        assert_eq!(status["properties"][open]["x-kubernetes-preserve-unknown-fields"], true);
        assert!(status["properties"][open].get("properties").is_none());
    }
}
