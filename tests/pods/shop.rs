//! How does a team work with its cluster? One namespace with a Deployment of its own behind a Service, and later a Rollout that takes it over.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Service};
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use serin_dev::POD_IMAGE;
use tokio::time::{Instant, sleep};

/// The namespace, the Service, the Deployment and the Rollout.
pub const NAME: &str = "checkout";
/// Pods when nothing is in flight.
pub const REPLICAS: i32 = 4;
/// How long a pod goes on answering before it is told to end. kube-proxy writes its rules at most once a second, and a busy machine is slow.
const LAME_DUCK_S: u32 = 5;
/// Longer than any fact takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a team rolls out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Answers.
    Good(u8),
    /// Answers three requests in ten with an error.
    Bad(u8),
}

impl Version {
    /// As its pods tell it.
    pub fn name(self) -> String {
        match self {
            Self::Good(number) => format!("v{number}"),
            Self::Bad(number) => format!("v{number}-bad"),
        }
    }

    fn error_percent(self) -> u8 {
        match self {
            Self::Good(_) => 0,
            Self::Bad(_) => 30,
        }
    }
}

/// The team's namespace.
pub struct Shop {
    client: Client,
}

impl Shop {
    /// Makes it, with a Deployment and a Service, and waits until its pods are ready.
    pub async fn open(client: Client) -> Result<Self> {
        let shop = Self { client };
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": NAME}}))?;
        Api::<Namespace>::all(shop.client.clone()).create(&PostParams::default(), &namespace).await?;
        let service: Service = serde_json::from_value(json!({
            "metadata": {"name": NAME},
            "spec": {"selector": {"app": NAME}, "ports": [{"port": 80, "targetPort": 8080}]},
        }))?;
        Api::<Service>::namespaced(shop.client.clone(), NAME).create(&PostParams::default(), &service).await?;
        let deployment: Deployment = serde_json::from_value(json!({
            "metadata": {"name": NAME},
            "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": NAME}}, "template": template(Version::Good(1))},
        }))?;
        shop.deployments().create(&PostParams::default(), &deployment).await?;
        shop.serves().await?;
        Ok(shop)
    }

    /// Waits until the team's own Deployment serves.
    pub async fn serves(&self) -> Result<()> {
        let ready = |seen: &Value| seen["status"]["availableReplicas"] == REPLICAS && seen["spec"]["paused"] != true;
        until("the Deployment serves", || async { Ok(serde_json::to_value(self.deployments().get(NAME).await?)?) }, ready).await?;
        Ok(())
    }

    /// Where the Service answers.
    pub async fn address(&self) -> Result<SocketAddr> {
        let service = Api::<Service>::namespaced(self.client.clone(), NAME).get(NAME).await?;
        let address: IpAddr = service.spec.and_then(|spec| spec.cluster_ip).context("the Service has no address")?.parse()?;
        Ok(SocketAddr::new(address, 80))
    }

    /// What CI does.
    pub async fn roll_out(&self, version: Version) -> Result<()> {
        let patch = Patch::Strategic(json!({"spec": {"template": template(version)}}));
        self.deployments().patch(NAME, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Creates the Rollout that takes the Deployment over.
    pub async fn take_over(&self) -> Result<()> {
        let errors = |codes: &str| {
            format!(r#"sum(rate(http_requests_total{{namespace="{{{{namespace}}}}",pod=~"{{{{canaryPods}}}}"{codes}}}[{{{{window}}}}]))"#)
        };
        let query = format!("{} / {}", errors(r#",code=~"5..""#), errors(""));
        let rollout = json!({
            "apiVersion": "serin.dev/v1alpha1", "kind": "Rollout", "metadata": {"name": NAME},
            "spec": {
                "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
                "service": NAME,
                "steps": [{"weight": 25, "hold": "6s"}, {"weight": 50, "hold": "6s"}],
                "analysis": {"every": "1s", "warmUp": "1s", "checks": [
                    {"name": "errors", "threshold": {"query": query, "window": "5s", "max": 0.05}},
                ]},
            },
        });
        self.rollouts().create(&PostParams::default(), &serde_json::from_value(rollout)?).await?;
        Ok(())
    }

    /// Deletes the Rollout; its Deployments stay.
    pub async fn let_go(&self) -> Result<()> {
        self.rollouts().delete(NAME, &DeleteParams::default()).await?;
        self.until("the Rollout is gone", Value::is_null).await?;
        Ok(())
    }

    /// Waits for a fact about the Rollout; a failure tells its last status.
    pub async fn until(&self, what: &str, fact: impl Fn(&Value) -> bool) -> Result<Value> {
        until(what, || async { Ok(serde_json::to_value(self.rollouts().get_opt(NAME).await?)?) }, fact).await
    }

    pub fn rollouts(&self) -> Api<DynamicObject> {
        serin_dev::rollouts(&self.client, NAME)
    }

    fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.client.clone(), NAME)
    }
}

async fn until<F: Future<Output = Result<Value>>>(what: &str, look: impl Fn() -> F, fact: impl Fn(&Value) -> bool) -> Result<Value> {
    let begun = Instant::now();
    loop {
        let seen = look().await?;
        if fact(&seen) {
            return Ok(seen);
        }
        if begun.elapsed() > PATIENCE {
            bail!("{what}: not within {} s; the last status is {:#}", PATIENCE.as_secs(), seen["status"]);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Pods as `docs/pods.md` asks for them: they say when they are ready, and answer until nobody asks any more.
fn template(version: Version) -> Value {
    json!({
        "metadata": {"labels": {"app": NAME}},
        "spec": {
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 20,
            "containers": [{
                "name": "web",
                "image": POD_IMAGE,
                "imagePullPolicy": "Never",
                "env": [
                    {"name": "VERSION", "value": version.name()},
                    {"name": "ERROR_PERCENT", "value": version.error_percent().to_string()},
                    {"name": "DELAY", "value": "5ms"},
                ],
                "ports": [{"containerPort": 8080}],
                "lifecycle": {"preStop": {"sleep": {"seconds": LAME_DUCK_S}}},
                "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
            }],
        },
    })
}
