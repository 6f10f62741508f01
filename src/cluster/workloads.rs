//! What of a Deployment that a Rollout takes over is looked at?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::managers::{Manager, scaler};
use super::meta::ADOPTED_BY;
use crate::api::{Slim, revision, slim};
use crate::rollout::{Adoptee, Fence, Key, Revision, Settled};

/// A Deployment that a Rollout takes over, its template as text.
#[derive(Clone, Debug, Resource)]
#[resource(inherit = "k8s_openapi::api::apps::v1::Deployment")]
pub struct Running {
    pub(super) metadata: ObjectMeta,
    spec: Spec,
    status: Status,
    scaled_by: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Spec {
    replicas: Option<u32>,
    #[serde(default)]
    paused: bool,
    template: Box<RawValue>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Option<i64>,
    replicas: u32,
    updated_replicas: u32,
    available_replicas: u32,
}

impl<'de> Deserialize<'de> for Running {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            metadata: Slim<Vec<Manager>>,
            spec: Spec,
            #[serde(default)]
            status: Status,
        }
        let Raw { metadata, spec, status } = Raw::deserialize(from)?;
        let (metadata, managers) = metadata.split();
        Ok(Self { metadata, spec, status, scaled_by: scaler(&managers) })
    }
}

/// A HorizontalPodAutoscaler, as far as it is looked at. What KEDA scales it scales through one, too.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = "k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler")]
pub struct Autoscaler {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
    spec: AutoscalerSpec,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AutoscalerSpec {
    scale_target_ref: ScaleTarget,
}

#[derive(Clone, Debug, Deserialize)]
struct ScaleTarget {
    kind: String,
    name: String,
}

/// One Deployment, by its namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The namespace.
    pub namespace: String,
    /// The Deployment's name.
    pub name: String,
}

/// What is known of one Deployment that is taken over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunningView {
    version: u64,
    text: Arc<str>,
    template: Arc<Value>,
    adoptee: Adoptee,
}

/// What is known of everything that is taken over.
#[derive(Debug, Default)]
pub(super) struct Workloads {
    running: HashMap<Place, Known>,
    /// The Rollouts that name each Deployment.
    named: BTreeMap<Place, BTreeSet<Key>>,
    /// Whether another set of Deployments is named than when that was last asked.
    moved: bool,
    /// By namespace: the autoscalers there, and the Deployment that each scales.
    autoscalers: HashMap<String, BTreeMap<String, String>>,
}

/// What is known of a place.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    /// There is no Deployment.
    Missing,
    /// There is one.
    There(RunningView),
    /// It cannot be watched.
    Unknown(String),
}

/// What a look finds at a place.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// There is no Deployment.
    Missing,
    /// There is one, and its template.
    There(Adoptee, Arc<Value>),
    /// It cannot be watched; the text says why.
    Unknown(String),
}

impl Workloads {
    /// A Rollout names another Deployment than before, or none.
    pub(super) fn name(&mut self, key: &Key, before: Option<&Place>, now: Option<&Place>) {
        if before == now {
            return;
        }
        if let Some(before) = before
            && let Some(keys) = self.named.get_mut(before)
        {
            keys.remove(key);
            if keys.is_empty() {
                self.named.remove(before);
            }
        }
        if let Some(now) = now {
            self.named.entry(now.clone()).or_default().insert(key.clone());
        }
        self.moved = true;
    }

    /// The Deployments that are named, where that changed since it was last asked.
    pub(super) fn moved(&mut self) -> Option<BTreeSet<Place>> {
        std::mem::take(&mut self.moved).then(|| self.named.keys().cloned().collect())
    }

    /// The Rollouts that name a Deployment.
    pub(super) fn claimants(&self, place: &Place) -> Vec<Key> {
        self.named.get(place).into_iter().flatten().cloned().collect()
    }

    /// What is known of a place; `None` as long as nothing is.
    pub(super) fn find(&self, place: &Place) -> Option<Found> {
        Some(match self.running.get(place)? {
            Known::Missing => Found::Missing,
            Known::Unknown(text) => Found::Unknown(text.clone()),
            Known::There(view) => {
                let scaler = self.autoscalers.get(&place.namespace).and_then(|all| all.iter().find(|(_, target)| **target == place.name));
                let scaler = scaler.map(|(name, _)| format!("HorizontalPodAutoscaler {name}"));
                Found::There(Adoptee { scaler, ..view.adoptee.clone() }, Arc::clone(&view.template))
            }
        })
    }

    /// Takes a Deployment over; says whether that is news.
    pub(super) fn put(&mut self, place: Place, running: &Running) -> bool {
        let known = self.running.get(&place);
        let before = if let Some(Known::There(view)) = known { Some(view) } else { None };
        let view = running.view(&place, before);
        if before.is_some_and(|before| before.version > view.version) {
            return false;
        }
        let news = before.is_none_or(|before| RunningView { version: view.version, ..before.clone() } != view);
        self.running.insert(place, Known::There(view));
        news
    }

    /// There is no Deployment at a place.
    pub(super) fn missing(&mut self, place: Place) {
        self.running.insert(place, Known::Missing);
    }

    /// A place cannot be watched. What is known of it stays: it is the best that is known.
    pub(super) fn unknown(&mut self, place: Place, text: String) {
        let known = self.running.entry(place).or_insert_with(|| Known::Unknown(text.clone()));
        if let Known::Unknown(told) = known {
            *told = text;
        }
    }

    /// Nobody asks for a place any more.
    pub(super) fn forget(&mut self, place: &Place) {
        self.running.remove(place);
    }

    /// Takes over what autoscalers there are in a namespace.
    pub(super) fn autoscaler(&mut self, namespace: &str, name: &str, autoscaler: Option<&Autoscaler>) {
        let all = self.autoscalers.entry(namespace.to_owned()).or_default();
        match autoscaler.map(|autoscaler| &autoscaler.spec.scale_target_ref) {
            Some(target) if target.kind == "Deployment" => all.insert(name.to_owned(), target.name.clone()),
            Some(_) | None => all.remove(name),
        };
    }
}

impl Running {
    /// The template is read once, as long as its text stays the same.
    fn view(&self, place: &Place, before: Option<&RunningView>) -> RunningView {
        let Self { metadata, spec, status, scaled_by } = self;
        let known = before.filter(|before| *before.text == *spec.template.get());
        let (text, template, revision) = match known {
            Some(view) => (Arc::clone(&view.text), Arc::clone(&view.template), view.adoptee.revision.clone()),
            None => read(&spec.template),
        };
        let desired = spec.replicas.unwrap_or(1);
        let newest = status.observed_generation.is_some() && status.observed_generation >= metadata.generation;
        let settled = match (newest, status.replicas == desired && status.updated_replicas == desired) {
            (true, true) => Settled::Yes,
            (true, false) => Settled::No,
            (false, _) => Settled::Unseen,
        };
        let resource_version = metadata.resource_version.clone().unwrap_or_default();
        RunningView {
            version: super::meta::version(&resource_version),
            text,
            template,
            adoptee: Adoptee {
                name: place.name.clone(),
                revision,
                desired,
                available: status.available_replicas,
                settled,
                paused: spec.paused,
                held_by: metadata.annotations.as_ref().and_then(|annotations| annotations.get(ADOPTED_BY)).cloned(),
                scaler: None,
                scaled_by: scaled_by.clone(),
                fence: Fence { uid: metadata.uid.clone().unwrap_or_default(), resource_version },
            },
        }
    }
}

fn read(text: &RawValue) -> (Arc<str>, Arc<Value>, Revision) {
    let template: Value = serde_json::from_str(text.get()).unwrap_or_default();
    let revision = revision(&template);
    (text.get().into(), Arc::new(template), revision)
}

/// The Deployment that a spec takes over, if it does.
pub fn place(namespace: &str, spec: &Value) -> Option<Place> {
    let name = spec.pointer("/workloadRef/name")?.as_str()?;
    Some(Place { namespace: namespace.to_owned(), name: name.to_owned() })
}

/// A spec with the template of the Deployment that it takes over; and with its replicas, where it names none.
pub fn filled(mut spec: Value, template: &Value, replicas: Option<u32>) -> Value {
    if let Some(members) = spec.as_object_mut() {
        members.insert("template".to_owned(), template.clone());
        if let (None, Some(replicas)) = (members.get("replicas"), replicas) {
            members.insert("replicas".to_owned(), replicas.into());
        }
    }
    spec
}
