//! Killing the controller and what it depends on: the same end as without.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_dev::Part;

use super::ground::{Ground, wait};
use super::installing::wait_for_replicas;
use super::shop::{NAME, Shop, message, phase, quick, reason, revision};

/// Scenario 33, one kill in each state: the same final state as without, no event lost or doubled, no extra Deployment, no extra pod.
pub async fn a_kill_in_every_state_changes_nothing(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1-slow");
    spec["steps"] = json!([{"weight": 50, "hold": "3s"}]);
    shop.create(spec).await?;
    kill_in(ground, shop, "Installing").await?;
    shop.installed().await?;
    kill_in(ground, shop, "Idle").await?;

    shop.image("v2-slow").await?;
    kill_in(ground, shop, "Stepping").await?;
    shop.at_weight(50).await?;
    shop.edit(json!({"paused": true})).await?;
    kill_in(ground, shop, "Paused").await?;
    shop.edit(json!({"paused": false})).await?;
    kill_in(ground, shop, "Promoting").await?;
    shop.promoted(&revision("v2-slow")).await?;

    shop.image("v3-slow-err50").await?;
    kill_in(ground, shop, "RollingBack").await?;
    let aborted = shop.aborted().await?;
    ensure!(aborted["status"]["attempt"] == 2, "{aborted:#}");
    wait_for_replicas(shop, &[("v2-slow", 4)]).await?;
    shop.hears(ground, "rollout.rolled-back").await?;

    let events = shop.events(ground)?;
    let told: Vec<&str> = events.iter().filter_map(|e| e["type"].as_str()).collect();
    let wanted = [
        "rollout.created",
        "rollout.installed",
        "rollout.started",
        "rollout.paused",
        "rollout.resumed",
        "promotion.started",
        "rollout.promoted",
        "rollout.started",
        "rollout.aborted",
        "rollout.rolled-back",
    ];
    ensure!(told == wanted, "{told:?}");
    let numbers: Vec<u64> = events.iter().filter_map(|e| e["seq"].as_u64()).collect();
    ensure!(numbers == (1..=wanted.len() as u64).collect::<Vec<_>>(), "gap-free: {numbers:?}");
    ensure!(shop.deployments().await?.len() == 3, "one Deployment a revision");
    Ok(())
}

/// Waits for a state, kills the controller in it, and starts it again.
async fn kill_in(ground: &Ground, shop: &Shop, state: &str) -> Result<()> {
    shop.until(state, |r| phase(r) == state).await?;
    ground.kill_controller();
    let at_rest: Value = serde_json::to_value(shop.rollouts().get(NAME).await?)?;
    println!("killed in {} ({})", phase(&at_rest), reason(&at_rest));
    ground.start_controller().await
}

/// Scenario 10: the hold survives a restart.
pub async fn a_restart_does_not_begin_the_hold_anew(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "8s"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let clock = |r: &Value| r["status"]["state"]["stepping"]["clock"].clone();
    let before = clock(&shop.at_weight(50).await?);
    ground.kill_controller();
    ground.start_controller().await?;
    let after = clock(&serde_json::to_value(shop.rollouts().get(NAME).await?)?);
    ensure!(before == after, "the clock runs on since {before}, not since {after}");
    shop.promoted(&revision("v2")).await?;
    Ok(())
}

/// Scenario 16: the backend goes away mid-step and comes back.
pub async fn a_metrics_backend_that_is_down_holds_exposure_and_no_more(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "4s"}, {"weight": 50, "hold": "1s"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;
    ground.plane.stop_part(Part::Prometheus);
    let held = shop.until("held", |r| reason(r) == "CheckError").await?;
    ensure!(message(&held).contains("prometheus cannot be reached"), "{}", message(&held));
    // Past the hold, exposure is what it was.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let still: Value = serde_json::to_value(shop.rollouts().get(NAME).await?)?;
    ensure!(phase(&still) == "Stepping" && still["status"]["weight"]["wanted"] == 25, "{still:#}");
    ensure!(shop.replicas().await? == BTreeMap::from([(revision("v1"), 3), (revision("v2"), 1)]));
    ground.plane.start_part(Part::Prometheus).await?;
    shop.promoted(&revision("v2")).await?;
    Ok(())
}

/// Scenario 19: a node whose heartbeat stops is nobody's fault; the hold's clock stands meanwhile.
pub async fn a_lost_node_stops_the_clock_and_blames_nobody(ground: &Ground, shop: &Shop) -> Result<()> {
    spread_to_half(shop).await?;
    ground.plane.lose_node("node-0").await?;
    shop.until("the clock stands", |r| r["status"]["state"]["stepping"]["clock"]["waiting"].is_object()).await?;
    // Longer than lost readiness is forgiven: it is the node's, not the canary's.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let still: Value = serde_json::to_value(shop.rollouts().get(NAME).await?)?;
    ensure!(phase(&still) == "Stepping", "{still:#}");
    ground.plane.return_node("node-0").await?;
    // The nodes that are played here do not report their pods again, as a kubelet would; draining them brings new ones.
    shop.drain("node-0").await?;
    shop.until("promoted", |r| phase(r) == "Idle" && reason(r) == "Settled").await?;
    ensure!(shop.told(ground)?.iter().all(|t| t != "rollout.aborted"), "{:?}", shop.told(ground)?);
    Ok(())
}

/// Scenario 19, a spot instance: the node's heartbeat stops and then the node itself is gone, as its cloud does it. The controller manager collects
/// its pods 40 to 80 s later, others take their place, and the hold goes on.
pub async fn a_node_that_vanishes_is_nobodys_fault(ground: &Ground, shop: &Shop) -> Result<()> {
    spread_to_half(shop).await?;
    ground.plane.lose_node("node-0").await?;
    shop.until("the clock stands", |r| r["status"]["state"]["stepping"]["clock"]["waiting"].is_object()).await?;
    ground.plane.delete_node("node-0").await?;
    let begun = tokio::time::Instant::now();
    wait("its pods are collected", Duration::from_mins(2), || async { shop.pods_on("node-0").await.is_ok_and(|pods| pods.is_empty()) })
        .await?;
    println!("its pods were collected after {:.0} s", begun.elapsed().as_secs_f64());
    ground.plane.create_node("node-0").await?;
    shop.until("promoted", |r| phase(r) == "Idle" && reason(r) == "Settled").await?;
    ensure!(shop.told(ground)?.iter().all(|t| t != "rollout.aborted"), "{:?}", shop.told(ground)?);
    Ok(())
}

/// Six pods, two on each node, half of them a canary's.
async fn spread_to_half(shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(6, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "20s"}]);
    spec["template"]["spec"]["topologySpreadConstraints"] = json!([{
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": NAME}}, "matchLabelKeys": ["pod-template-hash"],
    }]);
    shop.create(spec.clone()).await?;
    shop.installed().await?;
    spec["template"]["spec"]["containers"][0]["image"] = json!("registry.example/checkout:v2");
    shop.edit(json!({"template": spec["template"]})).await?;
    shop.at_weight(50).await?;
    Ok(())
}

/// Scenario 34, the API server: it goes on by itself.
pub async fn an_api_server_that_restarts_is_waited_for(ground: &Ground, shop: &Shop) -> Result<()> {
    restart_mid_rollout(ground, shop, Part::ApiServer).await
}

/// Scenario 34, its store.
pub async fn an_etcd_that_restarts_is_waited_for(ground: &Ground, shop: &Shop) -> Result<()> {
    restart_mid_rollout(ground, shop, Part::Etcd).await
}

async fn restart_mid_rollout(ground: &Ground, shop: &Shop, part: Part) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;
    ground.plane.restart_part(part).await?;
    wait("the API server", Duration::from_secs(30), || async { shop.rollouts().get(NAME).await.is_ok() }).await?;
    shop.promoted(&revision("v2")).await.context("after the restart")?;
    shop.hears(ground, "rollout.promoted").await?;
    ensure!(shop.told(ground)?.iter().filter(|t| *t == "rollout.started").count() == 1, "{:?}", shop.told(ground)?);
    Ok(())
}
