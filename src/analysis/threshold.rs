//! Is a measured value within its limits?

use chrono::{DateTime, TimeDelta, Utc};

use super::shared::alike;
use super::words::{grouped, missing, shares};
use crate::rollout::{
    Attempt, Check, CheckKind, Count, Counted, Counts, Failure, Failures, Observed, OnTrouble, Reading, Sample, Subject, Threshold, Track,
    Verdict, Weight,
};

/// A sample older than this many intervals says nothing of now.
pub(super) const STALE_AFTER: i32 = 3;

/// Which samples count.
#[derive(Clone, Copy)]
pub(super) struct Counting<'a> {
    /// Where the samples are.
    pub(super) seen: &'a Observed,
    pub(super) attempt: &'a Attempt,
    pub(super) step: Weight,
    /// Time between two samples.
    pub(super) every: TimeDelta,
    /// Nothing that was measured before this time counts.
    pub(super) gate: Option<DateTime<Utc>>,
    /// No range may begin before the canary's first pod that serves became ready.
    pub(super) first_ready: Option<DateTime<Utc>>,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Counting<'a> {
    /// The samples of a check that speak of this attempt at this exposure.
    pub(super) fn of(&self, check: &'a Check) -> impl Iterator<Item = &'a Sample> {
        let Self { attempt, step, now, .. } = *self;
        self.seen.samples.iter().filter(move |s| s.check == check.name && s.speaks_of(attempt.number, step, now))
    }

    /// Whether all of a sample's range lies in the time that counts.
    pub(super) fn counts(&self, sample: &Sample, window: TimeDelta) -> bool {
        let young = self.first_ready.is_none_or(|ready| sample.from(window) < ready);
        !young && self.gate.is_none_or(|gate| sample.at >= gate)
    }

    /// The newest sample, if it says something of now.
    pub(super) fn newest(&self, check: &'a Check, window: TimeDelta) -> Result<&'a Sample, Verdict> {
        let open = |text: &str| Err(Verdict::Inconclusive(format!("{}: {text}", check.name)));
        let Some(sample) = self.of(check).max_by_key(|s| s.at) else { return open("no sample yet") };
        if !self.counts(sample, window) {
            return open("the sample's range begins before the canary was there and warm");
        }
        let age = self.now - sample.at;
        if age > self.every * STALE_AFTER + check.delay {
            return open(&format!("the newest sample is {} s old", age.num_seconds()));
        }
        Ok(sample)
    }
}

/// Judges the newest sample, and those before it where more than one has to fail.
pub(super) fn judge(check: &Check, threshold: &Threshold, counting: Counting<'_>) -> Verdict {
    let sample = match counting.newest(check, threshold.window) {
        Ok(sample) => sample,
        Err(open) => return open,
    };
    let Failures { count, of } = threshold.failures;
    let failed = match look(check, threshold, sample) {
        Err(odd) => return odd,
        Ok(verdict) => verdict,
    };
    if count <= 1 && of <= 1 {
        return failed;
    }
    let counted = counting.of(check).filter(|s| counting.counts(s, threshold.window));
    let mut values: Vec<(DateTime<Utc>, Verdict)> = counted.filter_map(|s| Some((s.at, look(check, threshold, s).ok()?))).collect();
    values.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    values.truncate(usize::try_from(of).unwrap_or(usize::MAX));
    let bad = values.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Fail(_))).count();
    let told = format!("{bad} of the last {} values fail, {count} of {of} are too many", values.len());
    let too_many = u32::try_from(bad).unwrap_or(u32::MAX) >= count;
    match failed {
        Verdict::Fail(failure) if too_many => Verdict::Fail(Failure { message: format!("{}; {told}", failure.message), ..failure }),
        Verdict::Fail(failure) => Verdict::Inconclusive(format!("{}; {told}", failure.message)),
        Verdict::Pass(text) if too_many => Verdict::Inconclusive(format!("{text}; {told}")),
        other @ (Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::Error(_)) => other,
    }
}

/// What a sample says by itself. A limit that stable breaks alike is nothing that the canary did.
fn look(check: &Check, threshold: &Threshold, sample: &Sample) -> Result<Verdict, Verdict> {
    let verdict = compare(check, threshold, value(check, threshold, sample)?);
    Ok(match (verdict, stable_alike(check, threshold, sample)) {
        (Verdict::Fail(failure), Some(counts)) => Verdict::Inconclusive(format!(
            "{}; stable breaks it as well ({}): the canary is not blamed, exposure is held",
            failure.message,
            shares(counts)
        )),
        (verdict, _) => verdict,
    })
}

/// Both sides, where stable breaks the limits too and the canary is not surely worse than stable.
fn stable_alike<'a>(check: &Check, threshold: &Threshold, sample: &'a Sample) -> Option<&'a Counts> {
    let Subject::Share { least, shared: OnTrouble::Hold, .. } = &threshold.subject else { return None };
    let counts = &sample.counted()?.counts;
    let share = counts.stable.share().filter(|_| counts.stable.total >= *least)?;
    (matches!(compare(check, threshold, share), Verdict::Fail(_)) && alike(counts)).then_some(counts)
}

/// The value of a sample. Only a finite one passes or fails; what is unknown is never healthy and never a fault of the canary.
fn value(check: &Check, threshold: &Threshold, sample: &Sample) -> Result<f64, Verdict> {
    let open = |text: String| Err(Verdict::Inconclusive(format!("{}: {text}", check.name)));
    match (&sample.reading, &threshold.subject) {
        (Reading::Backed(_, requests), Subject::Backed { least, .. }) if requests < least => {
            open(format!("{} requests in the window, need {}", grouped(*requests), grouped(*least)))
        }
        (Reading::Backed(value, _), Subject::Backed { .. }) if value.is_nan() => Err(unreadable(check, &Reading::NotANumber)),
        (Reading::Backed(value, _), Subject::Backed { .. }) if value.is_infinite() => Err(unreadable(check, &Reading::Infinite)),
        (Reading::Value(value), Subject::Query(_)) | (Reading::Backed(value, _), Subject::Backed { .. }) => Ok(*value),
        (Reading::Counts(counted), Subject::Share { least, .. }) => share(counted, *least).or_else(open),
        // The check was another one when that was asked.
        (Reading::Bounds(_) | Reading::Means(_), Subject::Query(_) | Subject::Backed { .. } | Subject::Share { .. })
        | (Reading::Value(_), Subject::Share { .. } | Subject::Backed { .. })
        | (Reading::Backed(..), Subject::Share { .. } | Subject::Query(_))
        | (Reading::Counts(_), Subject::Query(_) | Subject::Backed { .. }) => open("no sample yet".to_owned()),
        (other, Subject::Query(_) | Subject::Backed { .. } | Subject::Share { .. }) => Err(unreadable(check, other)),
    }
}

/// The canary's share of bad requests, where enough of its pods were scraped and those answered enough.
fn share(counted: &Counted, least: f64) -> Result<f64, String> {
    let few = counted.scraped.map(|scraped| scraped.canary).filter(|reached| reached.is_too_few());
    match (few, counted.counts.canary) {
        (Some(reached), _) => Err(missing(Track::Canary, reached)),
        (None, Count { total, .. }) if total < least => {
            Err(format!("{} canary requests in the window, need {}", grouped(total), grouped(least)))
        }
        (None, canary) => canary.share().ok_or_else(|| "the canary answered no request".to_owned()),
    }
}

/// What an answer says that is neither a number nor counts.
pub(super) fn unreadable(Check { name, provider, kind, .. }: &Check, reading: &Reading) -> Verdict {
    let open = |text: String| Verdict::Inconclusive(format!("{name}: {text}"));
    let error = |text: String| Verdict::Error(format!("{name}: {text}"));
    match reading {
        Reading::Value(_) | Reading::Backed(..) | Reading::Counts(_) | Reading::Bounds(_) | Reading::Means(_) => {
            open("no sample yet".to_owned())
        }
        Reading::NoData => open("the query matches no series".to_owned()),
        Reading::NotANumber => open("the query's value is NaN, as without any request".to_owned()),
        Reading::Infinite => open("the query's value is infinite".to_owned()),
        Reading::Partial(text) => open(format!("the answer is incomplete: {text}")),
        Reading::NoBucket => error("no bucket of the histogram has the bound slowerThan; give it one of those that there are".to_owned()),
        Reading::SeveralSeries(_) if matches!(kind, CheckKind::Gauge(_)) => {
            error("the query gives several series for one pod; aggregate them, as with sum by (pod) ()".to_owned())
        }
        Reading::SeveralSeries(count) => error(format!("the query gives {count} series; aggregate them to one, as with sum()")),
        Reading::WrongType(text) => error(format!("the query gives {text}, not one number")),
        Reading::BadQuery(text) => error(format!("{provider} refuses the query: {text}")),
        Reading::QueryFailed(text) => error(format!("{provider} cannot evaluate the query: {text}")),
        Reading::TooLarge => error(format!("{provider} answers with more than the bound; aggregate the query")),
        Reading::Unauthorized(_)
        | Reading::Throttled
        | Reading::Unavailable(_)
        | Reading::HttpStatus(_)
        | Reading::Malformed(_)
        | Reading::TimedOut
        | Reading::Unreachable(_) => error(format!("{provider} {}", reading.silence().unwrap_or_default())),
    }
}

fn compare(check: &Check, threshold: &Threshold, value: f64) -> Verdict {
    let name = &check.name;
    let broken = |word: &str, limit: f64| {
        let near = number(value) == number(limit);
        let (value, limit) = if near { (value.to_string(), limit.to_string()) } else { (number(value), number(limit)) };
        Verdict::Fail(Failure {
            check: name.clone(),
            message: format!("{name} is {value}, {word} {limit}"),
            value: Some(value),
            limit: Some(limit),
            evidence: None,
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
