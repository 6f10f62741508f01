//! How many requests did each side answer, and how many of them badly?

use serde::{Deserialize, Serialize};

/// Requests of one side. Whole numbers where a counter was read sample by sample; a backend that extrapolates gives fractions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64)", into = "(f64, f64)")]
pub struct Count {
    /// All of them.
    pub total: f64,
    /// Those that failed, or were too slow.
    pub bad: f64,
}

/// As it is stored: there are many of them in a status.
impl From<(f64, f64)> for Count {
    fn from((total, bad): (f64, f64)) -> Self {
        Self { total, bad }
    }
}

impl From<Count> for (f64, f64) {
    fn from(Count { total, bad }: Count) -> Self {
        (total, bad)
    }
}

/// Requests of both sides in the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Those that the canary answered.
    pub canary: Count,
    /// Those that stable answered.
    pub stable: Count,
}

/// How bad the canary may be beside stable: `ratio` times stable's share of bad requests, plus `plus`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64)", into = "(f64, f64)")]
pub struct Line {
    /// Times stable's share; at least 1.
    pub ratio: f64,
    /// And so much more, as a share of the canary's requests; at least 0.
    pub plus: f64,
}

impl From<(f64, f64)> for Line {
    fn from((ratio, plus): (f64, f64)) -> Self {
        Self { ratio, plus }
    }
}

impl From<Line> for (f64, f64) {
    fn from(Line { ratio, plus }: Line) -> Self {
        (ratio, plus)
    }
}

impl Count {
    /// A count that makes sense: neither number below nothing, and no more bad requests than there are.
    #[must_use]
    pub fn sound(self) -> Self {
        let total = if self.total.is_finite() { self.total.max(0.0) } else { 0.0 };
        let bad = if self.bad.is_finite() { self.bad.clamp(0.0, total) } else { 0.0 };
        Self { total, bad }
    }

    /// The share of bad requests; nothing without any request.
    pub fn share(self) -> Option<f64> {
        (self.total > 0.0).then(|| self.bad / self.total)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { total: self.total + other.total, bad: self.bad + other.bad }
    }
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { canary: self.canary.plus(other.canary), stable: self.stable.plus(other.stable) }
    }

    /// Whether both sides answered anything: one alone compares with nothing.
    pub fn compares(&self) -> bool {
        self.canary.total > 0.0 && self.stable.total > 0.0
    }
}

impl Line {
    /// The canary's share on this line, beside such a share of stable's.
    pub fn beside(self, stable: f64) -> f64 {
        self.ratio * stable + self.plus
    }
}
