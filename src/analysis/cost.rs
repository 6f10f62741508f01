//! What does a proof cost at a service's traffic, and what helps where it cannot be had in time?

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::bounds::{self, LOOKS_BACK};
use super::evidence::{Evidence, Weighed};
use super::sequential::{Course, Need, Side, Wealth, dispersion, requests_needed};
use super::series::{Window, counting};
use super::words::{about, rate, roughly};
use crate::rollout::{Ask, Attempt, Before, Check, CheckKind, Counted, Intent, Ready, Sequential, Step, Strength, Weight, Young};

/// So many windows have to agree, however much each of them says.
const FEWEST_WINDOWS: i32 = 3;

/// The traffic of a service, as far as it says how soon something is proven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Requests of both sides in a second.
    pub rate: f64,
    /// The share of stable's requests that are bad.
    pub bad: f64,
    /// By what evidence is divided.
    pub bursts: f64,
    /// When that was seen.
    pub seen: Seen,
}

/// When traffic was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// In the last minutes.
    Now,
    /// Up to then.
    Until(DateTime<Utc>),
}

/// Asks how much traffic there is; nothing for a check that compares none, or whose bound of slow requests is not known yet.
pub fn today(check: &Check, evidence: &Evidence, intent: &Intent, rollout: &str, attempt: &Attempt, at: DateTime<Utc>) -> Option<Ask> {
    let CheckKind::Sequential(sequential) = &check.kind else { return None };
    let source = bounds::chosen(&sequential.source, evidence.bound(evidence.attempt(), &check.name))?;
    let from = at - LOOKS_BACK;
    let before = Some(Before { from, to: at, each: intent.every });
    Some(counting(
        &source,
        rollout,
        attempt,
        Window { from, to: at, before, past: None, young: Young::Named(BTreeSet::new()), ready: Ready::default() },
    ))
}

impl Traffic {
    /// What the answer to that says.
    pub fn of(counted: &Counted) -> Option<Self> {
        let (canary, stable) = (counted.counts.canary.sound(), counted.counts.stable.sound());
        let rate = (canary.total + stable.total) / LOOKS_BACK.as_seconds_f64();
        let bursts = dispersion(counted.before.iter().copied());
        Some(Self { rate, bad: stable.share()?, bursts, seen: Seen::Now })
    }

    /// What the evidence of an attempt shows.
    fn known(weighed: &Weighed) -> Option<Self> {
        let requests = weighed.here.canary.total + weighed.here.stable.total;
        let rate = requests / weighed.here_lasted().as_seconds_f64().max(0.001);
        let bad = weighed.all.stable.share()?;
        (requests > 0.0).then_some(Self { rate, bad, bursts: weighed.bursts, seen: Seen::Until(weighed.until) })
    }

    fn told(&self) -> String {
        match self.seen {
            Seen::Now => format!("today's {}", rate(self.rate)),
            Seen::Until(then) => format!("the {} of {} UTC", rate(self.rate), then.format("%Y-%m-%d %H:%M")),
        }
    }
}

impl Evidence {
    /// The traffic that a check saw in the attempt in flight, or in the last one.
    pub fn traffic(&self, check: &str) -> Option<Traffic> {
        self.of(self.attempt(), check).and_then(Traffic::known)
    }
}

/// What a proof takes at the last step, and whether it fits into that; nothing for a check that proves nothing.
pub fn cost(check: &Check, intent: &Intent, traffic: &Traffic) -> Option<String> {
    let CheckKind::Sequential(sequential) = &check.kind else { return None };
    let last = intent.steps.last()?;
    let (split, told) = (compared(intent, last), traffic.told());
    // What is seen now is the traffic of all pods; an attempt counted only those that are compared.
    let part = match traffic.seen {
        Seen::Now => share(intent, last),
        Seen::Until(_) => split,
    };
    let Some(requests) = requests(sequential, split, traffic.bad, traffic.bursts) else {
        let never = format!("a proof at {} never comes while both sides are as they are at {told}", last.weight);
        return Some(format!("{never}; {}", instead(sequential)));
    };
    let shortest = f64::from(FEWEST_WINDOWS) * intent.every.as_seconds_f64();
    let takes = (requests / (traffic.rate * part).max(f64::MIN_POSITIVE)).max(shortest);
    let has = seconds(check, intent, last);
    let proof = format!("a proof at {} takes about {} canary requests, {} at {told}", last.weight, roughly(requests), about(takes));
    Some(if takes <= has {
        format!("{proof}; that step has {}", about(has))
    } else {
        format!("{proof}, and that step has {}; {}", about(has), instead(sequential))
    })
}

/// What helps where no proof comes in time.
pub(super) const fn instead(sequential: &Sequential) -> &'static str {
    match sequential.promotion {
        Strength::NoHarm => "the promotion does not ask for one",
        Strength::Proof => {
            "at the deadline it pauses or aborts: use pass.promotion: auto or noHarm, raise limit.plus, or give that step a longer hold or deadlines.step"
        }
        Strength::Auto => {
            "the promotion takes no harm for an answer; for a proof raise limit.plus, or give that step a longer hold or deadlines.step"
        }
    }
}

/// The canary's share of the requests that are compared at a step: young pods of stable that stand beside it answer as many as it does.
pub(super) fn compared(intent: &Intent, step: &Step) -> f64 {
    match (intent.baseline(step.weight), intent.split(step.weight).canary) {
        (0, _) => share(intent, step),
        (young, canary) => f64::from(canary) / f64::from(canary.saturating_add(young)),
    }
}

/// The canary's share of the traffic at a step, as whole pods give it.
fn share(intent: &Intent, step: &Step) -> f64 {
    f64::from(intent.split(step.weight).percent()) / 100.0
}

/// How many requests of the canary a proof takes from nothing, where both sides have such a share of bad ones; none where it never comes.
pub(super) fn requests(sequential: &Sequential, split: f64, bad: f64, bursts: f64) -> Option<f64> {
    let mut fresh = Wealth::default();
    fresh.invest(1.0);
    more(&fresh, sequential, Course { canary: bad, stable: bad, split, bursts })
}

/// How many more requests of the canary a proof takes.
pub(super) fn more(known: &Wealth, sequential: &Sequential, course: Course) -> Option<f64> {
    requests_needed(known, (Side::Better, sequential.limit), Need::for_errors(sequential.alpha), course)
}

/// How much of the time at an exposure gives evidence: until its deadline, without the warm-up, what metrics are late by, and what is cut off at the end.
pub(super) fn time(check: &Check, intent: &Intent, step: Weight, cut_off: TimeDelta) -> TimeDelta {
    intent.hold(step) + intent.deadlines.step - intent.warm_up - check.delay - cut_off
}

/// The same of a step, of which the last window is cut off, in seconds.
pub(super) fn seconds(check: &Check, intent: &Intent, step: &Step) -> f64 {
    time(check, intent, step.weight, intent.every).as_seconds_f64().max(1.0)
}
