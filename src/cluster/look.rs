//! What is known of one rollout, put together?

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::actions::ACTIONS_POLICY;
use super::deployments::ChildView;
use super::index::{Entry, Tables};
use super::services::ServiceSpec;
use super::workloads::Found;
use crate::api::Object;
use crate::rollout::{Action, Author, Child, Fence, Key, Pod, Record, Revision};

/// Everything that is known of one rollout, at one moment.
#[derive(Clone, Debug)]
pub struct Look {
    /// The Rollout itself.
    pub rollout: Arc<Object>,
    /// The Service that it names, if that exists.
    pub service: Option<ServiceSpec>,
    /// The oldest Rollout in its namespace that names the same Service.
    pub first: String,
    /// Its Deployments with their pods.
    pub children: BTreeMap<Revision, Child>,
    /// Its stored templates.
    pub records: BTreeMap<Revision, Record>,
    /// The commands for it, oldest first. Nobody is named as their author where nothing verifies who that is.
    pub actions: Vec<Action>,
    /// The Deployment that it takes over, if it names one.
    pub workload: Option<Found>,
    /// The templates of checks that its spec takes and that exist, each with its resourceVersion.
    pub templates: BTreeMap<String, (u64, Arc<Value>)>,
}

impl Tables {
    pub(super) fn look(&self, key: &Key) -> Option<Look> {
        let Entry { object, service, place, templates, .. } = self.rollouts.get(key)?;
        let mut pods: BTreeMap<&Revision, Vec<Pod>> = BTreeMap::new();
        for (_, kept) in self.pods.of(key) {
            let (revision, pod) = &kept.view;
            pods.entry(revision).or_default().push(pod.clone());
        }
        let mut children = BTreeMap::new();
        for (name, kept) in self.children.of(key) {
            let revision = revision_of(key, name);
            let upkeep = kept.view.kept();
            let ChildView { uid, desired, available, settled, created, epoch, meaning, restart, failure, .. } = kept.view.clone();
            let fence = Fence { uid, resource_version: kept.version.to_string() };
            let pods = pods.remove(&revision).unwrap_or_default();
            let child = Child { desired, available, settled, created, fence, epoch, pods, meaning, restart, upkeep, failure };
            children.insert(revision, child);
        }
        let records = self.records.of(key).map(|(name, kept)| (revision_of(key, name), kept.view.clone())).collect();
        let first = self.claims.first(service).unwrap_or(&key.name);
        let carrier = self.services.get(service, &service.name).map(|kept| kept.view.clone());
        let actions = self.actions(key);
        // A Deployment that is taken over has to be known, too.
        let workload = place.as_ref().map_or(Some(None), |place| self.workloads.find(place).map(Some))?;
        let template = |name: &String| {
            let kept = self.templates.get(&Key { namespace: key.namespace.clone(), name: name.clone() }, name)?;
            Some((name.clone(), (kept.version, Arc::clone(&kept.view))))
        };
        let templates = templates.iter().filter_map(template).collect();
        let (rollout, first) = (Arc::clone(object), first.to_owned());
        Some(Look { rollout, service: carrier, first, children, records, actions, workload, templates })
    }

    /// In the order of creation: within a second, the resourceVersion tells.
    pub(super) fn actions(&self, key: &Key) -> Vec<Action> {
        let mut actions: Vec<(u64, Action)> =
            self.actions.of(key).filter_map(|(_, kept)| Some((kept.version, kept.view.clone()?))).collect();
        actions.sort_by_key(|(version, action)| (action.at, *version));
        let verified = self.bindings.get(&binding(), ACTIONS_POLICY).is_some_and(|kept| kept.view);
        let signed = |action: Action| if verified { action } else { Action { author: Author { name: None, ..action.author }, ..action } };
        actions.into_iter().map(|(_, action)| signed(action)).collect()
    }
}

/// Where the binding of the policy of actions is kept: it belongs to no namespace.
fn binding() -> Key {
    Key { namespace: String::new(), name: ACTIONS_POLICY.to_owned() }
}

/// The revision in a child's name; only names that begin with the rollout's get into the tables.
fn revision_of(key: &Key, name: &str) -> Revision {
    Revision::new(name.get(key.name.len() + 1..).unwrap_or_default())
}
