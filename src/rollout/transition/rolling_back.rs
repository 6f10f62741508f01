//! Stable comes back and the canary goes. This never gives up; its deadline only tells.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::reach::missing;
use super::super::{AttemptResult, Child, Ended, Event, EventKind, Idle, PodState, RollingBack, State, Weight, Why};
use super::{Edge, Facts, Next, idle, installing, stay, tell};

/// How long stable's pods may take before what keeps them is told, where they do not say it themselves.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

pub(super) fn next(at: &RollingBack, facts: &Facts) -> Next {
    let Facts { intent, seen, now, .. } = *facts;
    let waiting = missing("stable", seen.children.get(&at.attempt.stable), intent.replicas)
        .or_else(|| missing("canary", seen.children.get(&at.attempt.canary), 0))
        .or_else(|| seen.young_left(&at.attempt.stable));
    let Some(waiting) = waiting else { return rolled_back(at, facts).into() };
    if let Some(edge) = gives_way(at, facts) {
        return edge.into();
    }
    let deadline = at.since + intent.deadlines.rollback;
    if !at.overdue && now >= deadline {
        return overdue(at, &waiting).into();
    }
    let trouble = trouble(at, facts);
    if let (Some(text), false) = (&trouble, at.blocked) {
        return blocked(at, text).into();
    }
    let wakes = [(!at.overdue).then_some(deadline), (!at.blocked && now < at.since + PATIENCE).then(|| at.since + PATIENCE)];
    let why = match trouble {
        _ if cannot_be_made(at, facts) => Why::Missing(at.attempt.stable.clone()),
        Some(text) => Why::RollingBack(format!("{} ({waiting}; {text})", at.cause)),
        None => Why::RollingBack(format!("{} ({waiting})", at.cause)),
    };
    stay(State::RollingBack(at.clone()), why, wakes.into_iter().flatten().min())
}

/// Whether stable's Deployment is gone and nothing has its template.
fn cannot_be_made(at: &RollingBack, facts: &Facts) -> bool {
    let (stable, seen) = (&at.attempt.stable, facts.seen);
    facts.intent.revision != *stable && !seen.children.contains_key(stable) && !seen.records.contains_key(stable)
}

/// Where stable has had no pod for too long, a revision that is neither of the two is installed instead.
fn gives_way(at: &RollingBack, facts: &Facts) -> Option<Edge> {
    let Facts { intent, seen, now, .. } = *facts;
    let is_new = intent.revision != at.attempt.stable && intent.revision != at.attempt.canary;
    let gone = seen.children.get(&at.attempt.stable).map_or(0, Child::serving) == 0 && intent.replicas > 0;
    (is_new && gone && facts.brake.is_none() && now >= at.since + intent.deadlines.available).then(|| {
        let message = format!("revision {} does not come back; revision {} is installed in its place", at.attempt.stable, intent.revision);
        installing::take_over_from(&at.attempt, facts, message)
    })
}

/// What keeps stable's pods from coming, if anything does: what they or the cluster name themselves at once, anything else after a while.
fn trouble(at: &RollingBack, facts: &Facts) -> Option<String> {
    let Facts { intent, seen, now, .. } = *facts;
    let child = seen.children.get(&at.attempt.stable);
    missing("stable", child, intent.replicas)?;
    if cannot_be_made(at, facts) {
        return Some(format!(
            "its Deployment is gone, and so is its template: set the template back to that of revision {}",
            at.attempt.stable
        ));
    }
    let named = || {
        let child = child?;
        child
            .failure
            .clone()
            .or_else(|| child.pods.iter().find_map(|pod| named(&pod.state).map(|text| format!("pod {}: {text}", pod.name))))
    };
    seen.refused.clone().or_else(named).or_else(|| unscheduled(child?, at.since + PATIENCE, now))
}

/// What a pod names as the reason for not serving.
fn named(state: &PodState) -> Option<&str> {
    match state {
        PodState::Broken { reason } | PodState::Blocked { reason } | PodState::Crashing { reason } => Some(reason),
        PodState::Leaving
        | PodState::Unscheduled
        | PodState::Starting
        | PodState::Unready
        | PodState::Regressed { .. }
        | PodState::Unreachable
        | PodState::Ready { .. } => None,
    }
}

fn unscheduled(child: &Child, from: DateTime<Utc>, now: DateTime<Utc>) -> Option<String> {
    let homeless = child.pods.iter().filter(|pod| pod.state == PodState::Unscheduled).count();
    (homeless > 0 && now >= from).then(|| format!("no node for {homeless} of stable's pods"))
}

fn rolled_back(at: &RollingBack, facts: &Facts) -> Edge {
    let RollingBack { attempt, cause, rejected, .. } = at;
    let event = Event {
        weight: Weight::new(0),
        ..tell(EventKind::RolledBack, attempt, cause.reason(), format!("revision {} serves everything again: {cause}", attempt.stable))
    };
    let result = cause.result();
    let last = Ended { revision: attempt.canary.clone(), result, reason: cause.end(), message: cause.to_string(), at: facts.now };
    let unwanted = matches!(result, AttemptResult::Aborted | AttemptResult::Undone).then(|| attempt.canary.clone());
    let rejected = rejected.clone().filter(|rejected| *rejected == facts.intent.revision).or(unwanted);
    let idle = Idle { rejected, ..Idle::new(attempt.stable.clone(), attempt.number, last) };
    let why = match result {
        AttemptResult::Aborted | AttemptResult::Undone => idle::rejected(&idle),
        AttemptResult::Installed | AttemptResult::Promoted | AttemptResult::Superseded | AttemptResult::Recovered => Why::CheckingTemplate,
    };
    Edge { state: State::Idle(idle), event, why }
}

fn overdue(at: &RollingBack, waiting: &str) -> Edge {
    let event = tell(
        EventKind::RollbackOverdue,
        &at.attempt,
        "RollbackDeadline",
        format!("rolling back to revision {} takes longer than its deadline: {waiting}; it goes on", at.attempt.stable),
    );
    let why = Why::RollingBack(format!("{} ({waiting})", at.cause));
    Edge { state: State::RollingBack(RollingBack { overdue: true, ..at.clone() }), event, why }
}

/// Told once: somebody has to act, and it goes on by itself when the cause is gone.
fn blocked(at: &RollingBack, trouble: &str) -> Edge {
    let message = format!("revision {} cannot come back: {trouble}; it goes on by itself once that is mended", at.attempt.stable);
    let event = tell(EventKind::RollbackBlocked, &at.attempt, "StableBlocked", message);
    let why = Why::RollingBack(format!("{} ({trouble})", at.cause));
    Edge { state: State::RollingBack(RollingBack { blocked: true, ..at.clone() }), event, why }
}
