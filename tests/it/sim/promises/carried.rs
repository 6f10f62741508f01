//! Invariant 2. What we ask for never gives a side more weight than its available pods can carry: a side shrinks only after the other one
//! is there.

use serin::rollout::Attempt;

use super::{Held, Write, version_of};

pub(super) fn carried(write: &Write) -> Held {
    let Write { sim, plan, intent, state, revision, from, to } = write;
    let Some((Attempt { stable, canary, .. }, _)) = state.trial() else { return Ok(()) };
    // A stable side that keeps all the pods that are asked for carries everything by itself: it gives up nothing.
    if *revision != stable || to >= from || *to >= intent.replicas {
        return Ok(());
    }
    let unnoticed = sim.ledger.unknown_losses(canary, version_of(plan, canary));
    // What a stranger asked of the canary without the process knowing yet is not what it has to carry.
    let before = sim.ledger.unknown_size(canary, version_of(plan, canary)).filter(|before| *before > 0);
    let asked = sim.server.desired(canary);
    let (ready, asked) = (sim.server.ready(canary) + unnoticed, before.map_or(asked, |before| before.min(asked)));
    if ready + tolerated(asked) >= asked {
        return Ok(());
    }
    Err(format!("{revision} goes from {from} to {to} while the canary {canary} has {ready} ready pods of {asked}"))
}

/// Fleets of five and more may miss one in twenty.
pub(super) fn tolerated(pods: u32) -> u32 {
    if pods < 5 { 0 } else { (pods / 20).max(1) }
}
