//! Questions that are asked of the world, and what comes back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Revision, Weight};

/// A question to the world. It is fired, not awaited; asking again while it is under way does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Would the API server take the template of the spec?
    DryRun {
        /// The template's revision.
        revision: Revision,
    },
    /// What does a query say now?
    Measure {
        /// The check that asks.
        check: String,
        /// The attempt it is asked for.
        attempt: u32,
        /// The exposure it is asked at.
        step: Weight,
        /// The provider's name.
        provider: String,
        /// The whole query.
        query: String,
        /// The evaluation time.
        at: DateTime<Utc>,
    },
}

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

/// The newest sample of each check.
#[derive(Clone, Debug, Default)]
pub struct Samples(BTreeMap<String, Sample>);

impl Samples {
    /// Keeps a sample unless a newer one of that check is known. One from the future is not: the clock was set back since, and nothing that is
    /// measured now would ever be newer.
    pub fn keep(&mut self, sample: Sample, now: DateTime<Utc>) {
        let newer = |known: &Sample| sample.at < known.at && known.at <= now;
        if !self.0.get(&sample.check).is_some_and(newer) {
            self.0.insert(sample.check.clone(), sample);
        }
    }

    /// All of them.
    pub fn all(&self) -> Vec<Sample> {
        self.0.values().cloned().collect()
    }
}

/// What a metrics backend answered. Only [`Reading::Value`] can pass or fail a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// One finite number.
    Value(f64),
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
}

impl Sample {
    /// Whether this sample was taken for that attempt, at that exposure. One from the future says nothing: the clock was set back since.
    pub fn speaks_of(&self, attempt: u32, step: Weight, now: DateTime<Utc>) -> bool {
        self.attempt == attempt && self.step == step && self.at <= now
    }

    /// The beginning of the range that the sample covers.
    pub fn from(&self, window: TimeDelta) -> DateTime<Utc> {
        self.at - window
    }
}
