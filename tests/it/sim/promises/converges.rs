//! Invariant 5. Abort converges to stable 100 % from every state, and its first write waits for neither the registry, nor the metrics
//! backend, nor a sink. That it ends is judged where everything comes to rest.

use serin::rollout::{Change, Lifetime, State};

use crate::sim::process::Plan;

use super::Held;

/// A rollback that lacks stable pods asks for all of them in its first pass, whatever else is broken.
pub(super) fn first_write(plan: &Plan, changes: &[Change]) -> Held {
    let Some(State::RollingBack(at)) = &plan.state else { return Ok(()) };
    let (seen, stable) = (&plan.seen.observed, &at.attempt.stable);
    let (Ok(intent), Some(child)) = (&plan.seen.intent, seen.children.get(stable)) else { return Ok(()) };
    let asks =
        |change: &Change| matches!(change, Change::Scale { revision, replicas, .. } if revision == stable && *replicas >= intent.replicas);
    if child.desired >= intent.replicas || seen.lifetime == Lifetime::Unguarded || changes.iter().any(asks) {
        return Ok(());
    }
    Err(format!("stable {stable} has {} of {} pods, and what is done is {changes:?}", child.desired, intent.replicas))
}
