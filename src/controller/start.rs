//! May the controller start, and who is it?

use std::fmt::Debug;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ListParams, PostParams};
use kube::core::PartialObjectMeta;
use kube::{Api, Client, Resource};
use tracing::warn;

use super::campaign::chance;
use crate::api::{AnalysisTemplate, Rollout, RolloutAction};

/// Why the controller cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The CRD is missing.
    #[error("the cluster does not know Rollouts and their actions")]
    NotInstalled,
    /// The API server does not let us.
    #[error("this identity may not list Rollouts and their actions: {0}")]
    Forbidden(String),
    /// There is no answer.
    #[error("the API server does not answer: {0}")]
    Unreachable(#[source] kube::Error),
    /// There is no thread for the lease.
    #[error("cannot start a thread for the lease: {0}")]
    NoThread(#[source] std::io::Error),
}

/// Why the controller ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It may not write any more: somebody else leads, or soon will.
    #[error("{0}")]
    LeaseLost(String),
}

/// Whether the cluster has Rollouts, their actions and the checks that they share, and lets us list them.
pub(super) async fn check(client: &Client) -> Result<(), StartError> {
    may_list::<Rollout>(client).await?;
    may_list::<RolloutAction>(client).await?;
    may_list::<AnalysisTemplate>(client).await
}

async fn may_list<K: Resource<DynamicType = ()> + Clone + Debug>(client: &Client) -> Result<(), StartError> {
    let objects: Api<PartialObjectMeta<K>> = Api::all(client.clone());
    match objects.list(&ListParams::default().limit(1)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Err(StartError::NotInstalled),
        Err(kube::Error::Api(status)) if matches!(status.code, 401 | 403) => Err(StartError::Forbidden(status.message.clone())),
        Err(error) => Err(StartError::Unreachable(error)),
    }
}

/// The uid of `kube-system`, by which clusters are told apart.
pub(super) async fn cluster_uid(client: &Client) -> Option<String> {
    match Api::<Namespace>::all(client.clone()).get_metadata("kube-system").await {
        Ok(namespace) => namespace.metadata.uid,
        Err(error) => {
            warn!(%error, "the cluster's uid cannot be read; events go without it");
            None
        }
    }
}

/// The name under which the API server knows us; every authenticated user may ask for its own.
pub(super) async fn identity(client: &Client) -> String {
    let review = Api::<SelfSubjectReview>::all(client.clone()).create(&PostParams::default(), &SelfSubjectReview::default()).await;
    let name = match review {
        Ok(review) => review.status.and_then(|status| status.user_info).and_then(|user| user.username),
        Err(error) => {
            warn!(%error, "our own name is not known; events say unknown");
            None
        }
    };
    name.unwrap_or_else(|| "unknown".to_owned())
}

/// Where the Lease is unless the configuration says otherwise: in a pod, in its own namespace; elsewhere in that of `deploy/`, where a controller in a
/// pod has it.
pub(super) fn namespace(reach: &kube::Config) -> String {
    if is_in_a_pod() { reach.default_namespace.clone() } else { "serin".to_owned() }
}

/// Every pod with a service account's token has this file.
fn is_in_a_pod() -> bool {
    std::path::Path::new("/var/run/secrets/kubernetes.io/serviceaccount/namespace").exists()
}

/// A name for this process that no other one has or had: this machine's name, in a cluster the pod's, and a number by chance. A container that starts
/// again in the same pod is another process.
pub(super) fn process_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = if name.trim().is_empty() { "serin" } else { name.trim() };
    format!("{name}_{:016x}", chance())
}
