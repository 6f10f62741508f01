//! What must not be heard of: values of a template, and what a query quotes.

use anyhow::{Result, ensure};
use serde_json::json;

use super::ground::Ground;
use super::shop::{Shop, phase, quick};

/// Each would be found wherever it went.
const CANARIES: [&str; 4] = ["env-canary-4711", "argument-canary-4711", "annotation-canary-4711", "query-canary-4711"];

/// A refused query is told with the backend's words, a paused attempt with an event; the template is in neither, and in no line of the log.
pub async fn no_event_status_or_log_line_tells_a_secret(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(2, "v1");
    let pod = &mut spec["template"];
    pod["metadata"]["annotations"] = json!({"example.com/note": CANARIES[2]});
    pod["spec"]["containers"][0]["env"] = json!([{"name": "PASSWORD", "value": CANARIES[0]}]);
    pod["spec"]["containers"][0]["args"] = json!([format!("--token={}", CANARIES[1])]);
    // Prometheus repeats a string that stands where none may.
    spec["analysis"]["checks"][0]["threshold"]["query"] = json!(format!("sum(up{{token=\"{0}\"}}) \"{0}\"", CANARIES[3]));
    spec["deadlines"] = json!({"step": "4s"});
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let paused = shop.until("paused", |rollout| phase(rollout) == "Paused").await?;
    let event = shop.hears(ground, "rollout.paused").await?;
    let told = event["message"].as_str().unwrap_or_default();
    ensure!(told.contains("parse error") && told.contains("[concealed]"), "the backend's words are told: {told}");
    ensure!(event["images"][0].as_str().is_some_and(|image| image.ends_with(":v2")), "the image is told: {event:#}");
    let log = std::fs::read_to_string(ground.log())?;
    for canary in CANARIES {
        ensure!(!log.contains(canary), "the log has {canary}: {:?}", log.lines().find(|line| line.contains(canary)));
        ensure!(!paused["status"].to_string().contains(canary), "the status has {canary}: {:#}", paused["status"]);
    }
    Ok(())
}
