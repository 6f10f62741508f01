//! Does the CRD in the repository say what the code says?

use std::{env, fs};

use serde_json::Value;
use serin::api::crds_yaml;

const FILE: &str = "crds/rollouts.serin.dev.yaml";

/// `make gen` runs every test whose name says `generated`, and asks them to write.
#[test]
#[expect(clippy::disallowed_methods, reason = "whether to write is no matter of the product")]
fn the_generated_crd_is_the_one_that_the_code_prints() {
    let path = format!("{}/{FILE}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("SERIN_GEN").is_some() {
        fs::write(&path, crds_yaml()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == crds_yaml(), "{FILE} is stale: run `make gen`");
}

fn spec_schema() -> Value {
    let crd = serde_json::to_value(serin::api::crd()).expect("plain JSON");
    crd.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec").expect("a spec").clone()
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
    walk("spec", &spec_schema(), &mut |path, schema| {
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
    });
    assert_eq!(unbounded, Vec::<String>::new());
}

#[test]
fn every_field_is_explained_and_none_is_nullable() {
    walk("spec", &spec_schema(), &mut |path, schema| {
        assert!(schema.get("nullable").is_none(), "{path}");
        let inside = path.ends_with("[]") || path.ends_with("{}");
        assert!(inside || schema["description"].as_str().is_some_and(|text| text.len() > 10), "{path} says nothing to kubectl explain");
    });
}

#[test]
fn a_pod_field_that_this_build_has_never_heard_of_survives() {
    walk("template", &spec_schema()["properties"]["template"], &mut |path, schema| {
        let keeps = schema["x-kubernetes-preserve-unknown-fields"] == true || schema["additionalProperties"].is_object();
        assert!(schema["type"] != "object" || keeps, "{path} would be pruned");
    });
}

/// The API server must never refuse the commit of an abort.
#[test]
fn nothing_in_the_status_has_a_bound_that_a_commit_could_break() {
    let crd = serde_json::to_value(serin::api::crd()).unwrap();
    let status = crd.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/status").unwrap();
    walk("status", status, &mut |path, schema| {
        for bound in ["maxLength", "minLength", "maxItems", "maximum", "minimum", "pattern", "enum", "x-kubernetes-validations", "default"]
        {
            assert!(schema.get(bound).is_none(), "{path} has {bound}");
        }
    });
    for open in ["state", "audit"] {
        assert_eq!(status["properties"][open]["x-kubernetes-preserve-unknown-fields"], true);
        assert!(status["properties"][open].get("properties").is_none());
    }
}
