//! Whether a step's share is reached and available.

use chrono::{DateTime, Utc};

use super::baseline::Side;
use super::split::permille;
use super::{Attempt, Child, Intent, Observed, Settled, Split, Weight};

/// How the pods that serve compare with what a step asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Both sides are there.
    Reached,
    /// Pods are missing or on their way; the text says which.
    Waiting(String),
    /// The canary has much more of the traffic than the step grants, because stable pods were lost.
    Exceeded(String),
}

/// How far the observed share may be above what is granted, in tenths of a percent: 10 points.
const EXCESS: u32 = 100;

/// How many pods may be missing where a gate waits for `target` available ones: one in twenty, at least one, none below five.
///
/// Without it, a fleet on a cluster whose nodes come and go would never be complete.
pub(super) fn tolerated(target: u32) -> u32 {
    if target < 5 { 0 } else { (target / 20).max(1) }
}

/// Whether the pods of both sides are what `weight` asks for.
pub fn reach(intent: &Intent, attempt: &Attempt, weight: Weight, seen: &Observed) -> Reach {
    let goal = intent.split(weight);
    let side = Side::new(seen, &attempt.stable, goal.stable, intent.baseline(weight));
    let canary = seen.children.get(&attempt.canary);
    if weight == Weight::FULL {
        return match (everything(side.own, canary, goal), seen.young_left(&attempt.stable)) {
            (Reach::Reached, Some(text)) => Reach::Waiting(text),
            (reach, _) => reach,
        };
    }
    let serving = Split { stable: seen.serving(&attempt.stable), canary: serving(canary) };
    if serving.permille() > goal.permille() + EXCESS {
        let (has, grants) = (serving.permille() / 10, goal.percent());
        return Reach::Exceeded(format!("the canary has {has}% of the available pods, its step grants {grants}%; waiting for stable pods"));
    }
    match missing("canary", canary, goal.canary).or_else(|| missing("stable", side.own, side.own_goal())) {
        Some(text) => Reach::Waiting(text),
        None => Reach::Reached,
    }
}

/// Whether the canary has everything. The old pods that a bake keeps are only a way back: nothing waits for them to be well.
fn everything(stable: Option<&Child>, canary: Option<&Child>, goal: Split) -> Reach {
    let surplus = stable.filter(|child| child.desired > goal.stable || (goal.stable == 0 && child.settled != Settled::Yes));
    let left = surplus.map(|child| format!("{} stable pods have to become {}", child.desired, goal.stable));
    match missing("canary", canary, goal.canary).or(left) {
        Some(text) => Reach::Waiting(text),
        None => Reach::Reached,
    }
}

/// A move in very many lots is late after this many of them, however far it is.
const MOST_LOTS: u32 = 1000;

/// When waiting for the attempt's pods since then is over: where no further canary pod became ready for as long as
/// `deadlines.available`.
///
/// A canary grows in lots as large as surge allows, so it is late where it stands still, not where it takes its time. Pods that become
/// ready again and again cannot stretch it for ever: no more than one deadline for each replica is granted.
pub(super) fn late_at(intent: &Intent, attempt: &Attempt, since: DateTime<Utc>, seen: &Observed) -> DateTime<Utc> {
    let available = intent.deadlines.available;
    let newest = seen.children.get(&attempt.canary).and_then(|child| child.ready().map(|(_, since)| since).max());
    let lots = i32::try_from(intent.replicas.clamp(1, MOST_LOTS)).unwrap_or(i32::MAX);
    (newest.map_or(since, |newest| newest.max(since)) + available).min(since + available * lots)
}

/// The canary's share of the available pods, in percent rounded to the nearest.
pub(super) fn achieved(attempt: &Attempt, seen: &Observed) -> u32 {
    let (stable, canary) = (seen.serving(&attempt.stable), serving(seen.children.get(&attempt.canary)));
    (permille(canary, stable.saturating_add(canary)) + 5) / 10
}

/// Pods of a Deployment that can be counted on; none where it does not exist.
pub(super) fn serving(child: Option<&Child>) -> u32 {
    child.map_or(0, Child::serving)
}

/// What is still missing until `target` pods of that side serve.
pub(super) fn missing(side: &str, child: Option<&Child>, target: u32) -> Option<String> {
    let (available, desired) = (serving(child), child.map_or(0, |c| c.desired));
    let enough = available.saturating_add(tolerated(target)) >= target;
    let settled = child.map_or(target == 0, |c| c.settled == Settled::Yes);
    match (enough, settled) {
        (true, true) if desired == target => None,
        (true, _) if desired > target => Some(format!("{desired} {side} pods have to become {target}")),
        (true, _) if desired == target => Some(format!("{target} {side} pods are wanted and the Deployment is still busy")),
        (true | false, _) => Some(format!("{available} of {target} {side} pods are available")),
    }
}
