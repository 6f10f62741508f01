//! What does the process know? Each kind of object lags on its own; the newest known wins, replies to own writes included.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serin::rollout::{Child, Fence, Meaning, Record, Revision, ServiceView, Settled, Upkeep};

use super::model::{Deployment, Item, KINDS, News, OwnedPod, Rollout, Server};
use super::rng::Rng;

/// How old the first list of a kind may be, but for Rollouts, which are read fresh.
const OLDEST_LIST: TimeDelta = TimeDelta::seconds(5);

/// A copy of what the watches told so far.
#[derive(Default)]
pub(super) struct Cache {
    cursors: [usize; KINDS],
    pub(super) rollout: Option<Rollout>,
    service: Option<ServiceView>,
    children: BTreeMap<Revision, Deployment>,
    records: BTreeMap<Revision, Option<String>>,
    pods: BTreeMap<String, OwnedPod>,
}

impl Cache {
    /// The first lists of a new process: the Rollout as it is, the rest as it was a moment ago, each kind for itself.
    pub(super) fn listed(server: &Server, now: DateTime<Utc>, rng: &mut Rng) -> Self {
        let mut cache = Self::default();
        for (kind, log) in server.log.iter().enumerate() {
            let back = if kind == 0 { 0 } else { rng.between(0, 6) as usize };
            let fresh = log.iter().take_while(|news| news.at + OLDEST_LIST < now).count();
            let end = log.len().saturating_sub(back).max(fresh).min(log.len());
            for news in &log[..end] {
                cache.take(news.version, news.item.clone());
            }
            cache.cursors[kind] = end;
        }
        cache
    }

    /// When the next news arrives.
    pub(super) fn due(&self, server: &Server) -> Option<DateTime<Utc>> {
        self.waiting(server).map(|(_, news)| news.due).min()
    }

    /// Takes the next news over; says whether anything is to be looked at again.
    pub(super) fn hear(&mut self, server: &Server) -> bool {
        let Some((kind, news)) = self.waiting(server).min_by_key(|(_, news)| news.due) else { return false };
        let (version, item) = (news.version, news.item.clone());
        self.cursors[kind] += 1;
        self.take(version, item)
    }

    fn waiting<'a>(&'a self, server: &'a Server) -> impl Iterator<Item = (usize, &'a News)> {
        server.log.iter().zip(self.cursors).enumerate().filter_map(|(kind, (log, cursor))| log.get(cursor).map(|news| (kind, news)))
    }

    /// Takes an object over unless a newer one is known.
    pub(super) fn take(&mut self, version: u64, item: Item) -> bool {
        match item {
            Item::Rollout(new) => {
                let newer = self.rollout.as_ref().is_none_or(|known| known.version < version);
                if newer {
                    self.rollout = new;
                }
                newer
            }
            Item::Service(view) => self.service.replace(view.clone()) != Some(view),
            Item::Deployment(revision, new) => {
                let known = self.children.get(&revision);
                if known.is_some_and(|known| known.version > version) {
                    return false;
                }
                let news = known.map(view) != new.as_ref().map(view);
                match new {
                    Some(deployment) => drop(self.children.insert(revision, deployment)),
                    None => drop(self.children.remove(&revision)),
                }
                news
            }
            Item::Record(revision, Some(outcome)) => self.records.insert(revision, outcome.clone()) != Some(outcome),
            Item::Record(revision, None) => self.records.remove(&revision).is_some(),
            Item::Pod(name, Some(pod)) => {
                let news = self.pods.get(&name).is_none_or(|known| known.pod != pod.pod);
                self.pods.insert(name, pod);
                news
            }
            Item::Pod(name, None) => self.pods.remove(&name).is_some(),
        }
    }

    /// A scale of ours was taken: what the Deployment's controller makes of it is not known yet.
    pub(super) fn scaled(&mut self, revision: &Revision, replicas: u32, version: u64) {
        if let Some(child) = self.children.get_mut(revision).filter(|child| child.version < version) {
            if child.desired != replicas {
                child.generation += 1;
            }
            (child.desired, child.version) = (replicas, version);
        }
    }

    pub(super) fn desired(&self, revision: &Revision) -> Option<u32> {
        self.children.get(revision).map(|child| child.desired)
    }

    pub(super) fn service(&self) -> ServiceView {
        self.service.clone().unwrap_or(ServiceView::Missing)
    }

    pub(super) fn children(&self) -> BTreeMap<Revision, Child> {
        self.children.iter().map(|(revision, child)| (revision.clone(), self.child(revision, child))).collect()
    }

    fn child(&self, revision: &Revision, child: &Deployment) -> Child {
        let (desired, available, settled) = view(child);
        Child {
            desired,
            available,
            settled,
            created: child.created,
            fence: Fence { uid: child.uid.clone(), resource_version: child.version.to_string() },
            pods: self.pods.values().filter(|pod| pod.revision == *revision).map(|pod| pod.pod.clone()).collect(),
            meaning: Meaning::new(revision.as_str()),
            restart: None,
            upkeep: Upkeep::default(),
            failure: None,
        }
    }

    pub(super) fn records(&self) -> BTreeMap<Revision, Record> {
        self.records
            .iter()
            .map(|(revision, outcome)| (revision.clone(), Record { number: 0, outcome: outcome.clone(), outcome_at: None }))
            .collect()
    }
}

/// What is looked at of a Deployment: another version that says the same is no news.
fn view(child: &Deployment) -> (u32, u32, Settled) {
    let settled = match (child.observed >= child.generation, child.replicas == child.desired) {
        (true, true) => Settled::Yes,
        (true, false) => Settled::No,
        (false, _) => Settled::Unseen,
    };
    (child.desired, child.available, settled)
}
