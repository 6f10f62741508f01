//! Going back: what ends an attempt, and what is left of it.

use anyhow::{Result, ensure};
use serde_json::json;

use super::ground::Ground;
use super::installing::wait_for_replicas;
use super::shop::{Shop, message, phase, quick, reason, revision};

/// Scenario 23.
pub async fn reverting_in_flight_supersedes_and_stable_keeps_its_pods(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "10m"}]);
    spec["capacity"] = json!({"stableFloor": "100%"});
    shop.create(spec).await?;
    shop.installed().await?;
    let before = shop.pods(&revision("v1")).await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;
    shop.image("v1").await?;
    let back = shop.installed().await?;
    ensure!(back["status"]["stable"] == revision("v1").as_str() && back["status"]["lastOutcome"]["result"] == "Superseded", "{back:#}");
    ensure!(shop.pods(&revision("v1")).await? == before, "stable pods keep their names");
    let told = shop.told(ground)?;
    ensure!(
        told.ends_with(&["rollout.started".into(), "rollout.superseded".into(), "rollout.rolled-back".into()]),
        "no attempt for stable: {told:?}"
    );
    wait_for_replicas(shop, &[("v1", 4)]).await
}

/// Scenario 28, the first half: what comes next begins only when what was there is gone.
pub async fn a_newer_template_supersedes_the_one_in_flight(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "4s"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;
    shop.image("v3").await?;
    shop.promoted(&revision("v3")).await?;
    shop.hears(ground, "rollout.promoted").await?;
    let started: Vec<_> = shop.events(ground)?.into_iter().filter(|e| e["type"] == "rollout.started").collect();
    ensure!(started.len() == 2 && started[1]["attempt"] == 2 && started[1]["revision"] == revision("v3").as_str(), "{started:#?}");
    wait_for_replicas(shop, &[("v3", 4)]).await
}

/// Scenario 21 by a deadline, and the second half: a rejected revision is not tried again by itself, also not by a later look.
pub async fn a_deadline_with_on_step_abort_rolls_back_and_the_revision_stays_rejected(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(4, "v1");
    spec["deadlines"] = json!({"step": "3s", "onStep": "Abort"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let aborted = shop.aborted().await?;
    ensure!(message(&aborted).contains(&revision("v2")) && message(&aborted).contains("change the template"), "{}", message(&aborted));
    // Another write to the spec is no new template.
    shop.edit(json!({"revisionHistoryLimit": 5})).await?;
    let generation = aborted["metadata"]["generation"].as_i64().unwrap_or_default();
    let seen = shop.until("seen", |r| r["status"]["observedGeneration"].as_i64() > Some(generation)).await?;
    ensure!(phase(&seen) == "Idle" && reason(&seen) == "Rejected", "{seen:#}");
    ensure!(shop.told(ground)?.iter().filter(|t| *t == "rollout.started").count() == 1);
    wait_for_replicas(shop, &[("v1", 4)]).await
}

/// Scenario 24: back to stable, and the rejected template again.
pub async fn a_rejected_template_may_try_again_after_going_back(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(2, "v1");
    spec["deadlines"] = json!({"step": "2s", "onStep": "Abort"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.aborted().await?;
    shop.image("v1").await?;
    shop.installed().await?;
    shop.edit(json!({"analysis": {"checks": null, "none": {}}})).await?;
    shop.image("v2").await?;
    let promoted = shop.promoted(&revision("v2")).await?;
    ensure!(promoted["status"]["attempt"] == 2, "{promoted:#}");
    ensure!(shop.told(ground)?.iter().filter(|t| *t == "rollout.started").count() == 2);
    Ok(())
}
