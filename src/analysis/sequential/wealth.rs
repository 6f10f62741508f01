//! What is a bet against one side of the question worth by now?

use serde::{Deserialize, Serialize};

use super::odds::log_sum_exp;
use crate::rollout::{Counts, Line};

/// Alternatives of each side.
const GRID: usize = 8;

/// Which side of a line the evidence is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The canary is worse than the line.
    Worse,
    /// The canary is better than the line.
    Better,
}

/// Under which terms one window counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// How much more than independent requests do stable's bad ones come in bursts (see [`super::dispersion()`]). The evidence is divided by it:
    /// by Jensen's inequality a factor to the power of 1/phi is still none above 1 in expectation.
    pub bursts: f64,
    /// The most that one window may add to the logarithm. Cutting a factor from above keeps its expectation at most 1.
    pub most: f64,
}

/// The worth of all bets on one side. It begins as 1, all of it in reserve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wealth {
    /// What is not in play.
    reserve: f64,
    /// The logarithm of what each alternative is worth. An alternative without a stake is far below any that has one.
    logs: [f64; GRID],
}

/// Below the logarithm of every stake. (Minus infinity is no number in JSON.)
const NOTHING: f64 = -1e300;

impl Side {
    /// The alternatives: how many times the share that the line allows the canary's share may be. Version 1 of the grids.
    pub const fn grid(self) -> [f64; GRID] {
        match self {
            Self::Worse => [1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 200.0],
            Self::Better => [0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.08, 0.01],
        }
    }
}

impl Default for Wealth {
    fn default() -> Self {
        Self { reserve: 1.0, logs: [NOTHING; GRID] }
    }
}

impl Wealth {
    /// Puts a share of the reserve in play, equally over the alternatives. Harm that begins later meets a stake that nothing was lost of.
    pub fn invest(&mut self, share: f64) {
        let stake = self.reserve * share.clamp(0.0, 1.0);
        if stake > 0.0 {
            self.reserve -= stake;
            let each = (stake / super::super::number_of(&self.logs)).ln();
            self.logs = self.logs.map(|log| log_sum_exp(&[log, each]));
        }
    }

    /// Counts one window. Without requests on both sides it says nothing.
    pub fn count(&mut self, side: Side, line: Line, window: &Counts, terms: Terms) {
        let window = Counts { canary: window.canary.sound(), stable: window.stable.sound() };
        if window.compares() {
            for (log, times) in self.logs.iter_mut().zip(side.grid()) {
                *log = (*log + factor(times, line, &window, terms)).max(NOTHING);
            }
        }
    }

    /// The logarithm of all of it: the evidence.
    pub fn log(&self) -> f64 {
        let mut all = [self.reserve.max(0.0).ln(); GRID + 1];
        all[..GRID].copy_from_slice(&self.logs);
        log_sum_exp(&all)
    }

    /// What is not in play.
    pub const fn reserve(&self) -> f64 {
        self.reserve
    }

    /// The logarithm of what each alternative is worth.
    pub(super) const fn logs(&self) -> &[f64; GRID] {
        &self.logs
    }
}

/// The logarithm of one window's factor for the alternative that the canary's share is so many times what the line allows.
///
/// With `D = (ratio n + m) / (times ratio n + m)` and `a = times D` for n requests of the canary and m of stable it is
/// `(x ln a + y ln D - (a - 1) n plus) / bursts`, cut at the most that a window may add. Its exponential has an expectation of at most
/// `exp((a - 1) n (p - plus - ratio q))`: at most 1 on the line, and beyond it on the side that the bet is against.
///
/// # Caveats
/// Both sides need requests.
pub fn factor(times: f64, line: Line, window: &Counts, terms: Terms) -> f64 {
    let Counts { canary, stable } = window;
    let allowed = line.ratio * canary.total;
    let all = times * allowed + stable.total;
    // As accurate for a billion requests as for one: neither logarithm nor difference of numbers that are nearly the same.
    let log_d = (allowed * (1.0 - times) / all).ln_1p();
    let log_a = times.ln() + log_d;
    let a_less_1 = stable.total * (times - 1.0) / all;
    let log = canary.bad * log_a + stable.bad * log_d - a_less_1 * canary.total * line.plus;
    (log / terms.bursts.max(1.0)).min(terms.most)
}
