//! Is the canary good enough? What to ask, and what the answers say.

mod again;
mod beside;
mod bounds;
mod compare;
mod cost;
mod course;
mod due;
mod evidence;
mod explain;
pub mod gauge;
mod interval;
mod minutes;
mod outline;
mod policy;
mod query;
pub mod sequential;
mod series;
mod shared;
mod sums;
mod threshold;
mod weigh;
mod windows;
pub mod words;
mod workload;

pub use again::{Again, Row, heading};
pub use compare::standard_errors;
pub use cost::{Seen, Traffic, cost, today};
pub use course::{Course, Window};
pub use due::{Due, due};
pub use evidence::{Evidence, Weighed};
pub use interval::interval;
pub use minutes::{BATCH, Measured};
pub use outline::outline;
pub use query::{BadPlaceholder, fill_args, fill_fixed, fill_pods};
pub use sums::Sums;

use chrono::{DateTime, Utc};

use beside::Beside;
use due::first_ready;
use evidence::Pods;
use minutes::Minutes;
use threshold::Counting;
use weigh::Bench;
use windows::Chain;

use crate::rollout::{Attempt, Check, CheckKind, Clock, Failure, Intent, Observed, Reading, Sample, State, Stepping, Verdict, Weight};

/// What the checks say, and what they go on from.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What they say together.
    pub verdict: Verdict,
    /// The evidence with all windows that are known.
    pub evidence: Evidence,
}

/// What all checks say of the attempt in flight: the built-in workload check first, then those of the spec.
///
/// Any Fail fails. All must pass to pass. A question without an answer counts for more than one that needs time, and neither moves anything.
///
/// # Guarantees
/// The evidence that comes out follows from the evidence that goes in and from the samples alone: windows that it holds already change nothing.
pub fn judge(intent: &Intent, state: &State, evidence: &Evidence, seen: &Observed, now: DateTime<Utc>) -> Judged {
    let Some((attempt, weight)) = state.trial() else {
        let verdict = Verdict::Inconclusive("nothing is on trial".to_owned());
        return Judged { verdict, evidence: evidence.clone() };
    };
    let (gate, first_ready) = (gate(intent, state), first_ready(attempt, seen));
    let beside = Beside::of(intent, (attempt, weight), (gate, first_ready), seen);
    let evidence = gathered(intent, state, (attempt, weight), &beside, (evidence, seen), now);
    let workload = workload::judge(attempt, seen, now);
    let counting = Counting { seen, attempt, step: weight, every: intent.every, gate, first_ready, now };
    let (sides_gate, sides_ready) = beside.as_ref().map_or((gate, first_ready), |beside| (beside.gate, beside.ready));
    let bench = Bench { intent, attempt, step: weight, gate: sides_gate, evidence: &evidence, seen, now };
    let checks = asked(intent, state);
    let harm = policy::BOTH.into_iter().filter_map(|on_fail| {
        let failure = weigh::harm(checks.iter().filter(|check| check.policy.fail == on_fail), bench)?;
        let failed = policy::failed(on_fail, failure);
        Some(match &beside {
            Ok(beside) => beside.told(failed),
            Err(_) => failed,
        })
    });
    let verdicts = checks.iter().map(|check| {
        let counting = if check.compares() { Counting { gate: sides_gate, first_ready: sides_ready, ..counting } } else { counting };
        let judge = || match &check.kind {
            CheckKind::Threshold(threshold) => threshold::judge(check, threshold, counting),
            CheckKind::Compare(compare) => compare::judge(check, compare, counting),
            CheckKind::Sequential(sequential) => weigh::judge(check, sequential, bench),
            CheckKind::Gauge(gauge) => {
                let base = sides_gate.unwrap_or(DateTime::UNIX_EPOCH);
                let minutes = Minutes { check, gauge, attempt: attempt.number, step: weight, base, now };
                minutes.judge(intent, &seen.samples, evidence.measured(attempt.number, &check.name))
            }
        };
        let told = || match &beside {
            _ if !check.compares() => judge(),
            Ok(beside) => beside.told(judge()),
            Err(text) => Verdict::Inconclusive(format!("{}: {text}", check.name)),
        };
        match policy::trouble(check, counting).map_or_else(told, Verdict::Fail) {
            Verdict::Fail(failure) => policy::failed(check.policy.fail, failure),
            other @ (Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::Error(_)) => other,
        }
    });
    let verdict = [workload].into_iter().chain(harm).chain(verdicts).reduce(combine);
    let verdict = match (verdict, state) {
        // What was measured before the share was reached says nothing of the share.
        (Some(Verdict::Pass(_)), State::Stepping(Stepping { clock: Clock::Waiting { .. }, .. })) => {
            Verdict::Inconclusive("the step's share is just being reached".to_owned())
        }
        (Some(verdict), _) => verdict,
        (None, _) => Verdict::Inconclusive("no check".to_owned()),
    };
    Judged { verdict, evidence }
}

/// The evidence with every window that follows on it.
fn gathered(
    intent: &Intent,
    state: &State,
    (attempt, step): (&Attempt, Weight),
    beside: &Result<Beside<'_>, String>,
    (evidence, seen): (&Evidence, &Observed),
    now: DateTime<Utc>,
) -> Evidence {
    let checks = asked(intent, state);
    let mut gathered = evidence.at(attempt, intent);
    gathered.retain(&intent.checks);
    let Ok(Beside { gate, ready: Some(ready), young, past, .. }) = beside else { return gathered };
    let base = begins(*gate, *ready);
    let before = Pods::before(*past);
    for (check, sequential) in weigh::sequential(checks) {
        if let Some(unit) = bounds::wanted(&sequential.source) {
            let said = |sample: &&Sample| sample.check == check.name && sample.speaks_of(attempt.number, step, now);
            let newest = seen.samples.iter().filter(said).max_by_key(|sample| sample.at);
            if let Some(Sample { reading: Reading::Bounds(shares), .. }) = newest {
                gathered.keep_bound(&check.name, bounds::choose(unit, shares));
            }
        }
        let chain = Chain { check, sequential, attempt: attempt.number, step, base, before, now };
        chain.fold(intent, &seen.samples, &mut gathered);
    }
    for check in checks {
        if let CheckKind::Gauge(gauge) = &check.kind {
            let minutes = Minutes { check, gauge, attempt: attempt.number, step, base, now };
            let known = gathered.measured(attempt.number, &check.name).cloned();
            minutes.fold(&seen.samples, known.as_ref()).into_iter().for_each(|measured| gathered.keep_measured(&check.name, measured));
        }
    }
    gathered.note_young(step, *young, evidence);
    gathered
}

/// The measured checks that matter now: none where somebody forced the canary past them.
fn asked<'a>(intent: &'a Intent, state: &State) -> &'a [Check] {
    if state.is_forced() { &[] } else { &intent.checks }
}

/// When the samples that count begin, if that matters: the share is reached, and the new pods are warm.
fn gate(intent: &Intent, state: &State) -> Option<DateTime<Utc>> {
    match state {
        State::Stepping(Stepping { clock: Clock::Waiting { since, .. } | Clock::Running { since, .. }, .. }) => {
            Some(*since + intent.warm_up)
        }
        State::Promoting(s) => Some(s.since + intent.warm_up),
        State::Baking(s) => Some(s.since + intent.warm_up),
        State::Installing(_)
        | State::Adopting(_)
        | State::Idle(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::RollingBack(_)
        | State::HandingBack(_)
        | State::Deleted(_) => None,
    }
}

/// Where what counts begins: nothing before this time does, and nothing before all that is asked about was there.
fn begins(gate: Option<DateTime<Utc>>, there: DateTime<Utc>) -> DateTime<Utc> {
    gate.map_or(there, |gate| gate.max(there))
}

/// The worse of two verdicts wins; two Passes add up.
fn combine(one: Verdict, other: Verdict) -> Verdict {
    use Verdict::{Error, Fail, Inconclusive, Pass};
    match (one, other) {
        (fail @ Fail(_), _) | (_, fail @ Fail(_)) => fail,
        (error @ Error(_), _) | (_, error @ Error(_)) => error,
        (open @ Inconclusive(_), _) | (_, open @ Inconclusive(_)) => open,
        (Pass(one), Pass(other)) => Pass(format!("{one}; {other}")),
    }
}

/// How many there are, as a number to calculate with.
fn number_of<T>(all: &[T]) -> f64 {
    f64::from(u32::try_from(all.len()).unwrap_or(u32::MAX))
}

/// A check that failed, without a measured value.
fn failure(check: &str, message: String) -> Verdict {
    Verdict::Fail(Failure { check: check.to_owned(), message, value: None, limit: None, evidence: None })
}
