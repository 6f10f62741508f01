//! A spec that cannot be read freezes exposure; only a rollback goes on, and the end of a Rollout that was deleted, towards what was asked for last.

use serin::rollout::{Capacity, Intent, Lifetime, Revision, State};

use super::{Write, capacity};
use crate::sim::process::Plan;
use crate::sim::server::objects::SpecReading;
use crate::sim::state::Sim;

pub(super) fn scaled(sim: &mut Sim, plan: &Plan, state: &State, (revision, from, to): (&Revision, u32, u32)) {
    let deleting = plan.seen.observed.lifetime == Lifetime::Deleting;
    let goes_on = matches!(state, State::RollingBack(_)) || matches!(state, State::Idle(_)) && deleting;
    let Some(stable) = state.stable().filter(|_| goes_on) else {
        let how = format!("{revision} from {from} to {to} in {state:?}");
        return sim.ledger.violated("a spec that cannot be read freezes exposure", how);
    };
    // Where nothing was asked for, what somebody else asked for is there.
    let there = plan.seen.observed.children.values().map(|child| child.desired).max().unwrap_or(0);
    let most = plan.seen.replicas.unwrap_or(if sim.ledger.most > 0 { sim.ledger.most } else { there });
    if to > from && (stable != revision || to > most) {
        let how = format!("{revision} from {from} to {to}, at most {most}, in {state:?}");
        sim.ledger.violated("without a readable spec no more is asked for than there was", how);
    }
    // The floor is judged by the smallest that any reading of the spec could mean.
    let generation = usize::try_from(plan.seen.generation).expect("few generations");
    let intent = &sim.server.spec_of(generation).intent;
    let told = sim.server.specs[..generation].iter().rev().map(|spec| (spec.reading, spec.intent.replicas));
    let read = told.take_while(|(reading, _)| *reading != SpecReading::All).count();
    let last = sim.server.specs[..generation - read].last().map_or(0, |spec| spec.intent.replicas);
    let replicas = plan.seen.replicas.unwrap_or(last).min(intent.replicas).min(last);
    let intent = &Intent { replicas, capacity: Capacity { abort_unavailable: replicas / 4, ..intent.capacity }, ..Intent::clone(intent) };
    if let Err(how) = capacity::kept(&Write { sim, plan, intent, state, revision, from, to }) {
        sim.ledger.violated(
            "1: ready pods never fall below the capacity floor because of us",
            format!("{how}\nstate {state:?}, spec unreadable"),
        );
    }
}
