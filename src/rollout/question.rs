//! Questions that are asked of the world.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Bad, By, Ready, Revision, Targets, Weight};

/// A question to the world. It is fired, not awaited; asking again while it is under way does nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Would the API server take the template of the spec?
    DryRun {
        /// The template's revision.
        revision: Revision,
    },
    /// What does a query say at a time?
    Measure {
        /// The check that asks.
        check: String,
        /// The attempt it is asked for.
        attempt: u32,
        /// The exposure it is asked at.
        step: Weight,
        /// The provider's name.
        provider: String,
        /// What is asked.
        ask: Ask,
        /// The evaluation time.
        at: DateTime<Utc>,
    },
}

/// What is asked of a metrics backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// One number, by this query.
    Number(String),
    /// One number and the requests that it speaks of, by this query: each of them marked by the label [`Shape::MARK`].
    Backed(String),
    /// How many requests each side answered.
    Counts(Box<Counting>),
    /// Which share of stable's requests took longer than each bound of a histogram's buckets.
    Bounds(Box<Counting>),
    /// How much of something each side's pods have.
    Means(Box<Measuring>),
}

impl Ask {
    /// The query.
    pub fn query(&self) -> &str {
        match self {
            Self::Number(query) | Self::Backed(query) => query,
            Self::Counts(counting) | Self::Bounds(counting) => &counting.query,
            Self::Means(measuring) => &measuring.query,
        }
    }
}

/// A question for the requests of both sides in one window, up to the evaluation time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    /// The whole query.
    pub query: String,
    /// Where the window begins.
    pub from: DateTime<Utc>,
    /// What the query gives.
    pub shape: Shape,
    /// Whose requests they are.
    pub sides: Sides,
    /// Earlier windows whose counts of stable are wanted too, to see how its bad requests are spread.
    pub before: Option<Before>,
    /// Whose the earlier windows are where not stable's side's: young pods have none.
    pub past: Option<Revision>,
    /// Pods that are so young that a series of theirs that appears in the window began at zero.
    pub young: Young,
    /// Which pods should have been scraped, where samples tell of pods.
    pub targets: Option<Targets>,
}

/// Pods whose series began at zero where they appear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Young {
    /// These.
    Named(BTreeSet<String>),
    /// All that appear. Which pods there were is forgotten by now; those of the canary were young, and so are those that stable got meanwhile.
    All,
}

impl Young {
    /// Whether this pod is one of them.
    pub fn holds(&self, pod: &str) -> bool {
        match self {
            Self::Named(names) => names.contains(pod),
            Self::All => true,
        }
    }
}

/// A question for a quantity of each pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measuring {
    /// The whole query.
    pub query: String,
    /// Whose pods they are.
    pub sides: Sides,
    /// Those that should have been scraped.
    pub ready: Ready,
}

/// What a query for counts gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The samples of counters or buckets.
    Samples(Bad),
    /// Sums of the window, marked as all or bad ones by the label [`Shape::MARK`].
    Sums,
}

/// How it is told whose requests a series counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// The Rollout's name: Deployments are called after it and a revision.
    pub rollout: String,
    /// The stable revision.
    pub stable: Revision,
    /// The revision on trial.
    pub canary: Revision,
    /// The label that tells it; without one any label may.
    pub by: Option<By>,
}

/// Windows of equal length before a question's own one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Where the first of them begins.
    pub from: DateTime<Utc>,
    /// Where the last of them ends.
    pub to: DateTime<Utc>,
    /// How long each of them is.
    pub each: TimeDelta,
}

impl Shape {
    /// The label that marks sums.
    pub const MARK: &str = "serin_counts";
    /// What marks all requests.
    pub const ALL: &str = "all";
    /// What marks the bad ones.
    pub const BAD: &str = "bad";
    /// What marks a number that is no count.
    pub const VALUE: &str = "value";
}

/// One of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// The revision that serves.
    Stable,
    /// The revision on trial.
    Canary,
}

impl Sides {
    /// Whose requests the value of a label speaks of: `checkout-0123456789`, `checkout-0123456789-abcde-xyz` or `0123456789`.
    pub fn of(&self, value: &str) -> Option<Track> {
        let named = |revision: &Revision| {
            let revision = revision.as_str();
            let workload = value.strip_prefix(self.rollout.as_str()).and_then(|rest| rest.strip_prefix('-'));
            let after = workload.and_then(|rest| rest.strip_prefix(revision));
            value == revision || after.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        match (named(&self.stable), named(&self.canary)) {
            (true, _) => Some(Track::Stable),
            (false, true) => Some(Track::Canary),
            (false, false) => None,
        }
    }
}
