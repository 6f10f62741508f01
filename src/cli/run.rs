//! Runs the controller until it is told to stop.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use super::command::Service;
use super::failure::{Failure, lower};
use super::{access, log};
use crate::audit::{Reporter, digest};
use crate::cluster::Instance;
use crate::config::{self, Config};
use crate::controller::{Controller, RunError, Setup, StartError};
use crate::prometheus::Providers;
use crate::server::{self, Pages};
use crate::sink::Sink;

/// Reads the configuration, reaches the cluster, and works until a signal says stop.
pub(super) fn run(service: &Service) -> Result<(), Failure> {
    let text = service.config.as_deref().map_or_else(|| Ok(String::new()), text)?;
    let config = service.config.as_deref().map_or_else(|| Ok(Config::default()), |path| parsed(path, &text))?;
    log::begin(&service.logging)?;
    super::runtime()?.block_on(work(service, config, digest(&text)))
}

/// The configuration in a file.
pub(super) fn read(path: &Path) -> Result<Config, Failure> {
    parsed(path, &text(path)?)
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))
}

fn parsed(path: &Path, text: &str) -> Result<Config, Failure> {
    config::parse(text)
        .map_err(|error| Failure::new(format!("cannot use {}: {error}", path.display()), "correct the file; docs/config.md lists its keys"))
}

async fn work(service: &Service, config: Config, digest: String) -> Result<(), Failure> {
    let (listen, sinks) = (config.listen, config.sinks.clone());
    let providers = Providers::new(&config.metrics);
    let reach = access::config(&service.access).await?;
    let url = reach.cluster_url.to_string();
    let setup = Setup { reach, config, instance: Instance::new(service.instance.clone()), role: service.role, digest };
    let controller = Arc::new(Controller::new(setup).map_err(|error| access::unprepared(&url, &error))?);
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        let what = format!("cannot listen on {listen}: {}", lower(&error));
        Failure::new(what, "name a free address in the configuration file: listen: 127.0.0.1:8081")
    })?;
    let reporter = Reporter { version: env!("CARGO_PKG_VERSION").to_owned(), instance: controller.identity().to_owned(), address: None };
    let sinks: Result<Vec<Sink>, Failure> =
        sinks.all().iter().map(|sink| Sink::new(sink, &reporter).map_err(|error| unwritten(sink, &error))).collect();
    let sinks = sinks?;
    let stop = stop()?;
    let identity = controller.identity();
    info!(version = env!("CARGO_PKG_VERSION"), cluster = url, %listen, identity, "serin starts");
    // Health is answered until the last pass is over; nobody waits for a slow reader of metrics.
    let served = tokio::spawn(server::serve(listener, pages(&controller)));
    let ended = controller.run(providers, sinks, stop).await;
    served.abort();
    info!("serin ends");
    ended.map_err(|error| match error {
        RunError::Start(error) => not_started(&error, &url),
        RunError::LeaseLost(why) => Failure::new(
            format!("stopped at once, because this process may not write any more: {why}"),
            "start it again, as Kubernetes does: it stands by then; if this happens often, look at how slow the API server is",
        ),
    })
}

/// What is served while the controller works. Both answers wait for locks of the controller, so one that hangs is found by its probe.
fn pages(controller: &Arc<Controller>) -> Pages {
    let (healthy, ready, metrics) = (Arc::clone(controller), Arc::clone(controller), Arc::clone(controller));
    Pages {
        healthy: Arc::new(move || {
            let _ = healthy.ready();
            Ok(())
        }),
        ready: Arc::new(move || ready.ready()),
        metrics: Arc::new(move || metrics.metrics(now())),
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock enters here: how old events are that wait for their sink")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn unwritten(sink: &config::Sink, error: &std::io::Error) -> Failure {
    Failure::new(
        format!("the sink {} cannot be set up: {}", sink.name, lower(error)),
        "raise the limit of threads or memory for this process",
    )
}

/// Over when SIGTERM or SIGINT says stop.
fn stop() -> Result<impl Future<Output = ()>, Failure> {
    let on = |kind| {
        signal(kind).map_err(|error| {
            Failure::new(format!("cannot listen for signals: {}", lower(&error)), "raise the limit of open files for this process")
        })
    };
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn not_started(error: &StartError, url: &str) -> Failure {
    match error {
        StartError::NotInstalled => access::not_installed(url),
        StartError::Forbidden(text) => Failure::new(
            format!("the API server does not let this identity list Rollouts and their actions: {text}"),
            "apply the RBAC rules of deploy/, and run as the service account that they name",
        ),
        StartError::Unreachable(cause) => access::refused(cause, url),
        StartError::NoThread(_) => Failure::new(lower(error), "raise the limit of threads or memory for this process"),
    }
}
