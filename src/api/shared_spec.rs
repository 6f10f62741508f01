//! What does a user write whose rollouts share checks? The AnalysisTemplate resource.

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_spec::CheckSpec;
use super::schema;

/// Checks that many Rollouts share.
#[derive(CustomResource, KubeSchema, Clone, Debug, Serialize, Deserialize)]
#[kube(
    group = "serin.dev",
    version = "v1alpha1",
    kind = "AnalysisTemplate",
    namespaced,
    shortname = "sat",
    doc = "An AnalysisTemplate is a set of checks with arguments. Rollouts of its namespace take it by name (spec.analysis.templates). What it says is taken when an attempt begins: a change of it changes the next attempt, never one in flight.",
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct AnalysisTemplateSpec {
    /// What Rollouts give, at most 16. `{{args.NAME}}` stands for it in every text of the checks; where it is the whole text, a number is given as a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub args: Option<Vec<ArgSpec>>,

    /// Time between two samples of one check, 500ms to 1h, unless the Rollout says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::interval")]
    pub every: Option<String>,

    /// Time after a step's share is reached during which nothing is asked, unless the Rollout says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub warm_up: Option<String>,

    /// The checks, 1 to 16, as in a Rollout; any value may be an argument.
    #[schemars(length(min = 1, max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Vec<CheckSpec>,
}

/// One argument.
#[derive(JsonSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArgSpec {
    /// Its name: letters, digits and _, without a digit at the beginning.
    #[schemars(schema_with = "schema::label_name")]
    pub name: String,

    /// What it may be. Default: string.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ArgKindSpec>,

    /// What it is where a Rollout does not give it; in quotes, a number too. Without it every Rollout has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub default: Option<String>,
}

/// What an argument may be.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ArgKindSpec {
    /// Letters, digits and _ . / : @ -, which mean nothing to a query wherever they stand in it.
    #[default]
    String,
    /// A number, such as 0.05.
    Number,
    /// A duration, such as 90s or 5m.
    Duration,
}

/// A template that a Rollout takes.
#[derive(JsonSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateRefSpec {
    /// The name of an AnalysisTemplate of the same namespace.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,

    /// Its arguments, at most 16; values in quotes, numbers too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::arguments")]
    pub args: Option<std::collections::BTreeMap<String, String>>,
}
