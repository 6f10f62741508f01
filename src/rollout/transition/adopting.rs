//! A running Deployment is taken over: ours grows as it shrinks, and no ready pod is lost on the way.

use chrono::{DateTime, Utc};

use super::super::workload::{Move, Readiness};
use super::super::{
    Adopting, AttemptResult, EndReason, Ended, Event, EventKind, Intent, Revision, State, Weight, Why, Workload, sharing_trouble,
};
use super::{Edge, Facts, Next, settle, stay, template_trouble};

/// A rollout begins with a Deployment that it takes over.
pub(super) fn enter(intent: &Intent, revision: Revision, now: DateTime<Utc>) -> Edge {
    let message = format!("the running Deployment is being taken over as revision {revision}");
    let event = about(EventKind::Created, &revision, "Adopting", message);
    let why = Why::WaitingForPods(format!("0 of {} adopted pods are available", intent.replicas));
    Edge { state: State::Adopting(Adopting { revision, since: now, overdue: false }), event, why }
}

pub(super) fn next(at: &Adopting, facts: &Facts) -> Next {
    let Facts { intent, seen, now, .. } = *facts;
    let adoptee = seen.workload.adoptee();
    let held = adoptee.is_some_and(|adoptee| adoptee.is_held(&seen.name));
    // Until it is held, it may roll out a change of its own, and that is what is taken over.
    let at = if held || facts.brake.is_some() || seen.workload == Workload::Missing {
        at.clone()
    } else {
        Adopting { revision: intent.revision.clone(), ..at.clone() }
    };
    let child = seen.children.get(&at.revision);
    let way = Move { intent, child, adoptee };
    let Some(waiting) = way.ours_missing(&seen.name) else { return adopted(&at, facts).into() };
    let blocked = match adoptee.map(|adoptee| adoptee.readiness(&seen.name)) {
        Some(Readiness::Blocked(text)) => Some(Why::Workload(text)),
        Some(Readiness::Free) | None => None,
    };
    let blocked = facts.brake.cloned().or(blocked).or_else(|| sharing_trouble(intent, &seen.service));
    let blocked = blocked.or_else(|| (!held).then(|| template_trouble(intent, seen)).flatten());
    let deadline = at.since + intent.deadlines.available;
    if now >= deadline && !at.overdue {
        return overdue(&at, &waiting, blocked).into();
    }
    let why = blocked.unwrap_or(Why::WaitingForPods(waiting));
    let wake = (!at.overdue).then_some(deadline);
    stay(State::Adopting(at), why, wake)
}

fn adopted(at: &Adopting, facts: &Facts) -> Edge {
    let message = format!("the Deployment was taken over; revision {} is available and stable", at.revision);
    let last = Ended {
        revision: at.revision.clone(),
        result: AttemptResult::Installed,
        reason: EndReason::Available,
        message: message.clone(),
        at: facts.now,
    };
    let event = Event {
        stable: Some(at.revision.clone()),
        weight: Some(Weight::FULL),
        ..about(EventKind::Adopted, &at.revision, "Available", message)
    };
    Edge { state: settle(at.revision.clone(), 0, last), event, why: Why::CheckingTemplate }
}

/// It goes on, but somebody has to look: what was there goes on serving.
fn overdue(at: &Adopting, waiting: &str, blocked: Option<Why>) -> Edge {
    let stuck = blocked.as_ref().map_or_else(|| waiting.to_owned(), |why| format!("{waiting}: {why}"));
    let message = format!("the Deployment was not taken over in time: {stuck}; it goes on serving");
    let event = about(EventKind::InstallFailed, &at.revision, "Unavailable", message);
    let why = blocked.unwrap_or_else(|| Why::InstallFailed(format!("not taken over in time: {waiting}")));
    Edge { state: State::Adopting(Adopting { overdue: true, ..at.clone() }), event, why }
}

fn about(kind: EventKind, revision: &Revision, reason: &'static str, message: String) -> Event {
    Event { kind, revision: revision.clone(), stable: None, attempt: 0, weight: None, reason, message, failure: None, author: None }
}
