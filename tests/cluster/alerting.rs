//! What does somebody hear whose Prometheus has the alerts of `deploy/`? Real metrics of a real controller, a real Prometheus, a real Alertmanager.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_dev::{Alerts, Notified, repository};

use super::commands::give;
use super::ground::{Ground, wait};
use super::shop::{NAME, Shop, errors_below, quick, revision, template};

/// Scraping, evaluating and notifying take a second each; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// An abort, a rollback that cannot go on and a forced promotion each reach the receiver, with the Rollout's place and a page, and are resolved.
pub async fn somebody_hears_of_an_abort_a_blocked_rollback_and_a_forced_promotion(ground: &Ground, shop: &Shop) -> Result<()> {
    let alerts = Alerts::start("alerts", ground.metrics_address()).await?;
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "1h"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    ensure!(ours(&alerts, shop).is_empty(), "{:?}", alerts.heard());

    // Stable cannot get its pods back while nothing may be made here.
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    let full = shop.no_more_pods().await?;
    shop.edit(json!({"analysis": {"checks": [errors_below(-0.5)]}})).await?;
    until(&alerts, shop, "SerinRolloutAborted", "firing").await?;
    let critical = until(&alerts, shop, "SerinRollbackFailing", "firing").await?;
    ensure!(critical.labels["severity"] == "critical" && critical.labels["rollout"] == NAME, "{critical:?}");
    full.lift().await?;
    shop.aborted().await?;
    until(&alerts, shop, "SerinRollbackFailing", "resolved").await?;
    let aborted = until(&alerts, shop, "SerinRolloutAborted", "firing").await?;
    ensure!(aborted.labels["reason"] == "CheckFailed" && aborted.annotations["runbook_url"].ends_with("/rollout-aborted"), "{aborted:?}");

    every_query_of_deploy_finds_what_it_names(&alerts).await?;

    shop.edit(json!({"analysis": {"checks": [errors_below(0.05)]}, "template": template("v3")})).await?;
    shop.at_weight(50).await?;
    until(&alerts, shop, "SerinRolloutAborted", "resolved").await?;
    give(shop, json!({"verb": "Promote", "revision": revision("v3"), "attempt": 2, "reason": "the fix is urgent"})).await?;
    shop.promoted(&revision("v3")).await?;
    let forced = until(&alerts, shop, "SerinPromotionForced", "firing").await?;
    ensure!(forced.labels["namespace"] == shop.namespace, "it can be routed to whose it is: {forced:?}");
    println!("heard: {:?}", ours(&alerts, shop).iter().map(|one| (&one.labels["alertname"], &one.status)).collect::<Vec<_>>());
    Ok(())
}

/// What was heard of this shop's rollout.
fn ours(alerts: &Alerts, shop: &Shop) -> Vec<Notified> {
    alerts.heard().into_iter().filter(|one| one.labels.get("namespace") == Some(&shop.namespace)).collect()
}

async fn until(alerts: &Alerts, shop: &Shop, name: &str, status: &str) -> Result<Notified> {
    let last = || ours(alerts, shop).into_iter().rfind(|one| one.labels["alertname"] == name).filter(|one| one.status == status);
    wait(&format!("{name} is {status}"), PATIENCE, || async { last().is_some() }).await.with_context(|| format!("{:?}", alerts.heard()))?;
    last().context("it was there a moment ago")
}

/// Each selector of each alert and of each panel names a metric and labels that the controller really exposes.
async fn every_query_of_deploy_finds_what_it_names(alerts: &Alerts) -> Result<()> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for series in alerts.query(r#"{__name__=~"serin_.*"}"#).await? {
        let labels = series["metric"].as_object().context("labels")?;
        let name = labels["__name__"].as_str().context("a name")?.to_owned();
        known.entry(name).or_default().extend(labels.keys().cloned());
    }
    let queries = [alert_queries()?, panel_queries()?].concat();
    ensure!(queries.len() > 30, "only {} queries", queries.len());
    for query in &queries {
        let selectors = alerts.selectors(query).await?;
        ensure!(!selectors.is_empty(), "{query} asks for nothing");
        for (name, labels) in selectors {
            let has = known.get(&name).with_context(|| format!("{query}: no {name} is exposed"))?;
            let odd: Vec<&String> = labels.iter().filter(|label| !has.contains(*label)).collect();
            ensure!(odd.is_empty(), "{query}: {name} has no {odd:?}, it has {has:?}");
        }
    }
    println!("{} queries name {} metrics that are exposed", queries.len(), known.len());
    Ok(())
}

fn alert_queries() -> Result<Vec<String>> {
    let rules: Value = serde_saphyr::from_str(&std::fs::read_to_string(repository("deploy/monitoring/rules.yaml"))?)?;
    let rules = rules["groups"][0]["rules"].as_array().context("rules")?;
    Ok(rules.iter().filter_map(|rule| Some(rule["expr"].as_str()?.to_owned())).collect())
}

/// With the variables filled in as Grafana does it.
fn panel_queries() -> Result<Vec<String>> {
    let board: Value = serde_json::from_str(&std::fs::read_to_string(repository("deploy/monitoring/dashboard.json"))?)?;
    let panels = board["panels"].as_array().context("panels")?;
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let filled = |query: &str| query.replace("$rollout_namespace", ".*").replace("$__rate_interval", "1m");
    Ok(targets.filter_map(|target| Some(filled(target["expr"].as_str()?))).collect())
}
