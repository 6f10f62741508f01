//! Invariant 4. No promotion without a Pass, or a recorded action by somebody allowed to force it.

use serin::rollout::{Promoting, State};

use super::{Commit, Held, version_of};
use crate::sim::server::objects::Labels;

pub(super) fn promoted(commit: &Commit) -> Held {
    let Commit { old, new, .. } = commit;
    let (before, after) = (old.state.as_ref(), new.state.as_ref());
    match (before, after) {
        (Some(State::Promoting(at)), Some(State::Idle(idle))) if idle.stable == at.attempt.canary => complete(commit, at),
        (Some(State::Promoting(at)), Some(State::Baking(_))) => complete(commit, at),
        (Some(from), Some(to @ State::Idle(_))) if from.stable().is_some_and(|stable| Some(stable) != to.stable()) => {
            Err("stable moved without a promotion".to_owned())
        }
        (Some(State::Baking(_)), Some(State::Baking(_))) => Ok(()),
        (Some(from), Some(State::Baking(_))) => Err(format!("out of {}", from.phase())),
        _ => Ok(()),
    }
}

/// All of the old pods are gone, but for those that a bake keeps.
fn complete(commit: &Commit, at: &Promoting) -> Held {
    let (sim, attempt) = (commit.sim, &at.attempt);
    let keep = commit.plan.seen.intent.as_ref().map_or(u32::MAX, |intent| intent.bake.map_or(0, |bake| bake.keep));
    // What a stranger took our labels from is not found any more.
    let found = sim.server.deployments.get(&attempt.stable).filter(|deployment| deployment.labels == Labels::Ours);
    let (stable, canary) = (found.map_or(0, |deployment| deployment.desired), sim.server.desired(&attempt.canary));
    let passed = sim.ledger.passed.contains(&attempt.number);
    let young = sim.server.deployments.get(&attempt.stable.baseline()).filter(|deployment| deployment.labels == Labels::Ours);
    let unknown = sim.ledger.unknown_size(&attempt.stable.baseline(), version_of(commit.plan, &attempt.stable.baseline()));
    if let Some(young) = young.filter(|young| young.desired > 0 && unknown.is_none()) {
        return Err(format!("{} young pods of stable are asked for", young.desired));
    }
    if passed && stable <= keep {
        return Ok(());
    }
    Err(format!("passed: {passed}; stable asks for {stable} pods of which {keep} may stay, the canary for {canary}"))
}

/// A Rollout whose status is empty is new only where nothing was ever stable.
pub(super) fn recovered(commit: &Commit) -> Held {
    let served: Vec<_> = commit.plan.seen.observed.records.iter().filter(|(_, record)| record.served()).map(|(it, _)| it).collect();
    match (&commit.old.state, &commit.new.state) {
        (None, Some(State::Idle(idle))) if served.contains(&&idle.stable) => Ok(()),
        (None, Some(State::Installing(_))) if served.is_empty() => Ok(()),
        (None, Some(state)) => Err(format!("it begins as {}, and these were stable: {served:?}", state.phase())),
        (Some(_), _) | (None, None) => Ok(()),
    }
}
