//! Does a template keep its name for ever?

use proptest::prelude::*;
use serde_json::{Value, json};
use serin::api::revision;

use super::api_given::template;

/// These hashes are names of Deployments in running clusters: a change here starts a canary of every fleet.
#[test]
fn golden_templates_keep_their_names() {
    let table = [
        (template(), "510b0d498e"),
        (json!({}), "44136fa355"),
        (
            json!({"metadata": {"labels": {"app": "ü\u{1f426}"}}, "spec": {"terminationGracePeriodSeconds": 30, "containers": [
                {"name": "web", "image": "i", "args": ["--ratio=0.1", ""], "resources": {"requests": {"cpu": "1000m"}}, "ports": [{"containerPort": 8080}]},
                {"name": "side", "image": "i", "securityContext": {"runAsNonRoot": true, "runAsUser": 65532}},
            ]}}),
            "1c455fe53e",
        ),
        (json!({"numbers": [1, 1.5, 1e21, -0.0, 1e-7, 9_007_199_254_740_991_u64], "text": "\u{0007}\"\\/"}), "2abf53f4a9"),
    ];
    let found: Vec<_> = table.iter().map(|(template, _)| revision(template).to_string()).collect();
    assert_eq!(found, table.map(|(_, name)| name));
}

#[test]
fn what_means_the_same_to_kubernetes_but_reads_differently_is_another_revision() {
    let with = |cpu: Value| json!({"spec": {"containers": [{"name": "web", "resources": {"requests": {"cpu": cpu}}}]}});
    let names = [with(json!("1000m")), with(json!("1")), with(json!(1))].map(|t| revision(&t));
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
    assert_ne!(revision(&json!({"args": [1, 2]})), revision(&json!({"args": [2, 1]})), "the order of a list counts");
    assert_ne!(revision(&json!({"args": [null]})), revision(&json!({"args": []})), "a null in a list has a place");
    assert_ne!(revision(&json!({"a": {}})), revision(&json!({})), "an empty object was written");
}

#[test]
fn members_that_are_null_say_nothing() {
    let mut with_nulls = template();
    with_nulls["metadata"]["creationTimestamp"] = Value::Null;
    with_nulls["spec"]["containers"][0]["resources"] = json!({"limits": null});
    let mut without = template();
    without["spec"]["containers"][0]["resources"] = json!({});
    assert_eq!(revision(&with_nulls), revision(&without));
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |f| f.is_finite().then(|| Value::from(f))),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..5).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The same value with its members in the other order and a null member more.
fn rearranged(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut turned: serde_json::Map<String, Value> = members.iter().rev().map(|(k, v)| (k.clone(), rearranged(v))).collect();
            turned.insert("zzzz".to_owned(), Value::Null);
            Value::Object(turned)
        }
        Value::Array(items) => items.iter().map(rearranged).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

proptest! {
    #[test]
    fn neither_the_order_of_keys_nor_nulls_count(value in json_value()) {
        let name = revision(&value);
        prop_assert_eq!(&name, &revision(&rearranged(&value)));
        prop_assert!(name.as_str().len() == 10 && name.as_str().chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
    }
}
