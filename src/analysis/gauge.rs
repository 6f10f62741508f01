//! Within which bounds does the mean of a measured quantity differ between the sides, however often somebody looks?

use serde::{Deserialize, Serialize};

/// Fewer batches say nothing of their mean.
pub(super) const FEWEST_BATCHES: u8 = 6;
/// The number of batches at which the bounds are narrowest.
const BEST_AT: f64 = 20.0;
/// A quantity that never moves was measured too coarsely, not perfectly.
const SMALLEST_SPREAD: f64 = 0.01;
/// Batches that depend more on each other are nearly one batch.
const MOST_ALIKE: f64 = 0.9;
/// The 95 % point of the normal distribution.
const Z: f64 = 1.644_853_626_951_472_2;

/// How much the pods of one side differ from each other, whatever version they run, and how many there are on each side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pods {
    /// The standard deviation of the logarithms of stable's pod means.
    pub spread: f64,
    /// Pods of the canary.
    pub canary: u32,
    /// Pods of stable.
    pub stable: u32,
}

/// Batches, each the logarithm of canary over stable in one minute, as the sums that their bounds need: they take the same room however many there are.
/// All but the first are kept as differences from it, so that the sums stay small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Batches {
    number: u32,
    first: f64,
    last: f64,
    sum: f64,
    squares: f64,
    /// Of each with the one before it.
    products: f64,
}

impl Batches {
    /// Counts one more.
    pub fn count(&mut self, ratio: f64) {
        if self.number == 0 {
            self.first = ratio;
        }
        let ratio = ratio - self.first;
        self.products += self.last * ratio;
        self.sum += ratio;
        self.squares += ratio * ratio;
        self.last = ratio;
        self.number = self.number.saturating_add(1);
    }

    /// How many there are.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// So many are needed before they have bounds.
    pub fn are_few(&self) -> bool {
        self.number < FEWEST_BATCHES.into()
    }

    /// Their mean, without any noise taken off.
    pub fn mean(&self) -> f64 {
        self.first + self.sum / f64::from(self.number.max(1))
    }

    /// The lower and the upper bound of their mean; each bound is exceeded at any time with a probability of about `alpha`.
    ///
    /// The asymptotic confidence sequence of Waudby-Smith et al. (arXiv 2103.06476) in the closed form of Howard et al. (arXiv 1810.08240),
    /// with the effective number of batches of an autoregression of first order (its estimate corrected for short series), and the spread
    /// between pods added: time samples of one pod are no replicas of it.
    pub fn bounds(&self, alpha: f64, pods: Pods) -> (f64, f64) {
        if self.are_few() {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        let batches = f64::from(self.number);
        let above = self.sum / batches;
        let squares = (self.squares - batches * above * above).max(0.0);
        let spread = (squares / (batches - 1.0)).sqrt().max(SMALLEST_SPREAD);
        let alike = self.products - above * (2.0 * self.sum - self.last) + (batches - 1.0) * above * above;
        let alike = if squares == 0.0 { 0.0 } else { alike / squares };
        let alike = (alike + (1.0 + 3.0 * alike) / batches).clamp(0.0, MOST_ALIKE);
        let effective = batches * (1.0 - alike) / (1.0 + alike);
        let log = -2.0 * alpha.ln();
        let tau = (log + log.ln() + 1.0) / BEST_AT;
        let w = effective * tau + 1.0;
        let half = spread * (2.0 * w / (effective * effective * tau) * (w.sqrt() / (2.0 * alpha)).ln_1p()).sqrt();
        let between = Z * pods.spread * (1.0 / f64::from(pods.canary) + 1.0 / f64::from(pods.stable)).sqrt();
        (self.mean() - half - between, self.mean() + half + between)
    }
}
