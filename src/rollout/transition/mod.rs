//! Decides the next state of a rollout: at most one edge a pass, each with exactly one event.

mod actions;
mod adopting;
mod advance;
mod approval;
mod baking;
mod handing_back;
mod idle;
mod installing;
mod paused;
mod promoting;
mod recovered;
mod rolling_back;
mod stepping;

use chrono::{DateTime, Utc};

use super::drift::drift;
use super::outage;
use super::{
    Adoptee, Attempt, Author, Cause, Deleted, DeletionPolicy, Ended, Event, EventKind, Failure, Handled, Idle, Intent, Lifetime, Memo,
    Observed, REMOVED, Revision, RollingBack, State, Template, Verdict, Weight, Why,
};

/// All that a transition may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What the user wants.
    pub intent: &'a Intent,
    /// What was seen.
    pub seen: &'a Observed,
    /// What is remembered beside the state.
    pub memo: &'a Memo,
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
    Edge(Edge),
    /// The end of an action, told by one event. The state is a new one where the action is done.
    Answer(Edge, Handled),
}

/// What an edge leads to, and the one event that tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The new state.
    pub state: State,
    /// What it tells.
    pub event: Event,
    /// What the new state waits for first.
    pub why: Why,
}

impl From<Edge> for Next {
    fn from(edge: Edge) -> Self {
        Self::Edge(edge)
    }
}

/// The first state of a rollout that has none: it is new, or its status was lost.
pub fn begin(intent: &Intent, seen: &Observed, now: DateTime<Utc>) -> Edge {
    recovered::begin(intent, seen, now)
}

/// Decides what follows from a committed state and the facts.
///
/// # Guarantees
/// Pure and total. Interrupts are handled first and in one place, in this order: deletion, a failed check, an action, a new template. Then the
/// state's own function decides, its deadline included. Without a Pass exposure never grows, unless somebody who may forces it; unknown is never
/// a Pass. Drift is told where nothing else is, and then what a provider does.
pub fn transition(state: &State, facts: &Facts) -> Next {
    let next = interrupt(state, facts).unwrap_or_else(|| own(state, facts));
    match next {
        Next::Stay { state, why, wake } => match drift(&state, facts).or_else(|| outage::told(&state, facts)) {
            Some(event) => Next::Edge(Edge { state, event, why }),
            None => Next::Stay { state, why, wake },
        },
        Next::Edge(_) | Next::Answer(..) => next,
    }
}

/// What the state itself decides.
fn own(state: &State, facts: &Facts) -> Next {
    match state {
        State::Installing(s) => installing::next(s, facts),
        State::Adopting(s) => adopting::next(s, facts),
        State::HandingBack(s) => handing_back::next(s, facts),
        State::Idle(s) => idle::next(s, facts),
        State::Stepping(s) => stepping::next(s, facts),
        State::Approval(s) => approval::next(s, facts),
        State::Paused(s) => paused::next(s, facts),
        State::Promoting(s) => promoting::next(s, facts),
        State::Baking(s) => baking::next(s, facts),
        State::RollingBack(s) => rolling_back::next(s, facts),
        State::Deleted(s) => {
            let deadline = s.since + facts.intent.deadlines.audit;
            stay(State::Deleted(s.clone()), Why::Deleting, Some(deadline).filter(|at| facts.now < *at))
        }
    }
}

/// What ends a state from outside, whatever it is.
fn interrupt(state: &State, facts: &Facts) -> Option<Next> {
    if facts.seen.lifetime == Lifetime::Deleting {
        return deletion(state, facts);
    }
    let trial = state.trial().map(|(attempt, weight)| (attempt.clone(), weight));
    if let (Some((attempt, _)), Verdict::Fail(failure)) = (&trial, facts.verdict) {
        return Some(roll_back(attempt.clone(), Cause::Failed(failure.clone()), facts).into());
    }
    if let Some(answer) = actions::next(state, facts) {
        return Some(answer);
    }
    let (attempt, weight) = trial?;
    let changed = facts.intent.revision != attempt.canary;
    // While promoting, a new template waits: what was analysed is what is promoted. It ends a bake, without a rollback.
    (changed && weight != Weight::FULL).then(|| roll_back(attempt, Cause::Superseded(facts.intent.revision.clone()), facts).into())
}

/// The Rollout goes: traffic goes back to stable first, unless everything goes or stable is gone.
fn deletion(state: &State, facts: &Facts) -> Option<Next> {
    let gone = |revision: &Revision| !facts.seen.children.contains_key(revision);
    match state {
        State::Deleted(_) | State::HandingBack(_) => None,
        _ if facts.intent.deletion == DeletionPolicy::Delete => Some(delete(state, facts).into()),
        State::RollingBack(s) if gone(&s.attempt.stable) => Some(delete(state, facts).into()),
        State::RollingBack(_) => None,
        State::Adopting(s) => Some(handing_back::from_adopting(s, facts).unwrap_or_else(|| delete(state, facts)).into()),
        // The old pods of a bake go first: afterwards nobody would take them away.
        State::Idle(s) if !idle::is_alone(s, facts) => Some(stay(state.clone(), Why::Deleting, None)),
        State::Idle(s) if handing_back::can_begin(s, facts) => Some(handing_back::enter(s, facts).into()),
        State::Installing(_) | State::Idle(_) => Some(delete(state, facts).into()),
        State::Baking(s) => match facts.verdict {
            // What does harm is not left serving.
            Verdict::Fail(failure) => Some(roll_back(s.attempt.clone(), Cause::Failed(failure.clone()), facts).into()),
            Verdict::Pass(_) | Verdict::Inconclusive(_) | Verdict::Error(_) => {
                Some(baking::baked(s, "Deleted", "the Rollout was deleted").into())
            }
        },
        State::Stepping(_) | State::Approval(_) | State::Paused(_) | State::Promoting(_) => {
            state.attempt().map(|attempt| roll_back(attempt.clone(), Cause::Deleted, facts).into())
        }
    }
}

/// Ends an attempt and brings stable back.
fn roll_back(attempt: Attempt, cause: Cause, facts: &Facts) -> Edge {
    back(RollingBack::new(attempt, cause, facts.now))
}

/// A rollback begins.
fn back(state: RollingBack) -> Edge {
    let RollingBack { attempt, cause, .. } = &state;
    let (kind, ended) = match cause {
        Cause::Superseded(_) => (EventKind::Superseded, format!("superseded: {cause}")),
        Cause::Aborted(_) | Cause::Undone(_) => (EventKind::Aborted, format!("is {cause}")),
        Cause::Failed(_) | Cause::Unavailable(_) | Cause::Undecided(_) | Cause::Deleted | Cause::Unapproved(_) => {
            (EventKind::Aborted, format!("aborted: {cause}"))
        }
    };
    let failure: Option<Failure> = if let Cause::Failed(failure) = cause { Some(failure.clone()) } else { None };
    let event = Event {
        failure,
        author: author(cause).cloned(),
        weight: Weight::new(0),
        ..tell(kind, attempt, cause.reason(), format!("revision {} {ended}; revision {} comes back", attempt.canary, attempt.stable))
    };
    let why = Why::RollingBack(cause.to_string());
    Edge { state: State::RollingBack(state), event, why }
}

/// Who asked for the end of an attempt, if somebody did.
const fn author(cause: &Cause) -> Option<&Author> {
    match cause {
        Cause::Aborted(author) | Cause::Undone(author) => Some(author),
        Cause::Failed(_) | Cause::Unavailable(_) | Cause::Undecided(_) | Cause::Superseded(_) | Cause::Deleted | Cause::Unapproved(_) => {
            None
        }
    }
}

/// The Rollout goes; what serves goes on serving.
fn delete(state: &State, facts: &Facts) -> Edge {
    let stable = state.stable().cloned();
    let message = match &stable {
        _ if facts.intent.deletion == DeletionPolicy::Delete => "the Rollout was deleted, and its Deployments go with it".to_owned(),
        None => "the Rollout was deleted before a revision was stable; its Deployments are left as they are".to_owned(),
        Some(stable) if facts.seen.children.contains_key(stable) => {
            format!("the Rollout was deleted; the Deployment of revision {stable} goes on serving{}", left_held(facts))
        }
        Some(stable) => format!("the Rollout was deleted and the Deployment of revision {stable} is gone; what is there is left as it is"),
    };
    let event = Event {
        kind: EventKind::Deleted,
        revision: stable.clone().unwrap_or_else(|| facts.intent.revision.clone()),
        stable: stable.clone(),
        attempt: 0,
        weight: None,
        reason: if facts.intent.deletion == DeletionPolicy::Delete { REMOVED } else { "Deleted" },
        message,
        failure: None,
        author: None,
    };
    Edge { state: State::Deleted(Deleted { stable, since: facts.now }), event, why: Why::Deleting }
}

/// What becomes of a Deployment that was taken over and cannot be given back.
fn left_held(facts: &Facts) -> String {
    let held = facts.seen.workload.adoptee().filter(|adoptee| adoptee.is_held(&facts.seen.name));
    held.map(|Adoptee { name, desired, .. }| {
        let pods = if *desired == 0 { "stays without pods".to_owned() } else { format!("keeps {desired} pods") };
        format!(", and Deployment {name} has another template and {pods}")
    })
    .unwrap_or_default()
}

/// An event about an attempt.
pub(super) fn tell(kind: EventKind, attempt: &Attempt, reason: &'static str, message: String) -> Event {
    Event {
        kind,
        revision: attempt.canary.clone(),
        stable: Some(attempt.stable.clone()),
        attempt: attempt.number,
        weight: None,
        reason,
        message,
        failure: None,
        author: None,
    }
}

/// The end of an attempt: nothing is in flight any more.
const fn settle(stable: Revision, attempts: u32, last: Ended) -> State {
    State::Idle(Idle::new(stable, attempts, last))
}

fn stay(state: State, why: Why, wake: Option<DateTime<Utc>>) -> Next {
    Next::Stay { state, why, wake }
}

/// Why the spec cannot be read, if it cannot: what it no longer says must move nothing.
fn unread(facts: &Facts) -> Option<Why> {
    facts.brake.filter(|brake| matches!(brake, Why::InvalidSpec(_))).cloned()
}

/// What the dry run of the template still has to say before its revision may be made, if anything.
fn template_trouble(intent: &Intent, seen: &Observed) -> Option<Why> {
    if seen.children.contains_key(&intent.revision) {
        return None;
    }
    match &seen.template {
        Template::Accepted { revision, .. } if *revision == intent.revision => None,
        Template::Refused { revision, text, .. } if *revision == intent.revision => Some(Why::InvalidTemplate(text.clone())),
        Template::Unknown { revision, text, .. } if *revision == intent.revision => Some(Why::TemplateUnknown(text.clone())),
        Template::Accepted { .. } | Template::Refused { .. } | Template::Unknown { .. } | Template::Unasked => Some(Why::CheckingTemplate),
    }
}
