//! What follows where a check fails, or gets no answer? What the user said, once for all kinds of checks.

use chrono::TimeDelta;

use super::minutes::BATCH;
use super::threshold::{Counting, STALE_AFTER};
use crate::rollout::{Check, CheckKind, Failure, OnFail, OnTrouble, Reading, Sample, Verdict};

/// So many answers one after the other have to lack what was asked for, where that fails a check: one of them is noise.
const IN_A_ROW: usize = 3;

/// What ends an attempt comes before what only holds it.
pub(super) const BOTH: [OnFail; 2] = [OnFail::Abort, OnFail::Hold];

/// What a failed check means.
pub(super) fn failed(on_fail: OnFail, failure: Failure) -> Verdict {
    match on_fail {
        OnFail::Abort => Verdict::Fail(failure),
        OnFail::Hold => Verdict::Inconclusive(format!("{}; exposure is held (onFail: hold)", failure.message)),
    }
}

/// Whether the newest answers lack what was asked for, and that fails the check.
pub(super) fn trouble(check: &Check, counting: Counting<'_>) -> Option<Failure> {
    let (window, every) = match &check.kind {
        CheckKind::Threshold(threshold) => (threshold.window, counting.every),
        CheckKind::Compare(compare) => (compare.window, counting.every),
        // Its windows begin no earlier than what counts.
        CheckKind::Sequential(_) => (TimeDelta::zero(), counting.every),
        CheckKind::Gauge(_) => (BATCH, BATCH),
    };
    let mut newest: Vec<&Sample> = counting.of(check).filter(|sample| counting.counts(sample, window)).collect();
    newest.sort_by_key(|sample| std::cmp::Reverse(sample.at));
    let now = newest.first().filter(|sample| counting.now - sample.at <= every * STALE_AFTER + check.delay)?;
    let lacks: fn(&Sample) -> bool = match (of(now)?, check.policy.no_data, check.policy.query_error) {
        (Trouble::NoData, OnTrouble::Fail, _) => |sample| of(sample) == Some(Trouble::NoData),
        (Trouble::Query, _, OnTrouble::Fail) => |sample| of(sample) == Some(Trouble::Query),
        (Trouble::NoData, OnTrouble::Hold, _) | (Trouble::Query, _, OnTrouble::Hold) => return None,
    };
    let in_a_row = newest.iter().take_while(|sample| lacks(sample)).count();
    let (what, policy) = match of(now)? {
        Trouble::NoData => (format!("no series tells of revision {}", counting.attempt.canary), "onNoData"),
        Trouble::Query => ("the query cannot be answered".to_owned(), "onQueryError"),
    };
    let Check { name, .. } = check;
    let message = format!("{name}: {what}, {in_a_row} times in a row, which fails ({policy}: fail)");
    (in_a_row >= IN_A_ROW).then(|| Failure { check: name.clone(), message, value: None, limit: None, evidence: None })
}

/// What an answer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// No series of the canary.
    NoData,
    /// The backend took the question and could not make sense of it.
    Query,
}

/// What an answer lacks, if the canary or whoever wrote the query may be the cause.
fn of(sample: &Sample) -> Option<Trouble> {
    match &sample.reading {
        Reading::NoData => Some(Trouble::NoData),
        Reading::Counts(counted) => (counted.newest.canary.is_none() && counted.counts.canary.total <= 0.0).then_some(Trouble::NoData),
        Reading::Means(means) => (means.canary.pods == 0).then_some(Trouble::NoData),
        Reading::NoBucket
        | Reading::SeveralSeries(_)
        | Reading::WrongType(_)
        | Reading::BadQuery(_)
        | Reading::QueryFailed(_)
        | Reading::TooLarge => Some(Trouble::Query),
        // A value, a lack of requests, or a backend that is not well.
        Reading::Value(_)
        | Reading::Backed(..)
        | Reading::Bounds(_)
        | Reading::NotANumber
        | Reading::Infinite
        | Reading::Partial(_)
        | Reading::Unauthorized(_)
        | Reading::Throttled
        | Reading::Unavailable(_)
        | Reading::HttpStatus(_)
        | Reading::Malformed(_)
        | Reading::TimedOut
        | Reading::Unreachable(_) => None,
    }
}
