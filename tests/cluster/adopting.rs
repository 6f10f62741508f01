//! Taking over a running Deployment, and giving it back. Scenario 3.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::ground::{Ground, wait};
use super::people::serin;
use super::shop::{NAME, Shop, errors_below, message, phase, reason, template};

/// The Deployment that was there before.
const OLD: &str = "old-checkout";

/// A Rollout that takes it over and leaves its replicas to it.
pub fn taking_over() -> Value {
    json!({
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": OLD},
        "service": NAME,
        "steps": [{"weight": 25, "hold": "2s"}],
        "analysis": {"every": "1s", "warmUp": "1s", "checks": [errors_below(0.05)]},
    })
}

fn deployments(shop: &Shop) -> Api<Deployment> {
    Api::namespaced(shop.client.clone(), &shop.namespace)
}

/// Four pods of v1 behind the Service, as somebody without Serin has them.
pub async fn running(shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let object: Deployment = serde_json::from_value(json!({
        "metadata": {"name": OLD},
        "spec": {"replicas": 4, "selector": {"matchLabels": {"app": NAME}}, "template": template("v1")},
    }))?;
    deployments(shop).create(&PostParams::default(), &object).await?;
    old(shop, "four pods are available", |seen| seen["status"]["availableReplicas"] == 4).await
}

/// Waits for a fact about the Deployment that was there before.
async fn old(shop: &Shop, what: &str, fact: impl Fn(&Value) -> bool) -> Result<()> {
    shop.until_deployment(OLD, what, fact).await
}

async fn patch_old(shop: &Shop, patch: Value) -> Result<()> {
    deployments(shop).patch(OLD, &PatchParams::default(), &Patch::Strategic(patch)).await?;
    Ok(())
}

/// The image of CI, without a word to Serin.
async fn set_image(shop: &Shop, tag: &str) -> Result<()> {
    patch_old(shop, json!({"spec": {"template": template(tag)}})).await
}

/// How many ready endpoints the Service has, where the API server answers.
async fn ready(slices: &Api<EndpointSlice>) -> Option<usize> {
    let of_service = ListParams::default().labels(&format!("kubernetes.io/service-name={NAME}"));
    let slices = slices.list(&of_service).await.ok()?;
    let endpoints = slices.items.iter().flat_map(|slice| slice.endpoints.iter());
    Some(endpoints.filter(|one| one.conditions.as_ref().and_then(|conditions| conditions.ready) == Some(true)).count())
}

/// The fewest ready endpoints that the Service ever had, looked at as often as the API server answers.
struct Fewest {
    seen: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Fewest {
    /// From the moment on at which all four are there: an endpoint comes a little after its pod.
    async fn watch(shop: &Shop) -> Result<Self> {
        let slices: Api<EndpointSlice> = Api::namespaced(shop.client.clone(), &shop.namespace);
        wait("four ready endpoints", Duration::from_secs(30), || async { ready(&slices).await == Some(4) }).await?;
        let seen = Arc::new(AtomicUsize::new(usize::MAX));
        let fewest = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                if let Some(ready) = ready(&slices).await {
                    fewest.fetch_min(ready, Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Ok(Self { seen, task })
    }

    fn end(self) -> usize {
        self.task.abort();
        self.seen.load(Ordering::Relaxed)
    }
}

pub async fn a_running_deployment_is_taken_over_without_losing_a_ready_endpoint(ground: &Ground, shop: &Shop) -> Result<()> {
    running(shop).await?;
    let fewest = Fewest::watch(shop).await?;
    shop.create(taking_over()).await?;
    let there = shop.installed().await?;
    ensure!(there["status"]["replicas"] == 4, "the replicas are those of the Deployment: {there:#}");
    old(shop, "it ends paused without pods", |seen| seen["spec"]["replicas"] == 0 && seen["spec"]["paused"] == true).await?;
    let fewest = fewest.end();
    ensure!(fewest >= 4, "the Service had only {fewest} ready endpoints");
    let told = shop.told(ground)?;
    ensure!(told == ["rollout.created", "rollout.adopted"], "{told:?}");

    // Somebody gives it pods again.
    deployments(shop).patch(OLD, &PatchParams::default(), &Patch::Merge(json!({"spec": {"replicas": 2}}))).await?;
    shop.hears(ground, "drift.corrected").await?;
    old(shop, "it has no pods again", |seen| seen["spec"]["replicas"] == 0).await?;

    // CI goes on as before.
    set_image(shop, "v2").await?;
    shop.hears(ground, "rollout.promoted").await?;
    let after = shop.installed().await?;
    ensure!(after["status"]["attempt"] == 1, "{after:#}");

    // The stable template stands on the Deployment, so that it is given back.
    let fewest = Fewest::watch(shop).await?;
    shop.delete(&DeleteParams::default()).await?;
    shop.until("gone", Value::is_null).await?;
    old(shop, "it serves again", |seen| {
        seen["status"]["availableReplicas"] == 4
            && seen["spec"]["paused"] != true
            && seen["metadata"]["annotations"]["serin.dev/adopted-by"].is_null()
    })
    .await?;
    let fewest = fewest.end();
    ensure!(fewest >= 4, "the Service had only {fewest} ready endpoints");
    ensure!(shop.replicas().await?.is_empty(), "ours have no pods left");
    Ok(())
}

pub async fn an_image_that_is_set_while_it_is_taken_over_becomes_an_attempt(ground: &Ground, shop: &Shop) -> Result<()> {
    running(shop).await?;
    shop.create(taking_over()).await?;
    old(shop, "it is held", |seen| seen["spec"]["paused"] == true).await?;
    set_image(shop, "v2").await?;
    // The pipeline that set it waits for it, too.
    serin(ground, shop, &["wait", NAME, "--timeout", "80s"]).await?.expect(0, &["Promoted"])?;
    serin(ground, shop, &["wait", NAME, "--image", "registry.example/checkout:v2"]).await?.expect(0, &["Promoted"])?;
    let promoted = shop.hears(ground, "rollout.promoted").await?;
    ensure!(promoted["attempt"] == 1, "{promoted:#}");
    let told = shop.told(ground)?;
    ensure!(told.starts_with(&["rollout.created".into(), "rollout.adopted".into(), "rollout.started".into()]), "{told:?}");
    Ok(())
}

pub async fn an_autoscaler_stalls_the_take_over_with_the_reason(ground: &Ground, shop: &Shop) -> Result<()> {
    running(shop).await?;
    let scalers: Api<HorizontalPodAutoscaler> = Api::namespaced(shop.client.clone(), &shop.namespace);
    let scaler = serde_json::from_value(json!({
        "metadata": {"name": "checkout"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": OLD}, "minReplicas": 4, "maxReplicas": 8},
    }))?;
    scalers.create(&PostParams::default(), &scaler).await?;
    shop.create(taking_over()).await?;
    let stalled = shop.until("stalled", |r| reason(r) == "Workload").await?;
    ensure!(message(&stalled).contains("HorizontalPodAutoscaler checkout"), "{stalled:#}");
    old(shop, "it is left alone", |seen| seen["spec"]["replicas"] == 4 && seen["spec"]["paused"] != true).await?;
    scalers.delete("checkout", &DeleteParams::default()).await?;
    shop.hears(ground, "rollout.adopted").await?;
    Ok(())
}

pub async fn letting_go_after_an_abort_never_scales_the_rejected_template_up(ground: &Ground, shop: &Shop) -> Result<()> {
    running(shop).await?;
    shop.create(taking_over()).await?;
    shop.installed().await?;
    set_image(shop, "v2-err30").await?;
    shop.aborted().await?;
    let before = shop.replicas().await?;
    shop.delete(&DeleteParams::default()).await?;
    shop.until("gone", Value::is_null).await?;
    let deleted = shop.hears(ground, "rollout.deleted").await?;
    ensure!(deleted["message"].as_str().is_some_and(|text| text.contains("stays without pods")), "{deleted:#}");
    old(shop, "it stays without pods", |seen| seen["spec"]["replicas"] == 0 && seen["spec"]["paused"] == true).await?;
    ensure!(shop.replicas().await? == before, "ours go on serving");
    Ok(())
}

pub async fn a_deployment_that_does_not_exist_is_waited_for(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(taking_over()).await?;
    let stalled = shop.until("stalled", |r| reason(r) == "InvalidSpec").await?;
    ensure!(message(&stalled).contains("it does not exist"), "{stalled:#}");
    let object: Deployment = serde_json::from_value(json!({
        "metadata": {"name": OLD},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": NAME}}, "template": template("v1")},
    }))?;
    deployments(shop).create(&PostParams::default(), &object).await?;
    let there = shop.installed().await?;
    ensure!(phase(&there) == "Idle" && there["status"]["replicas"] == 2, "{there:#}");
    Ok(())
}

/// Scenario 5, for Deployments: what one Rollout has taken over stays with it.
pub async fn a_second_rollout_on_the_same_deployment_is_stalled_naming_the_first(_: &Ground, shop: &Shop) -> Result<()> {
    running(shop).await?;
    shop.create(taking_over()).await?;
    shop.installed().await?;
    let mut spec = taking_over();
    spec["service"] = "elsewhere".into();
    shop.service_named("elsewhere", 0).await?;
    shop.create_named("intruder", spec).await?;
    let waiting = shop.until_of("intruder", "told", |r| reason(r) == "Workload").await?;
    ensure!(message(&waiting).contains(&format!("already belongs to Rollout {NAME}")), "{}", message(&waiting));
    let made: Vec<String> = shop.deployments().await?.iter().map(ResourceExt::name_any).collect();
    ensure!(made.iter().all(|name| !name.starts_with("intruder")), "{made:?}");
    Ok(())
}
