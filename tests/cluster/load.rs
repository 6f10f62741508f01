//! How busy are the pods, as far as an autoscaler can tell? A stand-in for the metrics API: the HorizontalPodAutoscaler is real, what it reads is written here.
//!
//! `metrics.k8s.io` is served as a custom resource instead of by an aggregated API server; the autoscaler cannot tell the difference.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio::task::JoinHandle;

use super::ground::wait;
use super::shop::{NAME, Shop};

/// What the autoscaler wants each pod to use, in thousandths of a CPU.
const TARGET: usize = 100;
/// How often the usage is written anew: the autoscaler looks every second.
const EVERY: Duration = Duration::from_millis(300);

/// Load on a rollout's pods, shared evenly among those that run; it ends when this is dropped.
pub struct Load {
    pods: Arc<AtomicUsize>,
    writes: JoinHandle<Result<()>>,
}

impl Load {
    /// Enough to keep so many pods busy, with an autoscaler that will give the Rollout as many, once there is one.
    pub async fn on(shop: &Shop, pods: usize) -> Result<Self> {
        serve(&shop.client).await?;
        autoscaler(shop).await?;
        knows_rollouts(shop).await?;
        let pods = Arc::new(AtomicUsize::new(pods));
        let writes = tokio::spawn(write(shop.client.clone(), shop.namespace.clone(), Arc::clone(&pods)));
        Ok(Self { pods, writes })
    }

    /// From now on there is enough for so many.
    pub fn set(&self, pods: usize) {
        self.pods.store(pods, Ordering::Relaxed);
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.writes.abort();
    }
}

/// Has the API server serve what a metrics server would.
async fn serve(client: &Client) -> Result<()> {
    let definition: CustomResourceDefinition = serde_json::from_value(json!({
        "metadata": {
            "name": "pods.metrics.k8s.io",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in for tests"},
        },
        "spec": {
            "group": "metrics.k8s.io",
            "scope": "Namespaced",
            "names": {"kind": "PodMetrics", "plural": "pods", "singular": "podmetrics"},
            "versions": [{"name": "v1beta1", "served": true, "storage": true, "schema": {
                "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            }}],
        },
    }))?;
    match Api::all(client.clone()).create(&PostParams::default(), &definition).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(error) => Err(error).context("the stand-in for the metrics API is refused"),
    }
}

/// An autoscaler that follows the load at once, up and down.
async fn autoscaler(shop: &Shop) -> Result<()> {
    let at_once = json!({"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 100, "periodSeconds": 1}]});
    let object: HorizontalPodAutoscaler = serde_json::from_value(json!({
        "metadata": {"name": NAME},
        "spec": {
            "scaleTargetRef": {"apiVersion": "serin.dev/v1alpha1", "kind": "Rollout", "name": NAME},
            "minReplicas": 1,
            "maxReplicas": 20,
            "metrics": [{"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "AverageValue", "averageValue": format!("{TARGET}m")},
            }}],
            "behavior": {"scaleUp": at_once, "scaleDown": at_once},
        },
    }))?;
    Api::namespaced(shop.client.clone(), &shop.namespace).create(&PostParams::default(), &object).await?;
    Ok(())
}

/// The controller manager looks for new kinds twice a minute.
async fn knows_rollouts(shop: &Shop) -> Result<()> {
    let scalers: Api<HorizontalPodAutoscaler> = Api::namespaced(shop.client.clone(), &shop.namespace);
    wait("the autoscaler knows what a Rollout is", Duration::from_mins(1), || async {
        let told = scalers.get(NAME).await.ok().and_then(|scaler| scaler.status).and_then(|status| status.conditions).unwrap_or_default();
        told.iter().any(|condition| condition.message.as_ref().is_some_and(|message| message.contains("not found")))
    })
    .await
}

/// Writes what each pod uses, for as long as it is let.
async fn write(client: Client, namespace: String, wanted: Arc<AtomicUsize>) -> Result<()> {
    let kind = ApiResource {
        group: "metrics.k8s.io".into(),
        version: "v1beta1".into(),
        api_version: "metrics.k8s.io/v1beta1".into(),
        kind: "PodMetrics".into(),
        plural: "pods".into(),
    };
    let usages: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &kind);
    let pods: Api<Pod> = Api::namespaced(client, &namespace);
    let mut written = BTreeSet::new();
    loop {
        let found = pods.list(&ListParams::default().labels(&format!("serin.dev/rollout={NAME}"))).await?.items;
        let runs = |pod: &&Pod| {
            pod.metadata.deletion_timestamp.is_none() && pod.status.as_ref().is_some_and(|s| s.phase.as_deref() == Some("Running"))
        };
        let running: Vec<&Pod> = found.iter().filter(runs).collect();
        // A little less than a whole pod's worth, so that rounding up gives the number that is meant.
        let total = wanted.load(Ordering::Relaxed) * TARGET - TARGET / 20;
        for pod in &running {
            let usage = json!({
                "apiVersion": "metrics.k8s.io/v1beta1",
                "kind": "PodMetrics",
                "metadata": {"name": pod.name_any(), "labels": pod.labels()},
                "timestamp": serin::api::to_time(now()),
                "window": "1s",
                "containers": [{"name": "app", "usage": {"cpu": format!("{}m", total / running.len()), "memory": "1Mi"}}],
            });
            // The definition is served a moment after it was created.
            let _ = usages.patch(&pod.name_any(), &PatchParams::apply("load").force(), &Patch::Apply(&usage)).await;
        }
        let names: BTreeSet<String> = running.iter().map(|pod| pod.name_any()).collect();
        for gone in written.difference(&names) {
            let _ = usages.delete(gone, &DeleteParams::default()).await;
        }
        written = names;
        tokio::time::sleep(EVERY).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a stand-in for a metrics server tells the time")]
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
