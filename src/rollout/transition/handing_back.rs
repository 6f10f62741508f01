//! The Rollout goes, and the Deployment that it had taken over serves again, pod by pod. Where that does not come about, ours goes on serving.

use super::super::workload::Move;
use super::super::{Adopting, Event, EventKind, HandingBack, Idle, Revision, State, Why};
use super::{Edge, Facts, Next, delete, stay};

/// Whether the Deployment that was taken over has what serves as its template: then it can serve again.
pub(super) fn can_begin(at: &Idle, facts: &Facts) -> bool {
    let held = facts.seen.workload.adoptee().filter(|adoptee| adoptee.is_held(&facts.seen.name));
    held.is_some_and(|adoptee| at.serves(&adoptee.revision)) && facts.seen.children.contains_key(&at.stable)
}

/// What is half taken over goes back, unless its template is another one by now: then both parts go on serving as they are.
pub(super) fn from_adopting(at: &Adopting, facts: &Facts) -> Option<Edge> {
    let held = facts.seen.workload.adoptee().filter(|adoptee| adoptee.is_held(&facts.seen.name));
    held.filter(|adoptee| adoptee.revision == at.revision).map(|_| begin(&at.revision, None, facts))
}

pub(super) fn enter(at: &Idle, facts: &Facts) -> Edge {
    begin(&at.stable, at.alias.clone(), facts)
}

fn begin(stable: &Revision, alias: Option<Revision>, facts: &Facts) -> Edge {
    let message = format!("the Rollout was deleted; the Deployment that it had taken over serves revision {stable} again");
    let event = Event {
        kind: EventKind::HandBackStarted,
        revision: stable.clone(),
        stable: Some(stable.clone()),
        attempt: 0,
        weight: None,
        reason: "Deleted",
        message,
        failure: None,
        author: None,
    };
    Edge { state: State::HandingBack(HandingBack { stable: stable.clone(), since: facts.now, alias }), event, why: Why::Deleting }
}

pub(super) fn next(at: &HandingBack, facts: &Facts) -> Next {
    let Facts { intent, seen, now, .. } = *facts;
    let child = seen.children.get(&at.stable);
    let adoptee = seen.workload.adoptee().filter(|adoptee| adoptee.is_held(&seen.name));
    let deadline = at.since + intent.deadlines.rollback;
    let ours = child.map_or(0, |child| child.desired);
    // It is let go last, so one that is no longer held has everything; one that is gone gets nothing any more. One that is still paused, and has
    // another template by now, would make pods that nobody tried.
    let other = adoptee.is_some_and(|adoptee| adoptee.paused && !at.serves(&adoptee.revision));
    if adoptee.is_none() || other || now >= deadline {
        return delete(&State::HandingBack(at.clone()), facts).into();
    }
    let way = Move { intent, child, adoptee };
    let left = format!("{ours} pods of ours are left, {} have to stay", way.ours_needed());
    stay(State::HandingBack(at.clone()), Why::WaitingForPods(left), Some(deadline))
}
