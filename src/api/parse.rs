//! What does a spec mean? Raw JSON becomes an [`Intent`], or says what is wrong.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;

use super::capacity::{kept, resolve};
use super::checks::{Owner, checks};
use super::duration::{duration_text, parse_duration};
use super::invalid::Invalid;
use super::providers::Providers;
use super::revision::revision;
use super::shared::Shared;
use super::spec::{ApprovalSpec, BakeSpec, DeadlinesSpec, DeletionPolicySpec, OnStepSpec, RolloutSpec, StepSpec};
use super::template::RESERVED;
use crate::rollout::{Bake, Capacity, Deadlines, DeletionPolicy, Gate, Intent, OnStep, Pausing, Sharing, Step, Weight, default_weights};

/// Long enough for words, short enough for pod names to stay whole.
const MAX_NAME: usize = 35;
/// More pods than this is no longer one service.
const MAX_REPLICAS: i64 = 10_000;
/// A day of one-hour steps; more is a schedule.
const MAX_STEPS: usize = 20;
/// What a step lasts when the user names none.
const DEFAULT_HOLD: TimeDelta = TimeDelta::minutes(1);
/// A working day and the night before it.
const DEFAULT_APPROVAL: TimeDelta = TimeDelta::hours(24);
/// One that waits less is no wait.
const ONE_SECOND: TimeDelta = TimeDelta::seconds(1);

/// Turns a spec, and what the templates that it takes say, into what the user wants, with every default filled in and every bound held.
///
/// # Errors
/// [`Invalid`] names the first thing that cannot work and says what to do.
pub fn parse(
    (namespace, name): (&str, &str),
    spec: &Value,
    shared: &Result<Shared, Invalid>,
    providers: &Providers,
) -> Result<Intent, Invalid> {
    if !is_label(name) || name.len() > MAX_NAME || !is_label(namespace) {
        return Err(Invalid::Name(name.to_owned()));
    }
    let spec = RolloutSpec::deserialize(spec).map_err(|error| Invalid::Shape(error.to_string()))?;
    spec.service.iter().try_for_each(|service| check_label("service", service))?;
    let no_template = || Invalid::Shape("missing field `template`".to_owned());
    let template = spec.template.as_ref().map(|template| &template.0).ok_or_else(no_template)?;
    check_template(template)?;
    let replicas = number("replicas", spec.replicas.unwrap_or(1), 0, MAX_REPLICAS)?;
    let capacity = resolve(spec.capacity.as_ref(), replicas)?;
    let analysis = checks(&spec.analysis, shared, Owner { namespace, rollout: name, providers })?;
    let strict = spec.traffic.as_ref().and_then(|traffic| traffic.replicas.as_ref()).and_then(|replicas| replicas.strict);
    Ok(Intent {
        revision: revision(template),
        replicas,
        steps: steps(spec.steps.as_deref(), replicas, &capacity)?,
        other_hold: if spec.steps.is_some() { TimeDelta::zero() } else { DEFAULT_HOLD },
        bake: spec.bake.as_ref().map(|bake| self::bake(bake, replicas)).transpose()?,
        checks: analysis.checks,
        every: analysis.every,
        warm_up: analysis.warm_up,
        unresolved: analysis.unresolved,
        deadlines: deadlines(spec.deadlines.as_ref())?,
        capacity,
        pausing: if spec.paused.unwrap_or(false) { Pausing::On } else { Pausing::Off },
        history_limit: number("revisionHistoryLimit", spec.revision_history_limit.unwrap_or(10), 0, 100)?,
        min_ready_seconds: Some(number("minReadySeconds", spec.min_ready_seconds.unwrap_or(0), 0, 3600)?),
        deletion: match spec.deletion_policy {
            None | Some(DeletionPolicySpec::Orphan) => DeletionPolicy::Orphan,
            Some(DeletionPolicySpec::Delete) => DeletionPolicy::Delete,
        },
        baseline: analysis.baseline,
        sharing: if strict.unwrap_or(false) { Sharing::Strict } else { Sharing::Near },
    })
}

fn steps(written: Option<&[StepSpec]>, replicas: u32, capacity: &Capacity) -> Result<Vec<Step>, Invalid> {
    let Some(written) = written else {
        // A rollout that is scaled to zero gets the steps of a small one, so that there always are some.
        let weights = default_weights(replicas.max(1), capacity);
        return Ok(weights.into_iter().map(|weight| Step { weight, hold: DEFAULT_HOLD, approval: None }).collect());
    };
    length("steps", written.len(), "steps", 1, MAX_STEPS)?;
    let mut before = 0;
    let step = |(index, StepSpec { weight, hold, approval }): (usize, &StepSpec)| {
        let field = format!("steps[{index}].weight");
        let percent = number(&field, *weight, 1, 99)?;
        if *weight <= before {
            return Err(Invalid::Weights { index, weight: *weight, before });
        }
        before = *weight;
        let hold = duration(&format!("steps[{index}].hold"), hold, TimeDelta::zero(), super::LONGEST)?;
        let weight = Weight::new(percent).ok_or(Invalid::Number { field, value: *weight, low: 1, high: 99 })?;
        let approval = approval.as_ref().map(|approval| gate(index, approval)).transpose()?;
        Ok(Step { weight, hold, approval })
    };
    written.iter().enumerate().map(step).collect()
}

fn gate(index: usize, ApprovalSpec { timeout, on_timeout }: &ApprovalSpec) -> Result<Gate, Invalid> {
    let field = format!("steps[{index}].approval.timeout");
    let read = |text: &String| duration(&field, text, ONE_SECOND, super::LONGEST);
    Ok(Gate {
        timeout: timeout.as_ref().map_or(Ok(DEFAULT_APPROVAL), read)?,
        on_timeout: match on_timeout {
            None | Some(OnStepSpec::Abort) => OnStep::Abort,
            Some(OnStepSpec::Pause) => OnStep::Pause,
        },
    })
}

fn bake(BakeSpec { time, keep }: &BakeSpec, replicas: u32) -> Result<Bake, Invalid> {
    Ok(Bake { time: duration("bake.for", time, ONE_SECOND, super::LONGEST)?, keep: kept(keep.as_ref(), replicas)? })
}

fn deadlines(written: Option<&DeadlinesSpec>) -> Result<Deadlines, Invalid> {
    let DeadlinesSpec { available, step, rollback, audit, on_step } = written.cloned().unwrap_or_default();
    let deadline = |field: &str, text: Option<String>, default: TimeDelta| {
        text.map_or(Ok(default), |text| duration(&format!("deadlines.{field}"), &text, ONE_SECOND, super::LONGEST))
    };
    Ok(Deadlines {
        available: deadline("available", available, TimeDelta::minutes(10))?,
        step: deadline("step", step, TimeDelta::hours(1))?,
        rollback: deadline("rollback", rollback, TimeDelta::minutes(10))?,
        audit: deadline("audit", audit, TimeDelta::minutes(10))?,
        on_step: match on_step {
            None | Some(OnStepSpec::Pause) => OnStep::Pause,
            Some(OnStepSpec::Abort) => OnStep::Abort,
        },
    })
}

fn check_template(template: &Value) -> Result<(), Invalid> {
    let labels = template.pointer("/metadata/labels").and_then(Value::as_object).filter(|labels| !labels.is_empty());
    let Some(labels) = labels else {
        return Err(Invalid::Template("metadata.labels is missing: write at least one label by which the Service selects the pods"));
    };
    if labels.values().any(|value| !value.is_string()) {
        return Err(Invalid::Template("metadata.labels has a value that is no text: put it in quotes"));
    }
    let annotations = template.pointer("/metadata/annotations").and_then(Value::as_object);
    for (field, keys) in [("labels", Some(labels)), ("annotations", annotations)] {
        if let Some(key) = keys.into_iter().flat_map(|map| map.keys()).find(|key| key.starts_with(RESERVED)) {
            return Err(Invalid::Reserved { field, key: key.clone() });
        }
    }
    if template.pointer("/spec/containers").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(Invalid::Template("spec.containers is missing: write at least one container"));
    }
    match template.pointer("/spec/restartPolicy").map(Value::as_str) {
        None | Some(Some("Always")) => Ok(()),
        Some(_) => Err(Invalid::Template("spec.restartPolicy has to be Always: write that or leave it out")),
    }
}

/// Whether `text` is at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit.
fn is_label(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 63 && text.starts_with(plain) && text.ends_with(plain) && text.chars().all(|c| plain(c) || c == '-')
}

pub(super) fn check_label(field: &str, text: &str) -> Result<(), Invalid> {
    if is_label(text) { Ok(()) } else { Err(Invalid::Label { field: field.to_owned(), text: text.to_owned() }) }
}

pub(super) fn length(field: &str, len: usize, unit: &'static str, low: usize, high: usize) -> Result<(), Invalid> {
    if (low..=high).contains(&len) { Ok(()) } else { Err(Invalid::Length { field: field.to_owned(), len, unit, low, high }) }
}

pub(super) fn number(field: &str, value: i64, low: i64, high: i64) -> Result<u32, Invalid> {
    let refused = || Invalid::Number { field: field.to_owned(), value, low, high };
    u32::try_from(value).ok().filter(|_| (low..=high).contains(&value)).ok_or_else(refused)
}

pub(super) fn duration(field: &str, text: &str, low: TimeDelta, high: TimeDelta) -> Result<TimeDelta, Invalid> {
    parse_duration(text).filter(|duration| (low..=high).contains(duration)).ok_or_else(|| Invalid::Duration {
        field: field.to_owned(),
        text: text.to_owned(),
        low: duration_text(low),
        high: duration_text(high),
    })
}
