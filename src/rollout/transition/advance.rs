//! The canary gets its next share, or everything.

use super::super::{Attempt, Event, EventKind, Promoting, State, Step, Stepping, Weight, Why};
use super::{Edge, Facts, tell};

/// What opened the way.
pub(super) struct Earned {
    /// One word for machines.
    pub(super) reason: &'static str,
    /// One sentence for people, without its end.
    pub(super) message: String,
}

/// The next step, or the promotion after the last one.
pub(super) fn advance(attempt: &Attempt, from: Weight, facts: &Facts, earned: &Earned) -> Edge {
    match facts.intent.next_step(from) {
        Some(step) => enter(attempt, step, facts, EventKind::StepStarted, earned),
        None => promote(attempt, facts, EventKind::PromotionStarted, earned),
    }
}

/// The canary gets this step's share.
pub(super) fn enter(attempt: &Attempt, Step { weight, .. }: Step, facts: &Facts, kind: EventKind, earned: &Earned) -> Edge {
    let message = format!("{}; next is {weight}", earned.message);
    Edge {
        state: State::Stepping(Stepping::new(attempt.clone(), weight, facts.now)),
        event: Event { weight: Some(weight), ..tell(kind, attempt, earned.reason, message) },
        why: Why::WaitingForPods(format!("the canary gets {weight}")),
    }
}

/// The canary gets everything.
pub(super) fn promote(attempt: &Attempt, facts: &Facts, kind: EventKind, earned: &Earned) -> Edge {
    let message = format!("{}; it replaces revision {}", earned.message, attempt.stable);
    let forced = kind == EventKind::PromotionForced;
    Edge {
        state: State::Promoting(Promoting { attempt: attempt.clone(), since: facts.now, forced }),
        event: Event { weight: Some(Weight::FULL), ..tell(kind, attempt, earned.reason, message) },
        why: Why::WaitingForPods("the canary gets all traffic".to_owned()),
    }
}
