//! What the checks say, and what is made of it.

use std::time::Duration;

use anyhow::{Result, ensure};
use kube::ResourceExt;
use kube::api::Api;
use serde_json::{Value, json};

use super::ground::{Ground, wait};
use super::installing::wait_for_replicas;
use super::people::serin;
use super::shop::{NAME, Shop, condition, errors_below, message, phase, quick, reason, revision};

/// Scenario 15.
pub async fn a_canary_with_errors_is_aborted_and_stable_keeps_its_pods(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["capacity"] = json!({"stableFloor": "100%"});
    shop.create(spec).await?;
    shop.installed().await?;
    let before = shop.pods(&revision("v1")).await?;
    shop.image("v2-err50").await?;
    let aborted = shop.aborted().await?;
    ensure!(condition(&aborted, "Stalled") == "True" && condition(&aborted, "Aborted") == "True", "{aborted:#}");
    ensure!(message(&aborted).contains("errors is 0.") && message(&aborted).contains("above 0.05"), "{}", message(&aborted));
    ensure!(
        aborted["spec"]["template"]["spec"]["containers"][0]["image"].as_str().is_some_and(|i| i.ends_with("v2-err50")),
        "the spec is not touched"
    );
    wait_for_replicas(shop, &[("v1", 4)]).await?;
    ensure!(shop.pods(&revision("v1")).await? == before, "the same stable pods as before");
    let event = shop.hears(ground, "rollout.aborted").await?;
    ensure!(event["analysis"]["check"] == "errors" && event["analysis"]["limit"] == "0.05", "{event:#}");
    ensure!(event["analysis"]["value"].as_str().is_some_and(|v| v.starts_with("0.")), "numbers are text: {event:#}");
    shop.hears(ground, "rollout.rolled-back").await?;
    Ok(())
}

/// A rollout whose one check is as short as can be, with traffic that proves something within seconds.
async fn compared(shop: &Shop) -> Result<()> {
    shop.service(1000).await?;
    let mut spec = quick(4, "v1");
    spec["analysis"]["checks"] = json!([{"name": "errors", "sequential": {"of": "errors"}}]);
    shop.create(spec).await?;
    shop.installed().await?;
    Ok(())
}

/// Evidence grows over the steps, and the promotion waits for a proof.
pub async fn a_good_canary_passes_a_test_that_is_one_line(ground: &Ground, shop: &Shop) -> Result<()> {
    compared(shop).await?;
    shop.image("v2").await?;
    let promoted = shop.promoted(&revision("v2")).await?;
    let weighed = &promoted["status"]["evidence"]["checks"]["errors"];
    ensure!(weighed["all"]["canary"][0].as_f64().is_some_and(|requests| requests > 1000.0), "{weighed:#}");
    let size = weighed.to_string().len();
    ensure!(size < 2048, "{size} bytes: {weighed}");
    let event = shop.hears(ground, "promotion.started").await?;
    let told = event["message"].as_str().unwrap_or_default();
    ensure!(told.contains("errors: canary 0.00% vs 0.00% over") && told.contains("that it is below 1.5x + 0.1pp"), "{told}");
    Ok(())
}

/// What counts is what Prometheus scraped of every pod, from its first request on.
pub async fn a_canary_with_errors_fails_a_test_that_is_one_line(ground: &Ground, shop: &Shop) -> Result<()> {
    compared(shop).await?;
    shop.image("v2-err30").await?;
    let begun = tokio::time::Instant::now();
    let aborted = shop.aborted().await?;
    let told = message(&aborted);
    ensure!(told.contains("errors: canary ") && told.contains("that it is worse than 1.25x + 0.05pp"), "{told}");
    ensure!(begun.elapsed().as_secs() < 60, "{} s", begun.elapsed().as_secs());
    let event = shop.hears(ground, "rollout.aborted").await?;
    ensure!(event["analysis"]["check"] == "errors" && event["analysis"]["limit"] == "0.000500", "{event:#}");
    let share: f64 = event["analysis"]["value"].as_str().unwrap_or_default().parse()?;
    ensure!((0.28..0.32).contains(&share), "30 of 100 failed: {share}");
    wait_for_replicas(shop, &[("v1", 4)]).await
}

/// The windows of a verdict are asked for again and counted again: the sums and the logarithms are those of its event.
pub async fn a_verdict_can_be_counted_again(ground: &Ground, shop: &Shop) -> Result<()> {
    compared(shop).await?;
    shop.image("v2-err5").await?;
    shop.aborted().await?;
    let event = shop.hears(ground, "rollout.aborted").await?;
    let recorded = event["analysis"]["evidence"].as_str().unwrap_or_default().to_owned();
    ensure!(recorded.starts_with("canary ") && recorded.contains(" worse "), "{event:#}");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("config.yaml");
    let providers = |url: &str| format!("metrics: {{default: prometheus, providers: [{{name: prometheus, url: '{url}', timeout: 2s}}]}}");
    std::fs::write(&file, providers(&ground.plane.prometheus_url()))?;
    let config = file.display().to_string();
    let page = serin(ground, shop, &["explain", NAME, "--config", &config]).await?;
    page.expect(0, &["95 % interval", "errors: asked prometheus again", "the same sums and odds as were recorded"])?;
    let asked = serin(ground, shop, &["explain", NAME, "--attempt", "1", "--config", &config, "-o", "json"]).await?;
    let json: Value = serde_json::from_str(&asked.stdout)?;
    let windows = json["again"][0]["windows"].as_array().cloned().unwrap_or_default();
    let sum = |side: &str, part: usize| windows.iter().filter_map(|window| window[side][part].as_f64()).sum::<f64>();
    let log = |name: &str| windows.last().and_then(|window| window[name].as_f64()).unwrap_or(f64::NAN);
    let again = format!(
        "canary {}/{} stable {}/{} worse {:.9} better {:.9}",
        sum("canary", 1),
        sum("canary", 0),
        sum("stable", 1),
        sum("stable", 0),
        log("worse"),
        log("better")
    );
    println!("the event says {recorded}; counted again from {} windows: {again}", windows.len());
    ensure!(windows.len() >= 3 && recorded.starts_with(&again), "{recorded} and {again}");

    serin(ground, shop, &["status", NAME]).await?.expect(0, &["proof     errors: a proof at 50% takes about", " rps of 20"])?;
    // Metrics are complete some seconds late.
    wait("today's traffic", Duration::from_mins(1), || async {
        let live = serin(ground, shop, &["check", NAME, "--config", &config]).await;
        live.is_ok_and(|live| {
            live.expect(0, &["errors: sequential, asked of prometheus", "a proof at 50% takes about", " at today's "]).is_ok()
        })
    })
    .await?;
    let known = serin(ground, shop, &["check", NAME]).await?;
    known.expect(0, &["asked of the default provider", "a proof at 50% takes about", " rps of 20"])?;
    ensure!(known.stdout.contains(&format!("{NAME}-{}-[a-z0-9]+", revision("v1"))), "the real revisions: {}", known.stdout);
    serin(ground, shop, &["check", "nobody"]).await?.expect(1, &["there is no Rollout nobody", "hint:"])?;

    let other = serin(ground, shop, &["explain", NAME, "--attempt", "7"]).await?;
    other.expect(1, &["no evidence of attempt 7", "hint:"])?;
    std::fs::write(&file, providers("http://127.0.0.1:1"))?;
    serin(ground, shop, &["check", NAME, "--config", &config]).await?.expect(1, &["the provider prometheus cannot be reached", "hint:"])?;
    let gone = serin(ground, shop, &["explain", NAME, "--config", &config]).await?;
    gone.expect(0, &["not all of it can be counted again", "the provider cannot be reached"])?;
    Ok(())
}

/// Scenario 18.
pub async fn without_traffic_exposure_is_held_and_the_step_deadline_pauses(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(4, "v1");
    spec["deadlines"] = json!({"step": "6s"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.until("held", |r| phase(r) == "Stepping" && reason(r) == "Inconclusive").await?;
    let paused = shop.until("paused", |r| phase(r) == "Paused").await?;
    ensure!(reason(&paused) == "PausedByDeadline" && condition(&paused, "Stalled") == "True", "{paused:#}");
    let event = shop.hears(ground, "rollout.paused").await?;
    ensure!(event["message"].as_str().is_some_and(|m| m.contains("NaN") || m.contains("no series")), "the cause is told: {event:#}");
    wait_for_replicas(shop, &[("v1", 3), ("v2", 1)]).await
}

/// Scenario 18: traffic that stops after a good start.
pub async fn traffic_that_stops_is_no_pass_for_the_next_step(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "2s"}, {"weight": 50, "hold": "12s"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    let services = Api::<k8s_openapi::api::core::v1::Service>::namespaced(shop.client.clone(), &shop.namespace);
    let silence = json!({"metadata": {"annotations": {"dev.serin/rps": "0"}}});
    services.patch("checkout", &kube::api::PatchParams::default(), &kube::api::Patch::Merge(silence)).await?;
    let held = shop.until("held", |r| phase(r) == "Stepping" && reason(r) == "Inconclusive").await?;
    ensure!(held["status"]["weight"]["wanted"] == 50, "{held:#}");
    Ok(())
}

/// Scenario 16 with a backend of which nobody has heard: the deadline's edge names the cause.
pub async fn a_backend_that_never_answers_ends_in_the_step_deadline(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    let mut check = errors_below(0.05);
    check["threshold"]["provider"] = json!("nobody");
    spec["analysis"]["checks"] = json!([check]);
    spec["deadlines"] = json!({"step": "6s", "onStep": "Abort"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.until("the trouble is named", |r| reason(r) == "CheckError" && message(r).contains("nobody cannot be reached")).await?;
    shop.aborted().await?;
    let event = shop.hears(ground, "rollout.aborted").await?;
    ensure!(event["reason"] == "StepDeadline" && event["message"].as_str().is_some_and(|m| m.contains("cannot be reached")), "{event:#}");
    Ok(())
}

/// Scenario 19: what a container itself names as final, or does again and again.
pub async fn a_canary_that_cannot_run_is_aborted_without_any_metrics(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(4, "v1");
    spec["analysis"] = json!({"none": {}});
    spec["capacity"] = json!({"stableFloor": "100%"});
    shop.create(spec).await?;
    shop.installed().await?;
    for (tag, words) in [("v2-badname", "InvalidImageName"), ("v3-nopull", "not found"), ("v4-crash", "CrashLoopBackOff")] {
        shop.image(tag).await?;
        let aborted = shop.until(tag, |r| reason(r) == "Rejected" && message(r).contains(&revision(tag))).await?;
        ensure!(message(&aborted).contains(words), "{tag}: {}", message(&aborted));
    }
    let events = shop.events(ground)?;
    ensure!(events.iter().filter(|e| e["type"] == "rollout.aborted" && e["analysis"]["check"] == "workload").count() == 3, "{events:#?}");
    Ok(())
}

/// Scenario 19: readiness that is lost during a hold.
pub async fn a_canary_that_loses_its_readiness_is_aborted(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "5m"}]);
    spec["analysis"] = json!({"none": {}});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2-flaky").await?;
    let aborted = shop.aborted().await?;
    ensure!(message(&aborted).contains("lost its readiness"), "{}", message(&aborted));
    Ok(())
}

/// Scenario 19: a registry that is down is nobody's fault.
pub async fn a_registry_outage_holds_and_ends_in_the_deadline_for_pods(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(4, "v1");
    spec["analysis"] = json!({"none": {}});
    spec["deadlines"] = json!({"available": "12s"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2-registrydown").await?;
    shop.aborted().await?;
    let event = shop.hears(ground, "rollout.aborted").await?;
    ensure!(event["reason"] == "Unavailable", "{event:#}");
    Ok(())
}

/// The registry's and the status' words about one rollout agree.
pub async fn the_status_prints_what_people_ask_for(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 10, "hold": "10m"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let stepping = shop.at_weight(10).await?;
    let status = &stepping["status"];
    // Five pods are the most that four replicas and a surge of one allow; one of four is nearer than what a fifth pod would be worth.
    ensure!(status["weight"] == json!({"wanted": 10, "granted": 25, "achieved": 25}), "{status:#}");
    ensure!(status["stable"] == revision("v1").as_str() && status["canary"] == revision("v2").as_str() && status["step"] == "1/1");
    ensure!(status["selector"] == "serin.dev/rollout=checkout" && status["replicas"] == 4, "{status:#}");
    let scale = shop.rollouts().get_scale("checkout").await?;
    ensure!(scale.spec.and_then(|s| s.replicas) == Some(4), "the scale subresource speaks of spec.replicas");
    ensure!(!stepping.to_string().is_empty() && shop.rollouts().get("checkout").await?.finalizers() == ["serin.dev/rollout"]);
    let conditions: Vec<&Value> = status["conditions"].as_array().into_iter().flatten().collect();
    ensure!(conditions.iter().all(|c| c["observedGeneration"] == stepping["metadata"]["generation"]), "{conditions:#?}");
    Ok(())
}
