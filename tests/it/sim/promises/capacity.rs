//! Invariant 1. Ready pods never fall below the capacity floor because of us.
//!
//! A pod that was lost without us, which nobody could know of yet, still counts; one that became ready unnoticed does not yet count as
//! ours to keep.

use std::fmt::Write as _;

use serin::rollout::{Cause, Revision, RollingBack, State};

use super::{Held, Write, version_of};

pub(super) fn kept(write: &Write) -> Held {
    let Write { sim, intent, state, revision, from, to, .. } = write;
    // What a stranger scaled up is no track that serves.
    if state.attempt().is_some_and(|attempt| ![&attempt.stable, &attempt.canary].contains(&&*revision.template())) {
        return Ok(());
    }
    let counted = ready(write, revision).min(known(write, revision));
    let (before, after) = (counted.min(*from), counted.min(*to));
    if after >= before {
        return Ok(());
    }
    let others = sim.server.deployments.iter().filter(|(other, _)| other != revision);
    let others = others.map(|(other, deployment)| {
        let unnoticed = sim.ledger.unknown_size(other, version_of(write.plan, other)).unwrap_or(0);
        ready(write, other).min(deployment.desired.max(unnoticed))
    });
    // One that somebody deleted without the process knowing yet served until then.
    let gone = write.plan.seen.observed.children.keys().filter(|other| !sim.server.deployments.contains_key(*other));
    let gone = gone.map(|other| sim.ledger.unknown_losses(other, version_of(write.plan, other)));
    let others: u32 = others.chain(gone).sum();
    let floor = intent.replicas.saturating_sub(missing(write));
    if others + after >= floor { Ok(()) } else { Err(picture(write, after, others, floor)) }
}

/// How many pods may be missing in that state.
fn missing(write: &Write) -> u32 {
    let capacity = write.intent.capacity;
    match write.state {
        State::RollingBack(RollingBack { cause: Cause::Failed(_), .. }) => capacity.abort_unavailable,
        State::RollingBack(_)
        | State::Installing(_)
        | State::Adopting(_)
        | State::HandingBack(_)
        | State::Idle(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::Deleted(_) => capacity.max_unavailable,
    }
}

/// How many available pods the plan knows of.
fn known(write: &Write, revision: &Revision) -> u32 {
    write.plan.seen.observed.children.get(revision).map_or(0, |child| child.available)
}

fn ready(write: &Write, revision: &Revision) -> u32 {
    write.sim.server.ready(revision) + write.sim.ledger.unknown_losses(revision, version_of(write.plan, revision))
}

/// Each Deployment as it is and as it was known.
fn picture(write: &Write, after: u32, others: u32, floor: u32) -> String {
    let Write { sim, revision, from, to, .. } = write;
    let mut out =
        format!("{revision} goes from {from} to {to}: {after} of its pods stay ready, others have {others}, the floor is {floor}");
    for (revision, deployment) in &sim.server.deployments {
        let losses = ready(write, revision) - sim.server.ready(revision);
        let (ready, known, at) = (sim.server.ready(revision), known(write, revision), version_of(write.plan, revision));
        write!(out, "\n{revision}: {ready} ready of {}, {losses} lost unnoticed; known are {known} at {at}", deployment.desired)
            .expect("text");
    }
    out
}
