//! What is still wanted of a rollout whose spec cannot be read: nothing new.

use chrono::TimeDelta;

use super::world::Seen;
use crate::api::Status;
use crate::rollout::{Baseline, Capacity, Deadlines, DeletionPolicy, Intent, OnStep, Pausing, Revision, Sharing, State};

/// An intent that keeps the committed state as it is: its own revision, the replicas that can be read or were asked for last, no step, no check.
/// It carries what a rollback needs, and never what would grow exposure.
pub(super) fn frozen(seen: &Seen, committed: &Status) -> Intent {
    let revision = committed.state.as_ref().and_then(State::revision).cloned().unwrap_or_else(|| Revision::new(""));
    let replicas = seen.replicas.unwrap_or_else(|| asked_for(seen, committed));
    Intent {
        revision,
        replicas,
        steps: Vec::new(),
        other_hold: TimeDelta::zero(),
        bake: None,
        checks: Vec::new(),
        unresolved: None,
        every: TimeDelta::seconds(10),
        warm_up: TimeDelta::seconds(30),
        deadlines: Deadlines {
            available: TimeDelta::minutes(10),
            step: TimeDelta::hours(1),
            rollback: TimeDelta::minutes(10),
            audit: TimeDelta::minutes(10),
            on_step: OnStep::Pause,
        },
        capacity: Capacity { surge: replicas.div_ceil(4), max_unavailable: 0, abort_unavailable: replicas / 4, stable_floor: 0 },
        pausing: Pausing::Off,
        history_limit: u32::MAX,
        min_ready_seconds: None,
        deletion: DeletionPolicy::Orphan,
        sharing: Sharing::Near,
        baseline: Baseline::Stable,
    }
}

/// How many pods the rollout asked for last. What is there would grow from pass to pass while stable comes back and the canary still goes;
/// it counts only where the status does not say, and then for one side alone.
fn asked_for(seen: &Seen, committed: &Status) -> u32 {
    let told = u32::try_from(committed.replicas).ok().filter(|replicas| *replicas > 0);
    told.unwrap_or_else(|| seen.observed.children.values().map(|child| child.desired).max().unwrap_or(0))
}
