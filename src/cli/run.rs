//! Runs the controller until it is told to stop.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::command::Service;
use super::failure::{Failure, lower};
use super::{access, log};
use crate::cluster;
use crate::config::{self, Config};
use crate::controller::{Controller, StartError};
use crate::prometheus::Providers;
use crate::server::{self, Pages};
use crate::sink::{Sink, Stdout};

/// Reads the configuration, reaches the cluster, and works until a signal says stop.
pub(super) fn run(service: &Service) -> Result<(), Failure> {
    let config = service.config.as_deref().map_or_else(|| Ok(Config::default()), read)?;
    log::begin(&service.logging)?;
    super::runtime()?.block_on(work(service, config))
}

fn read(path: &Path) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
    config::parse(&text)
        .map_err(|error| Failure::new(format!("cannot use {}: {error}", path.display()), "correct the file; docs/config.md lists its keys"))
}

async fn work(service: &Service, config: Config) -> Result<(), Failure> {
    let api = access::config(&service.access).await?;
    let url = api.cluster_url.to_string();
    let client = cluster::client(api).map_err(|error| {
        let what = format!("cannot prepare a connection to {url}: {}", lower(&error));
        Failure::new(what, "check certificates and credentials in the kubeconfig file")
    })?;
    let providers = Providers::new(&config.metrics).map_err(|error| Failure::new(lower(&error), "correct the configuration"))?;
    let stdout = Stdout::new().map_err(|error| Failure::new(format!("cannot start a thread: {error}"), "raise the limit of threads"))?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        let what = format!("cannot listen on {}: {}", config.listen, lower(&error));
        Failure::new(what, "set `listen` in the configuration file to an address that is free")
    })?;
    let controller = Arc::new(Controller::new(client, config));
    let signal = stop().map_err(|error| Failure::new(format!("cannot wait for signals: {error}"), "this is a bug in Serin; please report it"))?;
    let pages = tokio::spawn(server::serve(listener, pages(&controller), std::future::pending()));
    let worked = controller.run(providers, vec![Sink::Stdout(stdout)], signal).await;
    pages.abort();
    worked.map_err(|error| cannot_start(&error, &url))
}

fn pages(controller: &Arc<Controller>) -> Pages {
    let (ready, counts) = (Arc::clone(controller), Arc::clone(controller));
    Pages {
        // Whoever answers at all has threads that run; what blocks a single rollout is no reason to kill the others.
        healthy: Arc::new(|| Ok(())),
        ready: Arc::new(move || ready.ready()),
        metrics: Arc::new(move || counts.metrics()),
    }
}

/// Over when somebody asks us to stop.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn cannot_start(error: &StartError, url: &str) -> Failure {
    match error {
        StartError::NotInstalled => {
            Failure::new(format!("the cluster at {url} knows no Rollouts"), "install them with: serin crds | kubectl apply -f -")
        }
        StartError::Forbidden(text) => Failure::new(format!("{url} does not let this identity work: {text}"), "apply the RBAC rules of deploy/"),
        StartError::Unreachable(error) => access::refused(error, url),
    }
}
