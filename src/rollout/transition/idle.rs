//! Stable serves everything; a new template starts an attempt.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::reach::missing;
use super::super::{
    Attempt, AttemptResult, Ended, Event, EventKind, Idle, PauseCause, Pausing, Promoting, State, Step, Stepping, Template, Weight, Why,
};
use super::{Edge, Facts, Next, installing, service_trouble, stay, tell, template_trouble, unread};

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
    if let Some(why) = waits(at, facts) {
        return idle(why);
    }
    if unmarked(at, facts) {
        // It is written in this pass, and nobody says so but the next one.
        return stay(State::Idle(at.clone()), Why::CheckingTemplate, Some(facts.now + SOON));
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
    let Facts { intent, seen, .. } = *facts;
    // Without its Deployment and its template, stable cannot be made again: that counts for more than what waits.
    let Some(child) = seen.children.get(&at.stable) else {
        let stored = seen.records.contains_key(&at.stable);
        return Some(if stored {
            Why::WaitingForPods("stable's Deployment is made again".to_owned())
        } else {
            Why::Missing(at.stable.clone())
        });
    };
    if at.rejected.as_ref() == Some(&intent.revision) {
        return Some(rejected(at));
    }
    // An attempt remembers neither of these, so they are done before it begins.
    if at.restart.is_some() && at.restart != child.restart {
        return Some(Why::WaitingForPods("stable's pods are being restarted".to_owned()));
    }
    blocked(facts)
}

/// Whether the outcome of the last attempt is not on its record yet, although it can be written.
fn unmarked(at: &Idle, facts: &Facts) -> bool {
    facts.seen.refused.is_none() && super::super::changes::mark(at, facts.seen).is_some()
}

/// What keeps every new revision from getting pods, if anything does.
pub(super) fn blocked(facts: &Facts) -> Option<Why> {
    facts.brake.cloned().or_else(|| service_trouble(facts.seen)).or_else(|| template_trouble(facts.intent, facts.seen))
}

/// Whether the API server makes the same pods of the spec's template as of stable's.
fn means_the_same(at: &Idle, facts: &Facts) -> bool {
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
        None => service_trouble(facts.seen).unwrap_or(Why::Settled),
    }
}

/// Whether stable is all that is left; where stable itself is not complete, what else serves is left as it is.
pub(super) fn is_alone(at: &Idle, facts: &Facts) -> bool {
    let Facts { intent, seen, .. } = *facts;
    let others = seen.children.iter().any(|(revision, child)| *revision != at.stable && child.desired > 0);
    !others || missing("stable", seen.children.get(&at.stable), intent.replicas).is_some()
}

/// What holds after an attempt ended without a promotion.
pub(super) fn rejected(at: &Idle) -> Why {
    let Ended { revision, message, result, .. } = &at.last;
    match result {
        AttemptResult::Recovered | AttemptResult::Installed | AttemptResult::Promoted => {
            let revision = at.rejected.clone().unwrap_or_else(|| revision.clone());
            Why::Rejected(revision, "in an earlier attempt".to_owned())
        }
        AttemptResult::Aborted | AttemptResult::Superseded | AttemptResult::Undone => Why::Rejected(revision.clone(), message.clone()),
    }
}
