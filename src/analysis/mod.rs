//! Is the canary good enough? What to ask, and what the answers say.

mod compare;
mod due;
pub mod gauge;
mod interval;
mod query;
pub mod sequential;
mod threshold;
mod workload;

pub use compare::standard_errors;
pub use due::{Due, due};
pub use interval::interval;
pub use query::{BadPlaceholder, fill_fixed, fill_pods};

use chrono::{DateTime, Utc};

use due::first_ready;
use threshold::Counting;

use crate::rollout::{Check, Clock, Failure, Intent, Observed, State, Stepping, Verdict};

/// What all checks say of the attempt in flight: the built-in workload check first, then those of the spec.
///
/// Any Fail fails. All must pass to pass. A question without an answer counts for more than one that needs time, and neither moves anything.
pub fn judge(intent: &Intent, state: &State, seen: &Observed, now: DateTime<Utc>) -> Verdict {
    let Some((attempt, weight)) = state.trial() else { return Verdict::Inconclusive("nothing is on trial".to_owned()) };
    let workload = workload::judge(attempt, seen, now);
    let window = Counting { seen, gate: gate(intent, state), first_ready: first_ready(attempt, seen) };
    let checks = asked(intent, state).iter().map(|check| threshold::judge(check, intent, (attempt, weight), &window, now));
    let verdict = [workload].into_iter().chain(checks).reduce(combine);
    match (verdict, state) {
        // What was measured before the share was reached says nothing of the share.
        (Some(Verdict::Pass(_)), State::Stepping(Stepping { clock: Clock::Waiting { .. }, .. })) => {
            Verdict::Inconclusive("the step's share is just being reached".to_owned())
        }
        (Some(verdict), _) => verdict,
        (None, _) => Verdict::Inconclusive("no check".to_owned()),
    }
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
    Verdict::Fail(Failure { check: check.to_owned(), message, value: None, limit: None })
}
