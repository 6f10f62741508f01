//! What do the tests stand on? A plane with the CRD and the RBAC of `deploy/`, and the controller as its service account.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kube::api::{Api, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt, discovery};
use serde_json::{Value, json};
use serin_dev::{Audit, ControlPlane, Options, Supervised, free_port};

use super::shop::Shop;
use super::{Body, Plane};

/// Where the controller runs and what it is called, as `deploy/` has it.
pub const NAMESPACE: &str = "serin-system";
pub const ACCOUNT: &str = "serin";
/// The controller's name in the audit log.
pub const USER: &str = "system:serviceaccount:serin-system:serin";

/// A control plane with Serin on it.
pub struct Ground {
    pub plane: ControlPlane,
    controller: Mutex<Option<Supervised>>,
    kubeconfig: PathBuf,
    config: PathBuf,
    listen: String,
}

impl Ground {
    /// Starts everything and waits until the controller is ready.
    pub async fn start(plane: Plane) -> Result<Self> {
        let (name, audit) = match plane {
            Plane::Shared => ("shared", Audit::Off),
            Plane::Rough => ("rough", Audit::Off),
            Plane::Audited => ("audited", Audit::On),
        };
        let plane = ControlPlane::start(Options { name: name.to_owned(), nodes: 3, audit }).await?;
        let client = plane.client().await?;
        for object in manifests(&["crds", "deploy"])? {
            // The Pod of the controller cannot run on nodes that run nothing; the controller runs here, as that Pod's account.
            if object.types.as_ref().is_none_or(|types| types.kind != "Deployment") {
                create(&client, &object, NAMESPACE).await?;
            }
        }
        let kubeconfig = plane.service_account_kubeconfig(NAMESPACE, ACCOUNT).await?;
        let listen = format!("127.0.0.1:{}", free_port()?);
        let config = plane.dir().join("serin.yaml");
        let text = json!({
            "cluster": {"name": "test"},
            "listen": listen,
            "metrics": {"default": "prometheus", "providers": [
                {"name": "prometheus", "url": plane.prometheus_url(), "timeout": "2s"},
                {"name": "nobody", "url": "http://127.0.0.1:9", "timeout": "1s"},
            ]},
        });
        std::fs::write(&config, text.to_string())?;
        let ground = Self { plane, controller: Mutex::new(None), kubeconfig, config, listen };
        ground.start_controller().await?;
        Ok(ground)
    }

    /// Runs one test in a namespace of its own; what the controller said of it stands in the error.
    pub async fn try_out(self: Arc<Self>, name: &str, body: Body) -> Result<()> {
        let shop = Shop::open(&self, name).await?;
        let namespace = shop.namespace.clone();
        body(Arc::clone(&self), shop).await.with_context(|| {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let about: Vec<&str> = log.lines().filter(|line| line.contains(&namespace)).collect();
            let tail = &about[about.len().saturating_sub(15)..];
            format!("the controller said of {namespace}:\n{}\nfailed", tail.join("\n"))
        })
    }

    /// Starts the controller, after a kill for example, and waits until it is ready.
    pub async fn start_controller(&self) -> Result<()> {
        let argv = [env!("CARGO_BIN_EXE_serin"), "run", "--log-format", "json", "--config", path(&self.config)?, "--kubeconfig", path(&self.kubeconfig)?];
        let argv: Vec<String> = argv.map(str::to_owned).to_vec();
        let running = Supervised::start(&argv, &self.log(), &self.plane.dir().join("controller"))?;
        *self.controller.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
        let url = format!("http://{}/readyz", self.listen);
        wait("the controller's readiness", Duration::from_secs(30), || async { reqwest::get(&url).await.is_ok_and(|r| r.status().is_success()) }).await
    }

    /// Kills the controller with SIGKILL, in the middle of whatever it does.
    pub fn kill_controller(&self) {
        drop(self.controller.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What the controller printed, events and log lines together.
    pub fn log(&self) -> PathBuf {
        self.plane.logs().join("serin.log")
    }

    /// The controller's own metrics.
    pub async fn metrics(&self) -> Result<String> {
        Ok(reqwest::get(format!("http://{}/metrics", self.listen)).await?.text().await?)
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

fn path(path: &Path) -> Result<&str> {
    path.to_str().context("a path is not UTF-8")
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

/// All objects of the YAML files in these folders of the repository.
pub fn manifests(folders: &[&str]) -> Result<Vec<DynamicObject>> {
    let mut objects = Vec::new();
    for folder in folders {
        let mut files: Vec<PathBuf> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))?.map(|f| Ok(f?.path())).collect::<Result<_>>()?;
        files.sort_by_key(|file| (file.file_name().is_some_and(|name| name != "namespace.yaml"), file.clone()));
        for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "yaml") && !file.ends_with("kustomization.yaml")) {
            objects.extend(objects_of(&std::fs::read_to_string(file)?).with_context(|| format!("in {}", file.display()))?);
        }
    }
    Ok(objects)
}

/// All objects of one YAML text.
pub fn objects_of(text: &str) -> Result<Vec<DynamicObject>> {
    serde_saphyr::from_multiple::<DynamicObject>(text).context("not a list of objects")
}

/// Creates an object, in this namespace if it has none and needs one. A kind whose definition is only just there is waited for.
pub async fn create(client: &Client, object: &DynamicObject, namespace: &str) -> Result<DynamicObject> {
    let api = api_of(client, object, namespace).await?;
    api.create(&PostParams::default(), object).await.with_context(|| format!("cannot create {}", object.name_any()))
}

/// The API of an object's kind.
pub async fn api_of(client: &Client, object: &DynamicObject, namespace: &str) -> Result<Api<DynamicObject>> {
    let types = object.types.as_ref().context("an object without a kind")?;
    let kind = GroupVersionKind::try_from(types)?;
    let begun = tokio::time::Instant::now();
    let (resource, capabilities): (ApiResource, _) = loop {
        match discovery::pinned_kind(client, &kind).await {
            Ok(found) => break found,
            Err(error) => ensure!(begun.elapsed() < Duration::from_secs(10), "{}: {error}", kind.kind),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let namespace = object.namespace().unwrap_or_else(|| namespace.to_owned());
    Ok(match capabilities.scope {
        discovery::Scope::Cluster => Api::all_with(client.clone(), &resource),
        discovery::Scope::Namespaced => Api::namespaced_with(client.clone(), &namespace, &resource),
    })
}
