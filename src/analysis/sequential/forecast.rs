//! What would it take to decide?

use super::odds::{Need, log_sum_exp};
use super::wealth::{Side, Terms, Wealth, factor};
use crate::rollout::{Count, Counts, Line};

/// Halvings of an interval that find a number of requests as exactly as a float holds it; most need a quarter of them.
const HALVINGS: usize = 200;

/// What is expected of the requests to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// The canary's share of bad requests.
    pub canary: f64,
    /// Stable's.
    pub stable: f64,
    /// The canary's share of all requests.
    pub split: f64,
    /// See [`Terms::bursts`].
    pub bursts: f64,
}

/// How many more requests the canary has to answer until evidence is enough, were there no noise and did nothing change; nothing where that
/// never happens, and where only one side gets any. The most that a window may add is not counted.
pub fn requests_needed(wealth: &Wealth, (side, line): (Side, Line), need: Need, course: Course) -> Option<f64> {
    let Course { canary, stable, split, bursts } = course;
    if !(split > 0.0 && split < 1.0) {
        return None;
    }
    let others = (1.0 - split) / split;
    let request = Counts { canary: Count { total: 1.0, bad: canary }, stable: Count { total: others, bad: others * stable } };
    let terms = Terms { bursts, most: f64::INFINITY };
    let gains = side.grid().map(|times| factor(times, line, &request, terms));
    let after = |requests: f64| {
        let mut all = [wealth.reserve().max(0.0).ln(); 9];
        for (slot, (log, gain)) in all.iter_mut().zip(wealth.logs().iter().zip(gains)) {
            *slot = log + requests * gain;
        }
        log_sum_exp(&all)
    };
    // Where one alternative alone would be enough, all of them are.
    let alone = |(log, gain): (&f64, f64)| (gain > 0.0).then(|| ((need.log() - log) / gain).max(0.0));
    let enough = wealth.logs().iter().zip(gains).filter_map(alone).fold(f64::INFINITY, f64::min);
    if !enough.is_finite() {
        return None;
    }
    let (mut low, mut high) = (0.0, enough);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        // Nothing lies between them: more halvings would find the same.
        if middle <= low || middle >= high {
            break;
        }
        if need.reached(after(middle)) { high = middle } else { low = middle }
    }
    Some(high)
}
