//! What does a cluster have to be told before it knows Rollouts and their actions?

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::Value;

use super::action::RolloutAction;
use super::shared_spec::AnalysisTemplate;
use super::spec::Rollout;

/// All definitions: of Rollouts, of the commands for them, and of checks that they share.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let template = with_arguments(tidied(to_json(&AnalysisTemplate::crd())));
    let others = [Rollout::crd(), RolloutAction::crd()].map(|crd| tidied(to_json(&crd)));
    others.into_iter().chain([template]).map(from_json).collect()
}

/// What `serin crds` prints: all definitions as one YAML stream.
pub fn crds_yaml() -> String {
    crd_files().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("---\n")
}

/// Each definition as a file: its name, and its text as YAML.
pub fn crd_files() -> Vec<(String, String)> {
    crds().iter().map(|crd| (format!("{}.yaml", crd.metadata.name.as_deref().unwrap_or_default()), yaml(crd))).collect()
}

fn yaml(crd: &CustomResourceDefinition) -> String {
    serde_saphyr::to_string(crd).expect("a definition is plain data")
}

fn to_json(crd: &CustomResourceDefinition) -> Value {
    serde_json::to_value(crd).expect("a definition is plain JSON")
}

fn from_json(crd: Value) -> CustomResourceDefinition {
    serde_json::from_value(crd).expect("a tidied definition is still one")
}

fn tidied(mut crd: Value) -> Value {
    tidy(&mut crd);
    if let Some(status) = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties/status") {
        drop_defaults(status);
        status[MAP_TYPE] = Value::from("atomic");
    }
    crd
}

/// Takes away what Rust's types say and Kubernetes need not hear: a null member is pruned before any rule sees it only where
/// the schema does not call it nullable, and formats such as `double` mean nothing here.
fn tidy(node: &mut Value) {
    match node {
        Value::Object(members) => {
            members.retain(|key, member| match key.as_str() {
                "nullable" => *member != Value::Bool(true),
                "format" => !matches!(member.as_str(), Some("double" | "int64")),
                _ => true,
            });
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// In a template any value of a check may be an argument: what a schema says of a number or of a text holds once that is filled in, and is then said by Serin.
fn with_arguments(mut crd: Value) -> Value {
    if let Some(checks) = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/checks/items") {
        loosen(checks);
    }
    crd
}

/// The names of the numbers below a node, which its rules cannot speak of any more.
fn loosen(node: &mut Value) -> Vec<String> {
    const RULES: &str = "x-kubernetes-validations";
    let mut numbers = Vec::new();
    if let Some(items) = node.get_mut("items") {
        numbers.extend(loosen(items));
    }
    for (name, property) in node.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        if matches!(property["type"].as_str(), Some("number" | "integer")) {
            *property = serde_json::json!({"description": property["description"], "x-kubernetes-preserve-unknown-fields": true});
            numbers.push(name.clone());
        } else {
            numbers.extend(loosen(property));
        }
    }
    let text = node["type"] == "string";
    if text && node.get("enum").is_some() {
        let members = node.as_object_mut().into_iter();
        members.for_each(|members| {
            members.remove("enum");
            members.insert("maxLength".to_owned(), Value::from(200));
        });
    }
    if let Some(rules) = node.get_mut(RULES).and_then(Value::as_array_mut) {
        rules.retain(|rule| numbers.iter().all(|name| !rule["rule"].as_str().unwrap_or_default().contains(&format!(".{name}"))));
        for rule in rules.iter_mut().filter(|_| text) {
            rule["rule"] = Value::String(format!("self.contains('{{{{args.') || ({})", rule["rule"].as_str().unwrap_or_default()));
        }
    }
    if text && node.get(RULES).is_some() && node["maxLength"].as_u64() < Some(200) {
        node["maxLength"] = Value::from(200);
    }
    numbers
}

/// A status has one owner and is written as a whole: with this the API server notes that in one line, and not every field of it with every write. That is
/// half of what such an object is.
const MAP_TYPE: &str = "x-kubernetes-map-type";

/// Nobody but Serin writes a status, so that nothing may be filled into it.
fn drop_defaults(node: &mut Value) {
    if let Value::Object(members) = node {
        members.remove("default");
        members.values_mut().for_each(drop_defaults);
    }
}
