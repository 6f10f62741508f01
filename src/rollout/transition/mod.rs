//! Decides the next state of a rollout: at most one edge a pass, each with exactly one event.

mod idle;
mod installing;
mod paused;
mod promoting;
mod rolling_back;
mod stepping;

use chrono::{DateTime, Utc};

use super::{
    Attempt, Cause, Deleted, Ended, Event, EventKind, Failure, Idle, Intent, Lifetime, Observed, Revision, RollingBack, ServiceView, State,
    Template, Verdict, Weight, Why,
};

/// All that a transition may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What the user wants.
    pub intent: &'a Intent,
    /// What was seen.
    pub seen: &'a Observed,
    /// What the checks say of the attempt in flight.
    pub verdict: &'a Verdict,
    /// Why exposure may not grow at all now, if so: an invalid spec or an audit backlog.
    pub brake: Option<&'a Why>,
    /// The time.
    pub now: DateTime<Utc>,
}

/// What a transition decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// No edge. The state may have moved its clocks.
    Stay {
        /// The state, with its clocks.
        state: State,
        /// Why nothing moves.
        why: Why,
        /// When to look again even if nothing happens.
        wake: Option<DateTime<Utc>>,
    },
    /// A new state, told by one event.
    Edge {
        /// The new state.
        state: State,
        /// What it tells.
        event: Event,
        /// What the new state waits for first.
        why: Why,
    },
}

/// The first state of a rollout that has none yet.
pub fn begin(intent: &Intent, now: DateTime<Utc>) -> Next {
    installing::enter(intent, now, EventKind::Created, "Created", format!("revision {} is being installed", intent.revision))
}

/// Decides what follows from a committed state and the facts.
///
/// # Guarantees
/// Pure and total. Interrupts are handled first and in one place, in this order: deletion, a failed check, a new template. Then the state's
/// own function decides, its deadline included. Without a Pass exposure never grows; unknown is never a Pass.
pub fn transition(state: &State, facts: &Facts) -> Next {
    if let Some(interrupted) = interrupt(state, facts) {
        return interrupted;
    }
    match state {
        State::Installing(s) => installing::next(s, facts),
        State::Idle(s) => idle::next(s, facts),
        State::Stepping(s) => stepping::next(s, facts),
        State::Paused(s) => paused::next(s, facts),
        State::Promoting(s) => promoting::next(s, facts),
        State::RollingBack(s) => rolling_back::next(s, facts),
        State::Deleted(s) => {
            let deadline = s.since + facts.intent.deadlines.audit;
            stay(State::Deleted(s.clone()), Why::Deleting, Some(deadline).filter(|at| facts.now < *at))
        }
    }
}

/// What ends a state from outside, whatever it is.
fn interrupt(state: &State, facts: &Facts) -> Option<Next> {
    let trial = state.trial().map(|(attempt, weight)| (attempt.clone(), weight));
    if facts.seen.lifetime == Lifetime::Deleting {
        return match state {
            State::Installing(_) | State::Idle(_) => Some(delete(state, facts)),
            State::RollingBack(s) if !facts.seen.children.contains_key(&s.attempt.stable) => Some(delete(state, facts)),
            State::Stepping(_) | State::Paused(_) | State::Promoting(_) => {
                trial.map(|(attempt, _)| roll_back(attempt, Cause::Deleted, facts))
            }
            State::RollingBack(_) | State::Deleted(_) => None,
        };
    }
    let (attempt, weight) = trial?;
    if let Verdict::Fail(failure) = facts.verdict {
        return Some(roll_back(attempt, Cause::Failed(failure.clone()), facts));
    }
    let changed = facts.intent.revision != attempt.canary;
    // While promoting, a new template waits: what was analysed is what is promoted.
    (changed && weight != Weight::FULL).then(|| roll_back(attempt, Cause::Superseded(facts.intent.revision.clone()), facts))
}

/// Ends an attempt and brings stable back.
fn roll_back(attempt: Attempt, cause: Cause, facts: &Facts) -> Next {
    let kind = if matches!(cause, Cause::Superseded(_)) { EventKind::Superseded } else { EventKind::Aborted };
    let verb = if kind == EventKind::Superseded { "superseded" } else { "aborted" };
    let failure: Option<Failure> = if let Cause::Failed(failure) = &cause { Some(failure.clone()) } else { None };
    let event = Event {
        failure,
        weight: Weight::new(0),
        ..tell(
            kind,
            &attempt,
            cause.reason(),
            format!("revision {} {verb}: {cause}; revision {} comes back", attempt.canary, attempt.stable),
        )
    };
    let why = Why::RollingBack(cause.to_string());
    let state = State::RollingBack(RollingBack { attempt, cause, since: facts.now, overdue: false });
    Next::Edge { state, event, why }
}

/// The Rollout goes; what serves goes on serving.
fn delete(state: &State, facts: &Facts) -> Next {
    let stable = state.stable().cloned();
    let message = match &stable {
        None => "the Rollout was deleted before a revision was stable; its Deployments are left as they are".to_owned(),
        Some(stable) if facts.seen.children.contains_key(stable) => {
            format!("the Rollout was deleted; the Deployment of revision {stable} goes on serving")
        }
        Some(stable) => format!("the Rollout was deleted and the Deployment of revision {stable} is gone; what is there is left as it is"),
    };
    let event = Event {
        kind: EventKind::Deleted,
        revision: stable.clone().unwrap_or_else(|| facts.intent.revision.clone()),
        stable: stable.clone(),
        attempt: 0,
        weight: None,
        reason: "Deleted",
        message,
        failure: None,
    };
    Next::Edge { state: State::Deleted(Deleted { stable, since: facts.now }), event, why: Why::Deleting }
}

/// An event about an attempt.
fn tell(kind: EventKind, attempt: &Attempt, reason: &'static str, message: String) -> Event {
    Event {
        kind,
        revision: attempt.canary.clone(),
        stable: Some(attempt.stable.clone()),
        attempt: attempt.number,
        weight: None,
        reason,
        message,
        failure: None,
    }
}

/// The end of an attempt: nothing is in flight any more.
fn settle(stable: Revision, attempts: u32, last: Ended, rejected: Option<Revision>) -> State {
    State::Idle(Idle { stable, attempts, last, rejected })
}

fn stay(state: State, why: Why, wake: Option<DateTime<Utc>>) -> Next {
    Next::Stay { state, why, wake }
}

/// Why the spec cannot be read, if it cannot: what it no longer says must move nothing.
fn unread(facts: &Facts) -> Option<Why> {
    facts.brake.filter(|brake| matches!(brake, Why::InvalidSpec(_))).cloned()
}

/// What stands in the way of writing pods for this rollout's Service, if anything does.
fn service_trouble(seen: &Observed) -> Option<Why> {
    match &seen.service {
        ServiceView::Fits => None,
        ServiceView::Missing => Some(Why::Service("the Service does not exist; create it, or correct spec.service".to_owned())),
        ServiceView::Unfit(text) => Some(Why::Service(text.clone())),
        ServiceView::Taken { by } => {
            Some(Why::Service(format!("the Service already belongs to Rollout {by}; give this Rollout a Service of its own")))
        }
    }
}

/// What the dry run of the template still has to say before its revision may be made, if anything.
fn template_trouble(intent: &Intent, seen: &Observed) -> Option<Why> {
    if seen.children.contains_key(&intent.revision) {
        return None;
    }
    match &seen.template {
        Template::Accepted(revision) if *revision == intent.revision => None,
        Template::Refused { revision, text, .. } if *revision == intent.revision => Some(Why::InvalidTemplate(text.clone())),
        Template::Unknown { revision, text, .. } if *revision == intent.revision => Some(Why::TemplateUnknown(text.clone())),
        Template::Accepted(_) | Template::Refused { .. } | Template::Unknown { .. } | Template::Unasked => Some(Why::CheckingTemplate),
    }
}
