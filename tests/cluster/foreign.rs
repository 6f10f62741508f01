//! Somebody else changes, deletes or forgets what Serin holds in place. Scenario 31.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::core::subresource::Scale;
use serde_json::json;

use super::ground::{Ground, wait};
use super::installing::wait_for_replicas;
use super::shop::{NAME, Shop, quick, reason, revision};

/// A step that lasts until the test is done with it.
const LONG: &str = "10m";

/// v2 has half of the traffic and stays there.
async fn at_half(shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": LONG}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    Ok(())
}

fn deployments(shop: &Shop) -> Api<Deployment> {
    Api::namespaced(shop.client.clone(), &shop.namespace)
}

fn child(tag: &str) -> String {
    format!("{NAME}-{}", revision(tag))
}

/// Half of the pods each, and nobody was blamed.
async fn healed(ground: &Ground, shop: &Shop) -> Result<()> {
    wait_for_replicas(shop, &[("v1", 2), ("v2", 2)]).await?;
    let available = |d: &Deployment| d.status.as_ref().and_then(|status| status.available_replicas) == Some(2);
    wait("all pods are there", Duration::from_mins(1), || async { shop.deployments().await.is_ok_and(|all| all.iter().all(available)) })
        .await?;
    shop.at_weight(50).await?;
    let told = shop.told(ground)?;
    ensure!(!told.iter().any(|t| t == "rollout.aborted" || t == "rollout.promoted"), "{told:?}");
    Ok(())
}

/// Pods and Deployments of an attempt that are deleted come back: stable's is made again from its record.
pub async fn what_is_deleted_in_flight_is_made_again(ground: &Ground, shop: &Shop) -> Result<()> {
    at_half(shop).await?;
    let pods: Api<Pod> = Api::namespaced(shop.client.clone(), &shop.namespace);
    for tag in ["v1", "v2"] {
        let pod = shop.pods(&revision(tag)).await?.first().cloned().context("a pod")?;
        pods.delete(&pod, &DeleteParams::default()).await?;
    }
    healed(ground, shop).await?;
    for tag in ["v2", "v1"] {
        deployments(shop).delete(&child(tag), &DeleteParams::default()).await?;
        wait("it is made again", Duration::from_mins(1), || async {
            deployments(shop)
                .get_opt(&child(tag))
                .await
                .is_ok_and(|there| there.is_some_and(|there| there.metadata.deletion_timestamp.is_none()))
        })
        .await?;
        healed(ground, shop).await?;
    }
    shop.hears(ground, "drift.corrected").await?;
    shop.edit(json!({"steps": [{"weight": 50, "hold": "1s"}]})).await?;
    shop.promoted(&revision("v2")).await?;
    Ok(())
}

/// What is scaled, relabelled or edited is put right, and told once.
pub async fn what_is_changed_in_flight_is_put_right(ground: &Ground, shop: &Shop) -> Result<()> {
    at_half(shop).await?;
    let scale = Patch::Merge(json!({"spec": {"replicas": 7}}));
    let _: Scale = deployments(shop).patch_scale(&child("v2"), &PatchParams::default(), &scale).await?;
    healed(ground, shop).await?;
    let unlabelled = Patch::Merge(json!({"metadata": {"labels": {"serin.dev/rollout": null}}}));
    deployments(shop).patch(&child("v1"), &PatchParams::default(), &unlabelled).await?;
    wait("it has its labels again", Duration::from_mins(1), || async {
        deployments(shop)
            .get(&child("v1"))
            .await
            .is_ok_and(|d| d.metadata.labels.is_some_and(|labels| labels.contains_key("serin.dev/rollout")))
    })
    .await?;
    healed(ground, shop).await?;
    let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "registry.example/checkout:v9"}]);
    deployments(shop).patch(&child("v1"), &PatchParams::default(), &Patch::Json::<()>(serde_json::from_value(image)?)).await?;
    wait("it has its image again", Duration::from_mins(1), || async {
        let seen = deployments(shop).get(&child("v1")).await.and_then(|d| serde_json::to_value(d).map_err(kube::Error::SerdeError));
        seen.is_ok_and(|seen| seen["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/checkout:v1")
    })
    .await?;
    healed(ground, shop).await?;
    let told = shop.told(ground)?;
    // One an hour for each Deployment.
    let drifts = told.iter().filter(|t| *t == "drift.corrected").count();
    ensure!((1..=2).contains(&drifts), "{told:?}");
    Ok(())
}

/// A status that is wiped, as by a restore, is rebuilt: no first install, no new revision, no pod made anew.
pub async fn a_wiped_status_is_rebuilt(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.promoted(&revision("v2")).await?;
    let pods = shop.pods(&revision("v2")).await?;
    // Only Serin's own account may write it.
    let kubeconfig = ground.plane.service_account_kubeconfig("serin", "serin").await?;
    let serin = Shop { client: serin_dev::client(&kubeconfig).await?, namespace: shop.namespace.clone() };
    let mut rollout = shop.rollouts().get(NAME).await?;
    rollout.data["status"] = json!({});
    serin.rollouts().replace_status(NAME, &PostParams::default(), &rollout).await?;
    let rebuilt = shop.until("rebuilt", |r| r["status"]["stable"] == revision("v2").as_str() && reason(r) == "Settled").await?;
    ensure!(shop.pods(&revision("v2")).await? == pods, "{rebuilt:#}");
    let told = shop.told(ground)?;
    ensure!(told.iter().filter(|t| *t == "rollout.installed").count() == 1, "{told:?}");
    Ok(())
}

/// A namespace that is deleted with a rollout in flight is gone within a minute, and nobody fights for what cannot be made there any more.
pub async fn a_namespace_that_is_deleted_in_flight_is_gone_within_a_minute(ground: &Ground, shop: &Shop) -> Result<()> {
    at_half(shop).await?;
    let namespaces: Api<Namespace> = Api::all(shop.client.clone());
    namespaces.delete(&shop.namespace, &DeleteParams::default()).await?;
    let begun = tokio::time::Instant::now();
    wait("the namespace is gone", Duration::from_mins(1), || async {
        namespaces.get_opt(&shop.namespace).await.is_ok_and(|there: Option<Namespace>| there.is_none())
    })
    .await?;
    let log = std::fs::read_to_string(ground.log())?;
    let tries = log.lines().filter(|line| line.contains(&shop.namespace) && line.contains("\"WARN\"")).count();
    println!("gone after {:.1} s and {tries} writes that failed", begun.elapsed().as_secs_f64());
    ensure!(tries <= 30, "no hot loop");
    Ok(())
}
