//! Stable serves everything; a new template starts an attempt.

use super::super::reach::missing;
use super::super::{Attempt, Clock, Event, EventKind, Idle, PauseCause, Pausing, Promoting, State, Step, Stepping, Weight, Why};
use super::{Facts, Next, service_trouble, stay, tell, template_trouble, unread};

pub(super) fn next(at: &Idle, facts: &Facts) -> Next {
    let Facts { intent, seen, .. } = *facts;
    let idle = |why| stay(State::Idle(at.clone()), why, None);
    if let Some(why) = unread(facts) {
        return idle(why);
    }
    if intent.revision == at.stable {
        // The rejected template is gone from the spec: should it come back, it may try again.
        let state = State::Idle(Idle { rejected: None, ..at.clone() });
        return stay(state, facts.brake.cloned().unwrap_or_else(|| settled(at, facts)), None);
    }
    // Without its Deployment and with another template in the spec, stable cannot be made again: that counts for more than what waits.
    if !seen.children.contains_key(&at.stable) {
        return idle(Why::Missing(at.stable.clone()));
    }
    if at.rejected.as_ref() == Some(&intent.revision) {
        return idle(rejected(at));
    }
    let blocked = facts.brake.cloned().or_else(|| service_trouble(seen)).or_else(|| template_trouble(intent, seen));
    if let Some(why) = blocked {
        return idle(why);
    }
    match intent.pausing {
        Pausing::On => idle(Why::Paused(PauseCause::Spec, String::new())),
        Pausing::Off => start(at, facts),
    }
}

fn start(at: &Idle, facts: &Facts) -> Next {
    let number = at.attempts.saturating_add(1);
    let attempt = Attempt { number, stable: at.stable.clone(), canary: facts.intent.revision.clone() };
    let message = format!("attempt {number}: revision {} may replace revision {}", attempt.canary, attempt.stable);
    match facts.intent.steps.first() {
        Some(Step { weight, .. }) => {
            let event = Event {
                weight: Some(*weight),
                ..tell(EventKind::Started, &attempt, "NewTemplate", format!("{message}, beginning with {weight}"))
            };
            let why = Why::WaitingForPods(format!("the canary gets its first {weight}"));
            Next::Edge { state: State::Stepping(Stepping { attempt, step: *weight, clock: Clock::new(facts.now) }), event, why }
        }
        None => {
            let event = Event { weight: Some(Weight::FULL), ..tell(EventKind::Started, &attempt, "NewTemplate", message) };
            let why = Why::WaitingForPods("the canary gets all traffic".to_owned());
            Next::Edge { state: State::Promoting(Promoting { attempt, since: facts.now }), event, why }
        }
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

/// What holds after an attempt ended without a promotion.
pub(super) fn rejected(at: &Idle) -> Why {
    Why::Rejected(at.last.revision.clone(), at.last.message.clone())
}
