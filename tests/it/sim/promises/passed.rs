//! Invariant 4. No promotion without a Pass.

use serin::rollout::State;

use super::{Commit, Held};

pub(super) fn promoted(commit: &Commit) -> Held {
    let Commit { sim, old, new, .. } = commit;
    let Some(State::Idle(idle)) = &new.state else { return Ok(()) };
    let moved = old.state.as_ref().and_then(State::stable).is_some_and(|stable| *stable != idle.stable);
    match &old.state {
        Some(State::Promoting(at)) if idle.stable == at.attempt.canary => {
            let (stable, canary) = (sim.server.desired(&at.attempt.stable), sim.server.desired(&at.attempt.canary));
            let passed = sim.ledger.passed.contains(&at.attempt.number);
            if passed && stable == 0 {
                return Ok(());
            }
            Err(format!("passed: {passed}; stable asks for {stable} pods, the canary for {canary}"))
        }
        _ if moved => Err("stable moved without a promotion".to_owned()),
        _ => Ok(()),
    }
}
