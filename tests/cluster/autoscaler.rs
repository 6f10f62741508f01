//! A real HorizontalPodAutoscaler scales the Rollout; only the metrics that it reads are simulated.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::commands::give;
use super::ground::{Ground, wait};
use super::installing::wait_for_replicas;
use super::load::Load;
use super::shop::{Shop, phase, quick, revision};

/// Scenario 13, by an autoscaler: in every state the load changes the replicas, the share is kept, and no step begins anew.
pub async fn an_autoscaler_scales_in_every_state(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1-slow");
    spec["steps"] = json!([{"weight": 50, "hold": "8s", "approval": {}}]);
    spec["bake"] = json!({"for": "1h", "keep": "50%"});
    // States that would be over in a moment last until pods are available.
    spec["minReadySeconds"] = json!(5);
    let load = Load::on(shop, 4).await?;
    shop.create(spec).await?;
    scaled_in(shop, &load, "Installing", 6).await?;
    shop.installed().await?;
    wait_for_replicas(shop, &[("v1-slow", 6)]).await?;

    scaled_in(shop, &load, "Idle", 4).await?;
    wait_for_replicas(shop, &[("v1-slow", 4)]).await?;

    shop.image("v2").await?;
    let before = held(&shop.at_weight(50).await?)?;
    scaled_in(shop, &load, "Stepping", 8).await?;
    wait_for_replicas(shop, &[("v1-slow", 4), ("v2", 4)]).await?;
    wait("all pods are available", Duration::from_mins(1), || async { all_available(shop).await.unwrap_or(false) }).await?;
    let after = held(&shop.at_weight(50).await?)?;
    ensure!(after >= before, "the step's clock went on: {before} ms before, {after} ms after");

    shop.edit(json!({"paused": true})).await?;
    scaled_in(shop, &load, "Paused", 6).await?;
    wait_for_replicas(shop, &[("v1-slow", 3), ("v2", 3)]).await?;
    shop.edit(json!({"paused": false})).await?;

    scaled_in(shop, &load, "Approval", 4).await?;
    wait_for_replicas(shop, &[("v1-slow", 2), ("v2", 2)]).await?;
    give(shop, json!({"verb": "Approve", "revision": revision("v2"), "attempt": 1})).await?;

    scaled_in(shop, &load, "Promoting", 8).await?;
    scaled_in(shop, &load, "Baking", 6).await?;
    // What is kept of the old stable is a share of the replicas, too.
    wait_for_replicas(shop, &[("v1-slow", 3), ("v2", 6)]).await?;

    // A new template ends the bake.
    shop.image("v3").await?;
    shop.at_weight(50).await?;
    // Taken back: half of stable's pods have to come first.
    shop.image("v2").await?;
    scaled_in(shop, &load, "RollingBack", 8).await?;
    shop.promoted(&revision("v2")).await?;
    wait_for_replicas(shop, &[("v2", 8)]).await?;
    let told = shop.told(ground)?;
    let count = |kind: &str| told.iter().filter(|t| *t == kind).count();
    ensure!((count("rollout.started"), count("promotion.started"), count("rollout.superseded")) == (2, 1, 1), "{told:?}");
    Ok(())
}

/// The same with a stable that keeps all its pods: the canary's come on top, and the autoscaler is not misled by them.
pub async fn an_autoscaler_is_not_misled_by_the_pods_on_top(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "10m"}]);
    spec["capacity"] = json!({"stableFloor": "100%"});
    let load = Load::on(shop, 4).await?;
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    let floor = |replicas| BTreeMap::from([(revision("v1"), replicas), (revision("v2"), replicas)]);
    ensure!(shop.replicas().await? == floor(4), "{:?}", shop.replicas().await?);
    scaled_in(shop, &load, "Stepping", 6).await?;
    wait_for_replicas(shop, &[("v1", 6), ("v2", 6)]).await?;
    scaled_in(shop, &load, "Stepping", 4).await?;
    wait_for_replicas(shop, &[("v1", 4), ("v2", 4)]).await?;
    Ok(())
}

/// Waits for a state, changes the load in it, and waits until the autoscaler has changed the spec; the rollout is still in that state.
async fn scaled_in(shop: &Shop, load: &Load, state: &str, pods: usize) -> Result<()> {
    shop.until(state, |r| phase(r) == state).await?;
    load.set(pods);
    let scaled = shop.until(&format!("scaled to {pods} in {state}"), |r| r["spec"]["replicas"] == pods).await?;
    ensure!(phase(&scaled) == state, "scaled in {state}: {:#}", scaled["status"]);
    Ok(())
}

async fn all_available(shop: &Shop) -> Result<bool> {
    let deployments = shop.deployments().await?;
    Ok(deployments.iter().all(|d| {
        d.status.as_ref().and_then(|s| s.available_replicas).unwrap_or(0) == d.spec.as_ref().and_then(|s| s.replicas).unwrap_or(0)
    }))
}

/// How long the step's share has been held, in milliseconds.
fn held(rollout: &Value) -> Result<i64> {
    let running = &rollout["status"]["state"]["stepping"]["clock"]["running"];
    let since: DateTime<Utc> = serde_json::from_value(running["since"].clone())?;
    Ok(running["heldMillis"].as_i64().unwrap_or_default() + (super::load::now() - since).num_milliseconds())
}
