//! What becomes of a canary that nobody scrapes? Pods count their requests in a metric of this test's own, and are scraped where it says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};

use super::ground::Ground;
use super::shop::{Shop, phase, quick, reason, revision};

/// A process that answers twenty requests from one scrape to the next.
async fn busy() -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let (address, requests) = (listener.local_addr()?.to_string(), Arc::new(AtomicU64::new(0)));
    let page = move || {
        let counted = requests.fetch_add(20, Ordering::Relaxed);
        async move { format!("# TYPE own_requests_total counter\nown_requests_total{{code=\"200\"}} {counted}\n") }
    };
    let app = Router::new().route("/metrics", get(page));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// From now on these pods are scraped, and no others.
fn scrape(ground: &Ground, shop: &Shop, address: &str, pods: &[String]) -> Result<()> {
    let target = |pod: &String| json!({"targets": [address], "labels": {"namespace": shop.namespace, "pod": pod}});
    let file = ground.plane.dir().join("pods.json");
    std::fs::write(file.with_extension("new"), Value::Array(pods.iter().map(target).collect()).to_string())?;
    Ok(std::fs::rename(file.with_extension("new"), file)?)
}

pub async fn a_canary_that_nobody_scrapes_is_neither_promoted_nor_blamed(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["analysis"]["checks"] = json!([{"name": "errors", "sequential": {"of": "errors", "series": {"metric": "own_requests_total"}}}]);
    spec["deadlines"] = json!({"step": "6s"});
    shop.create(spec).await?;
    shop.installed().await?;
    scrape(ground, shop, &busy().await?, &shop.pods(&revision("v1")).await?)?;
    shop.image("v2").await?;
    let paused = shop.until("paused", |r| phase(r) == "Paused").await?;
    ensure!(reason(&paused) == "PausedByDeadline", "{paused:#}");
    let told = shop.hears(ground, "rollout.paused").await?["message"].to_string();
    let expected = "errors: missing targets: 0 of 1 canary pod was scraped, need 80%; holding, this is not a failure";
    ensure!(told.contains(expected), "{told}");
    ensure!(shop.told(ground)?.iter().all(|kind| kind != "rollout.aborted"), "{:?}", shop.told(ground)?);
    Ok(())
}
