//! With which query are the requests of a window counted?
//!
//! Whatever is filled in has been checked for what it is (a name, a pattern of a few known characters, a revision), or is quoted here: no value can end
//! the string that it stands in.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use super::query::{fill_pods, pods, promql, window};
use crate::rollout::{Ask, Attempt, Bad, Before, By, Counting, Measuring, Ready, Revision, Series, Shape, Sides, Source, Targets, Young};

/// How far before a window its counters are looked at, for where they stood when it began: several scrapes of any usual interval.
const LOOKBACK: TimeDelta = TimeDelta::seconds(90);

/// The label that has a pod's name where another one tells whose requests they are.
const POD: &str = "pod";

/// A window, and what is asked beside it.
pub(super) struct Window {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) before: Option<Before>,
    /// Whose the earlier windows are, where not stable's side's.
    pub(super) past: Option<Revision>,
    /// Pods whose series begin at zero.
    pub(super) young: Young,
    /// Pods that should have been scraped.
    pub(super) ready: Ready,
}

/// The question for the requests of both sides in a window.
pub(super) fn counting(source: &Source, rollout: &str, attempt: &Attempt, asked: Window) -> Ask {
    let Window { from, to, before, past, young, ready } = asked;
    let past = past.filter(|_| before.is_some());
    Ask::Counts(Box::new(match source {
        Source::Series(series) => Counting {
            query: samples(
                series,
                (rollout, &revisions(attempt, past.as_ref())),
                to - before.map_or(from, |before| before.from.min(from)) + LOOKBACK,
            ),
            from,
            shape: Shape::Samples(series.bad.clone()),
            sides: sides(rollout, attempt, Some(series.by.clone())),
            before,
            past,
            young,
            targets: targets(series, (rollout, &revisions(attempt, None)), to - from, ready),
        },
        Source::Queries { total, bad } => Counting {
            query: {
                let fill = |query: &str| window(&fill_pods(query, rollout, &attempt.stable, &attempt.canary), to - from);
                marked([(Shape::ALL, &fill(total)), (Shape::BAD, &fill(bad))])
            },
            from,
            shape: Shape::Sums,
            sides: sides(rollout, attempt, None),
            before: None,
            past: None,
            young,
            targets: None,
        },
    }))
}

/// The question for a number and for the requests that it speaks of.
pub(super) fn backed(query: &str, count: &str, rollout: &str, attempt: &Attempt) -> Ask {
    let fill = |query: &str| fill_pods(query, rollout, &attempt.stable, &attempt.canary);
    Ask::Backed(marked([(Shape::VALUE, &fill(query)), (Shape::ALL, &fill(count))]))
}

/// The question for what each pod had of a quantity, averaged over so long.
pub(super) fn measuring(query: &str, rollout: &str, attempt: &Attempt, over: TimeDelta, ready: Ready) -> Ask {
    let query = window(&fill_pods(query, rollout, &attempt.stable, &attempt.canary), over);
    Ask::Means(Box::new(Measuring { query, sides: sides(rollout, attempt, None), ready }))
}

/// Those of whom something is asked.
fn revisions<'a>(attempt: &'a Attempt, past: Option<&'a Revision>) -> Vec<&'a Revision> {
    [&attempt.stable, &attempt.canary].into_iter().chain(past).collect()
}

/// Whose is whose.
fn sides(rollout: &str, attempt: &Attempt, by: Option<By>) -> Sides {
    Sides { rollout: rollout.to_owned(), stable: attempt.stable.clone(), canary: attempt.canary.clone(), by }
}

/// Two queries as one, so that both speak of the same time. What belongs to which is marked.
fn marked(queries: [(&str, &str); 2]) -> String {
    let [one, other] = queries.map(|(mark, query)| format!("label_replace(({query}), \"{}\", \"{mark}\", \"\", \"\")", Shape::MARK));
    format!("{one} or {other}")
}

/// The samples of all series of these revisions.
fn samples(series: &Series, owner: (&str, &[&Revision]), range: TimeDelta) -> String {
    let Series { metric, labels, by, bad } = series;
    let suffix = match bad {
        Bad::SlowerThan(..) | Bad::Slow(_) => "_bucket",
        Bad::Values { .. } => "",
    };
    format!("{metric}{suffix}{{{}}}[{}]", matchers(labels, by, bad, owner), promql(range))
}

/// How it is found out which pods were scraped. A proxy's series tell of no pod that the scrapes' own series name.
fn targets(series: &Series, owner: (&str, &[&Revision]), window: TimeDelta, ready: Ready) -> Option<Targets> {
    let label = match &series.by {
        By::Pod(label) => label.clone(),
        By::Revision(_) => POD.to_owned(),
        By::Workload(_) => return None,
    };
    let range = window.max(LOOKBACK);
    let up = format!("max by ({label}) (max_over_time(up{{{}}}[{}]))", owned(&series.labels, &series.by, owner), promql(range));
    let known = format!("count by ({label}) (count_over_time({}))", samples(series, owner, range));
    let query = marked([(Shape::VALUE, &up), (Shape::ALL, &known)]);
    (!ready.is_empty()).then_some(Targets { ready, label, query })
}

fn matchers(labels: &[(String, String)], by: &By, bad: &Bad, owner: (&str, &[&Revision])) -> String {
    let mut text = owned(labels, by, owner);
    if let Bad::SlowerThan(time, unit) = bad {
        let bound = unit.bound(*time);
        // Older servers write a whole bound without a fraction.
        let whole = if bound.fract() == 0.0 { "([.]0)?" } else { "" };
        let _ = write!(text, ",le=~\"{}{whole}|[+]Inf\"", bound.to_string().replace('.', "[.]"));
    }
    text
}

/// What the series of these revisions have in common.
fn owned(labels: &[(String, String)], by: &By, (rollout, revisions): (&str, &[&Revision])) -> String {
    let mut text = String::new();
    for (label, value) in labels {
        let _ = write!(text, "{label}=\"{}\",", quoted(value)); // writing to a String cannot fail
    }
    let any = |of: &dyn Fn(&Revision) -> String| revisions.iter().map(|revision| of(revision)).collect::<Vec<_>>().join("|");
    let _ = match by {
        By::Pod(label) => write!(text, "{label}=~\"{}\"", any(&|revision| pods(rollout, revision))),
        By::Workload(label) => write!(text, "{label}=~\"{rollout}-({})\"", any(&Revision::to_string)),
        By::Revision(label) => write!(text, "{label}=~\"{}\"", any(&Revision::to_string)),
    };
    text
}

/// A text within a PromQL string.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
