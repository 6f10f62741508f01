//! What will a check ask, what decides it, and what does a proof take? Told before anything runs.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta};

use super::bounds;
use super::cost::{self, Traffic, compared, cost, instead, requests};
use super::minutes::BATCH;
use super::query::fill_pods;
use super::sequential::Need;
use super::series::{Window, backed, counting, measuring};
use super::windows::Chain;
use super::words::{about, grouped, line, percent, rate, roughly, times};
use crate::rollout::{
    Attempt, Baseline, Before, Check, CheckKind, Gauge, Incident, Intent, OnTrouble, Ready, Sequential, Source, Step, Strength, Subject,
    Threshold, Young,
};

/// One check in a few lines: its queries as the provider gets them, but for the pods' real names, and what follows from the answers. Where the traffic
/// is known it says what a proof takes of it.
pub fn outline(check: &Check, intent: &Intent, rollout: &str, attempt: &Attempt, traffic: Option<Traffic>) -> String {
    let Check { name, provider, .. } = check;
    let (kind, decides) = match &check.kind {
        CheckKind::Threshold(threshold) => ("threshold", vec![limits(threshold)]),
        CheckKind::Compare(compare) => {
            let harm = line(compare.line, 0.0);
            ("compare", vec![format!("more than {} standard errors beyond {harm} of stable's share fail", compare.sigmas)])
        }
        CheckKind::Sequential(sequential) => ("sequential", odds(check, sequential, intent, traffic)),
        CheckKind::Gauge(gauge) => ("sequential", vec![ratios(gauge)]),
    };
    let mut text = format!("{name}: {kind}, asked of {provider}\n");
    let young = intent.baseline == Baseline::Pods && check.compares();
    let sides = if young { attempt.beside_young() } else { attempt.clone() };
    let beside = young.then(|| {
        let pods = |step: &Step| format!("{} at {}", intent.baseline(step.weight), step.weight);
        let pods: Vec<String> = intent.steps.iter().map(pods).collect();
        format!("compared with young pods of stable's template ({}); without them with stable's old pods", pods.join(", "))
    });
    for told in [asked(check, intent.every, rollout, &sides)].into_iter().chain(beside).chain(decides) {
        let _ = writeln!(text, "  {}", told.split_whitespace().collect::<Vec<_>>().join(" ")); // writing to a String cannot fail
    }
    text
}

/// The query of one question.
fn asked(check: &Check, every: TimeDelta, rollout: &str, attempt: &Attempt) -> String {
    let to = DateTime::UNIX_EPOCH;
    let count = |source: &Source, back: TimeDelta, before: Option<Before>| {
        let asked = Window { from: to - back, to, before, past: None, young: Young::All, ready: Ready::default() };
        counting(source, rollout, attempt, asked).query().to_owned()
    };
    match &check.kind {
        CheckKind::Threshold(threshold) => match &threshold.subject {
            Subject::Query(query) => fill_pods(query, rollout, &attempt.stable, &attempt.canary),
            Subject::Backed { query, count, .. } => backed(query, count, rollout, attempt).query().to_owned(),
            Subject::Share { source, .. } => count(source, threshold.window, None),
        },
        CheckKind::Compare(compare) => count(&compare.source, compare.window, Some(Chain::before(to - compare.window, every))),
        CheckKind::Sequential(sequential) if bounds::wanted(&sequential.source).is_some() => {
            format!("{} (once, for the bound of slow requests)", count(&sequential.source, bounds::LOOKS_BACK, None))
        }
        CheckKind::Sequential(sequential) => count(&sequential.source, every, None),
        CheckKind::Gauge(gauge) => measuring(&gauge.query, rollout, attempt, BATCH, Ready::default()).query().to_owned(),
    }
}

fn limits(threshold: &Threshold) -> String {
    let Threshold { min, max, failures, window, .. } = threshold;
    let below = min.map(|min| format!("below {min}"));
    let above = max.map(|max| format!("above {max}"));
    let beyond: Vec<String> = below.into_iter().chain(above).collect();
    let often = if failures.of > 1 { format!(", {} of the last {} times", failures.count, failures.of) } else { String::new() };
    let shared = match threshold.subject {
        Subject::Share { shared: OnTrouble::Hold, .. } => ", and holds where stable breaks it as well",
        Subject::Share { shared: OnTrouble::Fail, .. } | Subject::Query(_) | Subject::Backed { .. } => "",
    };
    format!("fails {}{often}{shared}; a value counts once all of its {} lies in the attempt", beyond.join(" or "), about(seconds(*window)))
}

fn ratios(gauge: &Gauge) -> String {
    let Gauge { limit, alarm, alpha, .. } = gauge;
    let sure = (1.0 - alpha) * 100.0;
    format!(
        "surely ({sure:.1}%) above {} what stable has fails, surely below {} is a proof; six minutes at least",
        times(*alarm),
        times(*limit)
    )
}

/// The lines, and what a proof takes at the last step: of that traffic, if it is known, else of any.
fn odds(check: &Check, sequential: &Sequential, intent: &Intent, traffic: Option<Traffic>) -> Vec<String> {
    let need = Need::for_errors(sequential.alpha);
    let lines = format!(
        "odds of {need} that it is worse than {} fail, of {need} that it is below {} are a proof; at least {} requests a side (shares as where stable has no bad ones)",
        line(sequential.alarm, 0.0),
        line(sequential.limit, 0.0),
        grouped(sequential.least),
    );
    let incident = sequential.incident.map(|Incident { max, times }| {
        format!(
            "it holds while stable itself has more than {} bad requests, and {} what it had before the attempt",
            percent(max),
            self::times(times)
        )
    });
    let lines = [Some(lines), incident].into_iter().flatten().collect::<Vec<_>>();
    if let Some(told) = traffic.and_then(|traffic| cost(check, intent, &traffic)) {
        return [lines, vec![told]].concat();
    }
    let Some(last) = intent.steps.last() else { return lines };
    let needed = |bad: f64| requests(sequential, compared(intent, last), bad, 1.0);
    let (Some(none), Some(some)) = (needed(0.0), needed(0.01)) else {
        let never = "a proof never comes while both sides are equally good; use promotion: noHarm, or allow the canary more".to_owned();
        return [lines, vec![never]].concat();
    };
    let seconds = cost::seconds(check, intent, last);
    let less = match sequential.promotion {
        Strength::NoHarm => "",
        Strength::Proof | Strength::Auto => "with less traffic ",
    };
    let proof = format!(
        "a proof at {} takes about {} canary requests where 1% of both sides are bad, {} where none are; it fits into that step ({}) from {} of the canary on; {less}{}",
        last.weight,
        roughly(some),
        roughly(none),
        about(seconds),
        rate(some.max(none) / seconds),
        instead(sequential),
    );
    [lines, vec![proof]].concat()
}

fn seconds(time: TimeDelta) -> f64 {
    f64::from(i32::try_from(time.num_seconds()).unwrap_or(i32::MAX))
}
