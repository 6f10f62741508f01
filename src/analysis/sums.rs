//! What does the event of a verdict hold of its evidence? Enough to hold a recount against, and to be read when the status has gone on.

use std::fmt::{self, Write as _};

use super::explain::{heads, row};
use super::words::odds;
use crate::rollout::Count;

/// The final sums of a sequential check, and the logarithms of its evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sums {
    /// The requests of the canary.
    pub canary: Count,
    /// Those of stable.
    pub stable: Count,
    /// The logarithm of the evidence that the canary is worse than the alarm.
    pub worse: f64,
    /// The same, that it is better than the limit.
    pub better: f64,
    /// By what the evidence of the last window was divided.
    pub bursts: f64,
    /// Windows with requests on both sides.
    pub windows: u32,
}

/// As an event holds them.
impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |count: Count| format!("{}/{}", exact(count.bad), exact(count.total));
        let Self { canary, stable, worse, better, bursts, windows } = self;
        let (canary, stable) = (side(*canary), side(*stable));
        write!(f, "canary {canary} stable {stable} worse {worse:.9} better {better:.9} bursts {bursts:.6} windows {windows}")
    }
}

impl Sums {
    /// What an event holds; nothing where that was cut, or is of another version.
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut after = |name: &str| (words.next()? == name).then(|| words.next()).flatten();
        let side = |text: &str| {
            let (bad, total) = text.split_once('/')?;
            Some(Count { total: total.parse().ok()?, bad: bad.parse().ok()? })
        };
        let sums = Self {
            canary: side(after("canary")?)?,
            stable: side(after("stable")?)?,
            worse: after("worse")?.parse().ok()?,
            better: after("better")?.parse().ok()?,
            bursts: after("bursts")?.parse().ok()?,
            windows: after("windows")?.parse().ok()?,
        };
        words.next().is_none().then_some(sums)
    }

    /// The sums as a table for people.
    pub fn table(&self, check: &str) -> String {
        let Self { canary, stable, worse, better, bursts, windows } = self;
        // Writing to a String cannot fail.
        let mut text = format!("{check}: {windows} windows, as the event holds them\n{}", heads());
        for (side, count) in [("canary", canary), ("stable", stable)] {
            let _ = writeln!(text, "  {}", row(side, *count));
        }
        let _ = writeln!(text, "  worse than the alarm  evidence {:>9}", odds(*worse));
        let _ = writeln!(text, "  below the limit       evidence {:>9}", odds(*better));
        let _ = writeln!(text, "  evidence was divided by {bursts:.1} for bursts");
        text
    }
}

/// A count without digits that say nothing: whole numbers but where a backend extrapolates.
fn exact(count: f64) -> String {
    let text = format!("{count:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
