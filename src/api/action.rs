//! What does somebody write who gives a command? The RolloutAction resource, and the rules that the API server holds it to.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;
use crate::rollout::Verb;

/// One command for one Rollout. It cannot be changed; what became of it stands in its status.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[kube(
    group = "serin.dev",
    version = "v1alpha1",
    kind = "RolloutAction",
    namespaced,
    shortname = "sra",
    status = "ActionStatus",
    derive = "PartialEq",
    doc = "A RolloutAction is one command for one Rollout of its namespace, such as Approve or Abort. It is done once, in the order of creation; its status says whether it was done, and it is deleted a day after that.",
    printcolumn(name = "Rollout", type_ = "string", json_path = ".spec.rollout", description = "The Rollout that it is for"),
    printcolumn(name = "Verb", type_ = "string", json_path = ".spec.verb", description = "What is to be done"),
    printcolumn(name = "Revision", type_ = "string", json_path = ".spec.revision", description = "The revision that it is meant for"),
    printcolumn(name = "Actor", type_ = "string", json_path = ".spec.actor.username", description = "Who asked for it"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase", description = "Done, Refused or Superseded"),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.message", description = "What became of it"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self == oldSelf").message("an action cannot be changed once it is created; create another one"),
    validation = Rule::new("!(self.verb in ['Approve', 'Promote', 'Resume', 'Retry', 'Skip']) || has(self.revision)").message("Approve, Promote, Resume, Retry and Skip give a revision more traffic: set revision to the one that is meant, as serin does by itself"),
    validation = Rule::new("!(self.verb in ['Promote', 'Skip', 'Undo']) || (has(self.reason) && self.reason.matches('[^ ]'))").message("Promote, Skip and Undo overrule what was measured: give a reason"),
    validation = Rule::new("!has(self.to) || self.verb == 'Undo'").message("only Undo goes to a revision; leave to out"),
    validation = Rule::new("!has(self.attempt) || has(self.revision)").message("an attempt is one of a revision; set revision as well, or leave attempt out"),
)]
pub struct RolloutActionSpec {
    /// The name of the Rollout, in the same namespace.
    #[schemars(schema_with = "schema::rollout")]
    pub rollout: String,

    /// What is to be done. Approve opens the gate at which a step waits; it never replaces a Pass. Promote makes the canary stable whatever was measured.
    /// Abort gives the attempt up and brings stable back. Pause and Resume stop exposure and let it grow again, beside spec.paused. Retry starts a new
    /// attempt at the revision that was aborted. Skip ends the current step, but never the last one, without its hold or a Pass. Restart replaces
    /// stable's pods, a few at a time. Undo goes back to an older revision and rejects this one until the template changes.
    pub verb: VerbSpec,

    /// The revision that the command is meant for, by its ten hex digits. If another one is in flight when the command's turn comes, it is superseded.
    /// Approve, Promote, Resume, Retry and Skip need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::revision")]
    pub revision: Option<String>,

    /// The attempt at that revision, as counted in the Rollout's status. Left out: whichever is in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub attempt: Option<i64>,

    /// Undo only: the revision to go back to, of those that are kept. Left out: the stable revision before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::revision")]
    pub to: Option<String>,

    /// Why, in at most 512 characters; events carry it. Promote, Skip and Undo need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub reason: Option<String>,

    /// Who asks. The API server writes it where the policies of Serin are installed (Kubernetes 1.36 and newer), whatever stands here; where it
    /// does not, whoever asks has to name themselves, and no one else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<ActorSpec>,
}

/// What is to be done.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerbSpec {
    /// Open the gate at which a step waits.
    Approve,
    /// Make the canary stable whatever was measured.
    Promote,
    /// Give the attempt up.
    Abort,
    /// Stop exposure where it is.
    Pause,
    /// Let exposure grow again.
    Resume,
    /// Try the aborted revision again.
    Retry,
    /// End the current step without its hold or a Pass.
    Skip,
    /// Replace stable's pods.
    Restart,
    /// Go back to an older revision.
    Undo,
}

/// Who asks, as the API server knows them.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorSpec {
    /// The name of the user.
    #[schemars(length(max = 1024))]
    pub username: String,
    /// The user's uid, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub uid: Option<String>,
}

/// What became of a command. Only Serin writes it.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionStatus {
    /// Done, Refused or Superseded; nothing before its turn came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// What came of it, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The phase that the Rollout was in when the command's turn came; Absent where there is no such Rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When its turn came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

impl From<VerbSpec> for Verb {
    fn from(verb: VerbSpec) -> Self {
        match verb {
            VerbSpec::Approve => Self::Approve,
            VerbSpec::Promote => Self::Promote,
            VerbSpec::Abort => Self::Abort,
            VerbSpec::Pause => Self::Pause,
            VerbSpec::Resume => Self::Resume,
            VerbSpec::Retry => Self::Retry,
            VerbSpec::Skip => Self::Skip,
            VerbSpec::Restart => Self::Restart,
            VerbSpec::Undo => Self::Undo,
        }
    }
}

impl VerbSpec {
    /// The verb on `rollouts` that RBAC has to give to whoever asks for it: forcing is a right of its own.
    pub const fn right(self) -> &'static str {
        match self {
            Self::Promote => "force-promote",
            Self::Approve | Self::Abort | Self::Pause | Self::Resume | Self::Retry | Self::Skip | Self::Restart | Self::Undo => {
                self.command()
            }
        }
    }

    /// The command on the command line, and the middle of the action's name.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Promote => "promote",
            Self::Abort => "abort",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Restart => "restart",
            Self::Undo => "undo",
        }
    }
}
