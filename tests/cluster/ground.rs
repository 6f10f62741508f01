//! What do the tests stand on? A plane with the CRD and the RBAC of `deploy/`, and the controller as its service account.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::Value;
use serin_dev::{Audit, ControlPlane, Installed, Lists, Options, Supervised};

use super::shop::Shop;
use super::stored::Receivers;
use super::{Body, Plane};

/// The controller's log on the plane.
const LOG: &str = "serin";

/// A control plane with Serin on it.
pub struct Ground {
    pub plane: ControlPlane,
    /// Where events go besides, on [`Plane::Stored`].
    pub receivers: Option<Receivers>,
    installed: Installed,
    controller: Mutex<Option<Supervised>>,
}

impl Ground {
    /// Starts everything and waits until the controller is ready.
    pub async fn start(plane: Plane) -> Result<Self> {
        let name = match plane {
            Plane::Shared => "shared",
            Plane::Rough => "rough",
            Plane::Audited => "audited",
            Plane::Barred => "barred",
            Plane::Leased => "leased",
            Plane::Stored => "stored",
        };
        let alone = plane != Plane::Leased;
        let receivers = if plane == Plane::Stored { Some(Receivers::start().await?) } else { None };
        // What holds where lists are streamed is tried on all others.
        let lists = if plane == Plane::Barred { Lists::Paged } else { Lists::Streamed };
        let plane = ControlPlane::start(Options { name: name.to_owned(), nodes: 3, audit: Audit::On, lists }).await?;
        let installed = match &receivers {
            None => Installed::on(&plane).await?,
            Some(receivers) => Installed::with_sinks(&plane, &receivers.sinks()).await?,
        };
        let ground = Self { plane, receivers, installed, controller: Mutex::new(None) };
        if alone {
            ground.start_controller().await?;
        }
        Ok(ground)
    }

    /// Runs one test in a namespace of its own; what the controller said of it stands in the error.
    pub async fn try_out(self: Arc<Self>, name: &str, body: Body) -> Result<()> {
        let shop = Shop::open(&self, name).await?;
        let namespace = shop.namespace.clone();
        body(Arc::clone(&self), shop).await.map_err(|error| {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let about: Vec<&str> = log.lines().filter(|line| line.contains(&namespace) && !line.contains("\"log\":\"audit\"")).collect();
            let tail = &about[about.len().saturating_sub(12)..];
            anyhow::anyhow!("{error:#}\nthe controller's last words about it:\n{}", tail.join("\n"))
        })
    }

    /// Starts the controller, after a kill for example, and waits until it leads.
    pub async fn start_controller(&self) -> Result<()> {
        let running = self.installed.start(&self.plane, Path::new(env!("CARGO_BIN_EXE_serin")), LOG).await?;
        *self.controller.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        Ok(())
    }

    /// The credentials of the controller's service account.
    pub fn kubeconfig(&self) -> &Path {
        self.installed.kubeconfig()
    }

    /// Where the controller's metrics are, as `address:port`.
    pub fn metrics_address(&self) -> &str {
        self.installed.address()
    }

    /// Kills the controller with SIGKILL, in the middle of whatever it does.
    pub fn kill_controller(&self) {
        drop(self.controller.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What the controller printed, events and log lines together.
    pub fn log(&self) -> PathBuf {
        self.plane.logs().join(format!("{LOG}.log"))
    }

    /// Every event that was delivered, of all rollouts, in the order of delivery.
    pub fn events(&self) -> Result<Vec<Value>> {
        let log = std::fs::read_to_string(self.log())?;
        Ok(log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|line| line["log"] == "audit").collect())
    }

    pub async fn stop(self, passed: bool) {
        if !passed && let Ok(kept) = keep(&self.log()) {
            eprintln!("the controller's log is kept in {}", kept.display());
        }
        self.kill_controller();
        self.plane.stop().await;
    }
}

fn keep(log: &Path) -> Result<PathBuf> {
    let kept = std::env::temp_dir().join(format!("serin-controller-{}.log", std::process::id()));
    std::fs::copy(log, &kept)?;
    Ok(kept)
}

/// Asks until the answer is yes.
pub async fn wait<F: Future<Output = bool>>(what: &str, within: Duration, ask: impl Fn() -> F) -> Result<()> {
    let begun = tokio::time::Instant::now();
    while !ask().await {
        ensure!(begun.elapsed() < within, "{what} did not come within {} s", within.as_secs());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}
