//! Which API server, under which identity, and how long may it be silent?

use std::path::Path;
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tower::timeout::TimeoutLayer;

/// How long the API server may take to begin its answer. Without a limit a silent one holds a call for ever; a watch only has to begin in time.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// There is no way to the API server.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A kubeconfig was named, or is the only way left.
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// What is configured makes no client.
    #[error("the API server cannot be used as configured: {0}")]
    Client(#[from] kube::Error),
}

/// A client for the cluster that a kubeconfig and its context name. With neither: the cluster that this process runs in, or else the
/// user's own kubeconfig.
///
/// # Errors
/// Nothing says how to reach an API server, or what says so cannot be read.
pub async fn connect(kubeconfig: Option<&Path>, context: Option<&str>) -> Result<Client, ConnectError> {
    let config = match (kubeconfig, context) {
        (None, None) => match Config::incluster() {
            Ok(config) => config,
            Err(_) => Config::from_kubeconfig(&KubeConfigOptions::default()).await?,
        },
        (path, context) => {
            let kubeconfig = path.map_or_else(Kubeconfig::read, Kubeconfig::read_from)?;
            let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
            Config::from_custom_kubeconfig(kubeconfig, &options).await?
        }
    };
    client(config)
}

/// A client that never waits for ever.
fn client(mut config: Config) -> Result<Client, ConnectError> {
    // What is tried again is tried again from a fresh look: a write that waits in a queue of retries speaks of the past.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT);
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("serin/", env!("CARGO_PKG_VERSION")))));
    Ok(ClientBuilder::try_from(config)?.with_layer(&TimeoutLayer::new(ANSWER)).build())
}
