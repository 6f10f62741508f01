//! Which windows were counted? Those of one length that follow each other are one leg, so that hours of them take a line of a status.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::rollout::Weight;

/// Where a backend comes and goes there are many legs. The oldest are forgotten then, because a status has its bounds.
const LEGS: usize = 24;

/// The windows that were counted, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course(VecDeque<Leg>);

/// One window that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// At which exposure.
    pub step: Weight,
    /// Where it begins.
    pub from: DateTime<Utc>,
    /// Where it ends.
    pub to: DateTime<Utc>,
}

/// Windows of one length that follow each other, at one exposure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
struct Leg {
    step: Weight,
    from: DateTime<Utc>,
    millis: i64,
    windows: u32,
}

/// As it is stored: there are many of them in a status.
type Stored = (Weight, DateTime<Utc>, i64, u32);

impl From<Stored> for Leg {
    fn from((step, from, millis, windows): Stored) -> Self {
        Self { step, from, millis, windows }
    }
}

impl From<Leg> for Stored {
    fn from(Leg { step, from, millis, windows }: Leg) -> Self {
        (step, from, millis, windows)
    }
}

impl Leg {
    fn each(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.millis)
    }

    fn end(&self) -> DateTime<Utc> {
        self.from + self.each() * i32::try_from(self.windows).unwrap_or(i32::MAX)
    }
}

impl Course {
    /// Adds the window that was counted last.
    pub(super) fn add(&mut self, Window { step, from, to }: Window) {
        let millis = (to - from).num_milliseconds();
        match self.0.back_mut() {
            Some(leg) if leg.step == step && leg.millis == millis && leg.end() == from => leg.windows = leg.windows.saturating_add(1),
            Some(_) | None => self.0.push_back(Leg { step, from, millis, windows: 1 }),
        }
        let surplus = self.0.len().saturating_sub(LEGS);
        self.0.drain(..surplus);
    }

    /// Where the first window begins that is not forgotten.
    pub(super) fn begins(&self) -> Option<DateTime<Utc>> {
        self.0.front().map(|leg| leg.from)
    }

    /// All windows that are not forgotten.
    pub(super) fn windows(&self) -> impl Iterator<Item = Window> {
        self.0.iter().flat_map(|leg| {
            let ends = std::iter::successors(Some(leg.from), |from| Some(*from + leg.each()));
            ends.take(usize::try_from(leg.windows).unwrap_or(usize::MAX)).map(|from| Window { step: leg.step, from, to: from + leg.each() })
        })
    }
}
