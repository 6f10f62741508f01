//! Stable serves everything; a new template starts an attempt.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::changes::mark;
use super::super::reach::{missing, serving};
use super::super::{
    Attempt, Event, EventKind, Idle, Observed, PauseCause, Pausing, Promoting, State, Step, Stepping, Template, Weight, Why,
    sharing_trouble,
};
use super::{Edge, Facts, Next, installing, stay, tell, template_trouble, unread};

/// Until the next look, where this one leads to a write that has to be seen first.
const SOON: TimeDelta = TimeDelta::milliseconds(1);

pub(super) fn next(at: &Idle, facts: &Facts) -> Next {
    let Facts { intent, .. } = *facts;
    let at = &Idle { down: down(at, facts), ..at.clone() };
    let idle = |why| stay(State::Idle(at.clone()), why, None);
    if let Some(why) = unread(facts) {
        return idle(why);
    }
    if at.serves(&intent.revision) {
        // The rejected template is gone from the spec: should it come back, it may try again.
        let alias = at.alias.clone().filter(|alias| *alias == intent.revision);
        let state = State::Idle(Idle { rejected: None, alias, ..at.clone() });
        return stay(state, facts.brake.cloned().unwrap_or_else(|| settled(at, facts)), None);
    }
    // What is written in this pass is seen in the next one, and nobody else asks for that.
    let soon = unmarked(at, facts).then(|| facts.now + SOON);
    if let Some(why) = waits(at, facts) {
        return stay(State::Idle(at.clone()), why, soon);
    }
    if soon.is_some() {
        return stay(State::Idle(at.clone()), Why::CheckingTemplate, soon);
    }
    if means_the_same(at, facts) {
        let state = State::Idle(Idle { alias: Some(intent.revision.clone()), ..at.clone() });
        return stay(state, Why::Settled, None);
    }
    if facts.brake.is_none() && is_over(at, facts) {
        let message =
            format!("revision {} has had no available pod for too long; revision {} is installed in its place", at.stable, intent.revision);
        return installing::take_over(intent, facts.now, at.attempts, message).into();
    }
    match intent.pausing {
        Pausing::On => idle(Why::Paused(PauseCause::Spec, String::new())),
        Pausing::Off => start(at, facts, "NewTemplate").into(),
    }
}

/// Why a new revision does not get its attempt yet.
fn waits(at: &Idle, facts: &Facts) -> Option<Why> {
    // What stable lacks counts for more than what else waits.
    if let Some(why) = gone(at, facts.seen) {
        return Some(why);
    }
    if at.rejected.as_ref() == Some(&facts.intent.revision) {
        return Some(rejected(at));
    }
    if let Some(left) = leaving(at, facts) {
        return Some(left);
    }
    if restarting(at, facts.seen) {
        return Some(Why::WaitingForPods("stable's pods are being restarted".to_owned()));
    }
    blocked(facts)
}

/// Young pods of an earlier attempt that go at once, because stable carries everything without them: the next one wants young ones of its own.
fn leaving(at: &Idle, facts: &Facts) -> Option<Why> {
    let Facts { intent, seen, .. } = *facts;
    let left = seen.young_left(&at.stable)?;
    let carries = seen.children.get(&at.stable).is_some_and(|child| child.counted() >= intent.floor());
    carries.then_some(Why::WaitingForPods(left))
}

/// Whether something is about to be written of which an attempt knows nothing: that comes before an attempt begins.
pub(super) fn unfinished(at: &Idle, facts: &Facts) -> bool {
    restarting(at, facts.seen) || unmarked(at, facts)
}

/// Whether stable's pods are to be restarted and its Deployment does not say so yet.
fn restarting(at: &Idle, seen: &Observed) -> bool {
    at.restart.is_some() && seen.children.get(&at.stable).is_some_and(|child| child.restart != at.restart)
}

/// Whether the outcome of the last attempt is not on its record yet, although it can be written.
fn unmarked(at: &Idle, facts: &Facts) -> bool {
    facts.seen.refused.is_none() && mark(&at.last, facts.seen).is_some()
}

/// What becomes of stable where its Deployment is gone. Without its template it cannot be made again.
pub(super) fn gone(at: &Idle, seen: &Observed) -> Option<Why> {
    match (seen.children.contains_key(&at.stable), seen.records.contains_key(&at.stable)) {
        (true, _) => None,
        (false, true) => Some(Why::WaitingForPods("stable's Deployment is made again".to_owned())),
        (false, false) => Some(Why::Missing(at.stable.clone())),
    }
}

/// What keeps every new revision from getting pods, if anything does.
pub(super) fn blocked(facts: &Facts) -> Option<Why> {
    let Facts { intent, seen, .. } = *facts;
    facts.brake.cloned().or_else(|| sharing_trouble(intent, &seen.service)).or_else(|| template_trouble(intent, seen))
}

/// Whether the API server makes the same pods of the spec's template as of stable's.
pub(super) fn means_the_same(at: &Idle, facts: &Facts) -> bool {
    let Facts { intent, seen, .. } = *facts;
    let stable = seen.children.get(&at.stable).map(|child| &child.meaning);
    let wanted = match (&seen.template, seen.children.get(&intent.revision)) {
        (_, Some(child)) => Some(&child.meaning),
        (Template::Accepted { revision, meaning }, None) if *revision == intent.revision => Some(meaning),
        (Template::Unasked | Template::Accepted { .. } | Template::Refused { .. } | Template::Unknown { .. }, None) => None,
    };
    stable.is_some() && stable == wanted
}

/// Since when stable has had no available pod although it should have some. One whose Deployment is gone is made again first.
fn down(at: &Idle, facts: &Facts) -> Option<DateTime<Utc>> {
    let child = facts.seen.children.get(&at.stable)?;
    (child.serving() == 0 && facts.intent.replicas > 0).then(|| at.down.unwrap_or(facts.now))
}

/// Whether stable has been without a pod for so long that there is nothing to compare with and nothing to go back to.
fn is_over(at: &Idle, facts: &Facts) -> bool {
    at.down.is_some_and(|since| facts.now >= since + facts.intent.deadlines.available)
}

/// An attempt begins.
pub(super) fn start(at: &Idle, facts: &Facts, reason: &'static str) -> Edge {
    let number = at.attempts.saturating_add(1);
    let attempt = Attempt { number, stable: at.stable.clone(), canary: facts.intent.revision.clone() };
    let message = format!("attempt {number}: revision {} may replace revision {}", attempt.canary, attempt.stable);
    match facts.intent.steps.first() {
        Some(Step { weight, .. }) => Edge {
            event: Event {
                weight: Some(*weight),
                ..tell(EventKind::Started, &attempt, reason, format!("{message}, beginning with {weight}"))
            },
            why: Why::WaitingForPods(format!("the canary gets its first {weight}")),
            state: State::Stepping(Stepping::new(attempt, *weight, facts.now)),
        },
        None => Edge {
            event: Event { weight: Some(Weight::FULL), ..tell(EventKind::Started, &attempt, reason, message) },
            why: Why::WaitingForPods("the canary gets all traffic".to_owned()),
            state: State::Promoting(Promoting { attempt, since: facts.now, forced: false }),
        },
    }
}

/// Why nothing moves while the spec's revision is stable: its pods may still be on their way, or gone.
fn settled(at: &Idle, facts: &Facts) -> Why {
    let child = facts.seen.children.get(&at.stable);
    match missing("stable", child, facts.intent.replicas) {
        Some(text) => Why::WaitingForPods(text),
        None => sharing_trouble(facts.intent, &facts.seen.service).unwrap_or(Why::Settled),
    }
}

/// Whether stable is all that is left; where stable itself is not complete, what else serves is left as it is. One that has more than it needs
/// is complete.
pub(super) fn is_alone(at: &Idle, facts: &Facts) -> bool {
    let Facts { intent, seen, .. } = *facts;
    let others = seen.children.iter().any(|(revision, child)| *revision != at.stable && (child.desired > 0 || revision.is_baseline()));
    let stable = seen.children.get(&at.stable);
    !others || serving(stable) < intent.replicas && missing("stable", stable, intent.replicas).is_some()
}

/// What holds after an attempt ended without a promotion.
pub(super) fn rejected(at: &Idle) -> Why {
    match &at.rejected {
        Some(revision) if *revision != at.last.revision => Why::Rejected(revision.clone(), "in an earlier attempt".to_owned()),
        Some(_) | None => Why::Rejected(at.last.revision.clone(), at.last.message.clone()),
    }
}
