//! What is known of each rollout now, the replies to our own writes included?

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::watch;

use super::claims::{Claim, Claims};
use super::deployments::ChildView;
use super::group::{Group, Listed, News, Source};
use super::instance::Instance;
use super::item::{Item, Kind, View};
use super::look::Look;
use super::meta::version;
use super::readiness::Refusals;
use super::services::ServiceSpec;
use super::workloads::{Place, Workloads, place};
use crate::api::{Object, from_time, template_names};
use crate::rollout::{Action, Key, Phase, Pod, Record, Revision};

/// A compact copy of what the watches bring. Reading it waits for nothing but a lock that nobody holds for long.
#[derive(Debug)]
pub struct Index {
    tables: Mutex<Tables>,
    pub(super) listed: watch::Sender<BTreeSet<Kind>>,
    pub(super) refusals: Refusals,
    places: watch::Sender<BTreeSet<Place>>,
}

/// All rollouts, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// How many are in each phase; those that were never looked at have none.
    pub phases: BTreeMap<Phase, i64>,
    /// Events that wait for a sink.
    pub events: i64,
}

#[derive(Debug)]
pub(super) struct Tables {
    pub(super) rollouts: HashMap<Key, Entry>,
    pub(super) claims: Claims,
    pub(super) services: Group<ServiceSpec>,
    pub(super) children: Group<ChildView>,
    pub(super) records: Group<Record>,
    pub(super) pods: Group<(Revision, Pod)>,
    pub(super) actions: Group<Option<Action>>,
    pub(super) bindings: Group<bool>,
    pub(super) templates: Group<Arc<Value>>,
    pub(super) workloads: Workloads,
}

#[derive(Debug)]
pub(super) struct Entry {
    version: u64,
    source: Source,
    pub(super) object: Arc<Object>,
    /// The Service that its spec names.
    pub(super) service: Key,
    /// The Deployment that its spec takes over.
    pub(super) place: Option<Place>,
    /// The templates of checks that its spec takes.
    pub(super) templates: Arc<[String]>,
}

impl Default for Index {
    fn default() -> Self {
        let tables = Tables {
            rollouts: HashMap::new(),
            claims: Claims::default(),
            services: Group::new(),
            children: Group::new(),
            records: Group::new(),
            pods: Group::new(),
            actions: Group::new(),
            bindings: Group::new(),
            templates: Group::new(),
            workloads: Workloads::default(),
        };
        Self {
            tables: Mutex::new(tables),
            listed: watch::Sender::new(BTreeSet::new()),
            places: watch::Sender::new(BTreeSet::new()),
            refusals: Refusals::default(),
        }
    }
}

impl Index {
    /// Everything that is known of one rollout; `None` where there is none, or as long as not all kinds were listed.
    pub fn look(&self, key: &Key) -> Option<Look> {
        if !self.is_ready() {
            return None;
        }
        self.tables().look(key)
    }

    /// The actions for a Rollout that does not exist; none before that is known.
    pub fn strays(&self, key: &Key) -> Vec<Action> {
        let tables = self.tables();
        if self.is_ready() && !tables.rollouts.contains_key(key) { tables.actions(key) } else { Vec::new() }
    }

    /// A Rollout as it is known now.
    pub fn rollout(&self, key: &Key) -> Option<Arc<Object>> {
        self.tables().rollouts.get(key).map(|entry| Arc::clone(&entry.object))
    }

    /// The replicas that a Deployment asks for, where it is known.
    pub(super) fn desired(&self, key: &Key, name: &str) -> Option<u32> {
        self.tables().children.get(key, name).map(|kept| kept.view.desired)
    }

    /// The resourceVersion of a command, where it is known under this uid.
    pub fn action_version(&self, key: &Key, name: &str, uid: &str) -> Option<u64> {
        let tables = self.tables();
        let kept = tables.actions.get(key, name)?;
        kept.view.as_ref().filter(|action| action.uid == uid).map(|_| kept.version)
    }

    /// Counts the rollouts of an instance.
    pub fn census(&self, instance: &Instance) -> Census {
        let mut census = Census::default();
        for Entry { object, .. } in self.tables().rollouts.values().filter(|entry| instance.owns(&entry.object)) {
            let Ok(status) = &object.status else { continue };
            if let Some(state) = &status.state {
                *census.phases.entry(state.phase()).or_default() += 1;
            }
            census.events += i64::try_from(status.audit.pending().count()).unwrap_or(i64::MAX);
        }
        census
    }

    /// The Rollouts of an instance as they are known now.
    pub fn rollouts(&self, instance: &Instance) -> BTreeMap<Key, Arc<Object>> {
        let tables = self.tables();
        let ours = tables.rollouts.iter().filter(|(_, entry)| instance.owns(&entry.object));
        ours.map(|(key, entry)| (key.clone(), Arc::clone(&entry.object))).collect()
    }

    /// Takes over what a watch brings; says which rollouts have to be looked at again.
    pub fn put(&self, item: Item) -> Vec<Key> {
        let touched = self.tables().put(item, Source::Watch);
        self.name_places();
        touched
    }

    /// Takes over what no watch brought: the reply to a write of ours, or what a new leader reads; says which rollouts have to be looked at again. Whoever
    /// wrote knows already.
    pub fn reply(&self, item: Item) -> Vec<Key> {
        self.tables().put(item, Source::Reply)
    }

    /// Takes over that a Deployment was scaled by us.
    pub fn scaled(&self, key: &Key, name: &str, replicas: u32, resource_version: &str) {
        self.tables().children.update(key, name, version(resource_version), |child| child.scaled(replicas));
    }

    /// Forgets what is gone; says which rollouts have to be looked at again.
    pub fn remove(&self, item: &Item) -> Vec<Key> {
        let touched = self.tables().remove(item);
        self.name_places();
        touched
    }

    /// Forgets a Deployment unless a newer version is known.
    pub(super) fn gone_child(&self, key: &Key, name: &str, resource_version: &str) {
        self.tables().children.remove(key, name, version(resource_version));
    }

    /// Forgets a Rollout unless a newer version is known.
    pub(super) fn gone_rollout(&self, key: &Key, resource_version: &str) {
        self.tables().remove_rollout(key, version(resource_version));
    }

    /// Forgets a Deployment that we deleted ourselves.
    pub fn deleted_child(&self, key: &Key, name: &str) {
        self.tables().children.remove(key, name, u64::MAX);
    }

    /// Forgets a record that we deleted ourselves.
    pub fn deleted_record(&self, key: &Key, name: &str) {
        self.tables().records.remove(key, name, u64::MAX);
    }

    /// Forgets a command that is gone.
    pub fn deleted_action(&self, key: &Key, name: &str) {
        self.tables().actions.remove(key, name, u64::MAX);
    }

    /// A list is complete: what it did not bring is gone. Says which rollouts have to be looked at again.
    pub fn list_done(&self, kind: Kind, listed: &Listed) -> Vec<Key> {
        let touched = self.tables().sweep(kind, listed);
        self.name_places();
        self.listed.send_if_modified(|kinds| kinds.insert(kind));
        touched
    }

    pub(super) fn wanted_places(&self) -> &watch::Sender<BTreeSet<Place>> {
        &self.places
    }

    /// No holder panics half-way through a change, so a poisoned lock guards nothing broken.
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn put(&mut self, item: Item, source: Source) -> Vec<Key> {
        let Item { owner, name, version, view } = item;
        let new = match view {
            View::Rollout(object) => return self.put_rollout(owner, version, object, source),
            View::Service(service) => {
                let news = self.services.put(owner.clone(), name, (version, service), source);
                return if news == News::Yes { self.claims.claimants(&owner) } else { Vec::new() };
            }
            View::Child(child, tally) => {
                let child = child.following(self.children.get(&owner, &name).map(|kept| &kept.view), tally);
                self.children.put(owner.clone(), name, (version, child), source)
            }
            View::Record(record) => self.records.put(owner.clone(), name, (version, record), source),
            View::Action(action) => {
                // Who is not there has to be looked at for it, too.
                let news = self.actions.put(owner.clone(), name, (version, action), source);
                return if news == News::Yes { vec![owner] } else { Vec::new() };
            }
            View::Template(spec) => {
                let news = self.templates.put(owner.clone(), name, (version, spec), source);
                return if news == News::Yes { self.takers(&owner) } else { Vec::new() };
            }
            View::Binding(verifies) => self.bindings.put(owner.clone(), name, (version, verifies), source),
            View::Pod(revision, pod) => self.pods.put(owner.clone(), name, (version, (revision, pod)), source),
        };
        self.touched(owner, new)
    }

    fn put_rollout(&mut self, key: Key, version: u64, object: Arc<Object>, source: Source) -> Vec<Key> {
        if let Some(known) = self.rollouts.get_mut(&key).filter(|known| known.version >= version) {
            if known.version == version && source == Source::Watch {
                known.source = source;
            }
            return Vec::new();
        }
        let known = self.rollouts.get(&key);
        let same = |known: &&Entry| {
            known.object.metadata.uid == object.metadata.uid && known.object.metadata.generation == object.metadata.generation
        };
        let named = |known: &Entry| (known.service.clone(), known.place.clone(), Arc::clone(&known.templates));
        let (service, place, templates) = known.filter(same).map_or_else(|| names(&key, &object), named);
        let claim = (age(&object), key.name.clone());
        self.workloads.name(&key, known.and_then(|known| known.place.clone()).as_ref(), place.as_ref());
        let mut touched = self.unclaim(&key, Some((&service, &claim)));
        touched.extend(self.claims.stake(&service, claim));
        self.rollouts.insert(key.clone(), Entry { version, source, object, service, place, templates });
        touched.push(key);
        touched
    }

    fn remove(&mut self, item: &Item) -> Vec<Key> {
        let Item { owner, name, version, view } = item;
        let gone = match view {
            View::Rollout(_) => return self.remove_rollout(owner, *version),
            View::Service(_) => {
                let gone = self.services.end(owner, name, *version);
                return if gone == News::Yes { self.claims.claimants(owner) } else { Vec::new() };
            }
            View::Child(..) => self.children.end(owner, name, *version),
            View::Record(_) => self.records.end(owner, name, *version),
            View::Action(_) => self.actions.end(owner, name, *version),
            View::Template(_) => {
                let gone = self.templates.end(owner, name, *version);
                return if gone == News::Yes { self.takers(owner) } else { Vec::new() };
            }
            View::Binding(_) => self.bindings.end(owner, name, *version),
            View::Pod(..) => self.pods.end(owner, name, *version),
        };
        self.touched(owner.clone(), gone)
    }

    fn remove_rollout(&mut self, key: &Key, version: u64) -> Vec<Key> {
        if self.rollouts.get(key).is_none_or(|known| known.version > version) {
            return Vec::new();
        }
        let mut touched = self.unclaim(key, None);
        let place = self.rollouts.remove(key).and_then(|known| known.place);
        self.workloads.name(key, place.as_ref(), None);
        touched.push(key.clone());
        touched
    }

    fn sweep(&mut self, kind: Kind, listed: &Listed) -> Vec<Key> {
        match kind {
            Kind::Rollout => {
                let gone =
                    |(key, known): (&Key, &Entry)| (!listed.keeps(key, &key.name, (known.version, known.source))).then(|| key.clone());
                let gone: Vec<Key> = self.rollouts.iter().filter_map(gone).collect();
                gone.iter().flat_map(|key| self.remove_rollout(key, u64::MAX)).collect()
            }
            Kind::Service => self.services.sweep(listed).iter().flat_map(|service| self.claims.claimants(service)).collect(),
            Kind::Deployment => self.children.sweep(listed),
            Kind::Record => self.records.sweep(listed),
            Kind::Action => self.actions.sweep(listed),
            Kind::Binding => self.bindings.sweep(listed),
            Kind::Template => self.templates.sweep(listed).iter().flat_map(|template| self.takers(template)).collect(),
            Kind::Pod => self.pods.sweep(listed),
        }
    }

    /// Takes a rollout's claim back unless it is this one; says who may move up.
    fn unclaim(&mut self, key: &Key, unless: Option<(&Key, &Claim)>) -> Vec<Key> {
        let Some(Entry { object, service, .. }) = self.rollouts.get(key) else { return Vec::new() };
        let (service, claim) = (service.clone(), (age(object), key.name.clone()));
        if unless == Some((&service, &claim)) {
            return Vec::new();
        }
        self.claims.withdraw(&service, &claim)
    }

    /// The rollouts that take a template.
    fn takers(&self, template: &Key) -> Vec<Key> {
        let takes = |(key, known): &(&Key, &Entry)| key.namespace == template.namespace && known.templates.contains(&template.name);
        self.rollouts.iter().filter(takes).map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn touched(&self, owner: Key, news: News) -> Vec<Key> {
        if news == News::Yes && self.rollouts.contains_key(&owner) { vec![owner] } else { Vec::new() }
    }
}

/// What a Rollout's spec names: a Service, the empty name where it names none; the Deployment that it takes over; and templates of checks.
fn names(key: &Key, object: &Object) -> (Key, Option<Place>, Arc<[String]>) {
    let spec = object.spec();
    let name = spec.get("service").and_then(Value::as_str).unwrap_or_default();
    (Key { namespace: key.namespace.clone(), name: name.to_owned() }, place(&key.namespace, &spec), template_names(&spec).into())
}

fn age(object: &Object) -> DateTime<Utc> {
    object.metadata.creation_timestamp.as_ref().map_or(DateTime::UNIX_EPOCH, from_time)
}
