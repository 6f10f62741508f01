//! What does Serin do, before the reader's eyes? On a control plane of this machine.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::install::Installed;
use crate::plane::{ControlPlane, Options};
use crate::play::{Play, Script};
use crate::store::{LogStore, Tenant};
use crate::supervise::Supervised;

/// Where the demo's rollout lives, and its name.
const NAME: &str = "demo";
/// The controller's log on the plane.
const LOG: &str = "serin";
/// The event that ends the last act.
const LAST: &str = "rollout.rolled-back";
/// Events are delivered within a second; a busy machine is slower.
const TRAIL_WITHIN: Duration = Duration::from_secs(20);

const SCRIPT: Script = Script {
    example: "examples/demo.yaml",
    good: ("the image in the spec becomes v2, as CI would do it: v2 is good, so it earns its steps", "registry.example/demo:v2"),
    bad: ("v3 answers three requests in ten with an error: it gets no further than its first step", "registry.example/demo:v3-err30"),
};

const OPENING: &str = "\
This demo runs a real Kubernetes control plane on this machine: etcd, the API server, the controller manager, the scheduler, and
a real Prometheus; and a real log store, VictoriaLogs, for the events. Two things are not real: the nodes (kwok plays the kubelets, so no
container runs) and the pods' traffic (one small process plays it: it spreads requests over the Service's ready endpoints and counts them,
as the image's tag asks).
";

/// What is left running when the demo is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// Nothing.
    Stop,
    /// Everything, until Ctrl-C.
    Keep,
}

/// Runs the demo with this build of Serin. `Ok` only if what was promised happened.
///
/// # Errors
/// The plane does not start, or an act ends otherwise than it should.
pub async fn demo(serin: &Path, afterwards: Afterwards) -> Result<()> {
    let stage = Stage::set(serin).await?;
    let outcome = match stage.play.acts(&SCRIPT).await {
        Ok(()) => stage.trail().await,
        Err(error) => Err(error),
    };
    if afterwards == Afterwards::Keep {
        stage.invite(serin)?;
        tokio::signal::ctrl_c().await?;
    }
    stage.plane.stop().await;
    outcome
}

struct Stage {
    plane: ControlPlane,
    store: LogStore,
    play: Play,
    _controller: Supervised,
}

impl Stage {
    async fn set(serin: &Path) -> Result<Self> {
        writeln!(std::io::stdout(), "{OPENING}")?;
        let begun = Instant::now();
        let plane = ControlPlane::start(Options { name: NAME.to_owned(), ..Options::default() }).await?;
        let store = LogStore::start(NAME).await?;
        let sinks = json!([
            {"name": "stdout", "type": "stdout"},
            {"name": "store", "type": "otlp", "url": format!("{}/insert/opentelemetry/v1/logs", store.url())},
        ]);
        let installed = Installed::with_sinks(&plane, &sinks).await?;
        let controller = installed.start(&plane, serin, LOG).await?;
        let client = plane.client().await?;
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": NAME}}))?;
        Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await?;
        let play = Play::new(client, NAME, plane.logs().join(format!("{LOG}.log")), begun);
        play.say("the control plane and Serin are ready")?;
        Ok(Self { plane, store, play, _controller: controller })
    }

    /// Asks the log store what happened.
    async fn trail(&self) -> Result<()> {
        let query = format!("k8s.namespace.name:={NAME}");
        self.play.say(&format!("\n4. the same out of the log store that Serin sent its events to, by the query {query}"))?;
        let begun = Instant::now();
        let mut rows = Vec::new();
        // The newest event may still be on its way.
        while !rows.iter().any(|row: &Value| row["event_name"] == LAST) && begun.elapsed() < TRAIL_WITHIN {
            tokio::time::sleep(Duration::from_millis(100)).await;
            rows = self.store.query(Tenant(0), &format!("{query} | sort by (serin.event.seq)")).await?;
        }
        let events: Vec<Value> = rows.iter().filter_map(|row| serde_json::from_str(row["_msg"].as_str()?).ok()).collect();
        let numbered = events.iter().map(|event| event["seq"].as_u64()).eq((1..=events.len() as u64).map(Some));
        ensure!(numbered && !events.is_empty(), "the log store has not every event: {events:#?}");
        for event in &events {
            let text = |field: &str| event[field].as_str().unwrap_or_default();
            self.play.say(&format!("  {} {:>2} {:<18} {}", text("time"), event["seq"], text("type"), text("message")))?;
        }
        self.play.say(&format!("all {} events are there, numbered without a hole", events.len()))
    }

    /// What to type to look around.
    fn invite(&self, serin: &Path) -> Result<()> {
        let (config, tools) = (self.plane.kubeconfig(), self.plane.tools().dir());
        self.play.say("\nEverything goes on until you press Ctrl-C. To look around, in another terminal:")?;
        let mut out = std::io::stdout();
        writeln!(out, "  export KUBECONFIG={} PATH={}:$PATH", config.display(), tools.display())?;
        writeln!(out, "  kubectl -n {NAME} get rollouts,deployments,pods")?;
        writeln!(out, "  {} status {NAME} -n {NAME}", serin.display())?;
        writeln!(out, "  kubectl -n {NAME} edit rollout {NAME}      # another tag, such as v4 or v5-crash")?;
        writeln!(out, "  # Prometheus: {}   logs: {}", self.plane.prometheus_url(), self.plane.logs().display())?;
        writeln!(out, "  # events, to look through: {}/select/vmui", self.store.url())?;
        Ok(())
    }
}
