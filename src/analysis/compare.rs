//! By how many standard errors is the canary beyond a line, in one window? Easy to explain, and without a promise for more than one look.

use super::sequential::dispersion;
use super::threshold::{Counting, unreadable};
use super::words::{grouped, line, missing, shares};
use crate::rollout::{Check, Compare, Counts, Failure, Line, Verdict};

/// Judges the newest window.
pub(super) fn judge(check: &Check, compare: &Compare, counting: Counting<'_>) -> Verdict {
    let name = &check.name;
    let sample = match counting.newest(check, compare.window) {
        Ok(sample) => sample,
        Err(open) => return open,
    };
    let Some(counted) = sample.counted() else { return unreadable(check, &sample.reading) };
    if let Some((track, reached)) = counted.scraped.and_then(|scraped| scraped.missing()) {
        return Verdict::Inconclusive(format!("{name}: {}", missing(track, reached)));
    }
    let counts = counted.counts;
    let bursts = dispersion(counted.before.iter().copied());
    let (Some(beyond), Some(stable)) = (standard_errors(&counts, compare.line, bursts), counts.stable.share()) else {
        return Verdict::Inconclusive(format!("{name}: only one side answered requests in the window"));
    };
    let told = format!("{name}: {}; {beyond:.1} standard errors beyond {}", shares(&counts), line(compare.line, stable));
    let few = counts.canary.total.min(counts.stable.total) < compare.least;
    if beyond > compare.sigmas && counts.canary.bad >= compare.least_bad {
        let value = counts.canary.share().map(|share| format!("{share:.6}"));
        let message = format!("{told}, {} are too many", compare.sigmas);
        let limit = Some(format!("{:.6}", compare.line.beside(stable)));
        return Verdict::Fail(Failure { check: name.clone(), message, value, limit, evidence: None });
    }
    match (few, beyond > 0.0) {
        (true, _) => Verdict::Inconclusive(format!("{told}; both sides need {} requests", grouped(compare.least))),
        (false, true) => Verdict::Inconclusive(format!("{told}, {} fail", compare.sigmas)),
        (false, false) => Verdict::Pass(format!("{name}: {}, within {}", shares(&counts), line(compare.line, stable))),
    }
}

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
