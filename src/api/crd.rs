//! What does a cluster have to be told before it knows Rollouts and their actions?

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::Value;

use super::action::RolloutAction;
use super::spec::Rollout;

/// All definitions: of Rollouts, and of the commands for them.
pub fn crds() -> Vec<CustomResourceDefinition> {
    [Rollout::crd(), RolloutAction::crd()].iter().map(|crd| from_json(tidied(to_json(crd)))).collect()
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

/// Nobody but Serin writes a status, so that nothing may be filled into it.
fn drop_defaults(node: &mut Value) {
    if let Value::Object(members) = node {
        members.remove("default");
        members.values_mut().for_each(drop_defaults);
    }
}
