//! Is a measured value within its limits?

use chrono::{DateTime, Utc};

use crate::rollout::{Attempt, Check, Failure, Intent, Observed, Reading, Sample, Verdict, Weight};

/// A sample older than this many intervals says nothing of now.
const STALE_AFTER: i32 = 3;

/// Which samples count.
pub(super) struct Counting<'a> {
    /// Where the samples are.
    pub(super) seen: &'a Observed,
    /// Nothing that was measured before this time counts.
    pub(super) gate: Option<DateTime<Utc>>,
    /// No range may begin before the canary's first pod that serves became ready.
    pub(super) first_ready: Option<DateTime<Utc>>,
}

/// Judges the newest sample that speaks of this attempt at this exposure.
pub(super) fn judge(check: &Check, intent: &Intent, trial: (&Attempt, Weight), counting: &Counting, now: DateTime<Utc>) -> Verdict {
    let (name, (attempt, weight)) = (&check.name, trial);
    let newest = counting.seen.samples.iter().filter(|s| s.check == *name && s.speaks_of(attempt.number, weight, now)).max_by_key(|s| s.at);
    let Some(sample) = newest else { return Verdict::Inconclusive(format!("{name}: no sample yet")) };
    let young = counting.first_ready.is_none_or(|ready| sample.from(check.threshold.window) < ready);
    if young || counting.gate.is_some_and(|gate| sample.at < gate) {
        return Verdict::Inconclusive(format!("{name}: the sample's range begins before the canary was there and warm"));
    }
    if now - sample.at > intent.every * STALE_AFTER {
        return Verdict::Inconclusive(format!("{name}: the newest sample is {} s old", (now - sample.at).num_seconds()));
    }
    read(check, sample)
}

/// Only a finite value passes or fails; what is unknown is never healthy and never a fault of the canary.
fn read(check: &Check, sample: &Sample) -> Verdict {
    let Check { name, threshold } = check;
    let open = |text: String| Verdict::Inconclusive(format!("{name}: {text}"));
    let error = |text: String| Verdict::Error(format!("{name}: {text}"));
    match &sample.reading {
        Reading::Value(value) => compare(check, *value),
        Reading::NoData => open("the query matches no series".to_owned()),
        Reading::NotANumber => open("the query's value is NaN, as without any request".to_owned()),
        Reading::Infinite => open("the query's value is infinite".to_owned()),
        Reading::Partial(text) => open(format!("the answer is incomplete: {text}")),
        Reading::SeveralSeries(count) => error(format!("the query gives {count} series; aggregate them to one, as with sum()")),
        Reading::WrongType(text) => error(format!("the query gives {text}, not one number")),
        Reading::BadQuery(text) => error(format!("{} refuses the query: {text}", threshold.provider)),
        Reading::QueryFailed(text) => error(format!("{} cannot evaluate the query: {text}", threshold.provider)),
        Reading::Unauthorized(status) => error(format!("{} answers {status}; check the provider's credentials", threshold.provider)),
        Reading::Throttled => error(format!("{} answers 429; it is asked too often", threshold.provider)),
        Reading::Unavailable(status) => error(format!("{} is not available (HTTP {status})", threshold.provider)),
        Reading::HttpStatus(status) => error(format!("{} answers HTTP {status}; check the provider's URL", threshold.provider)),
        Reading::Malformed(text) => error(format!("{} does not answer as Prometheus does: {text}", threshold.provider)),
        Reading::TooLarge => error(format!("{} answers with more than the bound; aggregate the query", threshold.provider)),
        Reading::TimedOut => error(format!("{} does not answer in time", threshold.provider)),
        Reading::Unreachable(text) => error(format!("{} cannot be reached: {text}", threshold.provider)),
    }
}

fn compare(check: &Check, value: f64) -> Verdict {
    let Check { name, threshold } = check;
    let broken = |word: &str, limit: f64| {
        let near = number(value) == number(limit);
        let (value, limit) = if near { (value.to_string(), limit.to_string()) } else { (number(value), number(limit)) };
        Verdict::Fail(Failure {
            check: name.clone(),
            message: format!("{name} is {value}, {word} {limit}"),
            value: Some(value),
            limit: Some(limit),
        })
    };
    match (threshold.min, threshold.max) {
        _ if !value.is_finite() => Verdict::Inconclusive(format!("{name}: the query's value is not finite")),
        (_, Some(max)) if value > max => broken("above", max),
        (Some(min), _) if value < min => broken("below", min),
        (None, Some(max)) => Verdict::Pass(format!("{name} is {}, at most {}", number(value), number(max))),
        (Some(min), None) => Verdict::Pass(format!("{name} is {}, at least {}", number(value), number(min))),
        (Some(min), Some(max)) => Verdict::Pass(format!("{name} is {}, within {} and {}", number(value), number(min), number(max))),
        (None, None) => Verdict::Error(format!("{name}: it has neither min nor max")),
    }
}

/// A number for people: up to five significant digits, six before the point.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e6).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = match magnitude {
        m if m >= 1000.0 => 1,
        m if m >= 100.0 => 2,
        m if m >= 10.0 => 3,
        m if m >= 1.0 => 4,
        m if m >= 0.1 => 5,
        m if m >= 0.01 => 6,
        m if m >= 0.001 => 7,
        _ => 8,
    };
    let text = format!("{value:.decimals$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
