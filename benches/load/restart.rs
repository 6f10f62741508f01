//! What does a controller lose that is killed in the middle?

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::Utc;
use serde_json::Value;
use serin_dev::AuditEvent;

use crate::ground::Ground;
use crate::shop::{REPLICAS, is_told, open, plan, release, rollouts, stands_at, until};

/// What became of so many rollouts over a kill.
pub(crate) struct Restart {
    pub(crate) count: usize,
    /// From the new process's start to its first write for a rollout.
    pub(crate) resumed: Duration,
    pub(crate) events: usize,
    /// Deliveries of an event that was delivered before.
    pub(crate) repeated: usize,
    /// Rollouts whose events are no whole chain, or are not those that the plan tells.
    pub(crate) broken: usize,
}

/// Kills the controller once half of so many rollouts have reached their second step.
pub(crate) async fn measure(binary: &Path, count: usize) -> Result<Restart> {
    let ground = Ground::lay(binary).await?;
    let serin = ground.start().await?;
    open(&ground.client, count, REPLICAS, &plan()).await?;
    release(&ground.client, count, "v2").await?;
    let second =
        |rollout: &Value| rollout["status"]["step"].as_str().is_some_and(|step| !step.starts_with("1/")) || stands_at(rollout, "v2");
    until(&rollouts(&ground.client), count / 2, second).await?;
    drop(serin);
    let begun = Utc::now();
    let _serin = ground.start().await?;
    until(&rollouts(&ground.client), count, |rollout| stands_at(rollout, "v2") && is_told(rollout)).await?;

    let requests = ground.asked()?;
    // What was sent before the kill may be received after it; a process says who it is.
    let killed: BTreeSet<&str> = requests.iter().filter(|request| request.at <= begun).map(|request| request.agent.as_str()).collect();
    let is_first = |request: &&AuditEvent| {
        !killed.contains(request.agent.as_str()) && request.resource == "rollouts" && request.subresource == "status"
    };
    let first = requests.iter().find(is_first).context("the new controller wrote nothing")?;
    let resumed = (first.at - begun).to_std()?;
    let streams = ground.events()?;
    let (mut events, mut repeated, mut broken) = (0, 0, 0);
    for told in streams.values() {
        let distinct: BTreeSet<&String> = told.iter().collect();
        events += distinct.len();
        repeated += told.len() - distinct.len();
        broken += usize::from(serin::audit::verify(told.iter().map(String::as_str)).is_err() || kinds(told)? != PLAN);
    }
    broken += count - streams.len().min(count);
    Ok(Restart { count, resumed, events, repeated, broken })
}

/// What a rollout tells that is installed and then promoted by the plan.
const PLAN: [&str; 7] =
    ["rollout.created", "rollout.installed", "rollout.started", "step.started", "step.started", "promotion.started", "rollout.promoted"];

fn kinds(told: &[String]) -> Result<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut kinds = Vec::new();
    for text in told.iter().filter(|text| seen.insert(*text)) {
        kinds.push(serde_json::from_str::<Value>(text)?["type"].as_str().context("an event without a type")?.to_owned());
    }
    Ok(kinds)
}
