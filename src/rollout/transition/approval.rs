//! The step passed; a person or CI has to approve before exposure grows. Harm is still watched for.

use super::super::{Approval, Cause, Clock, Event, EventKind, OnStep, PauseCause, Pausing, State, Stepping, Why};
use super::stepping::{self, Stop};
use super::{Edge, Facts, Next, roll_back, stay, tell, unread};

/// The step passed and asks.
pub(super) fn enter(at: &Stepping, facts: &Facts, passed: &str) -> Edge {
    let Stepping { attempt, step, clock, .. } = at;
    let state = Approval { attempt: attempt.clone(), step: *step, held: clock.held(facts.now), since: facts.now };
    let message = format!("revision {} passed at {step} and waits for an approval: {passed}", attempt.canary);
    Edge {
        event: Event { weight: Some(*step), ..tell(EventKind::ApprovalRequested, attempt, "Passed", message) },
        why: Why::Approval(facts.intent.gate(*step).map(|gate| facts.now + gate.timeout)),
        state: State::Approval(state),
    }
}

pub(super) fn next(at: &Approval, facts: &Facts) -> Next {
    let Facts { intent, now, .. } = *facts;
    if let Some(why) = unread(facts) {
        return stay(State::Approval(at.clone()), why, None);
    }
    if intent.pausing == Pausing::On {
        return pause(at, facts, Stop::by_spec()).into();
    }
    let Some(gate) = intent.gate(at.step) else {
        let message = format!("the step at {} asks for no approval any more", at.step);
        return go_on(at, facts, EventKind::Resumed, "GateRemoved", message).into();
    };
    let deadline = at.since + gate.timeout;
    if let Some(brake) = facts.brake {
        // Nobody can approve now, so nobody is late: the time that is left begins anew where it ran out.
        let since = if now < deadline { at.since } else { now };
        return stay(State::Approval(Approval { since, ..at.clone() }), brake.clone(), Some(since + gate.timeout));
    }
    if now < deadline {
        return stay(State::Approval(at.clone()), Why::Approval(Some(deadline)), Some(deadline));
    }
    let text = format!("nobody approved at {} in time", at.step);
    match gate.on_timeout {
        OnStep::Abort => roll_back(at.attempt.clone(), Cause::Unapproved(text), facts).into(),
        OnStep::Pause => pause(at, facts, Stop::late(PauseCause::Approval, text)).into(),
    }
}

/// Back to the step, whose gate is open now: it ends with a Pass.
pub(super) fn go_on(at: &Approval, facts: &Facts, kind: EventKind, reason: &'static str, message: String) -> Edge {
    // Not more than the hold counts as held, so that the time for a Pass begins anew.
    let clock = Clock::Waiting { since: facts.now, held: at.held.min(facts.intent.hold(at.step)) };
    Edge {
        state: State::Stepping(Stepping { attempt: at.attempt.clone(), step: at.step, clock, approved: true }),
        event: Event { weight: Some(at.step), ..tell(kind, &at.attempt, reason, message) },
        why: Why::WaitingForPods(format!("the canary has {}", at.step)),
    }
}

/// Exposure stands still until somebody acts.
pub(super) fn pause(at: &Approval, facts: &Facts, stop: Stop) -> Edge {
    stepping::pause(&at.stepping(facts.now), facts, stop)
}

impl Approval {
    /// The step that waits.
    pub(super) fn stepping(&self, now: chrono::DateTime<chrono::Utc>) -> Stepping {
        let clock = Clock::Waiting { since: now, held: self.held };
        Stepping { attempt: self.attempt.clone(), step: self.step, clock, approved: false }
    }
}
