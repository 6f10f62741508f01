//! What serves is never deleted, and a Rollout is let go only when its last event was told and its sinks have it, or did not take it in
//! time.

use serin::rollout::{DeletionPolicy, Revision, State};

use super::Held;
use crate::sim::process::Plan;
use crate::sim::server::objects::Rollout;
use crate::sim::state::Sim;

pub(super) fn deleted(sim: &Sim, plan: &Plan, revision: &Revision) -> Held {
    let stable = plan.state.as_ref().and_then(State::stable);
    let all = plan.seen.intent.as_ref().is_ok_and(|intent| intent.deletion == DeletionPolicy::Delete);
    let wanted = matches!(plan.state, Some(State::Deleted(_))) && all;
    if wanted || (stable != Some(revision) && sim.server.desired(revision) == 0) {
        return Ok(());
    }
    Err(format!("{revision} with {} replicas; stable is {stable:?}", sim.server.desired(revision)))
}

pub(super) fn released(sim: &Sim, rollout: &Rollout) -> Held {
    match &rollout.committed.status().state {
        None => Ok(()),
        Some(State::Deleted(at)) => {
            let late = sim.ledger.jumps > 0 || sim.now >= at.since + sim.server.spec_of(rollout.generation).intent.deadlines.audit;
            let missing = rollout.committed.waiting.iter().find(|record| !sim.delivered(record));
            missing.filter(|_| !late).map_or(Ok(()), |record| Err(format!("event {} was not delivered", record.seq)))
        }
        Some(state) => Err(format!("in {state:?}")),
    }
}
