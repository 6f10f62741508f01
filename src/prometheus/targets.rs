//! Which pods were scraped, though they have counted nothing yet? Pure: an answer about targets completes a reading.

use std::collections::BTreeSet;

use super::counts::Series;
use crate::rollout::{Ask, Counted, Reached, Reading, Scraped, Shape, Targets};

/// What has to be asked besides, where samples alone do not show that enough pods were scraped.
pub(super) fn doubtful<'a>(ask: &'a Ask, reading: &Reading) -> Option<&'a Targets> {
    let (Ask::Counts(asked), Reading::Counts(counted)) = (ask, reading) else { return None };
    counted.scraped?.missing()?;
    asked.targets.as_ref()
}

/// The reading with what is known of the pods that have no series at all. Where nobody tells which pods are up, as where metrics are pushed,
/// nothing is known of those either.
pub(super) fn completed(reading: Reading, targets: &Targets, series: &[Series]) -> Reading {
    let Reading::Counts(mut counted) = reading else { return reading };
    counted.scraped = scraped(&counted, targets, series);
    Reading::Counts(counted)
}

fn scraped(counted: &Counted, targets: &Targets, series: &[Series]) -> Option<Scraped> {
    let marked = |mark: &'static str| {
        let marked = series.iter().filter(move |series| series.metric.get(Shape::MARK).is_some_and(|m| m == mark));
        marked.filter_map(|series| Some((series.metric.get(&targets.label)?.as_str(), series.value.as_ref()?.1.as_str())))
    };
    marked(Shape::VALUE).next()?;
    let counting: BTreeSet<&str> = marked(Shape::ALL).map(|(pod, _)| pod).collect();
    let up = marked(Shape::VALUE).filter(|(_, value)| value.parse::<f64>().is_ok_and(|up| up > 0.0)).map(|(pod, _)| pod);
    let idle = targets.ready.among(&up.filter(|pod| !counting.contains(pod)).collect());
    let known = counted.scraped?;
    let both = |one: Reached, other: Reached| Reached { scraped: one.scraped.saturating_add(other.scraped), ..one };
    Some(Scraped { canary: both(known.canary, idle.canary), stable: both(known.stable, idle.stable) })
}
