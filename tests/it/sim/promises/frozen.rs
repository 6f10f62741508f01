//! A spec that cannot be read freezes exposure; only a rollback goes on, towards what was asked for last.

use serin::rollout::{Capacity, Intent, Revision, State};

use super::{Write, capacity};
use crate::sim::process::Plan;
use crate::sim::server::objects::SpecReading;
use crate::sim::state::Sim;

pub(super) fn scaled(sim: &mut Sim, plan: &Plan, state: &State, (revision, from, to): (&Revision, u32, u32)) {
    let State::RollingBack(at) = state else {
        let how = format!("{revision} from {from} to {to} in {state:?}");
        return sim.ledger.violated("a spec that cannot be read freezes exposure", how);
    };
    let most = plan.seen.replicas.unwrap_or(sim.ledger.most);
    if to > from && (at.attempt.stable != *revision || to > most) {
        let how = format!("{revision} from {from} to {to}, at most {most}, in {state:?}");
        sim.ledger.violated("a rollback without a readable spec asks for no more than there was", how);
    }
    // The floor is judged by the smallest that any reading of the spec could mean.
    let generation = usize::try_from(plan.seen.generation).expect("few generations");
    let intent = &sim.server.spec_of(generation).intent;
    let told = sim.server.specs[..generation].iter().rev().map(|spec| (spec.reading, spec.intent.replicas));
    let read = told.take_while(|(reading, _)| *reading != SpecReading::All).count();
    let last = sim.server.specs[..generation - read].last().map_or(0, |spec| spec.intent.replicas);
    let replicas = plan.seen.replicas.unwrap_or(last).min(intent.replicas).min(last);
    let intent = &Intent { replicas, capacity: Capacity { abort_unavailable: replicas / 4, ..intent.capacity }, ..intent.clone() };
    if let Err(how) = capacity::kept(&Write { sim, plan, intent, state, revision, from, to }) {
        sim.ledger.violated(
            "1: ready pods never fall below the capacity floor because of us",
            format!("{how}\nstate {state:?}, spec unreadable"),
        );
    }
}
