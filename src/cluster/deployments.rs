//! What of a revision's Deployment is looked at?

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::managers::{Manager, editor, scaler};
use super::meaning::meaning;
use super::meta::{EPOCH, RESTART};
use crate::api::{Slim, from_time};
use crate::rollout::{Epoch, Meaning, Restart, Settled, Upkeep};

/// A Deployment, as far as it is looked at.
#[derive(Clone, Debug, Resource)]
#[resource(inherit = "k8s_openapi::api::apps::v1::Deployment")]
pub struct Deployment {
    pub(super) metadata: ObjectMeta,
    spec: Spec,
    status: Status,
    scaled_by: Option<String>,
    edited_by: Option<String>,
}

impl<'de> Deserialize<'de> for Deployment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            metadata: Slim<Vec<Manager>>,
            #[serde(default)]
            spec: Spec,
            #[serde(default)]
            status: Status,
        }
        let Raw { metadata, spec, status } = Raw::deserialize(from)?;
        let (metadata, managers) = metadata.split();
        Ok(Self { metadata, spec, status, scaled_by: scaler(&managers), edited_by: editor(&managers) })
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    replicas: Option<u32>,
    paused: bool,
    min_ready_seconds: u32,
    template: Template,
}

/// A pod template: what it means, and the restart that stands on it.
#[derive(Clone, Debug)]
struct Template {
    meaning: Meaning,
    restart: Option<Restart>,
}

impl Default for Template {
    fn default() -> Self {
        Self { meaning: meaning(""), restart: None }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(from)?;
        let marker = format!("\"{RESTART}\":\"");
        let restart = text.get().split_once(&marker).and_then(|(_, rest)| rest.split('"').next()).map(Restart::new);
        Ok(Self { meaning: meaning(text.get()), restart })
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Option<i64>,
    replicas: u32,
    updated_replicas: u32,
    available_replicas: u32,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    message: String,
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
    /// The epoch that it carries.
    pub epoch: Epoch,
    /// What its template means.
    pub meaning: Meaning,
    /// The restart that stands on its template.
    pub restart: Option<Restart>,
    /// What else of it is held in place.
    pub upkeep: Upkeep,
    /// Why its pods cannot be made.
    pub failure: Option<String>,
    /// The generation at which the template that somebody else writes to was last put right: what they still own of it is as it should be.
    pub(super) repaired: Option<i64>,
    /// The generation that somebody else's fields of the template are of, where there are some.
    pub(super) edited_at: Option<i64>,
}

/// What a Deployment says of its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tally {
    /// There are as many as its spec asks for, all of its newest template.
    Even,
    /// There are more or fewer, or older ones.
    Uneven,
}

/// What is looked at of a Deployment.
pub fn child_view(deployment: &Deployment) -> ChildView {
    let Deployment { metadata, spec, status, scaled_by, edited_by } = deployment;
    let newest = status.observed_generation.is_some() && status.observed_generation >= metadata.generation;
    let failing = |condition: &&Condition| condition.kind == "ReplicaFailure" && condition.status == "True";
    ChildView {
        uid: metadata.uid.clone().unwrap_or_default(),
        desired: spec.replicas.unwrap_or(1),
        available: status.available_replicas,
        settled: if newest { tally(deployment).settled() } else { Settled::Unseen },
        created: metadata.creation_timestamp.as_ref().map_or(DateTime::UNIX_EPOCH, from_time),
        epoch: metadata.annotations.as_ref().and_then(|all| all.get(EPOCH)?.parse().ok()).map_or_else(Epoch::default, Epoch::new),
        meaning: spec.template.meaning.clone(),
        restart: spec.template.restart.clone(),
        upkeep: Upkeep {
            scaled_by: scaled_by.clone(),
            edited_by: edited_by.clone(),
            paused: spec.paused,
            min_ready_seconds: spec.min_ready_seconds,
        },
        failure: status.conditions.iter().find(failing).map(|condition| condition.message.clone()),
        repaired: None,
        edited_at: edited_by.as_ref().and(metadata.generation),
    }
}

/// Whether the Deployment's status has as many pods of its newest template as its spec asks for, and no others.
pub(super) fn tally(deployment: &Deployment) -> Tally {
    let (desired, status) = (deployment.spec.replicas.unwrap_or(1), &deployment.status);
    if status.replicas == desired && status.updated_replicas == desired { Tally::Even } else { Tally::Uneven }
}

/// What a Deployment's template means: of a dry run, what the API server would make of it.
pub(super) fn meaning_of(deployment: &Deployment) -> Meaning {
    deployment.spec.template.meaning.clone()
}

impl ChildView {
    /// The view after our own scale was taken: what its controller will make of it is not known yet.
    pub(super) fn scaled(&self, replicas: u32) -> Self {
        let settled = if replicas == self.desired { self.settled } else { Settled::Unseen };
        Self { desired: replicas, settled, upkeep: Upkeep { scaled_by: None, ..self.upkeep.clone() }, ..self.clone() }
    }

    /// The view in the light of the one before. A mere annotation makes a new generation of a Deployment too; while replicas stay what they were, its
    /// status goes on telling the truth, and whoever keeps annotating must not make it look busy for ever.
    pub(super) fn following(self, before: Option<&Self>, tally: Tally) -> Self {
        let Some(before) = before.filter(|before| before.uid == self.uid) else { return self };
        let goes_on = before.desired == self.desired
            && before.settled != Settled::Unseen
            && before.meaning == self.meaning
            && before.restart == self.restart;
        let settled = if goes_on { tally.settled() } else { self.settled };
        Self { settled, repaired: self.repaired.or(before.repaired), ..self }
    }

    /// The view of the reply to a repair: what others still own of the template is as it should be.
    pub(super) fn put_right(self) -> Self {
        Self { repaired: self.edited_at, ..self }
    }

    /// What else of it is held in place, but for what was put right already.
    pub(super) fn kept(&self) -> Upkeep {
        let edited_by = self.upkeep.edited_by.clone().filter(|_| self.repaired != self.edited_at);
        Upkeep { edited_by, ..self.upkeep.clone() }
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
