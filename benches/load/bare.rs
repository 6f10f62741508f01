//! What does the same plan cost by hand? One Deployment created, seven times scaled, each time once every share is there: pods that come are available, pods
//! that go are gone. No controller of ours.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::StreamExt;
use futures::future::try_join_all;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentStatus};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::ground::{Ground, NAMESPACE};
use crate::shop::{REPLICAS, each, name, template};

/// No share takes longer.
const PATIENCE: Duration = Duration::from_mins(15);

/// How long the plan took, and how often etcd was written to for each rollout.
pub(crate) struct Bare {
    pub(crate) wall: Duration,
    pub(crate) puts: f64,
}

/// Carries out the plan for so many at once.
pub(crate) async fn measure(ground: &Ground, count: usize) -> Result<Bare> {
    let api: Api<Deployment> = Api::namespaced(ground.client.clone(), NAMESPACE);
    let seen = Seen::default();
    let watching = tokio::spawn(follow(api.clone(), seen.clone()));
    let hands = &Hands { api, seen };
    each(count, |at| hands.create(name(at), "v1", REPLICAS)).await?;
    try_join_all((0..count).map(|at| hands.reaches(name(at), REPLICAS))).await?;
    let (begun, before) = (Instant::now(), ground.puts().await?);
    try_join_all((0..count).map(|at| hands.plan(at))).await?;
    let wall = begun.elapsed();
    let puts = (ground.puts().await? - before) / f64::from(u32::try_from(count)?);
    watching.abort();
    Ok(Bare { wall, puts })
}

async fn follow(api: Api<Deployment>, seen: Seen) {
    let mut objects = pin!(watcher(api, watcher::Config::default()).default_backoff().applied_objects());
    while let Some(next) = objects.next().await {
        // What broke begins anew.
        let Ok(Deployment { metadata, status, .. }) = next else { continue };
        seen.of(&metadata.name.unwrap_or_default()).send_replace(status.unwrap_or_default());
    }
}

/// What the Deployments say of their pods.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashMap<String, watch::Sender<DeploymentStatus>>>>);

impl Seen {
    fn of(&self, name: &str) -> watch::Sender<DeploymentStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default().clone()
    }
}

struct Hands {
    api: Api<Deployment>,
    seen: Seen,
}

impl Hands {
    async fn plan(&self, at: usize) -> Result<()> {
        let (stable, canary) = (name(at), format!("{}-canary", name(at)));
        self.create(canary.clone(), "v2", 1).await?;
        self.reaches(canary.clone(), 1).await?;
        for pods in 2..=REPLICAS {
            let left = REPLICAS + 1 - pods;
            self.scale(&stable, left).await?;
            self.scale(&canary, pods).await?;
            self.reaches(stable.clone(), left).await?;
            self.reaches(canary.clone(), pods).await?;
        }
        self.scale(&stable, 0).await?;
        self.reaches(stable, 0).await
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

    /// Waits until so many pods are available, and no others are left.
    async fn reaches(&self, name: String, pods: u32) -> Result<()> {
        let wanted = i32::try_from(pods)?;
        let mut told = self.seen.of(&name).subscribe();
        let holds = |status: &DeploymentStatus| status.replicas.unwrap_or(0) == wanted && status.available_replicas.unwrap_or(0) == wanted;
        timeout(PATIENCE, told.wait_for(holds)).await.with_context(|| format!("{name} did not come to have {pods} pods"))??;
        Ok(())
    }
}
