//! What does the plan cost with Serin, for so many rollouts at once? And what do they cost once they are at rest?

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serin_dev::AuditEvent;
use tokio::time::Instant;

use crate::bare::{self, Bare};
use crate::ground::{Asked, Ground};
use crate::shop::{REPLICAS, is_told, open, plan, release, rollouts, stands_at, until};

/// How long what is at rest is watched.
const IDLE: Duration = Duration::from_mins(1);

/// What so many rollouts at once cost.
pub(crate) struct Cost {
    pub(crate) count: usize,
    pub(crate) bare: Bare,
    pub(crate) wall: Duration,
    /// Milliseconds of processor time for each rollout.
    pub(crate) cpu: f64,
    /// Requests of each rollout.
    pub(crate) reads: f64,
    pub(crate) writes: f64,
    /// The writes of all, by what they are.
    pub(crate) kinds: BTreeMap<String, usize>,
    /// MiB.
    pub(crate) peak: f64,
    pub(crate) puts: f64,
    /// A minute of rest: requests, and milliseconds of processor time.
    pub(crate) idle: (Asked, f64),
}

impl Cost {
    /// How many times as long as the bare plan it took.
    pub(crate) fn ratio(&self) -> f64 {
        self.wall.as_secs_f64() / self.bare.wall.as_secs_f64()
    }
}

/// Measures the bare plan and Serin's, on a plane each.
pub(crate) async fn measure(binary: &Path, count: usize) -> Result<Cost> {
    let bare = bare::measure(&Ground::lay(binary).await?, count).await?;
    let ground = Ground::lay(binary).await?;
    let serin = ground.start().await?;
    open(&ground.client, count, REPLICAS, &plan()).await?;
    ground.silence().await?;

    serin.process.forget_peak()?;
    let (begun, cpu, puts, before) = (Instant::now(), serin.process.cpu()?, ground.puts().await?, ground.asked()?.len());
    release(&ground.client, count, "v2").await?;
    until(&rollouts(&ground.client), count, |rollout| stands_at(rollout, "v2")).await?;
    let wall = begun.elapsed();
    until(&rollouts(&ground.client), count, |rollout| stands_at(rollout, "v2") && is_told(rollout)).await?;
    let cpu = serin.process.cpu()? - cpu;
    let puts = ground.puts().await? - puts;
    let peak = serin.process.peak()?;
    ground.silence().await?;
    let requests = ground.asked()?.split_off(before);
    ensure!(requests.iter().all(|request| request.code < 500), "the API server failed");

    let (before, idle) = (ground.asked()?.len(), serin.process.cpu()?);
    tokio::time::sleep(IDLE).await;
    let idle = (Asked::of(&ground.asked()?.split_off(before)), serin.process.cpu()? - idle);

    let each = f64::from(u32::try_from(count)?);
    let Asked { reads, writes } = Asked::of(&requests);
    let per = |requests: usize| u32::try_from(requests).map(|requests| f64::from(requests) / each);
    Ok(Cost {
        count,
        bare,
        wall,
        cpu: cpu / each,
        reads: per(reads)?,
        writes: per(writes)?,
        kinds: kinds(&requests),
        peak,
        puts: puts / each,
        idle,
    })
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn kinds(requests: &[AuditEvent]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for request in requests {
        let dry = if request.uri.contains("dryRun") { ", dry run" } else { "" };
        let part = if request.subresource.is_empty() { String::new() } else { format!("/{}", request.subresource) };
        *kinds.entry(format!("{} {}{part}{dry}, {}", request.verb, request.resource, request.code)).or_default() += 1;
    }
    kinds
}
