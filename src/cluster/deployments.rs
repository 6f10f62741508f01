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

/// What a Deployment says of its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tally {
    /// There are as many as its spec asks for.
    Even,
    /// There are more or fewer.
    Uneven,
}

/// What is looked at of a Deployment.
pub fn child_view(deployment: &Deployment) -> ChildView {
    let Deployment { metadata, spec, status } = deployment;
    let newest = status.observed_generation.is_some() && status.observed_generation >= metadata.generation;
    ChildView {
        uid: metadata.uid.clone().unwrap_or_default(),
        desired: spec.replicas.unwrap_or(1),
        available: status.available_replicas,
        settled: if newest { tally(deployment).settled() } else { Settled::Unseen },
        created: metadata.creation_timestamp.as_ref().map_or(DateTime::UNIX_EPOCH, from_time),
    }
}

/// Whether the Deployment's status has as many pods as its spec asks for.
pub(super) fn tally(deployment: &Deployment) -> Tally {
    if deployment.status.replicas == deployment.spec.replicas.unwrap_or(1) { Tally::Even } else { Tally::Uneven }
}

impl ChildView {
    /// The view after our own scale was taken: what its controller will make of it is not known yet.
    pub(super) fn scaled(&self, replicas: u32) -> Self {
        let settled = if replicas == self.desired { self.settled } else { Settled::Unseen };
        Self { desired: replicas, settled, ..self.clone() }
    }

    /// The view in the light of the one before. A mere annotation makes a new generation of a Deployment too; while replicas stay what they were, its
    /// status goes on telling the truth, and whoever keeps annotating must not make it look busy for ever.
    pub(super) fn following(self, before: Option<&Self>, tally: Tally) -> Self {
        let goes_on = |before: &Self| before.uid == self.uid && before.desired == self.desired && before.settled != Settled::Unseen;
        let settled = if before.is_some_and(goes_on) { tally.settled() } else { self.settled };
        Self { settled, ..self }
    }
}

impl Tally {
    /// What that says where the status speaks of the newest replicas.
    const fn settled(self) -> Settled {
        match self {
            Self::Even => Settled::Yes,
            Self::Uneven => Settled::No,
        }
    }
}
