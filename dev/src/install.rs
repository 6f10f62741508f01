//! How does Serin come onto a plane? With the files of `deploy/`, as its service account, but as a process of this machine: the nodes run nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::fetch;
use crate::objects::{create, objects_in, objects_of, try_out};
use crate::plane::ControlPlane;
use crate::supervise::Supervised;

/// The namespace of `deploy/`.
const NAMESPACE: &str = "serin";
/// The service account of `deploy/`.
const ACCOUNT: &str = "serin";
/// The Lease of the first instance.
const LEASE: &str = "serin";
/// Policies about a kind whose definition was created a moment ago hold within seconds; until then the API server refuses its objects.
const ADMITTED_WITHIN: Duration = Duration::from_mins(1);
/// The caches fill in well under a second; a busy machine takes longer.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Serin's name in the audit log.
pub const CONTROLLER_USER: &str = "system:serviceaccount:serin:serin";

/// A plane that has the CRD, the RBAC and a configuration for Serin.
#[derive(Debug)]
pub struct Installed {
    kubeconfig: PathBuf,
    config: PathBuf,
    address: String,
}

impl Installed {
    /// Creates everything of `crds/` and `deploy/` but the Deployment, and writes the controller's configuration.
    ///
    /// # Errors
    /// The API server refuses one of the objects.
    pub async fn on(plane: &ControlPlane) -> Result<Self> {
        Self::with_sinks(plane, &json!([])).await
    }

    /// The same, with these sinks in the configuration.
    ///
    /// # Errors
    /// The API server refuses one of the objects.
    pub async fn with_sinks(plane: &ControlPlane, sinks: &Value) -> Result<Self> {
        let client = plane.client().await?;
        for object in [objects_in("crds")?, objects_in("deploy")?].concat() {
            if object.types.as_ref().is_none_or(|types| types.kind != "Deployment") {
                create(&client, &object, NAMESPACE).await?;
            }
        }
        wait_for_actions(&client).await?;
        let address = plane.controller_addresses().next().context("a plane has an address for a controller")?;
        Self::configured(plane, ACCOUNT, address, sinks).await
    }

    /// A configuration for a controller of its own that runs as another service account of Serin's namespace.
    ///
    /// # Errors
    /// There is no such service account.
    pub async fn as_account(plane: &ControlPlane, account: &str, address: String) -> Result<Self> {
        Self::configured(plane, account, address, &json!([])).await
    }

    async fn configured(plane: &ControlPlane, account: &str, address: String, sinks: &Value) -> Result<Self> {
        let kubeconfig = plane.service_account_kubeconfig(NAMESPACE, account).await?;
        let config = plane.dir().join(format!("{account}.yaml"));
        let text = json!({
            "cluster": {"name": "workshop"},
            "listen": address,
            // A busy machine, and an API server that a test restarts, are no reason to end.
            "lease": {"duration": "60s", "renewDeadline": "40s"},
            "metrics": {"default": "prometheus", "providers": [
                {"name": "prometheus", "url": plane.prometheus_url(), "timeout": "2s", "delay": "1s"},
                // Nobody listens there: a provider that is down from the start.
                {"name": "nobody", "url": "http://127.0.0.1:9", "timeout": "1s"},
            ]},
            "sinks": sinks,
        });
        std::fs::write(&config, text.to_string()).context("cannot write the controller's configuration")?;
        Ok(Self { kubeconfig, config, address })
    }

    /// Tells a controller that is started from now on of one more metrics backend, whose metrics are complete at once.
    ///
    /// # Errors
    /// The configuration cannot be written.
    pub fn add_provider(&self, name: &str, url: &str) -> Result<()> {
        let mut config: Value = serde_json::from_slice(&std::fs::read(&self.config)?)?;
        let providers = config["metrics"]["providers"].as_array_mut().context("a configuration without providers")?;
        providers.push(json!({"name": name, "url": url, "delay": "0s"}));
        std::fs::write(&self.config, config.to_string()).context("cannot write the controller's configuration")
    }

    /// The kubeconfig of the controller's identity.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The same as an address and a port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where the controller answers: `/readyz`, `/metrics`.
    pub fn url(&self, page: &str) -> String {
        format!("http://{}/{page}", self.address)
    }

    /// Starts the controller. What it prints, events and log lines, is appended to the log of that name on the plane.
    ///
    /// # Errors
    /// There is no such program.
    pub fn launch(&self, plane: &ControlPlane, binary: &Path, log: &str) -> Result<Supervised> {
        let argv = [
            binary,
            "run".as_ref(),
            "--log-format".as_ref(),
            "json".as_ref(),
            "--config".as_ref(),
            &self.config,
            "--kubeconfig".as_ref(),
            &self.kubeconfig,
        ];
        plane.supervise(log, &argv.map(|word| word.display().to_string()))
    }

    /// Starts the controller and waits until it leads. One that was killed leaves the lease behind; it is gone for sure, so nobody waits until that has run out.
    ///
    /// # Errors
    /// It ends, or does not come to lead.
    pub async fn start(&self, plane: &ControlPlane, binary: &Path, log: &str) -> Result<Supervised> {
        hand_on(&plane.client().await?).await?;
        let mut running = self.launch(plane, binary, log)?;
        let (url, begun) = (self.url("metrics"), Instant::now());
        while !fetch::has_line(&url, "serin_leader 1").await {
            if let Some(end) = running.ended() {
                let said = std::fs::read_to_string(running.log()).unwrap_or_default();
                anyhow::bail!("the controller ended ({end}):\n{said}");
            }
            ensure!(begun.elapsed() < READY_WITHIN, "the controller did not lead within {} s", READY_WITHIN.as_secs());
            sleep(Duration::from_millis(50)).await;
        }
        Ok(running)
    }
}

/// Empties the lease of a controller that is no more.
async fn hand_on(client: &Client) -> Result<()> {
    let leases: Api<Lease> = Api::namespaced(client.clone(), NAMESPACE);
    let nobody = Patch::Merge(json!({"spec": {"holderIdentity": ""}}));
    if leases.get_opt(LEASE).await?.is_some() {
        leases.patch(LEASE, &PatchParams::default(), &nobody).await?;
    }
    Ok(())
}

/// Waits until the policies admit a command, which is not created.
async fn wait_for_actions(client: &Client) -> Result<()> {
    let action =
        objects_of("{apiVersion: serin.dev/v1alpha1, kind: RolloutAction, metadata: {name: probe}, spec: {rollout: probe, verb: Pause}}")?;
    let begun = Instant::now();
    for action in &action {
        while let Err(error) = try_out(client, action, NAMESPACE).await {
            ensure!(begun.elapsed() < ADMITTED_WITHIN, "no command is admitted: {error:#}");
            sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}
