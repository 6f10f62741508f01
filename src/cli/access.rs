//! Which cluster is asked, and what if it does not answer?

use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::command::Access;
use super::failure::{Failure, lower};

/// How long a person waits for a connection before an error helps more.
const CONNECT: Duration = Duration::from_secs(5);

/// How to reach the cluster: what was named, else the pod's own service account, else the usual kubeconfig.
pub(super) async fn config(access: &Access) -> Result<Config, Failure> {
    let Access { kubeconfig, context } = access;
    if kubeconfig.is_none()
        && context.is_none()
        && let Ok(config) = Config::incluster()
    {
        return Ok(config);
    }
    let options = KubeConfigOptions { context: context.clone(), ..KubeConfigOptions::default() };
    let file = kubeconfig.as_ref().map_or_else(Kubeconfig::read, Kubeconfig::read_from).map_err(|error| unusable(&error))?;
    let mut config = Config::from_custom_kubeconfig(file, &options).await.map_err(|error| unusable(&error))?;
    config.connect_timeout = Some(CONNECT);
    Ok(config)
}

/// What a kubeconfig file that cannot be used means for people.
fn unusable(error: &KubeconfigError) -> Failure {
    match error {
        KubeconfigError::ReadConfig(error, path) => Failure::new(
            format!("cannot read the kubeconfig file {}: {}", path.display(), lower(error)),
            "name one with --kubeconfig or $KUBECONFIG",
        ),
        other => Failure::new(
            format!("the kubeconfig file cannot be used: {}", lower(other)),
            "correct it, or name another file with --kubeconfig and one of its contexts with --context",
        ),
    }
}

/// A client for one question: it gives up soon, because a person waits.
pub(super) fn client(mut config: Config) -> Result<Client, Failure> {
    config.default_retry = false;
    let url = config.cluster_url.to_string();
    Client::try_from(config).map_err(|error| unprepared(&url, &error))
}

/// What certificates or credentials that cannot be used mean for people.
pub(super) fn unprepared(url: &str, error: &kube::Error) -> Failure {
    let what = format!("cannot prepare a connection to {url}: {}", lower(error));
    Failure::new(what, "check the certificates and credentials in the kubeconfig file")
}

/// A cluster without our definitions.
pub(super) fn not_installed(url: &str) -> Failure {
    Failure::new(
        format!("the cluster at {url} does not know Rollouts, or not their actions"),
        "install the definitions: serin crds | kubectl apply --server-side -f -",
    )
}

/// What a question that got no good answer means for people.
pub(super) fn refused(error: &kube::Error, url: &str) -> Failure {
    match error {
        kube::Error::Api(status) if status.code == 401 => Failure::new(
            format!("{url} does not know you: {}", status.message),
            "renew your credentials, or name another context with --context",
        ),
        kube::Error::Api(status) if status.code == 403 => {
            Failure::new(format!("you may not ask that: {}", status.message), "ask for the role serin-viewer in that namespace")
        }
        kube::Error::Api(status) if status.code == 404 => not_installed(url),
        kube::Error::Api(status) if matches!(status.code, 429 | 503) => {
            Failure::new(format!("{url} asks for patience: {}", status.message), "try again in a moment")
        }
        kube::Error::Api(status) => {
            Failure::new(format!("{url} answers {}: {}", status.code, status.message), "look at the API server's log")
        }
        kube::Error::Service(cause) => unreachable(url, &lower(cause.as_ref())),
        other => unreachable(url, &lower(other)),
    }
}

fn unreachable(url: &str, cause: &str) -> Failure {
    Failure::new(
        format!("cannot reach the cluster at {url}: {cause}"),
        "check that it runs (kubectl version), or name another one with --context",
    )
}
