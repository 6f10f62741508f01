//! Exposure stands still. Harm is still watched for, a new template still ends it.

use chrono::TimeDelta;

use super::super::{Clock, Event, EventKind, PauseCause, Paused, Pausing, State, Stepping, Verdict, Why};
use super::{Edge, Facts, Next, stay, tell, unread};

pub(super) fn next(at: &Paused, facts: &Facts) -> Next {
    if let Some(why) = unread(facts) {
        return stay(State::Paused(at.clone()), why, None);
    }
    match (at.cause, facts.intent.pausing) {
        (PauseCause::Spec, Pausing::Off) => resume(at, facts, "ResumedBySpec").into(),
        // Whoever sets spec.paused takes over a pause that has another cause, so unsetting it goes on; the time for a Pass begins anew.
        (PauseCause::Deadline | PauseCause::Approval | PauseCause::Action, Pausing::On) => {
            stay_paused(&Paused { cause: PauseCause::Spec, author: None, held: held(at, facts), ..at.clone() }, facts)
        }
        (PauseCause::Spec, Pausing::On) | (PauseCause::Deadline | PauseCause::Approval | PauseCause::Action, Pausing::Off) => {
            stay_paused(at, facts)
        }
    }
}

/// What counts as held where it goes on: not more than the hold, so that the time for a Pass begins anew.
fn held(at: &Paused, facts: &Facts) -> TimeDelta {
    at.held.min(facts.intent.hold(at.step))
}

fn stay_paused(at: &Paused, facts: &Facts) -> Next {
    // Who paused it counts for more than what the checks say meanwhile.
    let text = at.author.as_ref().map_or_else(|| verdict_text(facts.verdict), |author| format!("paused by {author}"));
    stay(State::Paused(at.clone()), Why::Paused(at.cause, text), None)
}

/// Exposure may grow again.
pub(super) fn resume(at: &Paused, facts: &Facts, reason: &'static str) -> Edge {
    let event = Event {
        weight: Some(at.step),
        ..tell(EventKind::Resumed, &at.attempt, reason, format!("revision {} goes on at {}", at.attempt.canary, at.step))
    };
    let clock = Clock::Waiting { since: facts.now, held: held(at, facts) };
    let why = Why::WaitingForPods(format!("the canary has {}", at.step));
    let stepping = Stepping { attempt: at.attempt.clone(), step: at.step, clock, approved: at.approved };
    Edge { state: State::Stepping(stepping), event, why }
}

/// What the checks say meanwhile: it moves nothing, but it is what people ask for.
fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass(text) => format!("the checks pass now ({text})"),
        Verdict::Inconclusive(text) | Verdict::Error(text) => text.clone(),
        Verdict::Fail(failure) => failure.message.clone(),
    }
}
