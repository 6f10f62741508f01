//! What does Serin do, before the reader's eyes? A good revision is promoted, a bad one is rolled back.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::install::Installed;
use crate::objects::{create, objects_of, repository};
use crate::plane::{ControlPlane, Options};
use crate::supervise::Supervised;

/// Where the demo's rollout lives.
const NAMESPACE: &str = "demo";
/// The Rollout of `examples/demo.yaml`.
const NAME: &str = "demo";
/// The controller's log on the plane.
const LOG: &str = "serin";
/// Each act takes about twenty seconds.
const ACT_WITHIN: Duration = Duration::from_mins(2);

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
    let outcome = stage.play().await;
    if let Err(error) = &outcome {
        let said = std::fs::read_to_string(stage.plane.logs().join(format!("{LOG}.log"))).unwrap_or_default();
        stage.say(&format!("it went wrong: {error:#}\nthe end of the controller's log:\n{}", crate::tools::last_lines(&said, 20)))?;
    }
    if afterwards == Afterwards::Keep {
        stage.invite(serin)?;
        tokio::signal::ctrl_c().await?;
    }
    stage.plane.stop().await;
    outcome
}

struct Stage {
    plane: ControlPlane,
    rollouts: Api<DynamicObject>,
    begun: Instant,
    _controller: Supervised,
}

impl Stage {
    async fn set(serin: &Path) -> Result<Self> {
        let mut out = std::io::stdout();
        writeln!(
            out,
            "This demo runs a real Kubernetes control plane on this machine: etcd, the API server, the controller manager, the scheduler, and"
        )?;
        writeln!(
            out,
            "a real Prometheus. Two things are not real: the nodes (kwok plays the kubelets, so no container runs) and the pods' traffic (one"
        )?;
        writeln!(
            out,
            "small process plays it: it spreads requests over the Service's ready endpoints and counts them, as the image's tag asks)."
        )?;
        writeln!(out)?;
        let begun = Instant::now();
        let plane = ControlPlane::start(Options { name: NAME.to_owned(), ..Options::default() }).await?;
        let installed = Installed::on(&plane).await?;
        let controller = installed.start(&plane, serin, LOG).await?;
        let client = plane.client().await?;
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": NAMESPACE}}))?;
        Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await?;
        let kind = ApiResource {
            group: "serin.dev".into(),
            version: "v1alpha1".into(),
            api_version: "serin.dev/v1alpha1".into(),
            kind: "Rollout".into(),
            plural: "rollouts".into(),
        };
        let stage = Self { rollouts: Api::namespaced_with(client, NAMESPACE, &kind), plane, begun, _controller: controller };
        stage.say("the control plane and Serin are ready")?;
        Ok(stage)
    }

    async fn play(&self) -> Result<()> {
        let mut told = BTreeSet::new();
        self.say("\n1. kubectl apply -f examples/demo.yaml: the first revision is installed; there is nothing to compare it with")?;
        let text = std::fs::read_to_string(repository("examples/demo.yaml"))?;
        for object in objects_of(&text)? {
            create(&self.plane.client().await?, &object, NAMESPACE).await?;
        }
        let first = self.watch(&mut told, |status| status["why"]["reason"] == "Settled").await?;

        self.say("\n2. the image in the spec becomes v2, as CI would do it: v2 is good, so it earns its steps")?;
        self.set_image("v2").await?;
        let second = self.watch(&mut told, |status| status["why"]["reason"] == "Settled" && status["stable"] != first["stable"]).await?;
        ensure!(second["lastOutcome"]["result"] == "Promoted", "v2 was not promoted: {second:#}");

        self.say("\n3. v3 answers three requests in ten with an error: it gets no further than its first step")?;
        self.set_image("v3-err30").await?;
        let third = self.watch(&mut told, |status| status["phase"] == "Idle" && status["why"]["reason"] != "Settled").await?;
        ensure!(third["why"]["reason"] == "Rejected" && third["stable"] == second["stable"], "v3 was not rolled back: {third:#}");

        for wanted in ["rollout.installed", "rollout.promoted", "rollout.aborted", "rollout.rolled-back"] {
            ensure!(told.iter().any(|line: &String| line.contains(wanted)), "the event {wanted} was not told");
        }
        let words = third["why"]["message"].as_str().unwrap_or_default();
        self.say(&format!("\nv2 serves, v3 does not: {words}"))
    }

    async fn set_image(&self, tag: &str) -> Result<()> {
        let rollout = self.rollouts.get(NAME).await?;
        let mut template = rollout.data["spec"]["template"].clone();
        template["spec"]["containers"][0]["image"] = json!(format!("registry.example/demo:{tag}"));
        self.rollouts.patch(NAME, &PatchParams::default(), &Patch::Merge(json!({"spec": {"template": template}}))).await?;
        Ok(())
    }

    /// Prints what changes and what is told, until the status of the newest spec is what it should become.
    async fn watch(&self, told: &mut BTreeSet<String>, done: impl Fn(&Value) -> bool) -> Result<Value> {
        let (begun, mut last) = (Instant::now(), String::new());
        loop {
            let rollout = self.rollouts.get(NAME).await?;
            let status = rollout.data.get("status").cloned().unwrap_or_default();
            let line = line(&status);
            if line != last && !line.is_empty() {
                self.say(&line)?;
                last = line;
            }
            self.tell(told)?;
            if status["observedGeneration"].as_i64() == rollout.metadata.generation && done(&status) {
                sleep(Duration::from_millis(300)).await;
                self.tell(told)?;
                return Ok(status);
            }
            if begun.elapsed() > ACT_WITHIN {
                bail!("not within {} s; the last status was {status:#}", ACT_WITHIN.as_secs());
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Prints the events that were delivered since the last look.
    fn tell(&self, told: &mut BTreeSet<String>) -> Result<()> {
        let log = std::fs::read_to_string(self.plane.logs().join(format!("{LOG}.log"))).context("the controller has no log")?;
        for line in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(|line| line["log"] == "audit") {
            let event = &line["event"];
            let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
            if told.insert(format!("{} {}", event["id"], text("type"))) {
                self.say(&format!("  event {} {}: {}", event["seq"], text("type"), text("message")))?;
            }
        }
        Ok(())
    }

    /// What to type to look around.
    fn invite(&self, serin: &Path) -> Result<()> {
        let (config, tools) = (self.plane.kubeconfig(), self.plane.tools().dir());
        self.say("\nEverything goes on until you press Ctrl-C. To look around, in another terminal:")?;
        let mut out = std::io::stdout();
        writeln!(out, "  export KUBECONFIG={} PATH={}:$PATH", config.display(), tools.display())?;
        writeln!(out, "  kubectl -n {NAMESPACE} get rollouts,deployments,pods")?;
        writeln!(out, "  {} status {NAME} -n {NAMESPACE}", serin.display())?;
        writeln!(out, "  kubectl -n {NAMESPACE} edit rollout {NAME}      # another tag, such as v4 or v5-crash")?;
        writeln!(out, "  # Prometheus: {}   logs: {}", self.plane.prometheus_url(), self.plane.logs().display())?;
        Ok(())
    }

    fn say(&self, text: &str) -> Result<()> {
        let mut out = std::io::stdout();
        let text = text.strip_prefix('\n').map_or_else(
            || text.to_owned(),
            |rest| {
                let _ = writeln!(out);
                rest.to_owned()
            },
        );
        writeln!(out, "{:6.1} s  {text}", self.begun.elapsed().as_secs_f64())?;
        Ok(())
    }
}

/// One line about where the rollout stands.
fn line(status: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (phase, weight) = (text(&status["phase"]), &status["weight"]);
    let share = match (weight["wanted"].as_i64(), weight["achieved"].as_i64()) {
        (Some(wanted), Some(achieved)) => format!(" {wanted}% wanted, {achieved}% reached"),
        (Some(wanted), None) => format!(" {wanted}% wanted"),
        (None, _) => String::new(),
    };
    if phase.is_empty() { phase } else { format!("{phase}{share}: {}", text(&status["why"]["message"])) }
}
