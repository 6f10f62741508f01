//! Which part of an object's metadata is kept?

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// The label that names a rollout, on everything that belongs to it.
pub const ROLLOUT: &str = "serin.dev/rollout";

/// The label that names a revision, on Deployments, pods and records.
pub const REVISION: &str = "serin.dev/revision";

/// The annotation that names the Rollout's uid, on Deployments and records.
pub const ROLLOUT_UID: &str = "serin.dev/rollout-uid";

/// The annotation that says what became of a revision, on its record.
pub const OUTCOME: &str = "serin.dev/outcome";

/// The annotation that says when that was.
pub const OUTCOME_AT: &str = "serin.dev/outcome-at";

/// The annotation that names the attempt that brought a revision, on its record; 0 for a first one.
pub const NUMBER: &str = "serin.dev/number";

/// The annotation that names a restart, on the pod template of a Deployment.
pub const RESTART: &str = "serin.dev/restart";

/// The annotation that says in which epoch of the lease a Deployment was made or taken over.
pub const EPOCH: &str = "serin.dev/epoch";

/// The label that names the instance of the controller that a Rollout belongs to.
pub const INSTANCE: &str = "serin.dev/instance";

/// The annotation by which whoever changes a Rollout, or creates an action, says for whom. Nothing verifies it.
pub const REQUESTED_BY: &str = "serin.dev/requested-by";

/// The annotation that names the Rollout that takes a Deployment over, on that Deployment.
pub const ADOPTED_BY: &str = "serin.dev/adopted-by";

/// The finalizer that keeps a Rollout until its traffic is back on stable and its last event is told.
pub const FINALIZER: &str = "serin.dev/rollout";

/// Annotations of Services that begin so say whether traffic prefers what is near: topology-mode, and topology-aware-hints before it.
pub(super) const TOPOLOGY: &str = "service.kubernetes.io/topology-";

/// The name of a revision's Deployment and of its record.
pub fn child_name(rollout: &str, revision: &crate::rollout::Revision) -> String {
    format!("{rollout}-{revision}")
}

/// Reads an object's metadata, but not its managed fields and annotations of others: they are most of its bytes and nobody asks for them.
pub(super) fn slim<'de, D: Deserializer<'de>>(from: D) -> Result<ObjectMeta, D::Error> {
    Ok(Slim::<IgnoredAny>::deserialize(from)?.split().0)
}

/// An object's metadata, as far as it is kept, with `M` of its managed fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Slim<M> {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    finalizers: Option<Vec<String>>,
    #[serde(default)]
    managed_fields: M,
}

impl<M> Slim<M> {
    /// The metadata, and what was read of the managed fields.
    pub(super) fn split(self) -> (ObjectMeta, M) {
        let read = |name: &str| name.starts_with("serin.dev/") || name.starts_with(TOPOLOGY);
        let annotations = self.annotations.map(|all| all.into_iter().filter(|(name, _)| read(name)).collect());
        let metadata = ObjectMeta {
            name: self.name,
            namespace: self.namespace,
            uid: self.uid,
            resource_version: self.resource_version,
            generation: self.generation,
            creation_timestamp: self.creation_timestamp,
            deletion_timestamp: self.deletion_timestamp,
            labels: self.labels,
            annotations,
            finalizers: self.finalizers,
            ..ObjectMeta::default()
        };
        (metadata, self.managed_fields)
    }
}

/// A resourceVersion as the number that it is in every API server backed by etcd, so that the newer of two is known. One that is no number
/// counts as the oldest: then whatever comes last wins.
pub(super) fn version(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}
