//! Within which bounds does the mean of a measured quantity differ between the sides, however often somebody looks?

use super::number_of;

/// Fewer batches say nothing of their mean.
const FEWEST_BATCHES: usize = 6;
/// The number of batches at which the bounds are narrowest.
const BEST_AT: f64 = 20.0;
/// A quantity that never moves was measured too coarsely, not perfectly.
const SMALLEST_SPREAD: f64 = 0.01;
/// Batches that depend more on each other are nearly one batch.
const MOST_ALIKE: f64 = 0.9;
/// The 95 % point of the normal distribution.
const Z: f64 = 1.644_853_626_951_472_2;

/// How much the pods of one side differ from each other, whatever version they run, and how many there are on each side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pods {
    /// The standard deviation of the logarithms of stable's pod means.
    pub spread: f64,
    /// Pods of the canary.
    pub canary: u32,
    /// Pods of stable.
    pub stable: u32,
}

/// The lower and the upper bound of the mean of `ratios`, the logarithms of canary over stable in one batch each; each bound is exceeded at any time
/// with a probability of about `alpha`.
///
/// The asymptotic confidence sequence of Waudby-Smith et al. (arXiv 2103.06476) in the closed form of Howard et al. (arXiv 1810.08240),
/// with the effective number of batches of an autoregression of first order (its estimate corrected for short series), and the spread
/// between pods added: time samples of one pod are no replicas of it.
pub fn bounds(ratios: &[f64], alpha: f64, pods: Pods) -> (f64, f64) {
    if ratios.len() < FEWEST_BATCHES {
        return (f64::NEG_INFINITY, f64::INFINITY);
    }
    let batches = number_of(ratios);
    let mean = ratios.iter().sum::<f64>() / batches;
    let squares: f64 = ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum();
    let spread = (squares / (batches - 1.0)).sqrt().max(SMALLEST_SPREAD);
    let alike: f64 = ratios.iter().zip(&ratios[1..]).map(|(one, next)| (one - mean) * (next - mean)).sum();
    let alike = if squares == 0.0 { 0.0 } else { alike / squares };
    let alike = (alike + (1.0 + 3.0 * alike) / batches).clamp(0.0, MOST_ALIKE);
    let effective = batches * (1.0 - alike) / (1.0 + alike);
    let log = -2.0 * alpha.ln();
    let tau = (log + log.ln() + 1.0) / BEST_AT;
    let w = effective * tau + 1.0;
    let half = spread * (2.0 * w / (effective * effective * tau) * (w.sqrt() / (2.0 * alpha)).ln_1p()).sqrt();
    let between = Z * pods.spread * (1.0 / f64::from(pods.canary) + 1.0 / f64::from(pods.stable)).sqrt();
    (mean - half - between, mean + half + between)
}
