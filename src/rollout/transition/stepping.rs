//! The canary serves its step's share and earns the next one.

use chrono::{DateTime, Utc};

use super::super::reach::{Reach, achieved, late_at, reach};
use super::super::{Author, Cause, Clock, Event, EventKind, OnStep, PauseCause, Paused, Pausing, State, Stepping, Verdict, Why};
use super::advance::{Earned, advance};
use super::{Edge, Facts, Next, approval, installing, roll_back, stay, tell};

/// `transition` has already handled deletion, a failed check and a new template.
pub(super) fn next(at: &Stepping, facts: &Facts) -> Next {
    let Facts { intent, seen, now, .. } = *facts;
    if intent.pausing == Pausing::On {
        return pause(at, facts, Stop::by_spec()).into();
    }
    match reach(intent, &at.attempt, at.step, seen) {
        Reach::Waiting(text) => wait(at, facts, Why::WaitingForPods(text)),
        Reach::Exceeded(text) => wait(at, facts, Why::ShareExceeded(text)),
        Reach::Reached => match facts.brake {
            Some(brake) => wait(at, facts, brake.clone()),
            None => hold(&Stepping { clock: run(at.clock, now), ..at.clone() }, facts),
        },
    }
}

/// The share is not there, or a brake is on: the clock stands, and waiting for pods has a deadline. No deadline runs out under a brake.
fn wait(at: &Stepping, facts: &Facts, why: Why) -> Next {
    let Facts { intent, now, brake, .. } = *facts;
    let (since, held) = match stop(at.clock, now) {
        Clock::Waiting { since, held } | Clock::Running { since, held } => (since, held),
    };
    let deadline = |since| late_at(intent, &at.attempt, since, facts.seen);
    let late = now >= deadline(since);
    if late && brake.is_none() {
        return too_late(at, facts, &why).into();
    }
    let since = if late { now } else { since };
    let state = State::Stepping(Stepping { clock: Clock::Waiting { since, held }, ..at.clone() });
    stay(state, why, Some(deadline(since)))
}

/// Pods did not come in time. Where stable has none, it is no way back: then the canary is installed in its place.
fn too_late(at: &Stepping, facts: &Facts, why: &Why) -> Edge {
    let attempt = &at.attempt;
    if facts.seen.serving(&attempt.stable) == 0 && facts.intent.replicas > 0 {
        let message = format!("revision {} has no available pod; revision {} is installed in its place", attempt.stable, attempt.canary);
        return installing::take_over_from(attempt, facts, message);
    }
    roll_back(attempt.clone(), Cause::Unavailable(format!("not in time: {why}")), facts)
}

/// The share is there: the step ends when its hold is over and the verdict is Pass.
fn hold(at: &Stepping, facts: &Facts) -> Next {
    let Facts { intent, now, .. } = *facts;
    let over = now + (intent.hold(at.step) - at.clock.held(now));
    let deadline = over + intent.deadlines.step;
    let open = match facts.verdict {
        Verdict::Pass(passed) if now >= over => return passed_at(at, facts, passed).into(),
        Verdict::Pass(_) => Why::Holding(over),
        // A question that cannot be answered is worth knowing early; missing evidence may just need the time of the hold.
        Verdict::Error(text) => Why::CheckError(text.clone()),
        Verdict::Inconclusive(_) | Verdict::Fail(_) if now < over => Why::Holding(over),
        Verdict::Inconclusive(text) => Why::Inconclusive(text.clone()),
        Verdict::Fail(failure) => Why::Inconclusive(failure.message.clone()),
    };
    if now >= deadline {
        return late(at, facts, &open).into();
    }
    stay(State::Stepping(at.clone()), open, Some(if now < over { over } else { deadline }))
}

/// No Pass in time.
fn late(at: &Stepping, facts: &Facts, open: &Why) -> Edge {
    match facts.intent.deadlines.on_step {
        OnStep::Pause => pause(at, facts, Stop::late(PauseCause::Deadline, open.to_string())),
        OnStep::Abort => roll_back(at.attempt.clone(), Cause::Undecided(format!("no Pass at {} in time: {open}", at.step)), facts),
    }
}

/// The step passed: the next one, unless somebody has to approve first.
fn passed_at(at: &Stepping, facts: &Facts, passed: &str) -> Edge {
    let Stepping { attempt, step, approved, .. } = at;
    if !approved && facts.intent.gate(*step).is_some() {
        return approval::enter(at, facts, passed);
    }
    let share = achieved(attempt, facts.seen);
    let message = format!("revision {} passed at {step} ({share}% of the pods): {passed}", attempt.canary);
    advance(attempt, *step, facts, &Earned { reason: "Passed", message })
}

/// What keeps exposure where it is.
pub(super) struct Stop {
    cause: PauseCause,
    author: Option<Author>,
    text: String,
}

impl Stop {
    /// `spec.paused` is set.
    pub(super) fn by_spec() -> Self {
        Self { cause: PauseCause::Spec, author: None, text: "spec.paused is set".to_owned() }
    }

    /// Somebody asks for it by an action.
    pub(super) fn by(author: &Author) -> Self {
        Self { cause: PauseCause::Action, author: Some(author.clone()), text: format!("paused by {author}") }
    }

    /// Something did not happen in time.
    pub(super) const fn late(cause: PauseCause, text: String) -> Self {
        Self { cause, author: None, text }
    }
}

/// Exposure stands still.
pub(super) fn pause(at: &Stepping, facts: &Facts, Stop { cause, author, text }: Stop) -> Edge {
    let reason = match cause {
        PauseCause::Deadline => "StepDeadline",
        PauseCause::Spec => "PausedBySpec",
        PauseCause::Action => "PausedByAction",
        PauseCause::Approval => "ApprovalTimeout",
    };
    let event = Event {
        weight: Some(at.step),
        ..tell(EventKind::Paused, &at.attempt, reason, format!("revision {} stays at {}: {text}", at.attempt.canary, at.step))
    };
    let Stepping { attempt, step, clock, approved } = at.clone();
    let paused = Paused { attempt, step, held: clock.held(facts.now), cause, author, approved };
    Edge { state: State::Paused(paused), event, why: Why::Paused(cause, text) }
}

/// A clock that runs from now on, if it did not before.
fn run(clock: Clock, now: DateTime<Utc>) -> Clock {
    match clock {
        Clock::Waiting { held, .. } => Clock::Running { since: now, held },
        Clock::Running { .. } => clock,
    }
}

/// A clock that stands from now on, if it did not before.
fn stop(clock: Clock, now: DateTime<Utc>) -> Clock {
    match clock {
        Clock::Waiting { .. } => clock,
        Clock::Running { .. } => Clock::Waiting { since: now, held: clock.held(now) },
    }
}
