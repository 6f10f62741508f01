//! What of a revision's Deployment is looked at?

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;

use super::meta::slim;
use crate::api::from_time;
use crate::rollout::Settled;

/// A Deployment, as far as it is looked at.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = "k8s_openapi::api::apps::v1::Deployment")]
pub struct Deployment {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Spec {
    replicas: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Option<i64>,
    replicas: u32,
    available_replicas: u32,
}

/// One revision's Deployment without its pods and its resourceVersion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildView {
    /// Its uid.
    pub uid: String,
    /// Replicas that its spec asks for.
    pub desired: u32,
    /// Pods that its status reports as available.
    pub available: u32,
    /// Whether its controller has seen the newest spec and surplus pods are gone.
    pub settled: Settled,
    /// When it was created.
    pub created: DateTime<Utc>,
}

/// What is looked at of a Deployment.
pub fn child_view(deployment: &Deployment) -> ChildView {
    let Deployment { metadata, spec, status } = deployment;
    let desired = spec.replicas.unwrap_or(1);
    let newest = status.observed_generation.is_some() && status.observed_generation >= metadata.generation;
    ChildView {
        uid: metadata.uid.clone().unwrap_or_default(),
        desired,
        available: status.available_replicas,
        settled: match (newest, status.replicas == desired) {
            (true, true) => Settled::Yes,
            (true, false) => Settled::No,
            (false, _) => Settled::Unseen,
        },
        created: metadata.creation_timestamp.as_ref().map_or(DateTime::UNIX_EPOCH, from_time),
    }
}

impl ChildView {
    /// The view after our own scale was taken: what its controller will make of it is not known yet.
    pub(super) fn scaled(&self, replicas: u32) -> Self {
        let settled = if replicas == self.desired { self.settled } else { Settled::Unseen };
        Self { desired: replicas, settled, ..self.clone() }
    }
}
