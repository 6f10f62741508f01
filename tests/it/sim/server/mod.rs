//! What does the API server hold, and what do its watches tell?

pub(super) mod json;
pub(super) mod objects;
pub(super) mod requests;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serin::cluster::{Item, Kind};
use serin::rollout::{PodState, Revision, State};

use objects::{Action, Deployment, Labels, Pod, Record, Rollout, Spec};

/// An object that changed; `None` where it is gone.
pub(super) enum Changed {
    Rollout(Option<Rollout>),
    /// The Service, and which pods it selects.
    Service(Option<&'static str>),
    Deployment(Revision, Option<Deployment>),
    Record(Revision, Option<Record>),
    Pod(String, Option<Pod>),
    Action(String, Option<Action>),
}

/// One line of a watch.
pub(super) struct News {
    pub(super) name: String,
    /// When it happened.
    pub(super) at: DateTime<Utc>,
    /// When a watcher hears of it.
    pub(super) due: DateTime<Utc>,
    pub(super) item: Item,
    pub(super) life: Life,
}

/// Whether an object is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    There,
    Gone,
}

/// The API server's store, and all that its watches ever told.
pub(super) struct Server {
    pub(super) version: u64,
    pub(super) rollout: Option<Rollout>,
    /// Every spec that was ever written; generation 1 comes first.
    pub(super) specs: Vec<Arc<Spec>>,
    pub(super) service: Option<&'static str>,
    pub(super) deployments: BTreeMap<Revision, Deployment>,
    pub(super) records: BTreeMap<Revision, Record>,
    pub(super) pods: BTreeMap<String, Pod>,
    pub(super) actions: BTreeMap<String, Action>,
    /// What each template that was ever written asks for.
    pub(super) images: BTreeMap<Revision, String>,
    logs: [Vec<News>; Kind::ALL.len()],
}

/// What a Service selects that fits.
pub(super) const APP: &str = "checkout";

impl Server {
    pub(super) fn new() -> Self {
        Self {
            version: 100,
            rollout: None,
            specs: Vec::new(),
            service: None,
            deployments: BTreeMap::new(),
            records: BTreeMap::new(),
            pods: BTreeMap::new(),
            actions: BTreeMap::new(),
            images: BTreeMap::new(),
            logs: std::array::from_fn(|_| Vec::new()),
        }
    }

    /// What the watch of a kind told so far.
    pub(super) fn log(&self, kind: Kind) -> &[News] {
        &self.logs[kind as usize]
    }

    pub(super) fn log_mut(&mut self, kind: Kind) -> &mut Vec<News> {
        &mut self.logs[kind as usize]
    }

    /// Stores an object under a new version; says what the watch of its kind tells.
    pub(super) fn store(&mut self, changed: Changed) -> (Kind, String, Item, Life) {
        self.version += 1;
        let version = self.version;
        let life = |there: bool| if there { Life::There } else { Life::Gone };
        match changed {
            Changed::Rollout(new) => {
                let there = new.is_some();
                let shown = new.or_else(|| self.rollout.take()).map(|rollout| Rollout { version, ..rollout }).expect("it was there");
                let item = json::rollout(&shown);
                self.rollout = there.then_some(shown);
                (Kind::Rollout, "checkout".to_owned(), item, life(there))
            }
            Changed::Service(selects) => {
                self.service = selects;
                (Kind::Service, "shop".to_owned(), json::service(version, selects.unwrap_or(APP)), life(selects.is_some()))
            }
            Changed::Deployment(revision, new) => {
                let there = new.is_some();
                let shown = new.or_else(|| self.deployments.remove(&revision)).expect("it was there");
                let shown = Deployment { version, ..shown };
                let item = json::deployment(&revision, self.image(&revision), &shown);
                let (name, labels) = (revision.to_string(), shown.labels);
                if there {
                    self.deployments.insert(revision, shown);
                }
                (Kind::Deployment, name, item, life(there && labels == Labels::Ours))
            }
            Changed::Record(revision, new) => {
                let there = new.is_some();
                let shown = new.or_else(|| self.records.remove(&revision)).expect("it was there");
                let item = json::record(&revision, version, &shown);
                let name = revision.to_string();
                if there {
                    self.records.insert(revision, shown);
                }
                (Kind::Record, name, item, life(there))
            }
            Changed::Pod(name, new) => {
                let there = new.is_some();
                let shown = new.or_else(|| self.pods.remove(&name)).expect("it was there");
                let item = json::pod(&shown, version);
                if there {
                    self.pods.insert(name.clone(), shown);
                }
                (Kind::Pod, name, item, life(there))
            }
            Changed::Action(name, new) => {
                let there = new.is_some();
                let shown = new.or_else(|| self.actions.remove(&name)).expect("it was there");
                let shown = Action { version, ..shown };
                let item = json::action(&shown);
                if there {
                    self.actions.insert(name.clone(), shown);
                }
                (Kind::Action, name, item, life(there))
            }
        }
    }

    /// The Deployment of this name that has our labels.
    pub(super) fn found(&self, name: &str) -> Option<Item> {
        let named = |(revision, _): &(&Revision, &Deployment)| name == format!("checkout-{revision}");
        let (revision, deployment) = self.deployments.iter().find(named).filter(|(_, deployment)| deployment.labels == Labels::Ours)?;
        Some(json::deployment(revision, self.image(revision), deployment))
    }

    /// What a revision's template asks for.
    pub(super) fn image(&self, revision: &Revision) -> &str {
        &self.images[&*revision.template()]
    }

    /// The committed state.
    pub(super) fn state(&self) -> Option<&State> {
        self.rollout.as_ref().and_then(|rollout| rollout.committed.status().state.as_ref())
    }

    /// The spec that is written now.
    pub(super) fn spec(&self) -> Option<&Spec> {
        self.rollout.as_ref().map(|rollout| self.spec_of(rollout.generation))
    }

    /// The spec of a generation.
    pub(super) fn spec_of(&self, generation: usize) -> &Spec {
        &self.specs[generation - 1]
    }

    /// Pods of a revision that are in the Service's endpoints.
    pub(super) fn ready(&self, revision: &Revision) -> u32 {
        self.count(revision, Pod::is_ready)
    }

    /// Pods of a revision that are not on their way out.
    pub(super) fn active(&self, revision: &Revision) -> u32 {
        self.count(revision, |pod| pod.state != PodState::Leaving)
    }

    pub(super) fn desired(&self, revision: &Revision) -> u32 {
        self.deployments.get(revision).map_or(0, |deployment| deployment.desired)
    }

    pub(super) fn count(&self, revision: &Revision, which: impl Fn(&Pod) -> bool) -> u32 {
        u32::try_from(self.pods_of(revision).filter(|pod| which(pod)).count()).expect("few pods")
    }

    /// The pods of a revision: their names begin with it.
    pub(super) fn pods_of(&self, revision: &Revision) -> impl Iterator<Item = &Pod> {
        let all = self.pods.range(Pod::names_of(revision)..).map(|(_, pod)| pod);
        all.take_while(move |pod| pod.revision == *revision)
    }
}
