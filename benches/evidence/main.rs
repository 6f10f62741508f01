//! How often is a good canary aborted, and how soon a bad one? The product's own judge against the rules of others, on simulated traffic.
//!
//! `make bench-evidence` writes the tables of docs/evidence.md. Same seeds, same tables.

mod judges;
mod ranks;
mod scenarios;
mod tables;
mod traffic;

use std::error::Error;
use std::fs;

use judges::{Judge, Rule};
use scenarios::{ALL, Scenario};
use serin_dev::write_between;
use traffic::Traffic;

/// Runs of each scenario.
const RUNS: u32 = 500;
/// Between these lines the page holds what is written here.
const MARKS: (&str, &str) = ("<!-- written by make bench-evidence -->", "<!-- end -->");

/// What became of all runs of one scenario under one judge.
pub(crate) struct Outcome {
    pub(crate) rule: Rule,
    /// When each run that was aborted was, in seconds.
    pub(crate) aborted: Vec<u32>,
    /// How many bad requests the canary had answered until then, or until the end.
    pub(crate) blast: Vec<f64>,
    /// When each run had a proof that the canary is below the limit, in seconds.
    pub(crate) proven: Vec<u32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let outcomes: Vec<(&Scenario, Vec<Outcome>)> = ALL.iter().map(|scenario| (scenario, runs(scenario))).collect();
    write_between("docs/evidence.md", MARKS, &tables::tables(&outcomes, RUNS))?;
    fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/evidence.svg"), tables::figure(&outcomes, RUNS))?;
    let missed = tables::missed(&outcomes, RUNS);
    if missed.is_empty() { Ok(()) } else { Err(missed.join("\n").into()) }
}

fn runs(scenario: &Scenario) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> =
        Rule::ALL.iter().map(|rule| Outcome { rule: *rule, aborted: Vec::new(), blast: Vec::new(), proven: Vec::new() }).collect();
    for run in 0..RUNS {
        let windows = Traffic::new(scenario, run).windows();
        for outcome in &mut outcomes {
            let mut judge = Judge::new(outcome.rule, &windows.before);
            let (mut bad, mut proven) = (0.0, None);
            let seconds = |at: usize| (u32::try_from(at).unwrap_or(u32::MAX) + 1) * scenarios::EVERY;
            let aborted = (0..windows.during.len()).find(|at| {
                bad += windows.during[*at].canary.bad;
                let aborts = judge.aborts(&windows.during[..=*at]);
                proven = proven.or_else(|| judge.proves().then(|| seconds(*at)));
                aborts
            });
            outcome.blast.push(bad);
            outcome.aborted.extend(aborted.map(seconds));
            outcome.proven.extend(proven);
        }
    }
    outcomes
}
