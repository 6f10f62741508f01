//! The first revision comes up: nothing serves yet, so there is nothing to compare it with and nothing to go back to.

use chrono::{DateTime, Utc};

use super::super::reach::missing;
use super::super::{
    Attempt, AttemptResult, EndReason, Ended, Event, EventKind, Installing, Intent, Observed, PodState, Revision, State, Weight, Why,
    sharing_trouble,
};
use super::{Edge, Facts, Next, settle, stay, template_trouble, unread};

/// Begins the installation of a first revision.
pub(super) fn enter(intent: &Intent, now: DateTime<Utc>) -> Edge {
    let message = format!("revision {} is being installed", intent.revision);
    begin(intent, now, 0, Told { kind: EventKind::Created, reason: "Created", message })
}

/// Installs the spec's revision like a first one, because what was stable no longer serves. The count of attempts goes on.
pub(super) fn take_over(intent: &Intent, now: DateTime<Utc>, attempts: u32, message: String) -> Edge {
    begin(intent, now, attempts, Told { kind: EventKind::Reinstalled, reason: "StableUnavailable", message })
}

/// As [`take_over`], in the place of an attempt.
pub(super) fn take_over_from(attempt: &Attempt, facts: &Facts, message: String) -> Edge {
    let edge = take_over(facts.intent, facts.now, attempt.number, message);
    Edge { event: Event { attempt: attempt.number, ..edge.event }, ..edge }
}

/// How the beginning of an installation is told.
struct Told {
    kind: EventKind,
    reason: &'static str,
    message: String,
}

fn begin(intent: &Intent, now: DateTime<Utc>, attempts: u32, Told { kind, reason, message }: Told) -> Edge {
    let revision = intent.revision.clone();
    let event =
        Event { kind, revision: revision.clone(), stable: None, attempt: 0, weight: None, reason, message, failure: None, author: None };
    let why = Why::WaitingForPods(format!("0 of {} pods are available", intent.replicas));
    Edge { state: State::Installing(Installing { revision, since: now, overdue: false, attempts }), event, why }
}

pub(super) fn next(at: &Installing, facts: &Facts) -> Next {
    let Facts { intent, seen, now, .. } = *facts;
    if intent.revision != at.revision {
        let message = format!("revision {} never became stable; revision {} is being installed instead", at.revision, intent.revision);
        return begin(intent, now, at.attempts, Told { kind: EventKind::Superseded, reason: "Superseded", message }).into();
    }
    let child = seen.children.get(&at.revision);
    let waiting = match (missing("first", child, intent.replicas), child) {
        (None, Some(_)) => return installed(at, now).into(),
        (Some(text), _) => text,
        // No replicas are wanted, but whether the Deployment can be made shows only once it is.
        (None, None) => "the Deployment does not exist yet".to_owned(),
    };
    let trouble = pod_trouble(seen, &at.revision);
    let stuck = trouble.as_ref().map_or_else(|| waiting.clone(), |trouble| format!("{waiting}: {trouble}"));
    let blocked = unread(facts).or_else(|| sharing_trouble(intent, &seen.service)).or_else(|| template_trouble(intent, seen));
    let deadline = at.since + intent.deadlines.available;
    if now >= deadline && !at.overdue {
        return overdue(at, &stuck, blocked).into();
    }
    let why = match (blocked, trouble) {
        (Some(why), _) => why,
        (None, _) if at.overdue => late(&stuck),
        (None, Some(_)) => Why::InstallFailed(stuck),
        (None, None) => Why::WaitingForPods(waiting),
    };
    stay(State::Installing(at.clone()), why, (!at.overdue).then_some(deadline))
}

fn installed(at: &Installing, now: DateTime<Utc>) -> Edge {
    let message = format!("revision {} is available and stable", at.revision);
    let last = Ended {
        revision: at.revision.clone(),
        result: AttemptResult::Installed,
        reason: EndReason::Available,
        message: message.clone(),
        at: now,
    };
    let event = Event {
        kind: EventKind::Installed,
        revision: at.revision.clone(),
        stable: Some(at.revision.clone()),
        attempt: 0,
        weight: Some(Weight::FULL),
        reason: "Available",
        message,
        failure: None,
        author: None,
    };
    Edge { state: settle(at.revision.clone(), at.attempts, last), event, why: Why::Settled }
}

fn overdue(at: &Installing, stuck: &str, blocked: Option<Why>) -> Edge {
    let stuck = blocked.as_ref().map_or_else(|| stuck.to_owned(), |why| format!("{stuck}: {why}"));
    let event = Event {
        kind: EventKind::InstallFailed,
        revision: at.revision.clone(),
        stable: None,
        attempt: 0,
        weight: None,
        reason: "Unavailable",
        message: format!("revision {} did not become available in time: {stuck}", at.revision),
        failure: None,
        author: None,
    };
    let why = blocked.unwrap_or_else(|| late(&stuck));
    Edge { state: State::Installing(Installing { overdue: true, ..at.clone() }), event, why }
}

/// It goes on, but somebody has to look.
fn late(stuck: &str) -> Why {
    Why::InstallFailed(format!("not available in time: {stuck}; fix the template"))
}

/// The first trouble that a container of the revision names itself.
fn pod_trouble(seen: &Observed, revision: &Revision) -> Option<String> {
    seen.children.get(revision)?.pods.iter().find_map(|pod| match &pod.state {
        PodState::Broken { reason } | PodState::Crashing { reason } => Some(format!("pod {}: {reason}", pod.name)),
        PodState::Blocked { .. }
        | PodState::Leaving
        | PodState::Unscheduled
        | PodState::Starting
        | PodState::Unready
        | PodState::Regressed { .. }
        | PodState::Unreachable
        | PodState::Ready { .. } => None,
    })
}
