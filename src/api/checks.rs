//! What is asked of a canary?

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::duration::duration_text;
use super::invalid::Invalid;
use super::parse::{check_label, duration, length};
use super::providers::Providers;
use super::spec::{AnalysisSpec, CheckSpec, ThresholdSpec};
use crate::analysis::fill_fixed;
use crate::rollout::{Check, Threshold};

/// More checks than this are many rollouts' worth of questions.
const MAX_CHECKS: usize = 16;
/// More query than this is a recording rule.
const MAX_QUERY: usize = 4096;
/// The check that is always there.
const BUILT_IN: &str = "workload";
/// A backend that is asked more often is under load because of us.
const SHORTEST_INTERVAL: TimeDelta = TimeDelta::milliseconds(500);

/// The analysis after parsing.
pub(super) struct Analysis {
    pub(super) checks: Vec<Check>,
    pub(super) every: TimeDelta,
    pub(super) warm_up: TimeDelta,
}

pub(super) fn checks(written: &AnalysisSpec, namespace: &str, rollout: &str, providers: &Providers) -> Result<Analysis, Invalid> {
    let AnalysisSpec { checks, none, every, warm_up } = written;
    let checks = match (checks.as_deref(), none) {
        (Some(checks), None) => checks,
        (None, Some(_)) => &[],
        (None, None) => return Err(Invalid::NoAnalysis),
        (Some(_), Some(_)) => return Err(Invalid::TwoAnalyses),
    };
    if none.is_none() {
        length("analysis.checks", checks.len(), "checks", 1, MAX_CHECKS)?;
    }
    let mut names = BTreeSet::from([BUILT_IN]);
    if let Some(twice) = checks.iter().find(|check| !names.insert(&check.name)) {
        return Err(Invalid::CheckName(twice.name.clone()));
    }
    let every = every
        .as_deref()
        .map_or(Ok(TimeDelta::seconds(10)), |text| duration("analysis.every", text, SHORTEST_INTERVAL, TimeDelta::hours(1)))?;
    let warm_up = warm_up
        .as_deref()
        .map_or(Ok(TimeDelta::seconds(30)), |text| duration("analysis.warmUp", text, TimeDelta::zero(), super::LONGEST))?;
    let checks = checks.iter().map(|check| parse_check(check, namespace, rollout, providers)).collect::<Result<_, _>>()?;
    Ok(Analysis { checks, every, warm_up })
}

fn parse_check(written: &CheckSpec, namespace: &str, rollout: &str, providers: &Providers) -> Result<Check, Invalid> {
    let CheckSpec { name, threshold: ThresholdSpec { query, window, min, max, provider } } = written;
    let field = |field: &str| format!("analysis.checks[{name}].threshold.{field}");
    check_label("analysis.checks[].name", name)?;
    length(&field("query"), query.chars().count(), "characters", 1, MAX_QUERY)?;
    match (*min, *max) {
        (None, None) => return Err(Invalid::NoLimit(name.clone())),
        (Some(min), Some(max)) if min > max => return Err(Invalid::Limits { check: name.clone(), min, max }),
        (Some(_), _) | (_, Some(_)) => {}
    }
    let window = duration(&field("window"), window, TimeDelta::seconds(1), TimeDelta::hours(24))?;
    let provider = provider.as_ref().unwrap_or(&providers.default);
    if !providers.names.contains(provider) {
        return Err(Invalid::Provider { check: name.clone(), provider: provider.clone(), known: providers.known() });
    }
    let query = fill_fixed(query, namespace, rollout, &duration_text(window))
        .map_err(|problem| Invalid::Placeholder { check: name.clone(), problem })?;
    Ok(Check { name: name.clone(), threshold: Threshold { provider: provider.clone(), query, window, min: *min, max: *max } })
}
