//! What does a Rollout's status hold?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::schema;
use super::shared::Frozen;
use crate::analysis::Evidence;
use crate::audit::Outbox;
use crate::rollout::{Memo, State};

/// Where a rollout stands. Everything but `state` and `audit` is for people and tools; Serin goes on from those two alone.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Where the rollout stands: Installing, Idle, Stepping, Approval, Paused, Promoting, Baking, RollingBack or Deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,

    /// Since when it has been in this phase and, where it steps, at this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,

    /// The one reason why nothing moves now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Reason>,

    /// How many attempts there were, the one in flight included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<i64>,

    /// The step in flight and how many there are, such as 2/3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,

    /// The canary's share of the traffic in percent, while an attempt is in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Shares>,

    /// The revision that serves, or comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable: Option<String>,

    /// The revision on trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,

    /// How many pods the rollout asks for now, both revisions together.
    #[serde(default)]
    pub replicas: i64,

    /// Selects all pods of the rollout; for the scale subresource.
    #[serde(default)]
    pub selector: String,

    /// Ready, Reconciling and Stalled, as kstatus reads them; Promoted and Aborted speak of the spec's current revision; StepsAttainable warns where whole
    /// pods cannot give a step its share, TrafficByShare where a share of pods is not a share of requests, WritesAccepted where the
    /// cluster refuses a write, such as for a right that Serin lacks.
    #[serde(default, skip_serializing_if = "<[Condition]>::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Box<[Condition]>,

    /// How the last attempt ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<LastOutcome>,

    /// What Serin goes on from after a restart. Do not edit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::open")]
    pub state: Option<State>,

    /// What Serin remembers beside that: actions that it answered, drift that it told. Do not edit it.
    #[serde(default, skip_serializing_if = "Memo::is_empty")]
    #[schemars(schema_with = "schema::open")]
    pub memo: Memo,

    /// What the checks that compare window after window know of the attempt, and go on from. Do not edit it.
    #[serde(default, skip_serializing_if = "Evidence::is_empty")]
    #[schemars(schema_with = "schema::open")]
    pub evidence: Evidence,

    /// The checks that the attempt in flight took from templates, with the arguments filled in. Do not edit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::open")]
    pub analysis: Option<Frozen>,

    /// Events that wait for their sinks. Do not edit it.
    #[serde(default)]
    #[schemars(schema_with = "schema::open")]
    pub audit: Outbox,
}

impl Status {
    /// What the attempt in flight took from templates, if it took anything.
    pub fn taken(&self) -> Option<&Frozen> {
        let attempt = self.state.as_ref()?.attempt()?.number;
        self.analysis.as_ref().filter(|frozen| frozen.attempt == attempt)
    }
}

/// Why nothing moves now.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// One word for machines, such as Holding or CheckError.
    pub reason: String,
    /// One sentence for people, as it was when the reason began.
    pub message: String,
}

/// The canary's share of the traffic, in percent.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// What the step asks for.
    pub wanted: i64,
    /// The nearest share that the pods can give; exposure never goes above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<i64>,
    /// The canary's share among the pods that serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved: Option<i64>,
}

/// How an attempt, or the installation of the first revision, ended.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastOutcome {
    /// The revision that it was about.
    pub revision: String,
    /// Installed, Promoted, Aborted, Superseded, Undone or Recovered.
    pub result: String,
    /// One word for machines, such as CheckFailed or Forced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, in one sentence.
    pub message: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}
