//! What is measured on? A plane of its own for each measurement, with the release of Serin on it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};
use serin_dev::{Audit, AuditEvent, CONTROLLER_USER, ControlPlane, Installed, Options, Supervised};

use crate::process::Process;
use crate::shop::PROVIDER;

/// Where all rollouts are.
pub(crate) const NAMESPACE: &str = "bench";
/// The controller's log on the plane.
const LOG: &str = "serin";

/// A plane with everything of Serin but the controller.
pub(crate) struct Ground {
    pub(crate) plane: ControlPlane,
    pub(crate) installed: Installed,
    pub(crate) client: Client,
    binary: PathBuf,
}

/// A controller that runs.
pub(crate) struct Running {
    pub(crate) process: Process,
    _program: Supervised,
}

/// What was asked of the API server by one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
}

impl Ground {
    pub(crate) async fn lay(binary: &Path) -> Result<Self> {
        let plane = ControlPlane::start(Options { name: "bench".to_owned(), nodes: 3, audit: Audit::On, ..Options::default() }).await?;
        let installed = Installed::on(&plane).await?;
        installed.add_provider(PROVIDER, &plane.prometheus_url())?;
        let client = plane.client().await?;
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": NAMESPACE}}))?;
        Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await?;
        Ok(Self { plane, installed, client, binary: binary.to_owned() })
    }

    /// Starts the controller and waits until it leads.
    pub(crate) async fn start(&self) -> Result<Running> {
        let program = self.installed.start(&self.plane, &self.binary, LOG).await?;
        Ok(Running { process: Process(program.pid()?), _program: program })
    }

    /// Every request of the controller so far but watches and the lease.
    pub(crate) fn asked(&self) -> Result<Vec<AuditEvent>> {
        let all = self.plane.audit_events(CONTROLLER_USER)?.into_iter();
        Ok(all.filter(|request| request.verb != "watch" && request.resource != "leases").collect())
    }

    /// Waits until the controller has asked for nothing for so long: longer than anything that it delays.
    pub(crate) async fn silence(&self) -> Result<()> {
        let (mut before, mut quiet) = (usize::MAX, 0);
        while quiet < 5 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            let now = self.asked()?.len();
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
        }
        Ok(())
    }

    /// How often etcd was written to.
    pub(crate) async fn puts(&self) -> Result<f64> {
        let text = reqwest::get(format!("{}/metrics", self.plane.etcd_url())).await?.text().await?;
        let line = text.lines().find_map(|line| line.strip_prefix("etcd_mvcc_put_total ")).context("etcd counts no puts")?;
        Ok(line.trim().parse()?)
    }

    /// The rollouts' events that were delivered: the exact bytes of each, by stream, in order, repetitions included. The controller's own are left out.
    pub(crate) fn events(&self) -> Result<BTreeMap<String, Vec<String>>> {
        let log = std::fs::read_to_string(self.plane.logs().join(format!("{LOG}.log")))?;
        let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in log.lines() {
            let Some(event) = line.strip_prefix("{\"log\":\"audit\",").and_then(|rest| rest.split_once("\"event\":")) else { continue };
            let text = event.1.strip_suffix('}').context("half an event")?;
            let stream = serde_json::from_str::<Value>(text)?["stream"].as_str().context("an event without a stream")?.to_owned();
            if !stream.starts_with("controller/") {
                streams.entry(stream).or_default().push(text.to_owned());
            }
        }
        Ok(streams)
    }
}

impl Asked {
    pub(crate) fn of(requests: &[AuditEvent]) -> Self {
        let reads = requests.iter().filter(|request| ["get", "list"].contains(&request.verb.as_str())).count();
        Self { reads, writes: requests.len() - reads }
    }
}
