//! By how many standard errors is the canary beyond a line, in one window? Easy to explain, and without a promise for more than one look.

use crate::rollout::{Counts, Line};

/// How far the canary's share lies above the line, in standard errors; nothing without requests on both sides.
///
/// `(x/n - ratio y/m - plus) / sqrt(bursts ((x + 1)/n^2 + ratio^2 (y + 1)/m^2))`: Wald's statistic for the difference of two Poisson rates, with
/// one bad request more on each side, so that none at all is no certainty. Over many looks its error adds up: for a stated error rate
/// there is [`super::sequential`].
pub fn standard_errors(window: &Counts, line: Line, bursts: f64) -> Option<f64> {
    let Counts { canary, stable } = Counts { canary: window.canary.sound(), stable: window.stable.sound() };
    let beyond = canary.share()? - line.beside(stable.share()?);
    let variance = (canary.bad + 1.0) / canary.total.powi(2) + line.ratio.powi(2) * (stable.bad + 1.0) / stable.total.powi(2);
    Some(beyond / (bursts.max(1.0) * variance).sqrt())
}
