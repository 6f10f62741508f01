//! Stepping and promoting.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::ground::Ground;
use super::installing::wait_for_replicas;
use super::shop::{Shop, condition, errors_below, phase, quick, revision, template};

/// Scenario 7.
pub async fn ten_replicas_step_through_their_shares_and_never_exceed_the_surge(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(10, "v1");
    // Longer than the two seconds that the beginning of a clock may wait for another write.
    spec["steps"] = json!([{"weight": 10, "hold": "4s"}, {"weight": 25, "hold": "4s"}, {"weight": 50, "hold": "4s"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let (v1, v2) = (revision("v1"), revision("v2"));
    let mut reached = Vec::new();
    loop {
        let replicas = shop.replicas().await?;
        ensure!(replicas.values().sum::<i32>() <= 13, "never above replicas + surge: {replicas:?}");
        let seen = serde_json::to_value(shop.rollouts().get("checkout").await?)?;
        if phase(&seen) == "Stepping" && seen["status"]["state"]["stepping"]["clock"]["running"].is_object() {
            let weight = &seen["status"]["weight"];
            let at = (weight["wanted"].as_i64(), weight["achieved"].as_i64());
            if reached.last() != Some(&at) {
                let pods: BTreeMap<_, _> = shop.replicas().await?;
                println!("{at:?}: {pods:?}");
                reached.push(at);
            }
        }
        if phase(&seen) == "Idle" && seen["status"]["stable"] == v2.as_str() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ensure!(reached == [(Some(10), Some(10)), (Some(25), Some(20)), (Some(50), Some(50))], "{reached:?}");
    wait_for_replicas(shop, &[("v2", 10)]).await?;
    ensure!(!shop.replicas().await?.contains_key(&v1));
    let promoted = shop.promoted(&v2).await?;
    ensure!(condition(&promoted, "Promoted") == "True" && condition(&promoted, "Ready") == "True", "{promoted:#}");
    shop.hears(ground, "rollout.promoted").await?;
    let told = shop.told(ground)?;
    ensure!(
        told == [
            "rollout.created",
            "rollout.installed",
            "rollout.started",
            "step.started",
            "step.started",
            "promotion.started",
            "rollout.promoted"
        ],
        "{told:?}"
    );
    Ok(())
}

/// Scenario 10: a pause does not eat the hold.
pub async fn a_pause_freezes_exposure_and_resuming_goes_on(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    shop.edit(json!({"steps": [{"weight": 50, "hold": "6s"}]})).await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    shop.edit(json!({"paused": true})).await?;
    let paused = shop.until("paused", |r| phase(r) == "Paused").await?;
    let held = paused["status"]["state"]["paused"]["heldMillis"].as_i64().unwrap_or_default();
    ensure!(held < 6000, "{held}");
    // Longer than the whole hold: were it eaten, the promotion would follow at once.
    tokio::time::sleep(Duration::from_secs(7)).await;
    ensure!(shop.replicas().await? == BTreeMap::from([(revision("v1"), 2), (revision("v2"), 2)]), "exposure is frozen");
    shop.edit(json!({"paused": false})).await?;
    let begun = tokio::time::Instant::now();
    shop.promoted(&revision("v2")).await?;
    let rest = i64::try_from(begun.elapsed().as_millis())?;
    ensure!(rest + held >= 6000, "the hold went on where it stood: {held} ms before, {rest} ms after");
    let told = shop.told(ground)?;
    ensure!(told.contains(&"rollout.paused".to_owned()) && told.contains(&"rollout.resumed".to_owned()), "{told:?}");
    Ok(())
}

/// A small part of scenario 13: the ratio is kept and no step begins anew.
pub async fn scaling_in_flight_keeps_the_ratio(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "10m"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    shop.edit(json!({"replicas": 8})).await?;
    wait_for_replicas(shop, &[("v1", 4), ("v2", 4)]).await?;
    shop.edit(json!({"replicas": 4})).await?;
    wait_for_replicas(shop, &[("v1", 2), ("v2", 2)]).await?;
    ensure!(shop.told(ground)?.iter().filter(|t| *t == "rollout.started").count() == 1);
    Ok(())
}

/// Scenario 12: paused by the spec, the canary still grows with the replicas, and a Fail still brings stable back.
pub async fn a_pause_keeps_scaling_and_watching(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "10m"}]);
    let checks = |max: f64| json!({"every": "1s", "warmUp": "1s", "checks": [errors_below(max)]});
    spec["analysis"] = checks(0.9);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2-err20").await?;
    shop.at_weight(50).await?;
    shop.edit(json!({"paused": true})).await?;
    shop.until("paused", |r| phase(r) == "Paused").await?;
    shop.edit(json!({"replicas": 8})).await?;
    wait_for_replicas(shop, &[("v1", 4), ("v2-err20", 4)]).await?;
    shop.edit(json!({"analysis": checks(0.05)})).await?;
    shop.aborted().await?;
    wait_for_replicas(shop, &[("v1", 8)]).await
}

/// Scenario 14: what the canary has it keeps, and the next step is the first one above that.
pub async fn steps_that_are_edited_in_flight_are_gone_on_with_above_what_was_reached(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "1s"}, {"weight": 50, "hold": "10m"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    shop.edit(json!({"steps": [{"weight": 10, "hold": "10m"}, {"weight": 40, "hold": "10m"}, {"weight": 75, "hold": "1s"}]})).await?;
    shop.promoted(&revision("v2")).await?;
    let entered: Vec<i64> =
        shop.events(ground)?.iter().filter(|event| event["type"] == "step.started").filter_map(|event| event["weight"].as_i64()).collect();
    ensure!(entered == [50, 75], "{entered:?}");
    Ok(())
}

/// Scenario 30: template and replicas in one write, several times in a row.
pub async fn the_last_of_several_changes_is_what_is_promoted(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    shop.installed().await?;
    for (tag, replicas) in [("v2", 4), ("v3", 3), ("v4", 6), ("v5", 5)] {
        shop.edit(json!({"template": template(tag), "replicas": replicas})).await?;
    }
    shop.promoted(&revision("v5")).await?;
    wait_for_replicas(shop, &[("v5", 5)]).await?;
    let told = shop.told(ground)?;
    let count = |kind: &str| told.iter().filter(|t| *t == kind).count();
    ensure!(count("rollout.promoted") == 1 && count("rollout.started") == count("rollout.superseded") + 1, "{told:?}");
    Ok(())
}
