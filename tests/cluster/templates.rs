//! Checks that several rollouts share.

use anyhow::{Result, ensure};
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};
use serin::api::AnalysisTemplate;

use super::ground::Ground;
use super::installing::wait_for_replicas;
use super::people::serin;
use super::shop::{NAME, Shop, condition, errors_below, message, quick, reason, revision};

fn templates(shop: &Shop) -> Api<AnalysisTemplate> {
    Api::namespaced(shop.client.clone(), &shop.namespace)
}

/// The check of the other tests with its limit as an argument.
async fn create(shop: &Shop, default: &str) -> Result<()> {
    let mut check = errors_below(0.05);
    check["threshold"]["max"] = json!("{{args.max}}");
    let template = json!({
        "apiVersion": "serin.dev/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "slo"},
        "spec": {"args": [{"name": "max", "type": "number", "default": default}], "checks": [check]},
    });
    // Typed, a limit that is an argument would be none.
    let url = format!("/apis/serin.dev/v1alpha1/namespaces/{}/analysistemplates", shop.namespace);
    let request = http::Request::post(url).header("content-type", "application/json").body(serde_json::to_vec(&template)?)?;
    shop.client.request::<Value>(request).await?;
    Ok(())
}

async fn limit(shop: &Shop, default: &str) -> Result<()> {
    let args = json!({"spec": {"args": [{"name": "max", "type": "number", "default": default}]}});
    let url = format!("/apis/serin.dev/v1alpha1/namespaces/{}/analysistemplates/slo", shop.namespace);
    let request = http::Request::patch(url).header("content-type", "application/merge-patch+json").body(serde_json::to_vec(&args)?)?;
    shop.client.request::<Value>(request).await?;
    Ok(())
}

fn taking() -> Value {
    let mut spec = quick(4, "v1");
    spec["analysis"] = json!({"every": "1s", "warmUp": "0s", "templates": [{"name": "slo"}]});
    spec["steps"] = json!([{"weight": 25, "hold": "20s"}]);
    spec
}

/// What a template says is taken when an attempt begins; a change of it reaches the next one, also over a restart.
pub async fn a_change_of_a_template_reaches_the_next_attempt_and_none_in_flight(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    create(shop, "0.9").await?;
    shop.create(taking()).await?;
    shop.installed().await?;
    shop.image("v2-err30").await?;
    let stepping = shop.at_weight(25).await?;
    let taken = &stepping["status"]["analysis"];
    ensure!(taken["attempt"] == 1 && taken["checks"][0]["threshold"]["max"] == 0.9, "{taken:#}");
    limit(shop, "0.05").await?;
    ground.kill_controller();
    ground.start_controller().await?;
    shop.promoted(&revision("v2-err30")).await?;
    shop.image("v3-err30").await?;
    let aborted = shop.aborted().await?;
    ensure!(message(&aborted).contains("above 0.05"), "{}", message(&aborted));
    Ok(())
}

/// The checks of an attempt that is over are those that the templates say now.
pub async fn what_a_template_had_compared_can_be_counted_again(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(1000).await?;
    let template = json!({
        "apiVersion": "serin.dev/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "slo"},
        "spec": {"checks": [{"name": "errors", "sequential": {"of": "errors"}}]},
    });
    templates(shop).create(&PostParams::default(), &serde_json::from_value(template)?).await?;
    // Stable is as new as the test: it has to be scraped before the first window, as it would be in a life.
    let mut spec = taking();
    spec["analysis"]["warmUp"] = json!("2s");
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2-err30").await?;
    let aborted = shop.aborted().await?;
    ensure!(aborted["status"].get("analysis").is_none(), "nothing is kept for an attempt that is over: {:#}", aborted["status"]);
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("config.yaml").display().to_string();
    std::fs::write(&file, format!("metrics: {{providers: [{{name: prometheus, url: '{}'}}]}}", ground.plane.prometheus_url()))?;
    let page = serin(ground, shop, &["explain", NAME, "--config", &file]).await?;
    page.expect(0, &["errors: asked prometheus again", "the same sums and odds as were recorded"])?;
    serin(ground, shop, &["check", NAME]).await?.expect(0, &["errors: sequential", "a proof at 25% takes about"])?;
    Ok(())
}

/// One that is missing is named, and holds exposure, and nothing but that.
pub async fn a_template_that_is_missing_is_named_and_holds_exposure_only(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(taking()).await?;
    let held = shop.until("named", |r| reason(r) == "ChecksUnknown").await?;
    ensure!(message(&held).contains("\"slo\" does not exist in this namespace") && condition(&held, "Stalled") == "True", "{held:#}");
    shop.edit(json!({"replicas": 3})).await?;
    wait_for_replicas(shop, &[("v1", 3)]).await?;
    shop.image("v2").await?;
    shop.until("held", |r| reason(r) == "ChecksUnknown" && r["status"]["observedGeneration"] == r["metadata"]["generation"]).await?;
    create(shop, "0.9").await?;
    shop.promoted(&revision("v2")).await?;
    templates(shop).delete("slo", &DeleteParams::default()).await?;
    shop.until("named again", |r| reason(r) == "ChecksUnknown").await?;
    Ok(())
}

/// The API server refuses what cannot work in a template as it does in a Rollout.
pub async fn a_template_that_cannot_work_is_refused_in_words(_: &Ground, shop: &Shop) -> Result<()> {
    for (check, words) in [
        (json!({}), "write one of sequential, compare and threshold"),
        (json!({"sequential": {"of": "slow", "slowerThan": "soon"}}), "write auto, or a bound"),
        (json!({"sequential": {"of": "gauge"}}), "of: gauge and query belong together"),
    ] {
        let mut check = check;
        check["name"] = json!("errors");
        let template = json!({"apiVersion": "serin.dev/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "odd"}, "spec": {"checks": [check]}});
        let url = format!("/apis/serin.dev/v1alpha1/namespaces/{}/analysistemplates", shop.namespace);
        let request = http::Request::post(url).header("content-type", "application/json").body(serde_json::to_vec(&template)?)?;
        let refused = shop.client.request::<Value>(request).await.err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(refused.contains(words), "{words}: {refused}");
    }
    Ok(())
}
