//! Exposure stands still. Harm is still watched for, a new template still ends it.

use super::super::{Clock, Event, EventKind, PauseCause, Paused, Pausing, State, Stepping, Verdict, Why};
use super::{Facts, Next, stay, tell, unread};

pub(super) fn next(at: &Paused, facts: &Facts) -> Next {
    if let Some(why) = unread(facts) {
        return stay(State::Paused(at.clone()), why, None);
    }
    match (at.cause, facts.intent.pausing) {
        (PauseCause::Spec, Pausing::Off) => resume(at, facts),
        // Whoever sets spec.paused takes a pause by a deadline over, so unsetting it goes on; the time for a Pass begins anew.
        (PauseCause::Deadline, Pausing::On) => {
            let held = at.held.min(facts.intent.hold(at.step));
            stay_paused(&Paused { cause: PauseCause::Spec, held, ..at.clone() }, facts)
        }
        (PauseCause::Spec, Pausing::On) | (PauseCause::Deadline, Pausing::Off) => stay_paused(at, facts),
    }
}

fn stay_paused(at: &Paused, facts: &Facts) -> Next {
    let text = verdict_text(facts.verdict);
    stay(State::Paused(at.clone()), Why::Paused(at.cause, text), None)
}

fn resume(at: &Paused, facts: &Facts) -> Next {
    let event = Event {
        weight: Some(at.step),
        ..tell(EventKind::Resumed, &at.attempt, "ResumedBySpec", format!("revision {} goes on at {}", at.attempt.canary, at.step))
    };
    let clock = Clock::Waiting { since: facts.now, held: at.held };
    let why = Why::WaitingForPods(format!("the canary has {}", at.step));
    Next::Edge { state: State::Stepping(Stepping { attempt: at.attempt.clone(), step: at.step, clock }), event, why }
}

/// What the checks say meanwhile: it moves nothing, but it is what people ask for.
fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass(text) => format!("the checks pass now ({text})"),
        Verdict::Inconclusive(text) | Verdict::Error(text) => text.clone(),
        Verdict::Fail(failure) => failure.message.clone(),
    }
}
