//! What of the Deployments that serve has to be put right besides their replicas?

use super::{Change, Child, Edited, Intent, Lifetime, Observed, Revision, State};

/// Repairs and restarts of the Deployments that the state is about. Others have no pods, and nobody looks at them.
pub(super) fn upkeep(intent: &Intent, state: &State, seen: &Observed) -> Vec<Change> {
    if seen.lifetime == Lifetime::Deleting {
        return Vec::new();
    }
    let children = seen.children.iter().filter(|(revision, _)| looked_after(state, revision));
    let known = |revision: &Revision| *revision == intent.revision || seen.records.contains_key(revision);
    let templates = |revision: &Revision| if known(&revision.template()) { Stored::Somewhere } else { Stored::Nowhere };
    let right = |revision, child| repair(intent, revision, (child, templates(revision))).or_else(|| restart(state, revision, child));
    children.filter_map(|(revision, child)| right(revision, child)).collect()
}

/// Whether the state is about this revision.
pub(super) fn looked_after(state: &State, revision: &Revision) -> bool {
    match (state.stable(), state.attempt(), state) {
        (_, Some(attempt), _) => attempt.stable == *revision || attempt.canary == *revision || revision.is_baseline_of(&attempt.stable),
        (_, None, State::Installing(at)) => at.revision == *revision,
        (_, None, State::Adopting(at)) => at.revision == *revision,
        (stable, None, _) => stable == Some(revision),
    }
}

/// Whether a revision's template can be written again.
#[derive(Clone, Copy)]
enum Stored {
    Somewhere,
    Nowhere,
}

fn repair(intent: &Intent, revision: &Revision, (child, stored): (&Child, Stored)) -> Option<Change> {
    let Child { upkeep, fence, restart, .. } = child;
    let template = match (&upkeep.edited_by, stored) {
        (Some(_), Stored::Somewhere) => Edited::Yes,
        (Some(_), Stored::Nowhere) | (None, _) => Edited::No,
    };
    let min_ready_seconds = intent.min_ready_seconds.unwrap_or(upkeep.min_ready_seconds);
    let wrong = template == Edited::Yes || upkeep.paused || upkeep.min_ready_seconds != min_ready_seconds;
    wrong.then(|| Change::Repair {
        revision: revision.clone(),
        fence: fence.clone(),
        min_ready_seconds,
        template,
        restart: restart.clone(),
    })
}

fn restart(state: &State, revision: &Revision, child: &Child) -> Option<Change> {
    let State::Idle(idle) = state else { return None };
    let restart = idle.restart.as_ref().filter(|restart| idle.stable == *revision && child.restart.as_ref() != Some(restart))?;
    Some(Change::Restart { revision: revision.clone(), fence: child.fence.clone(), restart: restart.clone() })
}
