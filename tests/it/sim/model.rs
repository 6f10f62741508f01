//! What does the API server hold, and what do its watches tell?

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serin::api::Status;
use serin::audit::Record;
use serin::rollout::{Intent, Pod, PodState, Revision, ServiceView};

/// The Rollout as it is stored.
#[derive(Clone)]
pub(super) struct Rollout {
    pub(super) version: u64,
    pub(super) generation: i64,
    pub(super) spec: Spec,
    pub(super) guarded: bool,
    pub(super) deleting: bool,
    pub(super) committed: Arc<Committed>,
}

/// A status as it is stored.
#[derive(Default)]
pub(super) struct Committed {
    /// As it reads once it went through JSON.
    pub(super) status: Status,
    /// That JSON.
    pub(super) text: String,
    /// Its events that wait, read once: that takes longer than all else.
    pub(super) waiting: Vec<Record>,
}

impl Committed {
    /// What follows on another one. Events that waited before are not read again.
    pub(super) fn after(before: &Self, status: Status, text: String) -> Self {
        let known = before.status.audit.seq();
        let oldest = status.audit.pending().next().map_or(u64::MAX, |record| record.seq);
        let mut fresh: Vec<Record> = status.audit.pending().rev().take_while(|record| record.seq > known).collect();
        fresh.reverse();
        let kept = before.waiting.iter().filter(|record| record.seq >= oldest).cloned();
        let waiting = kept.chain(fresh).collect();
        Self { status, text, waiting }
    }
}

/// The spec: what it means, and whether it can be read.
#[derive(Clone)]
pub(super) struct Spec {
    pub(super) intent: Intent,
    pub(super) reading: SpecReading,
}

/// How much of a spec can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SpecReading {
    All,
    OnlyReplicas,
    Nothing,
}

/// A Deployment as it is stored.
#[derive(Clone)]
pub(super) struct Deployment {
    pub(super) uid: String,
    pub(super) version: u64,
    pub(super) generation: i64,
    pub(super) observed: i64,
    pub(super) desired: u32,
    pub(super) created: DateTime<Utc>,
    pub(super) replicas: u32,
    pub(super) available: u32,
}

/// A pod, and whose it is.
#[derive(Clone)]
pub(super) struct OwnedPod {
    pub(super) revision: Revision,
    pub(super) number: u64,
    pub(super) pod: Pod,
}

/// What a watch tells of one object; `None` where it is gone.
#[derive(Clone)]
#[expect(clippy::option_option, reason = "a record may be gone, and one that is there may have no outcome yet")]
pub(super) enum Item {
    Rollout(Option<Rollout>),
    Service(ServiceView),
    Deployment(Revision, Option<Deployment>),
    /// The outcome on it.
    Record(Revision, Option<Option<String>>),
    Pod(String, Option<OwnedPod>),
}

/// How many kinds are watched, each on its own.
pub(super) const KINDS: usize = 5;

impl Item {
    /// Which watch tells it.
    pub(super) fn kind(&self) -> usize {
        match self {
            Self::Rollout(_) => 0,
            Self::Service(_) => 1,
            Self::Deployment(..) => 2,
            Self::Record(..) => 3,
            Self::Pod(..) => 4,
        }
    }
}

/// One line of a watch.
pub(super) struct News {
    pub(super) version: u64,
    /// When it happened.
    pub(super) at: DateTime<Utc>,
    /// When a watcher hears of it.
    pub(super) due: DateTime<Utc>,
    pub(super) item: Item,
}

/// The API server's store, and all that its watches ever told.
pub(super) struct Server {
    pub(super) version: u64,
    pub(super) rollout: Option<Rollout>,
    pub(super) service: ServiceView,
    pub(super) deployments: BTreeMap<Revision, Deployment>,
    pub(super) records: BTreeMap<Revision, Option<String>>,
    pub(super) pods: BTreeMap<String, OwnedPod>,
    pub(super) log: [Vec<News>; KINDS],
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            version: 100,
            rollout: None,
            service: ServiceView::Fits,
            deployments: BTreeMap::new(),
            records: BTreeMap::new(),
            pods: BTreeMap::new(),
            log: std::array::from_fn(|_| Vec::new()),
        }
    }

    /// Pods of a revision that are in the Service's endpoints.
    pub(super) fn ready(&self, revision: &Revision) -> u32 {
        self.count(revision, |state| matches!(state, PodState::Ready { .. }))
    }

    /// Pods of a revision that are not on their way out.
    pub(super) fn active(&self, revision: &Revision) -> u32 {
        self.count(revision, |state| *state != PodState::Leaving)
    }

    pub(super) fn desired(&self, revision: &Revision) -> u32 {
        self.deployments.get(revision).map_or(0, |deployment| deployment.desired)
    }

    fn count(&self, revision: &Revision, which: impl Fn(&PodState) -> bool) -> u32 {
        let pods = self.pods.values().filter(|pod| pod.revision == *revision && which(&pod.pod.state));
        u32::try_from(pods.count()).expect("few pods")
    }
}
