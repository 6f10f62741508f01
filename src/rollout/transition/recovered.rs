//! A rollout has no state: is it new, or was its status lost?

use chrono::{DateTime, Utc};

use super::super::{
    AttemptResult, Child, EndReason, Ended, Event, EventKind, Idle, Intent, Observed, Record, Revision, State, Why, Workload,
};
use super::{Edge, adopting, installing};

/// What serves is found again by its record and its pods. A revision that was never stable is no way back, so where there is none
/// an installation begins, as for a new Rollout.
pub(super) fn begin(intent: &Intent, seen: &Observed, now: DateTime<Utc>) -> Edge {
    let Some(stable) = stable(seen) else {
        return match &seen.workload {
            Workload::There(_) => adopting::enter(intent, half_adopted(seen).unwrap_or_else(|| intent.revision.clone()), now),
            Workload::None | Workload::Missing => installing::enter(intent, now),
        };
    };
    let attempts = seen.records.values().map(|record| record.number).max().unwrap_or(0);
    let unwanted = seen.records.get(&intent.revision).is_some_and(Record::rejected);
    let message = format!("revision {stable} is stable; it was found again after the status was lost");
    let last = Ended {
        revision: stable.clone(),
        result: AttemptResult::Recovered,
        reason: EndReason::StatusLost,
        message: message.clone(),
        at: now,
    };
    let rejected = (unwanted && intent.revision != stable).then(|| intent.revision.clone());
    Edge {
        state: State::Idle(Idle { rejected, ..Idle::new(stable.clone(), attempts, last) }),
        event: Event {
            kind: EventKind::Recovered,
            revision: stable.clone(),
            stable: Some(stable),
            attempt: 0,
            weight: None,
            reason: "StatusLost",
            message,
            failure: None,
            author: None,
        },
        why: Why::CheckingTemplate,
    }
}

/// The revision that has pods of ours already, where a take-over was under way.
fn half_adopted(seen: &Observed) -> Option<Revision> {
    let held = seen.workload.adoptee().is_some_and(|adoptee| adoptee.is_held(&seen.name));
    let pods = seen.children.iter().filter(|(_, child)| held && child.desired > 0);
    pods.max_by_key(|(_, child)| child.desired).map(|(revision, _)| revision.clone())
}

/// Of the revisions that were stable once, the one with the most pods that serve; where none has any, the newest.
fn stable(seen: &Observed) -> Option<Revision> {
    let served = seen.records.iter().filter(|(_, record)| record.served());
    let rank = |revision: &Revision| seen.children.get(revision).map_or(0, Child::serving);
    served.max_by_key(|(revision, record)| (rank(revision), record.outcome_at, record.number)).map(|(revision, _)| revision.clone())
}
