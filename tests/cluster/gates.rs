//! Gates, bakes, and the ways back that people choose: scenarios 11, 22, 25, 26 and 27.

use anyhow::{Context, Result, ensure};
use kube::ResourceExt;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use super::commands::{answer, give};
use super::ground::Ground;
use super::installing::wait_for_replicas;
use super::shop::{Shop, condition, message, phase, quick, reason, revision, template};

/// Gives a command and expects it to be done.
async fn done(shop: &Shop, spec: Value) -> Result<()> {
    let status = answer(shop, &give(shop, spec.clone()).await?).await?;
    ensure!(status.phase.as_deref() == Some("Done"), "{spec}: {status:?}");
    Ok(())
}

/// A quick rollout whose only step asks for an approval.
fn gated(approval: &Value) -> Value {
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "1s", "approval": approval}]);
    spec
}

async fn waits_for_approval(shop: &Shop) -> Result<Value> {
    shop.until("waiting for an approval", |r| phase(r) == "Approval" && reason(r) == "WaitingForApproval").await
}

pub async fn a_gate_waits_for_an_approval_and_goes_on_with_it(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(gated(&json!({}))).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let waiting = waits_for_approval(shop).await?;
    ensure!(condition(&waiting, "Reconciling") == "True" && message(&waiting).contains("waits for an approval until"), "{waiting:#}");
    done(shop, json!({"verb": "Approve", "revision": revision("v2"), "reason": "the numbers look good"})).await?;
    shop.promoted(&revision("v2")).await?;
    let told = shop.told(ground)?;
    let asked = told.iter().filter(|kind| *kind == "approval.requested").count();
    ensure!(asked == 1, "asked once, not once a pass: {told:?}");
    let promotion = shop.hears(ground, "promotion.started").await?;
    ensure!(promotion["reason"] == "Approved" && promotion["actor"]["type"] == "user", "{promotion:#}");
    Ok(())
}

pub async fn a_gate_that_nobody_opens_ends_as_it_says(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(gated(&json!({"timeout": "2s", "onTimeout": "Abort"}))).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let aborted = shop.aborted().await?;
    ensure!(message(&aborted).contains("nobody approved at 25% in time"), "{aborted:#}");
    shop.edit(gated(&json!({"timeout": "2s", "onTimeout": "Pause"}))).await?;
    shop.installed().await?;
    shop.image("v3").await?;
    let paused = shop.until("paused", |r| phase(r) == "Paused" && reason(r) == "ApprovalTimeout").await?;
    ensure!(condition(&paused, "Stalled") == "True", "{paused:#}");
    done(shop, json!({"verb": "Promote", "revision": revision("v3"), "reason": "the approver is on holiday"})).await?;
    shop.promoted(&revision("v3")).await?;
    let forced = shop.hears(ground, "promotion.forced").await?;
    ensure!(forced["comment"] == "the approver is on holiday" && forced["severity"] == "high", "{forced:#}");
    Ok(())
}

pub async fn a_rejected_revision_is_retried_from_its_first_step(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "1h"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;
    done(shop, json!({"verb": "Abort"})).await?;
    shop.aborted().await?;
    done(shop, json!({"verb": "Retry", "revision": revision("v2")})).await?;
    let again = shop.at_weight(25).await?;
    ensure!(again["status"]["attempt"] == 2 && again["status"]["canary"] == revision("v2").as_str(), "{again:#}");
    Ok(())
}

pub async fn undoing_scales_the_old_deployment_up_and_rejects_the_new_template(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    let uid = |all: Vec<k8s_openapi::api::apps::v1::Deployment>| {
        let old = all.into_iter().find(|one| one.labels().get("serin.dev/revision") == Some(&revision("v1")));
        old.and_then(|old| old.uid()).context("v1 has a Deployment")
    };
    let before = uid(shop.deployments().await?)?;
    shop.image("v2").await?;
    shop.promoted(&revision("v2")).await?;
    done(shop, json!({"verb": "Undo", "reason": "customers complain"})).await?;
    let back = shop.until("undone", |r| phase(r) == "Idle" && r["status"]["stable"] == revision("v1").as_str()).await?;
    ensure!(reason(&back) == "Rejected" && condition(&back, "Aborted") == "True", "{back:#}");
    ensure!(uid(shop.deployments().await?)? == before, "it is scaled up, not made again");
    wait_for_replicas(shop, &[("v1", 4)]).await?;
    let undone = shop.hears(ground, "rollout.undone").await?;
    ensure!(undone["comment"] == "customers complain", "{undone:#}");
    Ok(())
}

pub async fn a_fail_while_baking_brings_back_what_served_before(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["bake"] = json!({"for": "1h", "keep": "50%"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let baking = shop.until("baking", |r| phase(r) == "Baking").await?;
    ensure!(condition(&baking, "Promoted") == "True" && baking["status"]["stable"] == revision("v2").as_str(), "{baking:#}");
    wait_for_replicas(shop, &[("v1", 2), ("v2", 4)]).await?;
    // What is asked from now on is never true.
    shop.edit(json!({"analysis": {"every": "1s", "warmUp": "1s", "checks": [
        {"name": "never", "threshold": {"query": "vector(1)", "window": "1s", "max": 0}},
    ]}}))
    .await?;
    let aborted = shop.aborted().await?;
    ensure!(aborted["status"]["stable"] == revision("v1").as_str() && condition(&aborted, "Promoted") == "False", "{aborted:#}");
    wait_for_replicas(shop, &[("v1", 4)]).await?;
    let told = shop.told(ground)?;
    let end = ["rollout.promoted", "rollout.spec-changed", "rollout.aborted", "rollout.rolled-back"].map(str::to_owned);
    ensure!(told.ends_with(&end), "{told:?}");
    Ok(())
}

pub async fn a_bake_that_does_well_ends_and_the_old_pods_go(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["bake"] = json!({"for": "2s"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.hears(ground, "rollout.baked").await?;
    shop.promoted(&revision("v2")).await?;
    wait_for_replicas(shop, &[("v2", 4)]).await
}

pub async fn a_rollback_whose_pods_cannot_start_is_named_and_ends_when_they_can(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "1h"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    let quota = shop.no_more_pods().await?;
    done(shop, json!({"verb": "Abort", "reason": "a drill"})).await?;
    let blocked = shop.hears(ground, "rollback.blocked").await?;
    ensure!(blocked["message"].as_str().is_some_and(|text| text.contains("exceeded quota")), "{blocked:#}");
    ensure!(blocked["severity"] == "critical", "{blocked:#}");
    quota.lift().await?;
    shop.aborted().await?;
    wait_for_replicas(shop, &[("v1", 4)]).await
}

pub async fn a_restart_replaces_stable_s_pods_without_losing_one(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    let before = shop.pods(&revision("v1")).await?;
    done(shop, json!({"verb": "Restart", "reason": "a leaking cache"})).await?;
    shop.hears(ground, "rollout.restarted").await?;
    shop.installed().await?;
    let after = shop.pods(&revision("v1")).await?;
    ensure!(after.len() == 4 && after.iter().all(|pod| !before.contains(pod)), "{before:?} became {after:?}");
    Ok(())
}

pub async fn a_template_that_means_the_same_starts_no_attempt(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let cpu = |amount: &str| {
        let mut template = template("v1");
        template["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": amount}});
        template
    };
    let mut spec = quick(4, "v1");
    spec["template"] = cpu("1000m");
    shop.create(spec).await?;
    let before = shop.installed().await?;
    shop.edit(json!({"template": cpu("1")})).await?;
    let after =
        shop.until("looked at", |r| r["status"]["observedGeneration"] == r["metadata"]["generation"] && reason(r) == "Settled").await?;
    ensure!(after["status"]["stable"] == before["status"]["stable"] && condition(&after, "Promoted") == "True", "{after:#}");
    ensure!(shop.deployments().await?.len() == 1, "nothing was made");
    let edited = shop.hears(ground, "rollout.spec-changed").await?;
    ensure!(edited["spec"]["changed"] == json!(["template"]) && edited["actor"]["type"] == "unknown", "{edited:#}");
    let told = shop.told(ground)?;
    ensure!(told == ["rollout.created", "rollout.installed", "rollout.spec-changed"], "{told:?}");
    Ok(())
}

pub async fn a_rollout_that_takes_its_deployments_along_leaves_nothing(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["deletionPolicy"] = "Delete".into();
    spec["steps"] = json!([{"weight": 25, "hold": "1h"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;
    shop.delete(&DeleteParams::default()).await?;
    shop.until("gone", Value::is_null).await?;
    ensure!(shop.deployments().await?.is_empty(), "its Deployments go with it");
    shop.hears(ground, "rollout.deleted").await?;
    Ok(())
}
