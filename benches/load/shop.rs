//! What is rolled out? Many rollouts of one kind, and what became of each.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::ground::NAMESPACE;

/// Pods of each rollout where nothing else is said.
pub(crate) const REPLICAS: u32 = 4;
/// So many requests of ours at a time.
const CONNECTIONS: usize = 8;
/// Prometheus without a delay: what is asked does not come from a scrape.
pub(crate) const PROVIDER: &str = "at-once";
/// Nothing that is measured takes longer.
const PATIENCE: Duration = Duration::from_mins(30);

/// The name of one of many.
pub(crate) fn name(at: usize) -> String {
    format!("r-{at:05}")
}

/// The pods of one of many.
pub(crate) fn template(name: &str, tag: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": name}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": format!("registry.example/app:{tag}")}],
        },
    })
}

/// The plan that peers were measured with: 25 check 50 check 75 check 100, one query a check, no pauses.
pub(crate) fn plan() -> Value {
    json!({
        "steps": [{"weight": 25, "hold": "0s"}, {"weight": 50, "hold": "0s"}, {"weight": 75, "hold": "0s"}],
        "analysis": {"warmUp": "0s", "checks": [{"name": "ok", "threshold": {
            "query": "vector(1)", "window": "0s", "min": 0.99, "provider": PROVIDER,
        }}]},
    })
}

/// All rollouts of the bench's namespace.
pub(crate) fn rollouts(client: &Client) -> Api<DynamicObject> {
    serin_dev::rollouts(client, NAMESPACE)
}

/// Creates so many rollouts at v1, and waits until each is settled and told.
pub(crate) async fn open(client: &Client, count: usize, replicas: u32, plan: &Value) -> Result<()> {
    let api = rollouts(client);
    each(count, |at| {
        let (api, name) = (api.clone(), name(at));
        let mut spec = plan.clone();
        spec["replicas"] = json!(replicas);
        spec["template"] = template(&name, "v1");
        async move {
            let metadata = json!({"name": name});
            let object =
                serde_json::from_value(json!({"apiVersion": "serin.dev/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": spec}))?;
            api.create(&PostParams::default(), &object).await?;
            Ok(())
        }
    })
    .await?;
    until(&api, count, |rollout| is_told(rollout) && stands_at(rollout, "v1")).await?;
    Ok(())
}

/// Gives each of them a new image, as CI would do it.
pub(crate) async fn release(client: &Client, count: usize, tag: &str) -> Result<()> {
    let api = rollouts(client);
    each(count, |at| {
        let (api, name) = (api.clone(), name(at));
        let patch = Patch::Merge(json!({"spec": {"template": template(&name, tag)}}));
        async move {
            api.patch(&name, &PatchParams::default(), &patch).await?;
            Ok(())
        }
    })
    .await
}

/// Whether a rollout is at rest with this image as stable.
pub(crate) fn stands_at(rollout: &Value, tag: &str) -> bool {
    let name = rollout["metadata"]["name"].as_str().unwrap_or_default();
    let wanted = serin::api::revision(&template(name, tag)).to_string();
    let status = &rollout["status"];
    status["phase"] == "Idle" && status["why"]["reason"] == "Settled" && status["stable"] == wanted
}

/// Whether every event of a rollout has been delivered.
pub(crate) fn is_told(rollout: &Value) -> bool {
    rollout["status"]["audit"]["pending"].as_array().is_some_and(Vec::is_empty)
}

/// Does something for each of so many, a few at a time.
pub(crate) async fn each<F: Future<Output = Result<()>>>(count: usize, act: impl Fn(usize) -> F) -> Result<()> {
    stream::iter(0..count).map(act).buffer_unordered(CONNECTIONS).try_collect().await
}

/// Watches until something holds of so many objects at once, and says after how long it came to hold of each, in order.
pub(crate) async fn until(api: &Api<DynamicObject>, count: usize, holds: impl Fn(&Value) -> bool) -> Result<Vec<Duration>> {
    let begun = Instant::now();
    let mut reached = BTreeMap::new();
    let mut objects = std::pin::pin!(watcher(api.clone(), watcher::Config::default()).default_backoff().applied_objects());
    while reached.len() < count {
        let left = PATIENCE.checked_sub(begun.elapsed()).unwrap_or_default();
        let Ok(next) = tokio::time::timeout(left, objects.next()).await else {
            bail!("{} of {count} came so far within {} s", reached.len(), PATIENCE.as_secs());
        };
        let object = next.context("the watch ended")??;
        let name = object.metadata.name.clone().unwrap_or_default();
        if holds(&serde_json::to_value(object)?) {
            reached.entry(name).or_insert_with(|| begun.elapsed());
        } else {
            reached.remove(&name);
        }
    }
    let mut times: Vec<Duration> = reached.into_values().collect();
    times.sort_unstable();
    Ok(times)
}
