//! What is an event made of?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who tells: the same for all events of one controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Teller {
    /// The cluster it speaks of.
    pub cluster: Cluster,
    /// The identity under which Serin writes, e.g. `system:serviceaccount:serin:serin`.
    pub controller: String,
}

/// A cluster, as sinks that hear of many tell them apart.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The name that the controller's configuration gives it.
    pub name: String,
    /// The uid of its `kube-system` namespace, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// The Rollout that an event is about.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid: the event's stream.
    pub uid: String,
    /// The generation of its spec that the decision was taken on.
    pub generation: i64,
}

/// What an event is about, and where that comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The Rollout.
    pub subject: Subject,
    /// Where the revision comes from.
    pub origin: Origin,
    /// The step at which it was decided, where an attempt was at one.
    pub step: Option<Step>,
    /// What changed in the spec since an event was told of it last, where something did.
    pub spec: Option<Respec>,
}

/// What changed in a spec, without a word of what it says.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Respec {
    /// The fields that say something else.
    pub changed: Vec<String>,
    /// The first generation that no event has told of.
    pub from: i64,
    /// The generation of this event.
    pub to: i64,
}

/// A step of an attempt.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which one, from 1 on.
    pub number: u32,
    /// Of how many.
    pub of: u32,
    /// The exposure that it grants, in percent.
    pub weight: u32,
}

/// Where a revision comes from, as far as the Rollout's object says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The images of its containers.
    pub images: Vec<String>,
    /// For whom the spec was changed, as whoever changed it claims.
    pub requested_by: Option<String>,
}

/// For whom something was asked: said by whoever asked, and verified by nobody.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The name that was claimed.
    pub name: String,
    /// Always false: it says so wherever the claim is read.
    pub verified: bool,
}

/// Who caused an edge, as far as that was verified.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Actor {
    /// Serin decided.
    Controller {
        /// The identity under which it writes.
        name: String,
    },
    /// Somebody asked for it by an action, as the API server knows them.
    User {
        /// Their name.
        name: String,
    },
    /// Somebody edited the Rollout, and nothing verified who. It is never guessed.
    Unknown,
}

/// The failed check behind an event.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// The check's name.
    pub check: String,
    /// The value that was seen: text, so that no float is rendered anew on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The limit it broke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The final sums of a sequential check, and the logarithms of its evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// Events that were dropped because the outbox was full.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The sequence number of the first one.
    pub from: u64,
    /// The sequence number of the last one.
    pub to: u64,
}

impl Subject {
    /// The Rollout, as people write it.
    pub fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl From<Subject> for About {
    fn from(subject: Subject) -> Self {
        Self { subject, origin: Origin::default(), step: None, spec: None }
    }
}
