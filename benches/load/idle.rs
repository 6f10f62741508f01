//! What do rollouts cost that are only there?

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::Utc;
use serin_dev::CONTROLLER_USER;

use crate::ground::{Asked, Ground};
use crate::shop::{open, plan};

/// A minute of rest.
pub(crate) struct Rest {
    pub(crate) count: usize,
    /// MiB, of a process that was started when all were there.
    pub(crate) memory: f64,
    pub(crate) asked: Asked,
    /// Milliseconds of processor time.
    pub(crate) cpu: f64,
    /// From the start of the process to the request that is its first watch.
    pub(crate) first_watch: Duration,
}

/// So many rollouts of one pod each, at rest, under a fresh controller.
pub(crate) async fn measure(binary: &Path, count: usize) -> Result<Rest> {
    let ground = Ground::lay(binary).await?;
    if count > 0 {
        let maker = ground.start().await?;
        open(&ground.client, count, 1, &plan()).await?;
        ground.silence().await?;
        drop(maker);
    }
    let begun = Utc::now();
    let serin = ground.start().await?;
    ground.silence().await?;
    let (before, cpu) = (ground.asked()?.len(), serin.process.cpu()?);
    tokio::time::sleep(Duration::from_mins(1)).await;
    let cpu = serin.process.cpu()? - cpu;
    let asked = Asked::of(&ground.asked()?.split_off(before));
    let requests = ground.plane.audit_events(CONTROLLER_USER)?;
    let first = requests.iter().find(|request| request.verb == "watch" && request.at >= begun).context("the controller watches nothing")?;
    Ok(Rest { count, memory: serin.process.memory()?, asked, cpu, first_watch: (first.at - begun).to_std()? })
}
