//! How many requests do the samples of a query count? Pure: an answer's result becomes a reading.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::counter::{Birth, increase};
use crate::rollout::{Bad, Before, By, Count, Counted, Counting, Counts, Mean, Means, Measuring, Newest, Reading, Shape, Sides, Track};

/// So many scrapes may lie between two samples of a pod that is scraped.
const STALE_AFTER: i32 = 2;

/// A series of samples, or of one value.
#[derive(Deserialize)]
pub(super) struct Series {
    pub(super) metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
    pub(super) value: Option<(f64, String)>,
}

/// A series that counts requests of one side.
struct Told<'a> {
    track: Track,
    labels: &'a BTreeMap<String, String>,
    /// Times in seconds, and values.
    samples: Vec<(f64, f64)>,
}

/// The requests of both sides in the window that was asked for.
pub(super) fn counted(asked: &Counting, at: DateTime<Utc>, series: &[Series]) -> Reading {
    let told: Vec<Told> = series.iter().filter_map(|series| told(&asked.sides, series)).collect();
    if told.is_empty() {
        return Reading::NoData;
    }
    let past: Option<Vec<Told>> = asked.past.as_ref().map(|past| {
        let sides = Sides { stable: past.clone(), ..asked.sides.clone() };
        series.iter().filter_map(|series| self::told(&sides, series)).collect()
    });
    let counted = match &asked.shape {
        Shape::Sums => Some(sums(&told, asked, at)),
        Shape::Samples(bad) => samples(&told, past.as_ref().unwrap_or(&told), bad, (asked, at)),
    };
    counted.map_or(Reading::NoBucket, |counted| Reading::Counts(Box::new(counted)))
}

/// A number, and the requests that it speaks of. Without the number there is nothing to speak of.
pub(super) fn backed(series: &[Series]) -> Reading {
    let marked = |mark: &'static str| {
        let marked = series.iter().filter(move |series| series.metric.get(Shape::MARK).is_some_and(|m| m == mark));
        marked.filter_map(|series| series.value.as_ref()?.1.parse::<f64>().ok())
    };
    match (marked(Shape::VALUE).count(), marked(Shape::VALUE).next()) {
        (0 | 1, None) => Reading::NoData,
        (1, Some(value)) => Reading::Backed(value, marked(Shape::ALL).filter(|count| count.is_finite()).sum()),
        (several, _) => Reading::SeveralSeries(several),
    }
}

/// Which share of stable's requests took longer than each bound, in the window that was asked for.
pub(super) fn bounds(asked: &Counting, at: DateTime<Utc>, series: &[Series]) -> Reading {
    let told: Vec<Told> =
        series.iter().filter_map(|series| told(&asked.sides, series)).filter(|told| told.track == Track::Stable).collect();
    let scraped = first_scrapes(&told);
    let window = (seconds(asked.from), seconds(at));
    let mut within: Vec<(f64, f64)> = Vec::new();
    for series in &told {
        let Some(bound) = series.labels.get("le").and_then(|le| le.parse::<f64>().ok()) else { continue };
        let grown = increase(series.samples.iter().copied(), window, birth(series, &scraped, window.0, asked));
        match within.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
            Some((_, total)) => *total += grown,
            None => within.push((bound, grown)),
        }
    }
    within.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    match within.pop() {
        Some((bound, all)) if bound.is_infinite() && all > 0.0 => {
            Reading::Bounds(within.into_iter().map(|(bound, fast)| (bound, (1.0 - fast / all).clamp(0.0, 1.0))).collect())
        }
        Some(_) | None => Reading::NoData,
    }
}

/// What each pod of both sides has. The label with the longest name of a side is the pod's.
pub(super) fn means(Measuring { sides, ready, .. }: &Measuring, series: &[Series]) -> Reading {
    let (mut names, mut canary, mut stable) = (BTreeSet::new(), Vec::new(), Vec::new());
    for Series { metric, value, .. } in series {
        let of_a_side = metric.values().filter_map(|name| Some((name.as_str(), sides.of(name)?)));
        let Some((name, track)) = of_a_side.max_by_key(|(name, _)| name.len()) else { continue };
        if !names.insert(name) {
            return Reading::SeveralSeries(series.len());
        }
        let Some(value) = value.as_ref().and_then(|(_, text)| text.parse().ok()).filter(|value: &f64| value.is_finite()) else { continue };
        match track {
            Track::Canary => canary.push(value),
            Track::Stable => stable.push(value),
        }
    }
    if names.is_empty() {
        return Reading::NoData;
    }
    let scraped = (!ready.is_empty()).then(|| ready.among(&names));
    Reading::Means(Means { canary: Mean::of(&canary), stable: Mean::of(&stable), scraped })
}

fn told<'a>(sides: &Sides, series: &'a Series) -> Option<Told<'a>> {
    let Series { metric, values, value } = series;
    let track = match &sides.by {
        Some(By::Pod(label) | By::Workload(label) | By::Revision(label)) => metric.get(label).and_then(|value| sides.of(value)),
        None => metric.values().find_map(|value| sides.of(value)),
    }?;
    let number = |(at, text): &(f64, String)| text.parse().ok().map(|value: f64| (*at, value));
    Some(Told { track, labels: metric, samples: values.iter().chain(value).filter_map(number).collect() })
}

fn sums(told: &[Told], asked: &Counting, at: DateTime<Utc>) -> Counted {
    let sum = |track: Track, mark: &str| {
        let marked = told.iter().filter(|series| series.track == track && series.labels.get(Shape::MARK).is_some_and(|m| m == mark));
        marked.flat_map(|series| series.samples.iter().map(|(_, value)| *value)).filter(|value| value.is_finite()).sum::<f64>()
    };
    let count = |track| Count { total: sum(track, Shape::ALL), bad: sum(track, Shape::BAD) }.sound();
    let newest = |track| told.iter().any(|series| series.track == track).then_some(at);
    Counted {
        from: asked.from,
        counts: Counts { canary: count(Track::Canary), stable: count(Track::Stable) },
        newest: Newest { canary: newest(Track::Canary), stable: newest(Track::Stable) },
        scrape: None,
        before: Vec::new(),
        scraped: None,
    }
}

/// The requests in a window. Nothing where a histogram has no bucket with the bound that was asked for.
fn samples(told: &[Told], past: &[Told], bad: &Bad, (asked, at): (&Counting, DateTime<Utc>)) -> Option<Counted> {
    let within = |told: &[Told], scraped: &First<'_>, from: DateTime<Utc>, to: DateTime<Utc>| {
        let window = (seconds(from), seconds(to));
        let mut counts = Counts::default();
        for series in told {
            let grown = increase(series.samples.iter().copied(), window, birth(series, scraped, window.0, asked));
            let side = match series.track {
                Track::Canary => &mut counts.canary,
                Track::Stable => &mut counts.stable,
            };
            match kind(series.labels, bad) {
                Kind::All => side.total += grown,
                Kind::AllAndBad => (side.total, side.bad) = (side.total + grown, side.bad + grown),
                Kind::Good => side.bad -= grown,
                Kind::Neither => {}
            }
        }
        Counts { canary: counts.canary.sound(), stable: counts.stable.sound() }
    };
    if matches!(bad, Bad::SlowerThan(..)) && !told.iter().any(|series| matches!(kind(series.labels, bad), Kind::Good)) {
        return None;
    }
    let newest = |track| {
        let of_track = told.iter().filter(|series| series.track == track).flat_map(|series| &series.samples);
        of_track.filter(|(_, value)| !value.is_nan()).map(|(at, _)| *at).reduce(f64::max).and_then(time)
    };
    let scrape = scrape(told);
    Some(Counted {
        from: asked.from,
        counts: within(told, &first_scrapes(told), asked.from, at),
        newest: Newest { canary: newest(Track::Canary), stable: newest(Track::Stable) },
        scrape,
        before: asked
            .before
            .map(|before| {
                let scraped = first_scrapes(past);
                windows(before).map(|(from, to)| within(past, &scraped, from, to).stable).collect()
            })
            .unwrap_or_default(),
        scraped: asked.targets.as_ref().filter(|targets| told.iter().any(|series| series.labels.contains_key(&targets.label))).map(
            |targets| {
                let since = scrape.map_or(asked.from, |scrape| asked.from.min(at - scrape * STALE_AFTER));
                targets.ready.among(&scraped_since(told, &targets.label, since))
            },
        ),
    })
}

/// The pods of which any sample was taken since then.
fn scraped_since<'a>(told: &'a [Told], label: &str, since: DateTime<Utc>) -> BTreeSet<&'a str> {
    let since = seconds(since);
    let new = |series: &&Told| series.samples.iter().rev().any(|(at, value)| *at > since && !value.is_nan());
    told.iter().filter(new).filter_map(|series| series.labels.get(label).map(String::as_str)).collect()
}

/// What a series counts.
enum Kind {
    /// Requests of which none is bad.
    All,
    /// Bad requests; of a histogram those that took any time, until the good ones are taken off.
    AllAndBad,
    /// Good ones of those that were counted as bad.
    Good,
    /// Nothing of interest.
    Neither,
}

fn kind(labels: &BTreeMap<String, String>, bad: &Bad) -> Kind {
    match bad {
        Bad::Values { label, values } if labels.get(label).is_some_and(|value| values.is(value)) => Kind::AllAndBad,
        Bad::Values { .. } => Kind::All,
        Bad::Slow(_) => Kind::Neither,
        Bad::SlowerThan(time, unit) => match labels.get("le").and_then(|le| le.parse::<f64>().ok()) {
            Some(le) if le.is_infinite() => Kind::AllAndBad,
            Some(le) if (le - unit.bound(*time)).abs() <= 1e-9 * le.abs() => Kind::Good,
            Some(_) | None => Kind::Neither,
        },
    }
}

/// What tells one scraped process from another.
fn process(labels: &BTreeMap<String, String>) -> (Option<&str>, Option<&str>) {
    (labels.get("pod").map(String::as_str), labels.get("instance").map(String::as_str))
}

/// When each process was scraped first.
type First<'a> = BTreeMap<(Option<&'a str>, Option<&'a str>), f64>;

/// When each process was scraped first, as far as the samples go.
fn first_scrapes<'a>(told: &'a [Told<'a>]) -> First<'a> {
    let mut first = BTreeMap::new();
    for series in told {
        if let Some((at, _)) = series.samples.first() {
            first.entry(process(series.labels)).and_modify(|known: &mut f64| *known = known.min(*at)).or_insert(*at);
        }
    }
    first
}

/// A series that appears in a window began at zero if its process was scraped before without it, or is young.
fn birth(series: &Told, scraped: &First<'_>, from: f64, asked: &Counting) -> Birth {
    let process = process(series.labels);
    let before = process != (None, None) && scraped.get(&process).is_some_and(|first| *first <= from);
    let young = process.0.is_some_and(|pod| asked.young.holds(pod));
    if before || young { Birth::AtZero } else { Birth::Unknown }
}

/// How far apart samples are: the middle of all gaps, so that a pod that moved changes nothing.
fn scrape(told: &[Told]) -> Option<TimeDelta> {
    let gaps = told.iter().flat_map(|series| series.samples.windows(2)).map(|pair| pair[1].0 - pair[0].0);
    let mut gaps: Vec<i64> = gaps.filter_map(millis).filter(|gap| *gap > 0).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).map(|gap| TimeDelta::milliseconds(*gap))
}

/// The windows of equal length that lie in a time.
fn windows(before: Before) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
    let Before { from, to, each } = before;
    std::iter::successors(Some(from), move |at| Some(*at + each))
        .map(move |at| (at, at + each))
        .take_while(move |(_, end)| *end <= to)
        .take(1000)
}

fn seconds(at: DateTime<Utc>) -> f64 {
    // Milliseconds of our times are exact in a float until the year 287,396.
    #[expect(clippy::cast_precision_loss, reason = "as exact as samples are")]
    let millis = at.timestamp_millis() as f64;
    millis / 1000.0
}

fn time(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis(seconds)?)
}

fn millis(seconds: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "within the bound that is checked")]
    (seconds.abs() < 1e12).then(|| (seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests;
