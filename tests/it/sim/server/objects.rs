//! What does the API server hold?

use std::sync::Arc;

use chrono::{DateTime, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;
use serin::api::{self, Object, Status, to_time};
use serin::audit;
use serin::cluster::FINALIZER;
use serin::rollout::{Answer, Epoch, Fields, Intent, PodState, Restart, Revision, Verb};

use crate::given;
use crate::sim::acts::Power;

/// The Rollout's uid.
pub(crate) const UID: &str = "11111111-2222-4333-8444-555555555555";

/// The Rollout as it is stored.
#[derive(Clone)]
pub(crate) struct Rollout {
    pub(crate) version: u64,
    /// Also the place of its spec among all that were ever written.
    pub(crate) generation: usize,
    pub(crate) guarded: bool,
    pub(crate) deleting: bool,
    pub(crate) committed: Arc<Committed>,
}

/// A status as it is stored.
pub(crate) struct Committed {
    /// As it reads once it went through JSON.
    object: Object,
    /// That JSON.
    pub(crate) text: String,
    /// Its events that wait, read once: that takes longer than all else.
    pub(crate) waiting: Vec<audit::Record>,
}

/// The spec: what it means, and whether it can be read.
#[derive(Clone)]
pub(crate) struct Spec {
    pub(crate) intent: Arc<Intent>,
    pub(crate) reading: SpecReading,
    /// What its fields say, as digests.
    pub(crate) fields: Fields,
}

/// How much of a spec can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpecReading {
    All,
    OnlyReplicas,
    Nothing,
}

/// A Deployment as it is stored.
#[derive(Clone, PartialEq)]
pub(crate) struct Deployment {
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) generation: i64,
    pub(crate) observed: i64,
    pub(crate) desired: u32,
    pub(crate) created: DateTime<Utc>,
    pub(crate) replicas: u32,
    /// Those that are not older than the last restart.
    pub(crate) updated: u32,
    pub(crate) available: u32,
    /// Whose size it is.
    pub(crate) scaled_by: Writer,
    /// Whose template it is.
    pub(crate) edited_by: Writer,
    pub(crate) paused: bool,
    pub(crate) min_ready: u32,
    /// The restart on its template, and the pods that are older.
    pub(crate) restart: Option<(Restart, u64)>,
    pub(crate) labels: Labels,
    pub(crate) epoch: Epoch,
    /// Whether its pods cannot be made.
    pub(crate) quota: Power,
}

/// Who wrote a field last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    Serin,
    Stranger,
}

/// Whether a Deployment carries our labels: without them no watch tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Labels {
    Ours,
    Lost,
}

impl Spec {
    pub(crate) fn new(intent: Intent, reading: SpecReading) -> Self {
        let fields = api::fields(&json!({
            "template": intent.revision.as_str(),
            "replicas": intent.replicas,
            "steps": format!("{:?}", intent.steps),
            "bake": intent.bake.map(|bake| format!("{bake:?}")),
            "minReadySeconds": intent.min_ready_seconds,
            "paused": format!("{:?}", intent.pausing),
            "analysis": format!("{reading:?}"),
        }));
        Self { intent: Arc::new(intent), reading, fields }
    }
}

impl Deployment {
    /// As Serin makes it.
    pub(crate) fn new(uid: String, desired: u32, min_ready: u32, created: DateTime<Utc>) -> Self {
        Self {
            uid,
            version: 0,
            generation: 1,
            observed: 0,
            desired,
            created,
            replicas: 0,
            updated: 0,
            available: 0,
            scaled_by: Writer::Serin,
            edited_by: Writer::Serin,
            paused: false,
            min_ready,
            restart: None,
            labels: Labels::Ours,
            epoch: Epoch::default(),
            quota: Power::Up,
        }
    }
}

/// A record as it is stored: a ControllerRevision without its data, which its name tells.
#[derive(Clone, Default)]
pub(crate) struct Record {
    pub(crate) number: u32,
    /// What became of the revision, and when.
    pub(crate) outcome: Option<(String, DateTime<Utc>)>,
}

/// A command as it is stored.
#[derive(Clone)]
pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) verb: Verb,
    pub(crate) revision: Option<Revision>,
    pub(crate) attempt: Option<u32>,
    pub(crate) created: DateTime<Utc>,
    /// What its status says, and since when.
    pub(crate) answer: Option<(Answer, DateTime<Utc>)>,
}

/// A pod as it is stored.
#[derive(Clone)]
pub(crate) struct Pod {
    pub(crate) revision: Revision,
    pub(crate) number: u64,
    pub(crate) node: Node,
    pub(crate) state: PodState,
    /// When its container started last.
    pub(crate) started: DateTime<Utc>,
    pub(crate) restarts: u32,
    pub(crate) last_exit: Option<i32>,
}

/// A machine that pods run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node(pub(crate) u32);

impl Pod {
    pub(crate) fn name(&self) -> String {
        format!("{}{:05}", Self::names_of(&self.revision), self.number)
    }

    /// What the names of a revision's pods begin with.
    pub(crate) fn names_of(revision: &Revision) -> String {
        ["checkout-", revision.as_str(), "-"].concat()
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state, PodState::Ready { .. })
    }
}

impl Committed {
    /// Before anything was committed.
    pub(crate) fn nothing() -> Self {
        Self { object: through_json("null"), text: "null".to_owned(), waiting: Vec::new() }
    }

    /// What follows on another one. Events that waited before are not read again.
    pub(crate) fn after(before: &Self, text: String) -> Self {
        let object = through_json(&text);
        let audit = &object.status.as_ref().expect("what was just written can be read").audit;
        let known = before.status().audit.seq();
        let oldest = audit.pending().next().map_or(u64::MAX, |record| record.seq);
        let mut fresh: Vec<audit::Record> = audit.pending().rev().take_while(|record| record.seq > known).collect();
        fresh.reverse();
        let kept = before.waiting.iter().filter(|record| record.seq >= oldest).cloned();
        let waiting = kept.chain(fresh).collect();
        Self { object, text, waiting }
    }

    pub(crate) fn status(&self) -> &Status {
        self.object.status.as_ref().expect("it was read before")
    }
}

impl Rollout {
    /// The object that a watch or a reply brings.
    pub(crate) fn object(&self) -> Object {
        let mut object = self.committed.object.clone();
        object.metadata = ObjectMeta {
            name: Some("checkout".to_owned()),
            namespace: Some("shop".to_owned()),
            uid: Some(UID.to_owned()),
            resource_version: Some(self.version.to_string()),
            generation: Some(i64::try_from(self.generation).expect("few generations")),
            creation_timestamp: Some(to_time(given::noon())),
            finalizers: self.guarded.then(|| vec![FINALIZER.to_owned()]),
            deletion_timestamp: self.deleting.then_some(to_time(DateTime::UNIX_EPOCH)),
            ..ObjectMeta::default()
        };
        object
    }
}

/// What is stored is what can be read back, as a watch reads it.
fn through_json(status: &str) -> Object {
    let object = format!(r#"{{"metadata":{{}},"spec":{{"service":"shop"}},"status":{status}}}"#);
    serde_json::from_str(&object).expect("a Rollout")
}
