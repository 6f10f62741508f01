//! What becomes of canaries of each kind, on the real thing? Time runs ten times as fast as in docs/evidence.md: a window takes a second, and a thousand
//! requests come in each, of which a canary gets a quarter, then a half.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use serin::rollout::{Ask, Reading};
use serin_dev::Part;

use super::counting::{now, real};
use super::ground::{Ground, wait};
use super::shop::{NAME, Shop, condition, message, phase, quick, reason, revision};

/// Stable serves with these errors, and so many requests a second; a canary is judged by this check.
async fn begun(shop: &Shop, rps: u32, stable: &str, check: Value) -> Result<()> {
    shop.service(rps).await?;
    let mut spec = quick(4, stable);
    spec["analysis"]["checks"] = json!([check]);
    shop.create(spec).await?;
    shop.installed().await?;
    Ok(())
}

fn errors() -> Value {
    json!({"name": "errors", "sequential": {"of": "errors"}})
}

/// All requests of a service fail at least so often, in percent.
async fn incident(shop: &Shop, percent: &str) -> Result<()> {
    annotate(shop, "dev.serin/incident", percent).await
}

async fn annotate(shop: &Shop, annotation: &str, value: &str) -> Result<()> {
    let services = Api::<Service>::namespaced(shop.client.clone(), &shop.namespace);
    let annotation = json!({"metadata": {"annotations": {annotation: value}}});
    services.patch(NAME, &PatchParams::default(), &Patch::Merge(annotation)).await?;
    Ok(())
}

/// How many requests of the canary have failed, as Prometheus knows it.
async fn failures(ground: &Ground, shop: &Shop) -> Option<f64> {
    let pods = format!("{NAME}-{}-.*", revision("v2-permille10"));
    let query = format!(r#"sum(http_requests_total{{namespace="{}",pod=~"{pods}",code=~"5.."}})"#, shop.namespace);
    match real(ground).ok()?.ask(&Ask::Number(query), now()).await {
        Reading::Value(failures) => Some(failures),
        _ => None,
    }
}

pub async fn a_canary_as_good_as_stable_is_promoted_with_a_proof(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 1000, "v1-permille10", errors()).await?;
    shop.image("v2-permille10").await?;
    shop.promoted(&revision("v2-permille10")).await?;
    let told = shop.hears(ground, "promotion.started").await?["message"].to_string();
    ensure!(
        told.contains("errors: canary ") && told.contains("that it is below 1.5x + 0.1pp (= 1.") && told.contains("need 20:1"),
        "{told}"
    );
    Ok(())
}

/// Aborted with such a share of bad requests.
async fn aborted(ground: &Ground, shop: &Shop, share: RangeInclusive<f64>) -> Result<()> {
    let told = message(&shop.aborted().await?).to_owned();
    ensure!(told.contains(": canary ") && told.contains("that it is worse than 1.25x + 0.05pp") && told.contains("need 20:1"), "{told}");
    let event = shop.hears(ground, "rollout.aborted").await?;
    ensure!(event["reason"] == "CheckFailed" && event["weight"] == 0, "{event:#}");
    let value: f64 = event["analysis"]["value"].as_str().unwrap_or_default().parse()?;
    ensure!(share.contains(&value), "{value}: {told}");
    Ok(())
}

pub async fn five_percent_of_errors_beside_one_are_aborted(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 1000, "v1-permille10", errors()).await?;
    shop.image("v2-err5").await?;
    aborted(ground, shop, 0.04..=0.06).await
}

pub async fn one_percent_of_errors_beside_a_tenth_of_one_is_aborted(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 1000, "v1-permille1", errors()).await?;
    shop.image("v2-permille10").await?;
    aborted(ground, shop, 0.007..=0.014).await
}

pub async fn a_slow_canary_is_aborted(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 1000, "v1", json!({"name": "latency", "sequential": {"of": "slow", "slowerThan": "250ms"}})).await?;
    shop.image("v2-lat900").await?;
    aborted(ground, shop, 1.0..=1.0).await
}

/// Warm pods fail 1 % of their requests and cold ones 5 %, whatever their revision.
pub async fn a_young_canary_is_compared_with_young_pods_where_the_old_ones_are_warm(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 1000, "v1-permille10-cold50", errors()).await?;
    annotate(shop, "dev.serin/warm", &shop.pods(&revision("v1-permille10-cold50")).await?.join(",")).await?;
    shop.image("v2-permille10-cold50").await?;
    aborted(ground, shop, 0.04..=0.06).await?;
    shop.edit(json!({"analysis": {"baseline": "pods"}})).await?;
    shop.image("v3-permille10-cold50").await?;
    let baseline = format!("{NAME}-y{}", revision("v1-permille10-cold50"));
    shop.until_deployment(&baseline, "a baseline pod is available", |seen| seen["status"]["availableReplicas"] == 1).await?;
    shop.promoted(&revision("v3-permille10-cold50")).await?;
    let told = shop.hears(ground, "promotion.started").await?["message"].to_string();
    ensure!(told.contains("; compared with 1 baseline pod") && told.contains("errors: canary "), "{told}");
    let left = shop.deployments().await?.into_iter().filter_map(|deployment| deployment.metadata.name);
    ensure!(left.filter(|name| *name == baseline).count() == 0, "the baseline is gone");
    Ok(())
}

pub async fn an_incident_that_both_sides_share_blames_no_canary(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 1000, "v1-permille10", errors()).await?;
    shop.edit(json!({"steps": [{"weight": 25, "hold": "2s"}, {"weight": 50, "hold": "30s"}]})).await?;
    shop.image("v2-permille10").await?;
    shop.at_weight(50).await?;
    let before = failures(ground, shop).await.context("the canary is scraped")?;
    incident(shop, "8").await?;
    // As long as it lasts, nobody is blamed: a canary that alone failed so often would be gone long before.
    wait("five hundred failures of the canary", Duration::from_mins(1), || async {
        failures(ground, shop).await.is_some_and(|now| now >= before + 500.0)
    })
    .await?;
    let during = serde_json::to_value(shop.rollouts().get(NAME).await?)?;
    ensure!(phase(&during) == "Stepping", "{:#}", during["status"]);
    incident(shop, "0").await?;
    let promoted = shop.promoted(&revision("v2-permille10")).await?;
    let all = &promoted["status"]["evidence"]["checks"]["errors"]["all"];
    let share = all["stable"][1].as_f64().unwrap_or(0.0) / all["stable"][0].as_f64().unwrap_or(1.0);
    ensure!(share > 0.015, "the incident was counted: {all:#}");
    ensure!(shop.told(ground)?.iter().all(|kind| kind != "rollout.aborted"), "{:?}", shop.told(ground)?);
    Ok(())
}

pub async fn too_few_requests_are_no_pass_and_the_message_says_how_many_there_were(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 10, "v1-permille10", errors()).await?;
    shop.edit(json!({"deadlines": {"step": "10s"}})).await?;
    shop.image("v2-permille10").await?;
    let paused = shop.until("paused", |r| phase(r) == "Paused").await?;
    ensure!(reason(&paused) == "PausedByDeadline", "{paused:#}");
    let told = shop.hears(ground, "rollout.paused").await?["message"].to_string();
    ensure!(told.contains("canary requests at this exposure, need 100"), "{told}");
    Ok(())
}

pub async fn a_backend_that_is_away_is_told_and_what_it_missed_counts_afterwards(ground: &Ground, shop: &Shop) -> Result<()> {
    begun(shop, 1000, "v1-permille10", errors()).await?;
    shop.edit(json!({"steps": [{"weight": 25, "hold": "8s"}, {"weight": 50, "hold": "2s"}]})).await?;
    shop.image("v2-permille10").await?;
    shop.at_weight(25).await?;
    ground.plane.stop_part(Part::Prometheus);
    let away = shop.until("the outage is told", |r| condition(r, "ProvidersAnswer") == "False").await?;
    ensure!(phase(&away) == "Stepping" && away["status"]["weight"]["wanted"] == 25, "{:#}", away["status"]);
    let silent = shop.hears(ground, "provider.silent").await?;
    ensure!(silent["message"].as_str().is_some_and(|text| text.starts_with("provider prometheus cannot be reached")), "{silent:#}");
    ground.plane.start_part(Part::Prometheus).await?;
    shop.hears(ground, "provider.answers").await?;
    let promoted = shop.promoted(&revision("v2-permille10")).await?;
    ensure!(condition(&promoted, "ProvidersAnswer") == "Unknown", "nothing is asked any more");
    let told = shop.told(ground)?;
    ensure!(told.iter().filter(|kind| kind.starts_with("provider.")).count() == 2, "once each: {told:?}");
    Ok(())
}
