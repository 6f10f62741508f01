//! What was seen of the world, as values: what is not known says so.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Action, AttemptResult, Epoch, Fence, Restart, Revision, Sample, ServiceView, Workload};

/// Everything that the core may look at, for one rollout.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The Rollout's name: what stands on a Deployment that it takes over.
    pub name: String,
    /// The epoch in which this process leads; none where nobody else ever does.
    pub epoch: Epoch,
    /// When the Rollout was created.
    pub created: DateTime<Utc>,
    /// Whether the Rollout is being deleted.
    pub lifetime: Lifetime,
    /// The shared Service.
    pub service: ServiceView,
    /// The Deployment that is taken over, if the spec names one.
    pub workload: Workload,
    /// The Deployments of this rollout.
    pub children: BTreeMap<Revision, Child>,
    /// The stored templates (ControllerRevisions) and what became of them.
    pub records: BTreeMap<Revision, Record>,
    /// What the API server said of the template of the spec in a dry run.
    pub template: Template,
    /// The newest sample of each check.
    pub samples: Vec<Sample>,
    /// The actions for this rollout, oldest first.
    pub actions: Vec<Action>,
    /// Why the cluster refused the last change, until a later one is taken. Conflicts do not count.
    pub refused: Option<String>,
}

/// Where a Rollout is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// New: our finalizer is not on it yet.
    Unguarded,
    /// Our finalizer keeps it until we let go.
    Guarded,
    /// Somebody deleted it; our finalizer holds it.
    Deleting,
}

/// What a dry run said of the spec's template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// Not asked, or not answered yet.
    Unasked,
    /// The API server would take it.
    Accepted {
        /// The template's revision.
        revision: Revision,
        /// What it would make of it.
        meaning: Meaning,
    },
    /// The API server refuses it.
    Refused {
        /// The template's revision.
        revision: Revision,
        /// Its words.
        text: String,
        /// When it said so.
        at: DateTime<Utc>,
    },
    /// The question got no answer.
    Unknown {
        /// The template's revision.
        revision: Revision,
        /// Why there is no answer.
        text: String,
        /// When that was clear.
        at: DateTime<Utc>,
    },
}

/// A pod template as the API server completes it, but for what is Serin's own: a digest. Two templates of the same meaning make the same pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning(String);

impl Meaning {
    /// Wraps a digest.
    pub fn new(digest: impl Into<String>) -> Self {
        Self(digest.into())
    }
}

/// A stored template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The number under which it is stored: the attempt that brought it, 0 for a first revision.
    pub number: u32,
    /// What became of the revision, as last written there.
    pub outcome: Option<String>,
    /// When that was written.
    pub outcome_at: Option<DateTime<Utc>>,
}

impl Record {
    /// Whether the revision was stable once.
    pub fn served(&self) -> bool {
        self.ended_as(&[AttemptResult::Installed, AttemptResult::Promoted])
    }

    /// Whether it was given up, and nobody asked for it again.
    pub fn rejected(&self) -> bool {
        self.ended_as(&[AttemptResult::Aborted, AttemptResult::Undone])
    }

    fn ended_as(&self, results: &[AttemptResult]) -> bool {
        self.outcome.as_deref().is_some_and(|word| results.iter().any(|result| result.word() == word))
    }
}

/// One Deployment of this rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Replicas that its spec asks for.
    pub desired: u32,
    /// Pods that its status reports as available, possibly stale.
    pub available: u32,
    /// Whether its controller has seen the newest spec and surplus pods are gone.
    pub settled: Settled,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// What a write to it has to carry.
    pub fence: Fence,
    /// The epoch that it carries.
    pub epoch: Epoch,
    /// Its pods.
    pub pods: Vec<Pod>,
    /// What its template means.
    pub meaning: Meaning,
    /// The restart that stands on its template.
    pub restart: Option<Restart>,
    /// What else of it Serin takes care of.
    pub upkeep: Upkeep,
    /// Why its pods cannot be made, in the words of its controller, as where a quota is used up.
    pub failure: Option<String>,
}

/// What of a Deployment Serin holds in place besides its replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Who, other than Serin, scaled it last.
    pub scaled_by: Option<String>,
    /// Who, other than Serin, changed its template.
    pub edited_by: Option<String>,
    /// Whether its own roll-out is stopped.
    pub paused: bool,
    /// Its `minReadySeconds`.
    pub min_ready_seconds: u32,
}

/// Whether a Deployment's status speaks of its newest spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// observedGeneration is the generation and the pod count is what the spec asks for.
    Yes,
    /// It still works on it.
    No,
    /// Its controller has not seen the newest spec: what the status says may be of pods that an older spec has taken away.
    Unseen,
}

impl Child {
    /// Pods that serve, as far as is known: a surplus pod is about to go, so it does not count.
    pub fn serving(&self) -> u32 {
        self.available.min(self.desired)
    }

    /// The pods that are ready, and since when.
    pub fn ready(&self) -> impl Iterator<Item = (&Pod, DateTime<Utc>)> {
        self.pods.iter().filter_map(|pod| if let PodState::Ready { since } = pod.state { Some((pod, since)) } else { None })
    }

    /// Pods that another side may lean on while it shrinks. A Deployment that was scaled down and up again still reports, for a moment,
    /// pods that are already going: nothing is leant on before its controller has seen the newest spec, and only pods that are ready count.
    pub fn counted(&self) -> u32 {
        match self.settled {
            Settled::Unseen => 0,
            Settled::Yes | Settled::No => self.serving().min(u32::try_from(self.ready().count()).unwrap_or(u32::MAX)),
        }
    }
}

/// One pod, compactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// What it does.
    pub state: PodState,
    /// Restarts of all its containers.
    pub restarts: u32,
    /// The exit code of the last termination, if any container ended.
    pub last_exit: Option<i32>,
}

/// What a pod does, as far as it says something of its revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodState {
    /// Deleted, evicted, disrupted or finished: says nothing of the revision.
    Leaving,
    /// No node for it.
    Unscheduled,
    /// Its containers are being made.
    Starting,
    /// A container waits for a reason that time does not mend, such as a refused pull.
    Broken {
        /// The container's reason and message.
        reason: String,
    },
    /// A container waits for a reason that may pass, such as a registry that does not answer.
    Blocked {
        /// The container's reason and message.
        reason: String,
    },
    /// A container ended with an error again and again.
    Crashing {
        /// The container's reason and message.
        reason: String,
    },
    /// Its containers run and were never ready yet.
    Unready,
    /// Its containers were ready and no longer are.
    Regressed {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Its containers are ready but its node is lost.
    Unreachable,
    /// It serves.
    Ready {
        /// Since when.
        since: DateTime<Utc>,
    },
}
