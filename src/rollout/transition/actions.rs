//! What does an action do? Each is answered once, by one edge: it is done, refused, or meant for something that is over.

use super::super::reach::{Reach, reach};
use super::super::{
    Action, Answer, Approval, Attempt, Cause, Event, EventKind, Handled, Idle, Lifetime, Paused, Pausing, Promoting, Restart, Revision,
    RollingBack, State, Stepping, Verb, Verdict, Weight, Why,
};
use super::advance::{Earned, advance, enter, promote};
use super::stepping::{self, Stop};
use super::{Edge, Facts, Next, approval, back, idle, own, paused, roll_back, tell};

/// What becomes of an action.
pub(super) enum Reply {
    /// It is done: this edge does it.
    Done(Box<Edge>),
    /// It cannot be done now.
    Refused(String),
    /// What it was meant for is over.
    Superseded(String),
    /// What has to be known first is being asked.
    Later,
}

use Reply::{Later, Refused, Superseded};

/// It is done by this edge.
fn done(edge: Edge) -> Reply {
    Reply::Done(Box::new(edge))
}

/// The answer to the oldest action that has none, if there is one and it can be given.
pub(super) fn next(state: &State, facts: &Facts) -> Option<Next> {
    let action = facts.memo.next(facts.seen)?;
    let (edge, answer, message) = match reply(state, action, facts) {
        Later => return None,
        Reply::Done(edge) => {
            let edge = *edge;
            let edge = Edge { event: Event { author: Some(action.author.clone()), ..edge.event }, ..edge };
            let message = edge.event.message.clone();
            (edge, Answer::Done, message)
        }
        Refused(text) => (told(state, action, facts, (EventKind::ActionRefused, &text)), Answer::Refused, text),
        Superseded(text) => (told(state, action, facts, (EventKind::ActionSuperseded, &text)), Answer::Superseded, text),
    };
    let handled = Handled {
        uid: action.uid.clone(),
        name: action.name.clone(),
        answer,
        message,
        phase: state.phase().name().to_owned(),
        at: facts.now,
    };
    Some(Next::Answer(edge, handled))
}

fn reply(state: &State, action: &Action, facts: &Facts) -> Reply {
    if action.at < facts.seen.created {
        return Superseded("it is older than this Rollout".to_owned());
    }
    if action.verb.raises() && action.revision.is_none() {
        return Refused(format!("{} has to name the revision that it is meant for", action.verb));
    }
    if action.verb.raises()
        && let Some(brake) = facts.brake
    {
        return Refused(format!("exposure cannot grow now: {brake}"));
    }
    match state {
        State::Installing(_) => Refused("the first revision is still being installed".to_owned()),
        State::Adopting(_) => Refused("the running Deployment is still being taken over".to_owned()),
        State::Idle(at) => at_rest(at, action, facts),
        State::Stepping(Stepping { attempt, .. }) | State::Approval(Approval { attempt, .. }) | State::Paused(Paused { attempt, .. }) => {
            meant_for(action, &attempt.canary, attempt.number)
                .or_else(|| overtaken(action, attempt, facts))
                .unwrap_or_else(|| in_flight(state, attempt, action, facts))
        }
        State::Promoting(Promoting { attempt, .. }) => meant_for(action, &attempt.canary, attempt.number)
            .unwrap_or_else(|| ending(attempt, action, facts, "it is being promoted already")),
        State::Baking(at) => {
            let attempt = &at.attempt;
            meant_for(action, &attempt.canary, attempt.number).unwrap_or_else(|| ending(attempt, action, facts, "it is promoted already"))
        }
        State::RollingBack(RollingBack { attempt, .. }) => match action.verb {
            Verb::Abort | Verb::Undo => Superseded(format!("the attempt at revision {} is being rolled back already", attempt.canary)),
            Verb::Approve | Verb::Promote | Verb::Pause | Verb::Resume | Verb::Retry | Verb::Skip | Verb::Restart => {
                Refused(format!("revision {} is being rolled back", attempt.canary))
            }
        },
        State::HandingBack(_) | State::Deleted(_) => Superseded("the Rollout is being deleted".to_owned()),
    }
}

/// Whether an action names another revision or attempt than the one at hand.
fn meant_for(action: &Action, revision: &Revision, attempt: u32) -> Option<Reply> {
    match (&action.revision, action.attempt) {
        (Some(named), _) if named != revision => {
            Some(Superseded(format!("it is meant for revision {named}, and now it is about revision {revision}")))
        }
        (_, Some(number)) if number != attempt => {
            Some(Superseded(format!("it is meant for attempt {number}, and now it is attempt {attempt}")))
        }
        (Some(_) | None, Some(_) | None) => None,
    }
}

/// Whether the template changed since: more traffic for a revision that nobody wants any more would only come in the way of the new one.
fn overtaken(action: &Action, attempt: &Attempt, facts: &Facts) -> Option<Reply> {
    let wanted = &facts.intent.revision;
    (action.verb.raises() && *wanted != attempt.canary).then(|| Superseded(format!("the template changed to revision {wanted}")))
}

/// While a canary earns its steps.
fn in_flight(state: &State, attempt: &Attempt, action: &Action, facts: &Facts) -> Reply {
    let frozen = facts.intent.pausing == Pausing::On;
    match action.verb {
        Verb::Abort => done(roll_back(attempt.clone(), Cause::Aborted(action.author.clone()), facts)),
        Verb::Undo => take_back(attempt, action, facts),
        Verb::Retry => Refused(format!("revision {} is on trial already", attempt.canary)),
        Verb::Restart => Refused("an attempt is in flight; restart when it is over".to_owned()),
        Verb::Pause => pause(state, action, facts),
        Verb::Approve | Verb::Promote | Verb::Resume | Verb::Skip if frozen => Refused("spec.paused is set; unset it first".to_owned()),
        Verb::Approve => approve(state, action, facts),
        Verb::Resume => {
            if let State::Paused(at) = state {
                done(paused::resume(at, facts, "ResumedByAction"))
            } else {
                Refused("it is not paused".to_owned())
            }
        }
        Verb::Promote => {
            let message = format!("revision {} is promoted without a Pass by {}", attempt.canary, action.author);
            done(promote(attempt, facts, EventKind::PromotionForced, &Earned { reason: "Forced", message }))
        }
        Verb::Skip => skip(state, attempt, action, facts),
    }
}

/// An attempt that is in flight has one way back.
fn take_back(attempt: &Attempt, action: &Action, facts: &Facts) -> Reply {
    match &action.to {
        Some(to) if *to != attempt.stable => {
            Refused(format!("revision {} is in flight and goes back to revision {} only", attempt.canary, attempt.stable))
        }
        Some(_) | None => done(roll_back(attempt.clone(), Cause::Undone(action.author.clone()), facts)),
    }
}

fn approve(state: &State, action: &Action, facts: &Facts) -> Reply {
    let message = |step: Weight| format!("the step at {step} is approved by {}", action.author);
    match state {
        State::Approval(at) => match (facts.verdict, reach(facts.intent, &at.attempt, at.step, facts.seen)) {
            (Verdict::Pass(_), Reach::Reached) => {
                let earned = Earned { reason: "Approved", message: message(at.step) };
                done(advance(&at.attempt, at.step, facts, &earned))
            }
            // An approval replaces neither a Pass nor a pod: the step ends with its next Pass.
            (
                Verdict::Pass(_) | Verdict::Fail(_) | Verdict::Inconclusive(_) | Verdict::Error(_),
                Reach::Reached | Reach::Waiting(_) | Reach::Exceeded(_),
            ) => {
                let message = format!("{}; it ends with the next Pass", message(at.step));
                done(approval::go_on(at, facts, EventKind::ApprovalGranted, "Approved", message))
            }
        },
        State::Stepping(at) if at.approved => Refused(format!("the step at {} is approved already", at.step)),
        State::Stepping(at) if facts.intent.gate(at.step).is_some() => {
            let message = format!("{}; it ends with its Pass", message(at.step));
            let event = Event { weight: Some(at.step), ..tell(EventKind::ApprovalGranted, &at.attempt, "Approved", message) };
            let why = Why::WaitingForPods(format!("the canary has {}", at.step));
            done(Edge { state: State::Stepping(Stepping { approved: true, ..at.clone() }), event, why })
        }
        State::Stepping(at) => Refused(format!("the step at {} asks for no approval", at.step)),
        State::Installing(_)
        | State::Adopting(_)
        | State::Idle(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_)
        | State::HandingBack(_)
        | State::Deleted(_) => Refused("it is paused; resume it first".to_owned()),
    }
}

fn pause(state: &State, action: &Action, facts: &Facts) -> Reply {
    match state {
        State::Stepping(at) => done(stepping::pause(at, facts, Stop::by(&action.author))),
        State::Approval(at) => done(approval::pause(at, facts, Stop::by(&action.author))),
        State::Installing(_)
        | State::Adopting(_)
        | State::Idle(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_)
        | State::HandingBack(_)
        | State::Deleted(_) => Refused("it is paused already".to_owned()),
    }
}

/// The next step begins at once. The last one cannot be skipped: what follows it is the promotion.
fn skip(state: &State, attempt: &Attempt, action: &Action, facts: &Facts) -> Reply {
    let Some((_, from)) = state.trial() else { return Refused("no step is in flight".to_owned()) };
    match facts.intent.next_step(from) {
        Some(step) => {
            let message = format!("the step at {from} is skipped by {}", action.author);
            done(enter(attempt, step, facts, EventKind::StepSkipped, &Earned { reason: "Skipped", message }))
        }
        None => Refused(format!("the step at {from} is the last one; promote the revision instead")),
    }
}

/// While a canary replaces stable, or has done so a short while ago: it can only be taken back.
fn ending(attempt: &Attempt, action: &Action, facts: &Facts, already: &str) -> Reply {
    match action.verb {
        Verb::Abort => done(roll_back(attempt.clone(), Cause::Aborted(action.author.clone()), facts)),
        Verb::Undo => take_back(attempt, action, facts),
        Verb::Approve | Verb::Promote | Verb::Pause | Verb::Resume | Verb::Retry | Verb::Skip | Verb::Restart => {
            Refused(already.to_owned())
        }
    }
}

/// While nothing is in flight.
fn at_rest(at: &Idle, action: &Action, facts: &Facts) -> Reply {
    let none = || Refused("no attempt is in flight".to_owned());
    match action.verb {
        Verb::Approve | Verb::Skip | Verb::Resume => match &action.revision {
            Some(revision) if *revision == at.last.revision => Superseded(format!("the attempt at revision {revision} is over")),
            Some(_) | None => none(),
        },
        Verb::Abort | Verb::Pause => none(),
        Verb::Retry | Verb::Promote => begin(at, action, facts),
        Verb::Restart => meant_for(action, &at.stable, at.attempts).unwrap_or_else(|| restart(at, action, facts)),
        Verb::Undo => meant_for(action, &at.stable, at.attempts).unwrap_or_else(|| undo(at, action, facts)),
    }
}

/// An attempt that somebody asked for: from its first step, or all at once.
fn begin(at: &Idle, action: &Action, facts: &Facts) -> Reply {
    let wanted = &facts.intent.revision;
    if let Some(other) = meant_for(action, wanted, at.attempts) {
        return other;
    }
    if at.serves(wanted) {
        return Refused(format!("revision {} is stable already", at.stable));
    }
    if facts.intent.pausing == Pausing::On {
        return Refused("spec.paused is set; unset it first".to_owned());
    }
    if action.verb == Verb::Retry && at.rejected.as_ref() != Some(wanted) {
        return Refused(format!("revision {wanted} was not rejected; its attempt begins by itself"));
    }
    if idle::unfinished(at, facts) {
        return Later;
    }
    match idle::gone(at, facts.seen).or_else(|| idle::blocked(facts)) {
        Some(Why::CheckingTemplate) if at.rejected.as_ref() != Some(wanted) => return Later,
        Some(Why::CheckingTemplate) => return Refused(format!("revision {wanted} is no longer stored; change the template and back")),
        Some(why) => return Refused(why.to_string()),
        None if idle::means_the_same(at, facts) => return Refused(format!("revision {wanted} means the same as revision {}", at.stable)),
        None => {}
    }
    if action.verb == Verb::Retry {
        return done(idle::start(at, facts, "Retried"));
    }
    let attempt = Attempt { number: at.attempts.saturating_add(1), stable: at.stable.clone(), canary: wanted.clone() };
    let message = format!("revision {wanted} is promoted without a Pass by {}", action.author);
    done(promote(&attempt, facts, EventKind::PromotionForced, &Earned { reason: "Forced", message }))
}

fn restart(at: &Idle, action: &Action, facts: &Facts) -> Reply {
    if facts.seen.lifetime != Lifetime::Guarded || !facts.seen.children.contains_key(&at.stable) {
        return Refused("stable has no Deployment now".to_owned());
    }
    if let Some(brake @ Why::InvalidSpec(_)) = facts.brake {
        return Refused(brake.to_string());
    }
    let message = format!("the pods of revision {} are replaced by new ones, for {}", at.stable, action.author);
    let event = Event {
        kind: EventKind::Restarted,
        revision: at.stable.clone(),
        stable: Some(at.stable.clone()),
        attempt: 0,
        weight: None,
        reason: "Restarted",
        message,
        failure: None,
        author: None,
    };
    let state = State::Idle(Idle { restart: Some(Restart::new(action.uid.clone())), ..at.clone() });
    done(Edge { state, event, why: Why::WaitingForPods("stable's pods are being restarted".to_owned()) })
}

/// Back to an earlier revision: what serves now is the canary that goes.
fn undo(at: &Idle, action: &Action, facts: &Facts) -> Reply {
    let to = match &action.to {
        Some(to) if *to == at.stable => return Refused(format!("revision {to} is stable already")),
        Some(to) if !facts.seen.records.get(to).is_some_and(super::super::Record::served) => {
            return Refused(format!("revision {to} is not in the history as one that was stable"));
        }
        Some(to) => to.clone(),
        None => match previous(at, facts) {
            Some(to) => to,
            None => return Refused("there is no earlier revision to go back to".to_owned()),
        },
    };
    let attempt = Attempt { number: at.attempts.saturating_add(1), stable: to, canary: at.stable.clone() };
    // What the spec has instead of what goes was not wanted before, and is not now.
    let unwanted = [&at.rejected, &at.alias].into_iter().flatten().find(|revision| **revision == facts.intent.revision);
    let state = RollingBack { rejected: unwanted.cloned(), ..RollingBack::new(attempt, Cause::Undone(action.author.clone()), facts.now) };
    let edge = back(state);
    done(Edge { event: Event { kind: EventKind::Undone, ..edge.event }, ..edge })
}

/// The revision that was stable before, by the time at which it became so.
fn previous(at: &Idle, facts: &Facts) -> Option<Revision> {
    let served = facts.seen.records.iter().filter(|(revision, record)| **revision != at.stable && record.served());
    served.max_by_key(|(_, record)| (record.outcome_at, record.number)).map(|(revision, _)| revision.clone())
}

/// An action that changes nothing is told all the same: somebody asked. What the state waits for is what it waited for before.
fn told(state: &State, action: &Action, facts: &Facts, (kind, text): (EventKind, &str)) -> Edge {
    let why = match own(state, facts) {
        Next::Stay { why, .. } | Next::Edge(Edge { why, .. }) | Next::Answer(Edge { why, .. }, _) => why,
    };
    let reason = if kind == EventKind::ActionRefused { "Refused" } else { "Superseded" };
    let event = Event {
        kind,
        revision: action.revision.as_ref().or(state.revision()).cloned().unwrap_or_else(|| facts.intent.revision.clone()),
        stable: state.stable().cloned(),
        attempt: state.attempt().map_or(0, |attempt| attempt.number),
        weight: None,
        reason,
        message: format!("{} is not done: {text} (asked by {})", action.verb, action.author),
        failure: None,
        author: Some(action.author.clone()),
    };
    Edge { state: state.clone(), event, why }
}
