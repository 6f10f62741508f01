//! What is asked of a canary?

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::Deserialize;

use super::check_spec::{
    AskingSpec, CheckSpec, CompareSpec, FailuresSpec, LineSpec, OfSpec, OnFailSpec, OnTroubleSpec, PassSpec, SequentialSpec, StrengthSpec,
    TestedSpec, ThresholdSpec,
};
use super::duration::duration_text;
use super::gauges::gauge;
use super::incident::incident;
use super::invalid::Invalid;
use super::parse::{check_label, duration, length, number};
use super::providers::Providers;
use super::ranges::longer;
use super::shared::Shared;
use super::sources::{AUTO, MAX_QUERY, Written, source};
use super::spec::{AnalysisSpec, BaselineSpec};
use crate::analysis::fill_fixed;
use crate::rollout::{
    Baseline, Bursts, Check, CheckKind, Compare, Failures, Line, OnFail, OnTrouble, Policy, Sequential, Strength, Subject, Threshold,
};

/// More checks than this are many rollouts' worth of questions.
const MAX_CHECKS: usize = 16;
/// The names of a baseline's pods are longer by one letter, and have to stay whole.
const MAX_NAME_BESIDE: usize = 34;
/// The check that is always there.
const BUILT_IN: &str = "workload";
/// A backend that is asked more often is under load because of us.
const SHORTEST_INTERVAL: TimeDelta = TimeDelta::milliseconds(500);
/// Half as much again as stable, and one request in a thousand: below that nobody notices.
const LIMIT: Line = Line { ratio: 1.5, plus: 0.001 };
/// Both sides need so many requests before a share means anything.
const LEAST: i64 = 100;
/// An absolute limit needs fewer.
const LEAST_BACKED: i64 = 50;
/// The most requests that a check may wait for.
const MOST: i64 = 1_000_000;

/// The analysis after parsing.
pub(super) struct Analysis {
    pub(super) checks: Vec<Check>,
    pub(super) every: TimeDelta,
    pub(super) warm_up: TimeDelta,
    /// Why the checks of templates are not known, if they are not.
    pub(super) unresolved: Option<String>,
    pub(super) baseline: Baseline,
}

/// Whose checks they are, and whom they may ask.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) namespace: &'a str,
    pub(super) rollout: &'a str,
    pub(super) providers: &'a Providers,
}

pub(super) fn checks(written: &AnalysisSpec, shared: &Result<Shared, Invalid>, owner: Owner<'_>) -> Result<Analysis, Invalid> {
    let AnalysisSpec { checks, templates, none, every, warm_up, baseline } = written;
    let inline = match (checks.as_deref(), templates, none) {
        (Some(checks), _, None) => {
            length("analysis.checks", checks.len(), "checks", 1, MAX_CHECKS)?;
            checks
        }
        (None, Some(_), None) | (None, None, Some(_)) => &[],
        (None, None, None) => return Err(Invalid::NoAnalysis),
        (Some(_), _, Some(_)) | (None, Some(_), Some(_)) => return Err(Invalid::TwoAnalyses),
    };
    let (every_of, warm_up_of) = shared.as_ref().map_or((&None, &None), |shared| (&shared.every, &shared.warm_up));
    let every = every
        .as_deref()
        .or(every_of.as_deref())
        .map_or(Ok(TimeDelta::seconds(10)), |text| duration("analysis.every", text, SHORTEST_INTERVAL, TimeDelta::hours(1)))?;
    let warm_up = warm_up
        .as_deref()
        .or(warm_up_of.as_deref())
        .map_or(Ok(TimeDelta::seconds(30)), |text| duration("analysis.warmUp", text, TimeDelta::zero(), super::LONGEST))?;
    let inline = all(inline, owner)?;
    // What is wrong with a template is no fault of this spec: its rollouts raise no exposure, and all else goes on.
    let (checks, unresolved) = match shared.clone().and_then(|shared| beside(&inline, &shared, owner)) {
        Ok(checks) => (checks, None),
        Err(invalid) => (inline, Some(invalid.to_string())),
    };
    let baseline = match baseline {
        None | Some(BaselineSpec::Stable) => Baseline::Stable,
        Some(BaselineSpec::Pods) if owner.rollout.len() > MAX_NAME_BESIDE => return Err(Invalid::BaselineName(owner.rollout.to_owned())),
        Some(BaselineSpec::Pods) => Baseline::Pods,
    };
    Ok(Analysis { checks, every, warm_up, unresolved, baseline })
}

/// The checks of a list, each with a name of its own.
fn all(written: &[CheckSpec], owner: Owner<'_>) -> Result<Vec<Check>, Invalid> {
    let checks: Vec<Vec<Check>> = written.iter().map(|check| parse_check(check, owner)).collect::<Result<_, _>>()?;
    let checks: Vec<Check> = checks.into_iter().flatten().collect();
    length("analysis.checks", checks.len(), "checks, each bound counted", 0, MAX_CHECKS)?;
    unique(&checks)?;
    Ok(checks)
}

/// Those of templates beside these.
fn beside(inline: &[Check], shared: &Shared, owner: Owner<'_>) -> Result<Vec<Check>, Invalid> {
    let written: Vec<CheckSpec> = shared
        .checks
        .iter()
        .map(CheckSpec::deserialize)
        .collect::<Result<_, _>>()
        .map_err(|error| Invalid::Shape(format!("a check of an AnalysisTemplate: {error}")))?;
    let checks: Vec<Check> = inline.iter().cloned().chain(all(&written, owner)?).collect();
    length("analysis.checks", checks.len(), "checks, those of templates and each bound counted", 0, MAX_CHECKS)?;
    unique(&checks)?;
    Ok(checks)
}

fn unique(checks: &[Check]) -> Result<(), Invalid> {
    let mut names = BTreeSet::from([BUILT_IN]);
    let twice = checks.iter().find(|check| !names.insert(&check.name));
    twice.map_or(Ok(()), |twice| Err(Invalid::CheckName(twice.name.clone())))
}

/// One check, or one for each of its bounds.
fn parse_check(written: &CheckSpec, owner: Owner<'_>) -> Result<Vec<Check>, Invalid> {
    let Some((spec, bounds)) = written.sequential.as_ref().and_then(|spec| Some((spec, spec.bounds.as_ref()?))) else {
        return Ok(vec![parse_one(written, owner, 1.0)?]);
    };
    let CheckSpec { name, .. } = written;
    let odd = |text: &str| Err(Invalid::Counting { check: name.clone(), text: text.to_owned() });
    if spec.of != Some(TestedSpec::Slow) || spec.slower_than.is_some() {
        return odd("bounds belong to of: slow, instead of slowerThan; remove one of them");
    }
    let number = number(&format!("the number of bounds of check {name}"), i64::try_from(bounds.len()).unwrap_or(i64::MAX), 2, 4)?;
    let each = |bound: &String| {
        let spec = SequentialSpec { slower_than: Some(bound.clone()), bounds: None, ..spec.clone() };
        let written = CheckSpec { name: format!("{name}-{bound}"), sequential: Some(spec), ..written.clone() };
        parse_one(&written, owner, 1.0 / f64::from(number))
    };
    bounds.iter().map(each).collect()
}

fn parse_one(written: &CheckSpec, owner: Owner<'_>, part: f64) -> Result<Check, Invalid> {
    let CheckSpec { name, threshold: within, compare: beside, sequential: tested } = written;
    check_label("analysis.checks[].name", name)?;
    let (asking, kind) = match (within, beside, tested) {
        (Some(spec), None, None) => (&spec.asking, CheckKind::Threshold(threshold(name, spec, owner)?)),
        (None, Some(spec), None) => (&spec.asking, CheckKind::Compare(compare(name, spec, owner)?)),
        (None, None, Some(spec)) if spec.of == Some(TestedSpec::Gauge) => (&spec.asking, CheckKind::Gauge(gauge(name, spec, owner)?)),
        (None, None, Some(spec)) => (&spec.asking, CheckKind::Sequential(Sequential { part, ..sequential(name, spec, owner)? })),
        (None, None, None) | (Some(_), Some(_), _) | (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
            return Err(Invalid::Kind(name.clone()));
        }
    };
    let Providers { delays, default } = owner.providers;
    let provider = asking.provider.as_ref().unwrap_or(default);
    let Some(delay) = delays.get(provider) else {
        return Err(Invalid::Provider { check: name.clone(), provider: provider.clone(), known: owner.providers.known() });
    };
    Ok(Check { name: name.clone(), provider: provider.clone(), delay: *delay, policy: policy(asking, &kind), kind })
}

fn policy(AskingSpec { provider: _, on_fail, on_no_data, on_query_error }: &AskingSpec, kind: &CheckKind) -> Policy {
    let usual = match kind {
        CheckKind::Threshold(_) | CheckKind::Compare(_) | CheckKind::Sequential(_) => Policy::USUAL,
        // Its bounds are coarse.
        CheckKind::Gauge(_) => Policy { fail: OnFail::Hold, ..Policy::USUAL },
    };
    Policy {
        fail: match on_fail {
            None => usual.fail,
            Some(OnFailSpec::Abort) => OnFail::Abort,
            Some(OnFailSpec::Hold) => OnFail::Hold,
        },
        no_data: trouble(*on_no_data, usual.no_data),
        query_error: trouble(*on_query_error, usual.query_error),
    }
}

fn trouble(written: Option<OnTroubleSpec>, usual: OnTrouble) -> OnTrouble {
    match written {
        None => usual,
        Some(OnTroubleSpec::Hold) => OnTrouble::Hold,
        Some(OnTroubleSpec::Fail) => OnTrouble::Fail,
    }
}

fn threshold(name: &str, spec: &ThresholdSpec, owner: Owner<'_>) -> Result<Threshold, Invalid> {
    spec.slower_than.as_deref().map_or(Ok(()), |text| named_bound(name, text))?;
    let ThresholdSpec { query, count, of, series, slower_than, counts, window, min, max, failures, min_requests, on_shared, asking: _ } =
        spec;
    let field = |field: &str| format!("analysis.checks[{name}].threshold.{field}");
    match (*min, *max) {
        (None, None) => return Err(Invalid::NoLimit(name.to_owned())),
        (Some(min), Some(max)) if min > max => return Err(Invalid::Limits { check: name.to_owned(), min, max }),
        (Some(_), _) | (_, Some(_)) => {}
    }
    let at_once = count.is_none() && query.as_ref().is_some_and(|query| !query.contains("{{window}}"));
    let shortest = if at_once { TimeDelta::zero() } else { TimeDelta::seconds(1) };
    let window = duration(&field("window"), window, shortest, TimeDelta::hours(24))?;
    let odd = |text: &str| Invalid::Counting { check: name.to_owned(), text: text.to_owned() };
    let fill = |part: &str, query: &str| {
        length(&field(part), query.chars().count(), "characters", 1, MAX_QUERY)?;
        if let Some(range) = longer(query, window) {
            let text = format!(
                "{part} looks back for [{range}], further than its window ({}), so that what was before the canary would count as its own; write [{{{{window}}}}], \
                 or a longer window",
                duration_text(window)
            );
            return Err(odd(&text));
        }
        let filled = fill_fixed(query, owner.namespace, owner.rollout, &duration_text(window));
        filled.map_err(|problem| Invalid::Placeholder { check: name.to_owned(), problem })
    };
    let counted = of.is_some() || counts.is_some() || series.is_some() || slower_than.is_some();
    let subject = match (query, count) {
        (Some(_), _) if counted => return Err(odd("query and of or counts say twice what is measured; remove one of them")),
        (Some(_), _) if on_shared.is_some() => {
            return Err(odd(
                "onShared needs the requests of both sides, of which a query tells nothing; remove it, or count with of or counts",
            ));
        }
        (None, Some(_)) => return Err(odd("count says how many requests a query speaks of; remove it, or write query")),
        (Some(_), None) if min_requests.is_some() => {
            return Err(odd("minRequests needs counted requests; name a query for their number as count, or leave it out"));
        }
        (Some(query), None) => Subject::Query(fill("query", query)?),
        (Some(query), Some(count)) => Subject::Backed {
            query: fill("query", query)?,
            count: fill("count", count)?,
            least: requests(name, *min_requests, LEAST_BACKED, 0)?,
        },
        (None, None) => {
            let (series, slower_than) = (series.as_ref(), slower_than.as_deref());
            let Owner { namespace, rollout, .. } = owner;
            let written = Written { check: name, namespace, rollout, of: *of, series, slower_than, counts: counts.as_ref() };
            let least = requests(name, *min_requests, LEAST_BACKED, 0)?;
            Subject::Share { source: source(&written)?, least, shared: trouble(*on_shared, OnTrouble::Hold) }
        }
    };
    let FailuresSpec { count, of } = failures.unwrap_or(FailuresSpec { count: 1, of: 1 });
    let of = number(&field("failures.of"), of, 1, 20)?;
    Ok(Threshold {
        subject,
        window,
        min: *min,
        max: *max,
        failures: Failures { count: number(&field("failures.count"), count, 1, i64::from(of))?, of },
    })
}

fn compare(name: &str, spec: &CompareSpec, owner: Owner<'_>) -> Result<Compare, Invalid> {
    spec.slower_than.as_deref().map_or(Ok(()), |text| named_bound(name, text))?;
    let CompareSpec { of, series, slower_than, counts, window, line, sigmas, min_events, min_requests, asking: _ } = spec;
    let (series, slower_than) = (series.as_ref(), slower_than.as_deref());
    let Owner { namespace, rollout, .. } = owner;
    let field = |field: &str| format!("analysis.checks[{name}].compare.{field}");
    let read = |text: &String| duration(&field("window"), text, TimeDelta::seconds(1), TimeDelta::hours(24));
    Ok(Compare {
        source: source(&Written { check: name, namespace, rollout, of: *of, series, slower_than, counts: counts.as_ref() })?,
        window: window.as_ref().map_or(Ok(TimeDelta::minutes(5)), read)?,
        line: line.map_or(Ok(half_way(LIMIT)), |line| self::line(name, "line", line))?,
        sigmas: within(name, "sigmas", sigmas.unwrap_or(3.0), 1.0, 10.0)?,
        least_bad: number(&field("minEvents"), min_events.unwrap_or(5), 1, 1000)?.into(),
        least: requests(name, *min_requests, LEAST, 1)?,
    })
}

fn sequential(name: &str, spec: &SequentialSpec, owner: Owner<'_>) -> Result<Sequential, Invalid> {
    let SequentialSpec {
        of,
        query,
        series,
        slower_than,
        bounds: _,
        counts,
        limit,
        alarm,
        confidence,
        min_requests,
        pass,
        bursts,
        incident,
        asking: _,
    } = spec;
    let (series, slower_than) = (series.as_ref(), slower_than.as_deref());
    let Owner { namespace, rollout, .. } = owner;
    let odd = |text: &str| Err(Invalid::Counting { check: name.to_owned(), text: text.to_owned() });
    if query.is_some() {
        return odd("query belongs to of: gauge; remove it, or write counts with two queries");
    }
    let of = of.and_then(requests_of);
    let source = source(&Written { check: name, namespace, rollout, of, series, slower_than, counts: counts.as_ref() })?;
    let incident = self::incident(name, *incident, &source)?;
    let limit = limit.map_or(Ok(LIMIT), |limit| line(name, "limit", limit))?;
    if limit.ratio <= 1.0 && limit.plus <= 0.0 {
        return odd(
            "a limit of ratio 1 and plus 0 can never be proven; allow the canary a little more than stable, such as ratio 1.5, plus 0.001",
        );
    }
    let alarm = alarm.map_or(Ok(half_way(limit)), |alarm| line(name, "alarm", alarm))?;
    below(name, alarm, limit)?;
    let (step, promotion) = strengths(*pass);
    Ok(Sequential {
        source,
        part: 1.0,
        limit,
        alarm,
        alpha: 1.0 - self::confidence(name, *confidence)?,
        least: requests(name, *min_requests, LEAST, 1)?,
        step,
        promotion,
        bursts: bursts.map_or(Ok(Bursts::Auto), |bursts| within(name, "bursts", bursts, 1.0, 50.0).map(Bursts::Fixed))?,
        incident,
    })
}

/// Which requests are bad, where requests are compared.
const fn requests_of(tested: TestedSpec) -> Option<OfSpec> {
    match tested {
        TestedSpec::Errors => Some(OfSpec::Errors),
        TestedSpec::Slow => Some(OfSpec::Slow),
        TestedSpec::Gauge => None,
    }
}

/// How much a pass has to mean for a step, and for the promotion.
pub(super) fn strengths(written: Option<PassSpec>) -> (Strength, Strength) {
    let strength = |written: Option<StrengthSpec>, usual| match written {
        None => usual,
        Some(StrengthSpec::NoHarm) => Strength::NoHarm,
        Some(StrengthSpec::Proof) => Strength::Proof,
        Some(StrengthSpec::Auto) => Strength::Auto,
    };
    let PassSpec { step, promotion } = written.unwrap_or_default();
    (strength(step, Strength::NoHarm), strength(promotion, Strength::Auto))
}

pub(super) fn confidence(check: &str, written: Option<f64>) -> Result<f64, Invalid> {
    within(check, "confidence", written.unwrap_or(0.95), 0.8, 0.999)
}

/// Only what goes on from window to window remembers a bound that was chosen.
fn named_bound(check: &str, slower_than: &str) -> Result<(), Invalid> {
    let text = "slowerThan: auto belongs to a sequential check; name a bound of the histogram's buckets, such as 250ms".to_owned();
    if slower_than == AUTO { Err(Invalid::Counting { check: check.to_owned(), text }) } else { Ok(()) }
}

/// The line half-way between "the same as stable" and the limit.
pub(super) fn half_way(limit: Line) -> Line {
    Line { ratio: f64::midpoint(1.0, limit.ratio), plus: limit.plus / 2.0 }
}

/// What is surely above the alarm must not be able to be surely below the limit, too.
pub(super) fn below(check: &str, alarm: Line, limit: Line) -> Result<(), Invalid> {
    let text = "the alarm is above the limit, so that a canary could pass and fail at once; lower the alarm or leave it out".to_owned();
    let above = alarm.ratio > limit.ratio || alarm.plus > limit.plus;
    if above { Err(Invalid::Counting { check: check.to_owned(), text }) } else { Ok(()) }
}

pub(super) fn line(check: &str, field: &str, LineSpec { ratio, plus }: LineSpec) -> Result<Line, Invalid> {
    let ratio = within(check, &format!("{field}.ratio"), ratio, 1.0, 100.0)?;
    Ok(Line { ratio, plus: within(check, &format!("{field}.plus"), plus.unwrap_or(0.0), 0.0, 0.5)? })
}

pub(super) fn within(check: &str, field: &str, value: f64, low: f64, high: f64) -> Result<f64, Invalid> {
    let text = format!("{field} is {value}: write {low} to {high}");
    if (low..=high).contains(&value) { Ok(value) } else { Err(Invalid::Counting { check: check.to_owned(), text }) }
}

fn requests(check: &str, written: Option<i64>, usual: i64, low: i64) -> Result<f64, Invalid> {
    number(&format!("analysis.checks[{check}].minRequests"), written.unwrap_or(usual), low, MOST).map(f64::from)
}
