//! What of a template of checks is kept: its spec, as it is written.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{AnalysisTemplate, slim};

/// An AnalysisTemplate as it is watched: its spec is read when a Rollout takes it, so that one that is odd breaks no list.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = AnalysisTemplate)]
pub struct Template {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    pub(super) spec: Value,
}
