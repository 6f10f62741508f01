//! What are the names, labels and annotations that Serin writes and reads?

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

/// The name of a revision's Deployment and of its record.
pub fn child_name(rollout: &str, revision: &crate::rollout::Revision) -> String {
    format!("{rollout}-{revision}")
}

/// A resourceVersion as the number that it is in every API server backed by etcd, so that the newer of two is known. One that is no number
/// counts as the oldest: then whatever comes last wins.
pub(super) fn version(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}
