//! What was promoted serves everything and is still watched. A Fail brings back what served before; `transition` has handled that already.

use super::super::{Baking, Event, EventKind, PauseCause, Pausing, State, Weight, Why};
use super::{Edge, Facts, Next, settle, stay, tell};

pub(super) fn next(at: &Baking, facts: &Facts) -> Next {
    let Facts { intent, now, .. } = *facts;
    let wait = |why, wake| stay(State::Baking(at.clone()), why, wake);
    if let Some(brake) = facts.brake {
        return wait(brake.clone(), None);
    }
    if intent.revision != at.attempt.canary {
        let message = format!("the template changed to revision {}", intent.revision);
        return baked(at, "Superseded", &message).into();
    }
    let Some(bake) = intent.bake else { return baked(at, "BakeRemoved", "the spec asks for that no more").into() };
    let end = at.since + bake.time;
    match intent.pausing {
        Pausing::On => wait(Why::Paused(PauseCause::Spec, String::new()), None),
        Pausing::Off if now < end => wait(Why::Baking(end), Some(end)),
        Pausing::Off => baked(at, "Baked", "it did well for the whole bake").into(),
    }
}

/// The old pods go.
pub(super) fn baked(at: &Baking, reason: &'static str, message: &str) -> Edge {
    let Baking { attempt, .. } = at;
    let message = format!("revision {} is no longer watched beside revision {}: {message}", attempt.canary, attempt.stable);
    Edge {
        state: settle(attempt.canary.clone(), attempt.number, at.ended()),
        event: Event {
            weight: Some(Weight::FULL),
            stable: Some(attempt.canary.clone()),
            ..tell(EventKind::Baked, attempt, reason, message)
        },
        why: Why::Settled,
    }
}
