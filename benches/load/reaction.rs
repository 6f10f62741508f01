//! How soon does exposure go down, once the metrics backend has said that a canary fails?

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::backend::{Backend, QUERY};
use crate::ground::Ground;
use crate::shop::{REPLICAS, open, release, rollouts, until};

/// From the answer to the write, of each of so many that were in flight, in order.
pub(crate) struct Reaction {
    pub(crate) gap: Duration,
    pub(crate) times: Vec<Duration>,
}

/// Lets so many canaries fail that are all in flight, each so much later than the one before it.
pub(crate) async fn measure(binary: &Path, count: usize, gap: Duration) -> Result<Reaction> {
    let ground = Ground::lay(binary).await?;
    let backend = Backend::start().await?;
    ground.installed.add_provider("stand-in", &backend.url)?;
    let _serin = ground.start().await?;
    let plan = json!({
        "steps": [{"weight": 50, "hold": "1h"}],
        "analysis": {"every": "1s", "warmUp": "0s", "checks": [
            {"name": "health", "threshold": {"query": QUERY, "window": "0s", "min": 0.99, "provider": "stand-in"}},
        ]},
    });
    open(&ground.client, count, REPLICAS, &plan).await?;
    release(&ground.client, count, "v2").await?;
    let holds = |rollout: &Value| rollout["status"]["phase"] == "Stepping" && rollout["status"]["why"]["reason"] == "Holding";
    until(&rollouts(&ground.client), count, holds).await?;
    backend.turn(gap);
    let rejected = |rollout: &Value| rollout["status"]["phase"] == "Idle" && rollout["status"]["why"]["reason"] == "Rejected";
    until(&rollouts(&ground.client), count, rejected).await?;

    let told = backend.told();
    ensure!(told.len() == count, "{} of {count} rollouts asked", told.len());
    let lowered = first_scale(&ground, &told)?;
    let mut times = Vec::new();
    for (rollout, told) in &told {
        let lowered = lowered.get(rollout).with_context(|| format!("{rollout} was never scaled"))?;
        times.push((*lowered - *told).to_std()?);
    }
    times.sort_unstable();
    Ok(Reaction { gap, times })
}

/// When each rollout was scaled first after it was told.
fn first_scale(ground: &Ground, told: &BTreeMap<String, DateTime<Utc>>) -> Result<BTreeMap<String, DateTime<Utc>>> {
    let mut first = BTreeMap::new();
    for request in ground.asked()?.into_iter().filter(|request| request.subresource == "scale" && request.code < 300) {
        // A Deployment is named after its rollout and its revision.
        let Some((rollout, _)) = request.name.rsplit_once('-') else { continue };
        if told.get(rollout).is_some_and(|told| request.at > *told) {
            first.entry(rollout.to_owned()).or_insert(request.at);
        }
    }
    Ok(first)
}
