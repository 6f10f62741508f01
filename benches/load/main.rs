//! What does Serin cost? Measured on a real control plane, with the release build. `make bench` writes the tables of docs/performance.md.
#![allow(clippy::disallowed_methods, reason = "the product's core takes the time as an argument; who measures it has to ask for it")]

mod backend;
mod bare;
mod ground;
mod idle;
mod page;
mod plan;
mod process;
mod reaction;
mod restart;
mod shop;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;

/// Which measurements to make.
#[derive(Parser)]
#[command(name = "bench", disable_help_subcommand = true)]
struct Arguments {
    /// The controller to measure.
    #[arg(long)]
    serin: PathBuf,
    /// So many rollouts at once carry out the plan; 0 leaves it out.
    #[arg(long, value_delimiter = ',', default_value = "20,200")]
    sizes: Vec<usize>,
    /// So many rollouts are at rest.
    #[arg(long, value_delimiter = ',', default_value = "0,1000")]
    idle: Vec<usize>,
    /// So many are in flight when their canaries fail, and when the controller is killed; 0 leaves both out.
    #[arg(long, default_value_t = 200)]
    in_flight: usize,
    /// Set by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Fewer than so many are done within seconds, in which whatever else the machine does counts: so many runs are made, and the middle one is told.
const FEW: usize = 100;
const RUNS: usize = 3;

/// How far apart canaries fail: each for a reason of its own, faster than the machine can bring pods back, and all for one cause.
const GAPS: [Duration; 3] = [Duration::from_millis(250), Duration::from_millis(50), Duration::ZERO];

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { serin, sizes, idle, in_flight, bench: _ } = Arguments::parse();
    let mut page = page::Page::new()?;
    for count in sizes.into_iter().filter(|count| *count > 0) {
        say(&format!("the plan, {count} at once"))?;
        let (mut runs, times) = (Vec::new(), if count < FEW { RUNS } else { 1 });
        for _ in 0..times {
            runs.push(plan::measure(&serin, count).await?);
        }
        runs.sort_by(|one, other| one.ratio().total_cmp(&other.ratio()));
        page.cost(&runs[runs.len() / 2]);
    }
    for count in idle {
        say(&format!("{count} at rest"))?;
        page.rest(&idle::measure(&serin, count).await?);
    }
    if in_flight > 0 {
        for gap in GAPS {
            say(&format!("{in_flight} canaries fail, one {} ms after the other", gap.as_millis()))?;
            page.reaction(&reaction::measure(&serin, in_flight, gap).await?);
        }
        say(&format!("a kill with {in_flight} in flight"))?;
        page.restart(&restart::measure(&serin, in_flight).await?);
    }
    say(&page.text())?;
    page.write()
}

fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
