//! By which bound of a histogram is a request slow, where the user leaves that to stable's own requests?

use chrono::TimeDelta;

use super::evidence::Evidence;
use super::threshold::unreadable;
use crate::rollout::{Bad, Check, Reading, Sample, Sequential, Series, Source, Unit, Verdict};

/// So far back stable's requests are looked at.
pub(super) const LOOKS_BACK: TimeDelta = TimeDelta::minutes(10);

/// Of fewer slow requests little is seen, and near a half every bet is weak: the tail says most.
const SHARES: std::ops::RangeInclusive<f64> = 0.005..=0.05;

/// What a check counts once its bound is known; nothing before that.
pub(super) fn chosen(source: &Source, bound: Option<TimeDelta>) -> Option<Source> {
    match (source, wanted(source), bound) {
        (_, None, _) => Some(source.clone()),
        (Source::Series(series), Some(unit), Some(bound)) => {
            Some(Source::Series(Series { bad: Bad::SlowerThan(bound, unit), ..series.clone() }))
        }
        (Source::Series(_) | Source::Queries { .. }, Some(_), _) => None,
    }
}

/// The unit of the bound that has to be chosen, if one has to be.
pub(super) fn wanted(source: &Source) -> Option<Unit> {
    match source {
        Source::Series(Series { bad: Bad::Slow(unit), .. }) => Some(*unit),
        Source::Series(Series { bad: Bad::Values { .. } | Bad::SlowerThan(..), .. }) | Source::Queries { .. } => None,
    }
}

/// The smallest bound that the right share of stable's requests is beyond.
pub(super) fn choose(unit: Unit, bounds: &[(f64, f64)]) -> Option<TimeDelta> {
    bounds.iter().filter(|(_, slow)| SHARES.contains(slow)).find_map(|(bound, _)| unit.time(*bound))
}

/// What keeps a check from counting, where its bound is not chosen yet.
pub(super) fn missing(
    (check, sequential): (&Check, &Sequential),
    evidence: &Evidence,
    attempt: u32,
    newest: Option<&Sample>,
) -> Option<Verdict> {
    wanted(&sequential.source).filter(|_| evidence.bound(attempt, &check.name).is_none())?;
    let open = |text: &str| Verdict::Inconclusive(format!("{}: {text}", check.name));
    Some(match newest.map(|sample| &sample.reading) {
        None => open("stable's requests are asked which of them are slow"),
        Some(Reading::Bounds(_)) => {
            open("no bound of the histogram has between 0.5% and 5% of stable's requests of ten minutes above it; name one as slowerThan")
        }
        Some(other) => unreadable(check, other),
    })
}
