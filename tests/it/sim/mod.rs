//! Does every promise hold while processes die, replies are lost, caches lag and users do their worst?
//!
//! The production `pass` runs over a simulated world. One seed decides everything, so a run that broke a promise can be run again.

mod acts;
mod agenda;
mod commands;
mod faults;
mod kubernetes;
mod ledger;
mod network;
mod process;
mod promises;
mod rng;
mod run;
mod scenario;
mod server;
mod state;
mod truth;
mod users;
mod weather;
mod words;
mod world;

use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use run::{Outcome, run};

/// How many seeds are tried where nobody says otherwise.
const SEEDS: u64 = 2_000;

/// After so many seeds a long run says where it is.
const NEWS_EVERY: u64 = 10_000;

/// How many lines of a trace are printed: the end is where the promise broke.
const LINES: usize = 80;

#[test]
fn sim_every_promise_holds_whatever_goes_wrong() {
    if let Some(seed) = number("SERIN_SEED") {
        let outcome = run(seed, Some(Vec::new()));
        println!("{}\n{:?} in {} steps", outcome.trace.join("\n"), outcome.happened, outcome.steps);
        assert!(outcome.broken.is_none(), "{}", report(seed, &outcome));
        return;
    }
    let first = number("SERIN_FROM").unwrap_or(0);
    let seeds = number("SERIN_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(first);
    let work = || {
        let (mut happened, mut broken): (BTreeMap<&str, u32>, Vec<(u64, Outcome)>) = Default::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                return (happened, broken);
            }
            let outcome = run(seed, None);
            outcome.happened.iter().for_each(|(kind, count)| *happened.entry(kind).or_default() += count);
            tell(seed - first + 1, seed, &outcome);
            if outcome.broken.is_some() {
                broken.push((seed, outcome));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker panics only where a run does")).collect()
    });
    let mut happened: BTreeMap<&str, u32> = BTreeMap::new();
    done.iter().flat_map(|(happened, _)| happened).for_each(|(kind, count)| *happened.entry(kind).or_default() += count);
    println!("{seeds} seeds: {happened:?}");
    let mut broken: Vec<&(u64, Outcome)> = done.iter().flat_map(|(_, broken)| broken).collect();
    broken.sort_by_key(|(seed, _)| *seed);
    let mut promises: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for (seed, outcome) in &broken {
        if let Some(broken) = &outcome.broken {
            promises.entry(broken.promise).or_default().push(*seed);
        }
    }
    if let Some((seed, _)) = broken.first() {
        let first = run(*seed, Some(Vec::new()));
        panic!("{}\n\n{} of {seeds} seeds: {promises:?}", report(*seed, &first), broken.len());
    }
}

/// Says at once what a long run finds, and where it is, so that one that is cut short was not for nothing.
fn tell(done: u64, seed: u64, outcome: &Outcome) {
    let broken = outcome.broken.as_ref().map(|broken| format!("seed {seed} broke \"{}\": {}", broken.promise, broken.how));
    let news = done.is_multiple_of(NEWS_EVERY).then(|| format!("{done} seeds were begun"));
    for line in broken.into_iter().chain(news) {
        // What a test prints is held back until its end; this is not.
        writeln!(stderr(), "{line}").expect("what is said about a run can be written");
    }
}

/// What broke, the end of the trace, and how to see all of it.
fn report(seed: u64, outcome: &Outcome) -> String {
    let from = outcome.trace.len().saturating_sub(LINES);
    let Some(broken) = &outcome.broken else { return format!("seed {seed} holds") };
    format!(
        "{}\n\nbroken: {}\n{}\n\nseed {seed}; see all of it with\n    SERIN_SEED={seed} cargo test -p serin --test it sim -- --nocapture",
        outcome.trace[from..].join("\n"),
        broken.promise,
        broken.how,
    )
}

#[expect(clippy::disallowed_methods, reason = "a developer says which seeds to try")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}
