//! What does it mean? What was typed, before anything is read or asked.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::api::VerbSpec;
use crate::audit::PublicKey;
use crate::controller::Role;
use crate::rollout::{Key, Revision};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Run the controller.
    Run(Service),
    /// Print the custom resource definitions.
    Crds,
    /// Print what checks will ask, and what a proof takes.
    Check(Checked),
    /// Print where a Rollout stands.
    Status(Question, Follow),
    /// Print the evidence of a Rollout's last attempt.
    Explain(Explanation),
    /// Print a Rollout's revisions.
    History(Question),
    /// Wait for the end of an attempt.
    Wait(Wait),
    /// Have something done.
    Order(Order),
    /// Tell whether events are whole.
    Verify(Verification),
    /// Print events as they are told.
    Tail(Question),
    /// Print the public key of the signing key in this file.
    PublicKey(PathBuf),
    /// Sign how far each stream is.
    Checkpoint(Signing),
}

/// Whose checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// Those of the Rollouts in this file.
    File(PathBuf),
    /// Those of a Rollout in the cluster, at the traffic that the providers of this configuration file see; without one, at what its last attempt saw.
    Live(Target, Option<PathBuf>),
}

/// How the controller runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// The configuration file; without one every default holds.
    pub(super) config: Option<PathBuf>,
    /// Which cluster.
    pub(super) access: Access,
    /// The instance that it is; without one, that of all Rollouts without a label.
    pub(super) instance: Option<String>,
    /// What it is here for.
    pub(super) role: Role,
    /// What is logged, and how.
    pub(super) logging: Logging,
}

/// Which Rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Its name.
    pub(super) name: String,
    /// Its namespace; without one the context's.
    pub(super) namespace: Option<String>,
    /// Which cluster.
    pub(super) access: Access,
}

/// About which Rollout, and how the answer is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The Rollout.
    pub(super) target: Target,
    /// How it is printed.
    pub(super) output: Output,
}

/// What of a Rollout's evidence is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Explanation {
    /// Of which Rollout, and how it is printed.
    pub(super) question: Question,
    /// Of which attempt; without one the newest.
    pub(super) attempt: Option<u32>,
    /// What the evidence is taken from.
    pub(super) from: Witness,
}

/// What evidence is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// The Rollout's status.
    Status,
    /// That, and the windows from the providers of this configuration file again.
    Providers(PathBuf),
    /// Events that somebody kept.
    Events(Input),
}

/// Whether one answer is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// It is.
    No,
    /// Each change is printed, too.
    Changes,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The Rollout.
    pub(super) target: Target,
    /// Which revision of it.
    pub(super) wanted: Wanted,
    /// How long at most.
    pub(super) timeout: Duration,
}

/// Which revision is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The one that the spec has now.
    Newest,
    /// This one.
    Revision(Revision),
    /// The one with this image.
    Image(String),
}

/// What is to be done with a Rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The Rollout.
    pub(super) target: Target,
    /// What.
    pub(super) verb: VerbSpec,
    /// With which revision.
    pub(super) meant: Meant,
    /// The revision to go back to; without one the stable revision before this one.
    pub(super) back_to: Option<Revision>,
    /// Why, where somebody says so.
    pub(super) reason: Option<String>,
    /// Whether an answer is waited for.
    pub(super) patience: Patience,
}

/// Which revision an order is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// The one that it is about now, and no other.
    Current,
    /// This one.
    For(Revision),
    /// Whichever is there.
    Whatever,
}

/// Which events are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verification {
    /// Where their lines are.
    pub(super) input: Input,
    /// Hashes that have to be among theirs.
    pub(super) heads: BTreeSet<String>,
    /// Where signed heads are that have to be among theirs, and what proves them.
    pub(super) proof: Option<Proof>,
    /// How the answer is printed.
    pub(super) output: Output,
}

/// Signed heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    /// The file of checkpoints, one a line.
    pub(super) checkpoints: PathBuf,
    /// The key that signed them.
    pub(super) key: PublicKey,
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signing {
    /// The file of the signing key.
    pub(super) key: PathBuf,
    /// Of which namespace; without one of all.
    pub(super) namespace: Option<String>,
    /// The `ConfigMaps` of controllers' own events.
    pub(super) journals: Vec<Key>,
    /// Which cluster.
    pub(super) access: Access,
}

/// Where lines are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Standard,
    /// This file.
    File(PathBuf),
}

/// Whether an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// It is not.
    None,
    /// So long at most.
    Until(Duration),
}

/// Which cluster, and as whom. Nothing named: the pod's own service account, else the usual kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// The kubeconfig file.
    pub(super) kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub(super) context: Option<String>,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Logging {
    /// Lines for people.
    Text {
        /// Which lines.
        filter: String,
    },
    /// One JSON object a line.
    Json {
        /// Which lines.
        filter: String,
    },
}

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// A page for people.
    Text,
    /// One JSON object.
    Json,
}
