//! Stable comes back and the canary goes. This never gives up; its deadline only tells.

use super::super::reach::missing;
use super::super::{AttemptResult, Ended, Event, EventKind, Idle, RollingBack, State, Weight, Why};
use super::{Facts, Next, idle, stay, tell};

pub(super) fn next(at: &RollingBack, facts: &Facts) -> Next {
    let Facts { intent, seen, now, .. } = *facts;
    let waiting = missing("stable", seen.children.get(&at.attempt.stable), intent.replicas)
        .or_else(|| missing("canary", seen.children.get(&at.attempt.canary), 0));
    let Some(waiting) = waiting else { return rolled_back(at) };
    let deadline = at.since + intent.deadlines.rollback;
    if !at.overdue && now >= deadline {
        return overdue(at, &waiting);
    }
    if intent.revision != at.attempt.stable && !seen.children.contains_key(&at.attempt.stable) {
        return stay(State::RollingBack(at.clone()), Why::Missing(at.attempt.stable.clone()), (!at.overdue).then_some(deadline));
    }
    let wake = (!at.overdue).then_some(deadline);
    stay(State::RollingBack(at.clone()), Why::RollingBack(format!("{} ({waiting})", at.cause)), wake)
}

fn rolled_back(at: &RollingBack) -> Next {
    let RollingBack { attempt, cause, .. } = at;
    let event = Event {
        weight: Weight::new(0),
        ..tell(EventKind::RolledBack, attempt, cause.reason(), format!("revision {} serves everything again: {cause}", attempt.stable))
    };
    let result = cause.result();
    let last = Ended { revision: attempt.canary.clone(), result, message: cause.to_string() };
    let rejected = (result == AttemptResult::Aborted).then(|| attempt.canary.clone());
    let idle = Idle { stable: attempt.stable.clone(), attempts: attempt.number, last, rejected };
    let why = match result {
        AttemptResult::Aborted => idle::rejected(&idle),
        AttemptResult::Installed | AttemptResult::Promoted | AttemptResult::Superseded => Why::CheckingTemplate,
    };
    Next::Edge { state: State::Idle(idle), event, why }
}

fn overdue(at: &RollingBack, waiting: &str) -> Next {
    let event = tell(
        EventKind::RollbackOverdue,
        &at.attempt,
        "RollbackDeadline",
        format!("rolling back to revision {} takes longer than its deadline: {waiting}; it goes on", at.attempt.stable),
    );
    let why = Why::RollingBack(format!("{} ({waiting})", at.cause));
    Next::Edge { state: State::RollingBack(RollingBack { overdue: true, ..at.clone() }), event, why }
}
