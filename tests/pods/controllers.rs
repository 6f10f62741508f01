//! How does Serin run in pods of its own, as the README installs it, and who of them goes on when the leading one ends?

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, EvictParams, ListParams};
use kube::{Client, ResourceExt};
use serde_json::json;
use serin_dev::{AuditEvent, CONTROLLER_USER, ControlPlane, Node, Tool, create, impatient_client, objects_of, repository};
use tokio::time::{Instant, sleep};

use super::process::Process;

/// The namespace of `deploy/`, and in it the Deployment, the Lease, and the budget for disruptions.
const SERIN: &str = "serin";
/// What `make static` makes; `make test-pods` does that first.
const PROGRAM: &str = "../static/serin";
/// As it is called in its image.
const STARTED: &str = "/serin";
/// Longer than any fact takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// What `deploy/deployment.yaml` promises of two controllers.
const AFTER_A_KILL: Duration = Duration::from_secs(20);
const AFTER_A_CLEAN_STOP: Duration = Duration::from_secs(3);
/// A clean stop ends within so long, whatever is under way.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

/// Prometheus, where `deploy/config.yaml` looks for it.
const PROMETHEUS: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: monitoring}}
---
{apiVersion: v1, kind: Service, metadata: {name: prometheus, namespace: monitoring}, spec: {ports: [{port: 9090}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: prometheus, namespace: monitoring, labels: {kubernetes.io/service-name: prometheus}}
addressType: IPv4
ports: [{port: @PORT@}]
endpoints: [{addresses: ['@ADDRESS@']}]
";

/// Two controllers, installed.
pub struct Controllers<'plane> {
    plane: &'plane ControlPlane,
    node: &'plane Node,
    client: Client,
    /// The folder with the kustomization.
    folder: PathBuf,
    /// Who led so far, as the Lease names them.
    led: Vec<String>,
    /// How often containers started again of pods that were evicted since: the one that was killed may lead again, and be evicted next.
    evicted_restarts: i32,
}

impl<'plane> Controllers<'plane> {
    /// Applies `deploy/` by kubectl, with an image of its own in a kustomization above it, and waits until both are ready and one of them leads.
    pub async fn install(plane: &'plane ControlPlane, node: &'plane Node) -> Result<Self> {
        let program = Path::new(env!("CARGO_BIN_EXE_serin")).parent().context("a program is in a folder")?.join(PROGRAM);
        node.import("localhost/serin:1", &program).await.context("`make static` makes it")?;
        let client = plane.client().await?;
        let address = plane.prometheus_url();
        let (address, port) = address.trim_start_matches("http://").split_once(':').context("Prometheus has an address and a port")?;
        for object in objects_of(&PROMETHEUS.replace("@ADDRESS@", address).replace("@PORT@", port))? {
            create(&client, &object, SERIN).await?;
        }
        let folder = plane.dir().join("install");
        std::fs::create_dir(&folder)?;
        // kustomize wants a path from here.
        let up = "../".repeat(std::fs::canonicalize(&folder)?.components().count() - 1);
        let deploy = std::fs::canonicalize(repository("deploy"))?;
        let above = json!({
            "kind": "Kustomization",
            "resources": [format!("{up}{}", deploy.strip_prefix("/")?.display())],
            "images": [{"name": "serin", "newName": "localhost/serin", "newTag": "1"}],
        });
        std::fs::write(folder.join("kustomization.yaml"), above.to_string())?;
        let mut controllers = Self { plane, node, client, folder, led: Vec::new(), evicted_restarts: 0 };
        controllers.kubectl(&["apply", "--server-side"])?;
        controllers.complete().await?;
        controllers.leader().await?;
        Ok(controllers)
    }

    /// Kills the leading process; says how long until another one leads. That is the other pod's, or the next one in the same pod: both stand by.
    pub async fn kill_leader(&mut self) -> Result<Duration> {
        let leader = self.leader().await?;
        let process = Process::of(&leader, STARTED)?;
        let begun = Instant::now();
        process.kill()?;
        self.taken_over(begun, AFTER_A_KILL).await
    }

    /// Evicts the leading pod, as when its node is drained; says how long until another one leads. The other one may not be evicted as well.
    pub async fn evict_leader(&mut self) -> Result<Duration> {
        self.complete().await?;
        let leader = self.leader().await?;
        let pods = self.pods().await?;
        let other = pods.iter().find(|pod| pod.metadata.uid != leader.metadata.uid).context("there are two")?;
        let impatient = impatient_client(&self.plane.kubeconfig()).await?;
        let (api, ask) = (Api::<Pod>::namespaced(impatient, SERIN), EvictParams::default());
        let begun = Instant::now();
        self.evicted_restarts += restarts_of(&leader)?;
        api.evict(&leader.name_any(), &ask).await?;
        let refused = api.evict(&other.name_any(), &ask).await;
        ensure!(matches!(&refused, Err(kube::Error::Api(status)) if status.code == 429), "both were evicted: {refused:?}");
        let taken = self.taken_over(begun, AFTER_A_CLEAN_STOP).await?;
        while api.get_opt(&leader.name_any()).await?.is_some_and(|pod| pod.metadata.uid == leader.metadata.uid) {
            ensure!(begun.elapsed() < STOPPED_WITHIN, "the evicted one is not gone within {STOPPED_WITHIN:?}");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(taken)
    }

    /// Looks back: how were they bound, what did they need, and who wrote?
    pub async fn look_back(&self) -> Result<()> {
        self.complete().await?;
        let mut restarts = self.evicted_restarts;
        for pod in self.pods().await? {
            let process = Process::of(&pod, STARTED)?;
            process.is_bound()?;
            restarts += restarts_of(&pod)?;
            let most = process.most_kib()?;
            let (name, worked) = (pod.name_any(), process.worked()?.as_secs_f64());
            println!("{name}: at most {:.1} MiB, {worked:.2} s of a processor", f64::from(u32::try_from(most)?) / 1024.0);
            let asked = pod.spec.as_ref().and_then(|spec| spec.containers.first()?.resources.as_ref()?.requests.as_ref()?.get("memory"));
            let asked: u64 = asked.and_then(|much| much.0.strip_suffix("Mi")?.parse().ok()).context("deploy/ asks for memory in Mi")?;
            ensure!(most < asked * 1024, "it asks for {asked} MiB");
        }
        ensure!(restarts == 1, "one was killed, and {restarts} started again");
        self.never_two_writers()
    }

    /// Takes everything away that was installed, as the README says.
    pub fn uninstall(&self) -> Result<()> {
        self.keep_logs()?;
        self.kubectl(&["delete", "--timeout=60s"])
    }

    /// Copies what they printed so far to the logs of the plane, for somebody who wants to know what went wrong.
    pub fn keep_logs(&self) -> Result<()> {
        for pod in std::fs::read_dir(self.node.pod_logs())?.flatten().filter(|pod| pod.file_name().to_string_lossy().starts_with("serin_"))
        {
            // A pod that never started has none.
            for log in std::fs::read_dir(pod.path().join(SERIN)).into_iter().flatten().flatten() {
                let name = format!("{}-{}", pod.file_name().display(), log.file_name().display());
                std::fs::copy(log.path(), self.plane.logs().join(name))?;
            }
        }
        Ok(())
    }

    /// Waits until there are two, both ready, and a disruption is allowed.
    async fn complete(&self) -> Result<()> {
        let (deployments, begun) = (Api::<Deployment>::namespaced(self.client.clone(), SERIN), Instant::now());
        let budgets = Api::<PodDisruptionBudget>::namespaced(self.client.clone(), SERIN);
        loop {
            let status = deployments.get(SERIN).await?.status.unwrap_or_default();
            let allowed = budgets.get(SERIN).await?.status.map_or(0, |status| status.disruptions_allowed);
            if (status.replicas, status.available_replicas, allowed) == (Some(2), Some(2), 1) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let pods: Vec<_> = self.pods().await?.into_iter().filter_map(|pod| pod.status).collect();
                bail!("not two controllers within {PATIENCE:?}: {status:#?}, {pods:#?}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until another process leads than the one that led last.
    async fn taken_over(&mut self, begun: Instant, within: Duration) -> Result<Duration> {
        let before = self.led.len();
        while self.led.len() == before {
            sleep(Duration::from_millis(20)).await;
            self.leader().await?;
        }
        let taken = begun.elapsed();
        ensure!(taken < within, "another one leads after {taken:.1?}, and {within:?} are promised");
        Ok(taken)
    }

    /// The pod that says that it leads and has the Lease. That a process leads which did not lead last is written down.
    async fn leader(&mut self) -> Result<Pod> {
        let (leases, begun) = (Api::<Lease>::namespaced(self.client.clone(), SERIN), Instant::now());
        loop {
            for pod in self.pods().await? {
                if !leads(&pod).await {
                    continue;
                }
                let holder = leases.get(SERIN).await?.spec.and_then(|spec| spec.holder_identity).unwrap_or_default();
                // One that just gave it away may say so a moment later.
                if holder.starts_with(&pod.name_any()) {
                    if self.led.last() != Some(&holder) {
                        self.led.push(holder);
                    }
                    return Ok(pod);
                }
            }
            ensure!(begun.elapsed() < PATIENCE, "nobody leads within {PATIENCE:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// One wrote, then the next one, and never the one before again, and they were refused nothing. They came by the tokens of their pods.
    fn never_two_writers(&self) -> Result<()> {
        let requests = self.plane.audit_events(CONTROLLER_USER)?;
        let refused: Vec<&AuditEvent> = requests.iter().filter(|request| [401, 403].contains(&request.code)).collect();
        ensure!(refused.is_empty(), "{refused:#?}");
        let is_write = |request: &&AuditEvent| {
            ["create", "update", "patch", "delete"].contains(&request.verb.as_str())
                && !["leases", "selfsubjectreviews"].contains(&request.resource.as_str())
                && !request.uri.contains("dryRun=All")
        };
        let writes: Vec<&AuditEvent> = requests.iter().filter(is_write).collect();
        let mut turns: Vec<&str> = writes.iter().map(|write| write.agent.as_str()).collect();
        turns.dedup();
        println!("{} requests of the controllers, none was refused; {} writes, by {turns:?}", requests.len(), writes.len());
        let as_they_led = turns.len() == self.led.len() && turns.iter().zip(&self.led).all(|(turn, leader)| turn.contains(leader));
        ensure!(as_they_led, "{turns:?} wrote, and these led: {:?}", self.led);
        Ok(())
    }

    async fn pods(&self) -> Result<Vec<Pod>> {
        let ours = ListParams::default().labels("app.kubernetes.io/name=serin");
        Ok(Api::<Pod>::namespaced(self.client.clone(), SERIN).list(&ours).await?.items)
    }

    fn kubectl(&self, words: &[&str]) -> Result<()> {
        let mut kubectl = Command::new(self.plane.tools().path(Tool::Kubectl));
        let output = kubectl.args(words).arg("-k").arg(&self.folder).arg("--kubeconfig").arg(self.plane.kubeconfig()).output()?;
        ensure!(output.status.success(), "kubectl {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }
}

/// How often the containers of a pod that runs started again.
fn restarts_of(pod: &Pod) -> Result<i32> {
    let status = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref()).context("a pod that runs says so")?;
    Ok(status.iter().map(|container| container.restart_count).sum())
}

/// Whether the pod's own page says so.
async fn leads(pod: &Pod) -> bool {
    let Some(address) = pod.status.as_ref().and_then(|status| status.pod_ip.as_ref()) else { return false };
    let ask = reqwest::Client::new().get(format!("http://{address}:8080/metrics")).timeout(Duration::from_secs(1)).send();
    let Ok(answer) = ask.await else { return false };
    answer.text().await.is_ok_and(|page| page.lines().any(|line| line == "serin_leader 1"))
}
