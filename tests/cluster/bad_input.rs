//! Bad input: a clear error or condition, no crash, no hot loop, nothing written that should not be.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::ground::Ground;
use super::installing::wait_for_replicas;
use super::shop::{Shop, condition, message, phase, quick, reason, revision};

/// What the API server refuses, in words that say what to do.
pub async fn a_spec_that_cannot_work_is_refused_in_words(_: &Ground, shop: &Shop) -> Result<()> {
    let with = |pointer: &str, value: Value| {
        let mut spec = quick(4, "v1");
        match pointer.rsplit_once('/') {
            Some(("", field)) => spec[field] = value,
            Some((parent, field)) => spec.pointer_mut(parent).expect("a part of the spec")[field] = value,
            None => {}
        }
        spec
    };
    let checks = |mut check: Value| {
        check["name"] = json!("errors");
        with("/analysis/checks", json!([check]))
    };
    let refused = [
        (with("/steps", json!([{"weight": 50, "hold": "1s"}, {"weight": 25, "hold": "1s"}])), "larger weight"),
        (with("/steps", json!([{"weight": 100, "hold": "1s"}])), "weight"),
        (with("/steps", json!([])), "steps"),
        (with("/capacity", json!({"surge": 0, "maxUnavailable": 0})), "surge"),
        (with("/analysis", json!({})), "analysis"),
        (with("/analysis", json!({"none": {}, "checks": [super::shop::errors_below(0.1)]})), "none"),
        (with("/template/metadata/labels", json!({"app": "checkout", "serin.dev/x": "y"})), "serin.dev/"),
        (with("/analysis/every", json!("soon")), "every"),
        (checks(json!({"sequential": {"of": "errors", "confidence": 0.5}})), "0.95 means odds of 20:1"),
        (checks(json!({"sequential": {"of": "errors", "limit": {"ratio": 0.9}}})), "would have to be better than stable"),
        (checks(json!({"sequential": {"of": "errors", "limit": {"ratio": 2, "plus": -0.1}}})), "0.001 for one in a thousand"),
        (checks(json!({"sequential": {"of": "errors", "limit": {"ratio": 1}}})), "can never be proven"),
        (checks(json!({"sequential": {"of": "errors", "alarm": {"ratio": 2}, "limit": {"ratio": 1.5}}})), "lower the alarm"),
        (checks(json!({"sequential": {"of": "errors", "onFail": "pause"}})), "onFail"),
        (
            checks(json!({"threshold": {"query": "q", "window": "1m", "max": 1, "minRequests": 5}})),
            "name a query for their number as count",
        ),
    ];
    for (spec, word) in refused {
        let error = shop.create(spec.clone()).await.err().map(|e| e.to_string());
        ensure!(error.as_ref().is_some_and(|e| e.contains(word)), "{word}: {error:?} for {spec:#}");
    }
    let long = shop.create_named("a-name-of-thirty-six-characters-here", quick(1, "v1")).await.err().map(|e| e.to_string());
    ensure!(long.as_ref().is_some_and(|e| e.contains("35")), "{long:?}");
    Ok(())
}

/// An unknown provider stops nothing that serves, and starts nothing.
pub async fn an_unknown_provider_is_stalled_naming_the_known_ones(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(2, "v1");
    spec["analysis"]["checks"][0]["threshold"]["provider"] = json!("prometheos");
    shop.create(spec).await?;
    let stalled = shop.until("stalled", |r| condition(r, "Stalled") == "True").await?;
    ensure!(reason(&stalled) == "InvalidSpec" && message(&stalled).contains("prometheus"), "{}", message(&stalled));
    ensure!(shop.deployments().await?.is_empty());
    Ok(())
}

/// A wrong PromQL is told with Prometheus' own words and holds.
pub async fn a_wrong_query_is_told_and_holds(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(2, "v1");
    spec["analysis"]["checks"][0]["threshold"]["query"] = json!("sum(rate(http_requests_total{");
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let held = shop.until("told", |r| reason(r) == "CheckError").await?;
    ensure!(message(&held).contains("refuses the query") && message(&held).contains("parse error"), "{}", message(&held));
    ensure!(phase(&held) == "Stepping");
    Ok(())
}

/// A spec that is edited into nonsense in flight freezes exposure; a corrected one goes on.
pub async fn nonsense_in_flight_freezes_exposure(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "3s"}, {"weight": 50, "hold": "1s"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;
    // The schema lets it through: only the controller knows its providers.
    let mut check = super::shop::errors_below(0.05);
    check["threshold"]["provider"] = json!("nonsense");
    shop.edit(json!({"analysis": {"checks": [check]}})).await?;
    let frozen = shop.until("frozen", |r| reason(r) == "InvalidSpec").await?;
    ensure!(phase(&frozen) == "Stepping" && condition(&frozen, "Stalled") == "True", "{frozen:#}");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    wait_for_replicas(shop, &[("v1", 3), ("v2", 1)]).await?;
    shop.edit(json!({"analysis": {"checks": [super::shop::errors_below(0.05)]}})).await?;
    shop.promoted(&revision("v2")).await?;
    Ok(())
}

/// Every example is applied, and its Rollout comes up.
pub async fn every_example_installs(_: &Ground, shop: &Shop) -> Result<()> {
    for file in std::fs::read_dir(serin_dev::repository("examples"))? {
        let text = std::fs::read_to_string(file?.path())?;
        shop.apply(&text).await?;
        for object in serin_dev::objects_of(&text)? {
            if object.types.as_ref().is_some_and(|t| t.kind == "Rollout") {
                let name = object.metadata.name.unwrap_or_default();
                shop.until_of(&name, "installed", |r| reason(r) == "Settled").await?;
            }
        }
    }
    Ok(())
}

/// Scenario 9: a warning from the first pass on, and never more than the attainable share.
pub async fn a_weight_that_pods_cannot_give_is_warned_about(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(2, "v1");
    spec["steps"] = json!([{"weight": 5, "hold": "1s"}, {"weight": 50, "hold": "1s"}]);
    shop.create(spec).await?;
    let installed = shop.installed().await?;
    ensure!(condition(&installed, "StepsAttainable") == "False", "{installed:#}");
    ensure!(installed["status"]["conditions"].to_string().contains("5% becomes 33%"), "{installed:#}");
    Ok(())
}
