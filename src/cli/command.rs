//! What does it mean? What was typed, before anything is read or asked.

use std::path::PathBuf;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Run the controller.
    Run(Service),
    /// Print the custom resource definitions.
    Crds,
    /// Print where a Rollout stands.
    Status(Question),
}

/// How the controller runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// The configuration file; without one every default holds.
    pub(super) config: Option<PathBuf>,
    /// Which cluster.
    pub(super) access: Access,
    /// What is logged, and how.
    pub(super) logging: Logging,
}

/// Which Rollout, and how it is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The Rollout's name.
    pub(super) name: String,
    /// Its namespace; without one the context's.
    pub(super) namespace: Option<String>,
    /// How it is printed.
    pub(super) output: Output,
    /// Which cluster.
    pub(super) access: Access,
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
