//! Is the canary good enough? Tables over what is asked, what comes back and what the pods say.

mod again;
mod asking;
mod beside;
mod bounds;
mod compared;
mod cost;
mod edges;
mod evidence;
mod failures;
mod gauges;
mod going_on;
mod once;
mod policies;
mod properties;
mod queries;
mod readings;
mod shared;
mod sums;
mod vectors;
mod workload;

use chrono::{DateTime, Utc};
use serin::analysis::{self, Due, Evidence};
use serin::rollout::{Intent, Observed, Reading, Sample, State, Verdict};

use crate::given::{Seeing, child, intent, seen, v1, v2, weight};

/// v2 at 10 % with its one pod ready since noon, v1 with nine.
fn serving() -> Observed {
    seen().with(v1(), child(9, 9)).with(v2(), child(1, 1))
}

/// A sample of the check `errors` for the first attempt at 10 %.
fn sample(at: DateTime<Utc>, reading: Reading) -> Sample {
    Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at, reading }
}

/// The verdict in one line.
fn judged(intent: &Intent, state: &State, seen: &Observed, now: DateTime<Utc>) -> String {
    line(analysis::judge(intent, state, &Evidence::default(), seen, now).verdict)
}

fn line(verdict: Verdict) -> String {
    match verdict {
        Verdict::Pass(text) => format!("Pass: {text}"),
        Verdict::Fail(failure) => format!("Fail: {}", failure.message),
        Verdict::Inconclusive(text) => format!("Inconclusive: {text}"),
        Verdict::Error(text) => format!("Error: {text}"),
    }
}

/// What is asked where nothing is known of the attempt yet.
fn asks(intent: &Intent, state: &State, seen: &Observed, now: DateTime<Utc>) -> Due {
    analysis::due(intent, state, &Evidence::default(), seen, now)
}

/// The spec of the tables: one check with a window of 30 s every 10 s, at most 0.01.
fn spec() -> Intent {
    intent(v2())
}
