//! What comes back from the questions of checks?

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Count, Counts, Means, Scraped, Weight};

/// One answer to one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The check that asked.
    pub check: String,
    /// The attempt it was asked for.
    pub attempt: u32,
    /// The exposure it was asked at.
    pub step: Weight,
    /// The evaluation time.
    pub at: DateTime<Utc>,
    /// What came back.
    pub reading: Reading,
}

/// As many samples of one check are kept in any case: more than a threshold looks back on.
const KEPT: usize = 20;

/// Windows that were counted are kept so long: two commits of the evidence, and patience with a third.
const KEPT_FOR: TimeDelta = TimeDelta::minutes(3);

/// And never more of them.
const MOST: usize = 400;

/// The newest samples of each check, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Samples(BTreeMap<String, Vec<Sample>>);

impl Samples {
    /// Keeps a sample. Those from the future are let go: the clock was set back since, and nothing that is measured now would ever be newer.
    /// So are those of another attempt than the newest one's. By its number alone nobody knows which attempt is over: where a status was lost,
    /// attempts are counted anew.
    pub fn keep(&mut self, sample: Sample, now: DateTime<Utc>) {
        let kept = self.0.entry(sample.check.clone()).or_default();
        kept.retain(|known| known.at <= now);
        let attempt = sample.attempt;
        if kept.last().is_none_or(|newest| newest.attempt == attempt || newest.at < sample.at) {
            kept.retain(|known| known.attempt == attempt && known.at != sample.at);
            kept.insert(kept.partition_point(|known| known.at < sample.at), sample);
        }
        let newest = kept.last().map_or(now, |newest| newest.at);
        let surplus = kept.len().saturating_sub(KEPT);
        let old = kept.iter().take(surplus).take_while(|known| !known.is_counted() || newest - known.at > KEPT_FOR).count();
        kept.drain(..old.max(kept.len().saturating_sub(MOST)));
    }

    /// All of them. Those from the future are let go: the clock was set back since, and once it is there again they would pass for new ones.
    pub fn all(&mut self, now: DateTime<Utc>) -> Vec<Sample> {
        self.0.values_mut().for_each(|kept| kept.retain(|known| known.at <= now));
        self.0.values().flatten().cloned().collect()
    }
}

/// The requests of both sides in one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Where the window begins; it ends at the sample's time.
    pub from: DateTime<Utc>,
    /// The requests in it.
    pub counts: Counts,
    /// When each side was last scraped, as far as is seen.
    pub newest: Newest,
    /// How far apart scrapes are, where that is seen.
    pub scrape: Option<TimeDelta>,
    /// Stable's requests in the earlier windows that were asked for.
    pub before: Vec<Count>,
    /// How many of the pods that were ready all the time were scraped, where that is known.
    pub scraped: Option<Scraped>,
}

/// The newest sample of each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// The canary's; nothing where no series tells of it.
    pub canary: Option<DateTime<Utc>>,
    /// Stable's.
    pub stable: Option<DateTime<Utc>>,
}

/// What a metrics backend answered. Only [`Reading::Value`], [`Reading::Backed`] and [`Reading::Counts`] can pass or fail a check by what was measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One finite number.
    Value(f64),
    /// One number, finite or not, and the requests that it speaks of.
    Backed(f64, f64),
    /// The requests of a window.
    Counts(Box<Counted>),
    /// Bounds of a histogram's buckets, in its unit and in order, each with the share of stable's requests that took longer.
    Bounds(Vec<(f64, f64)>),
    /// What the pods of each side have of a quantity.
    Means(Means),
    /// No bucket of the histogram has the bound that was asked for.
    NoBucket,
    /// The query matched no series.
    NoData,
    /// One series whose value is not a number, as 0/0 gives.
    NotANumber,
    /// One series whose value is infinite.
    Infinite,
    /// More than one series: the query has to aggregate.
    SeveralSeries(usize),
    /// The result is no number at all (a string, a range, a histogram).
    WrongType(String),
    /// The backend answered, but warned that its data is incomplete.
    Partial(String),
    /// The backend refused the query's text.
    BadQuery(String),
    /// The backend could not evaluate the query.
    QueryFailed(String),
    /// The backend wants other credentials (401, 403).
    Unauthorized(u16),
    /// The backend asks for patience (429).
    Throttled,
    /// The backend says that it is not available (5xx).
    Unavailable(u16),
    /// Another HTTP status.
    HttpStatus(u16),
    /// The answer is not what the backend's API promises.
    Malformed(String),
    /// The answer is larger than the bound.
    TooLarge,
    /// No answer in time.
    TimedOut,
    /// No connection.
    Unreachable(String),
}

impl Reading {
    /// What the provider did instead of answering, as the end of a sentence that begins with its name. A query that it refuses, and data that
    /// it does not have, are answers.
    pub fn silence(&self) -> Option<String> {
        match self {
            Self::Unauthorized(status) => Some(format!("answers {status}; check the provider's credentials")),
            Self::Throttled => Some("answers 429; it is asked too often".to_owned()),
            Self::Unavailable(status) => Some(format!("is not available (HTTP {status})")),
            Self::HttpStatus(status) => Some(format!("answers HTTP {status}; check the provider's URL")),
            Self::Malformed(text) => Some(format!("does not answer as Prometheus does: {text}")),
            Self::TimedOut => Some("does not answer in time".to_owned()),
            Self::Unreachable(text) => Some(format!("cannot be reached: {text}")),
            Self::Value(_)
            | Self::Backed(..)
            | Self::Counts(_)
            | Self::Bounds(_)
            | Self::Means(_)
            | Self::NoBucket
            | Self::NoData
            | Self::NotANumber
            | Self::Infinite
            | Self::SeveralSeries(_)
            | Self::WrongType(_)
            | Self::Partial(_)
            | Self::BadQuery(_)
            | Self::QueryFailed(_)
            | Self::TooLarge => None,
        }
    }
}

/// What all checks together say of the canary.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Every check passes; the text says with which numbers.
    Pass(String),
    /// One check fails.
    Fail(Failure),
    /// Not decided yet; the text says what is missing.
    Inconclusive(String),
    /// A question could not be answered; the text says why.
    Error(String),
}

/// A failed check, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The check's name.
    pub check: String,
    /// What happened, as a sentence for people.
    pub message: String,
    /// The value that was seen, where there is one. Text, so that no float is re-rendered on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The limit it broke, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The final sums of a sequential check, and the logarithms of its evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

impl Sample {
    /// Whether this sample was taken for that attempt, at that exposure. One from the future says nothing: the clock was set back since.
    pub fn speaks_of(&self, attempt: u32, step: Weight, now: DateTime<Utc>) -> bool {
        self.attempt == attempt && self.step == step && self.at <= now
    }

    /// The requests that were counted, if they were.
    pub fn counted(&self) -> Option<&Counted> {
        if let Reading::Counts(counted) = &self.reading { Some(counted) } else { None }
    }

    /// What the pods of both sides have, if that was measured.
    pub fn means(&self) -> Option<Means> {
        if let Reading::Means(means) = self.reading { Some(means) } else { None }
    }

    /// Whether it has counts.
    fn is_counted(&self) -> bool {
        self.counted().is_some()
    }

    /// The beginning of the range that the sample covers.
    pub fn from(&self, window: TimeDelta) -> DateTime<Utc> {
        self.at - window
    }
}
