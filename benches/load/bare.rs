//! What does the same plan cost by hand? One Deployment created, seven times scaled, each time once the pods are there; no controller of ours.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::ground::{Ground, NAMESPACE};
use crate::shop::{REPLICAS, each, name, template};

/// How long the plan took, and how often etcd was written to for each rollout.
pub(crate) struct Bare {
    pub(crate) wall: Duration,
    pub(crate) puts: f64,
}

/// Carries out the plan for so many at once.
pub(crate) async fn measure(ground: &Ground, count: usize) -> Result<Bare> {
    let api: Api<Deployment> = Api::namespaced(ground.client.clone(), NAMESPACE);
    let (store, writer) = reflector::store();
    let watch = watcher(api.clone(), watcher::Config::default()).default_backoff().reflect(writer).touched_objects();
    let watching = tokio::spawn(async move {
        let mut watch = std::pin::pin!(watch);
        while futures::StreamExt::next(&mut watch).await.is_some() {}
    });
    let hands = Hands { api, store };
    each(count, |at| hands.create(name(at), "v1", REPLICAS)).await?;
    try_join_all((0..count).map(|at| hands.reaches(name(at), REPLICAS))).await?;
    let (begun, before) = (Instant::now(), ground.puts().await?);
    try_join_all((0..count).map(|at| hands.plan(at))).await?;
    let wall = begun.elapsed();
    let puts = (ground.puts().await? - before) / f64::from(u32::try_from(count)?);
    watching.abort();
    Ok(Bare { wall, puts })
}

struct Hands {
    api: Api<Deployment>,
    store: Store<Deployment>,
}

impl Hands {
    async fn plan(&self, at: usize) -> Result<()> {
        let (stable, canary) = (name(at), format!("{}-canary", name(at)));
        self.create(canary.clone(), "v2", 1).await?;
        self.reaches(canary.clone(), 1).await?;
        for pods in 2..=REPLICAS {
            self.scale(&stable, REPLICAS + 1 - pods).await?;
            self.scale(&canary, pods).await?;
            self.reaches(canary.clone(), pods).await?;
        }
        self.scale(&stable, 0).await
    }

    async fn create(&self, name: String, tag: &str, replicas: u32) -> Result<()> {
        let template = template(&name, tag);
        let selector = json!({"matchLabels": template["metadata"]["labels"]});
        let spec = json!({"replicas": replicas, "revisionHistoryLimit": 2, "selector": selector, "template": template});
        let object = serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec}))?;
        self.api.create(&PostParams::default(), &object).await?;
        Ok(())
    }

    async fn scale(&self, name: &str, replicas: u32) -> Result<()> {
        let patch: Patch<Value> = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        self.api.patch_scale(name, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    /// Waits until so many pods are available.
    async fn reaches(&self, name: String, pods: u32) -> Result<()> {
        let key = ObjectRef::new(&name).within(NAMESPACE);
        let wanted = i32::try_from(pods)?;
        let begun = Instant::now();
        loop {
            let status = self.store.get(&key).and_then(|seen| seen.status.clone()).unwrap_or_default();
            if status.available_replicas.unwrap_or(0) >= wanted {
                return Ok(());
            }
            ensure!(begun.elapsed() < Duration::from_mins(15), "{name} has {} of {pods} pods", status.available_replicas.unwrap_or(0));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
