//! What must hold whenever Serin writes to a Deployment, or lets a Rollout go.

use serin::controller::Seen;
use serin::rollout::{Cause, Intent, Revision, RollingBack, State, split};

use super::state::Sim;

/// Checks a Deployment's new size against what the committed state allows, before it is stored.
pub(super) fn check(sim: &mut Sim, revision: &Revision, from: u32, to: u32) {
    let Some(seen) = sim.process.seen.clone() else { return };
    let Some(state) = sim.server.rollout.as_ref().and_then(|rollout| rollout.committed.status.state.clone()) else {
        sim.ledger.violated("nothing is written before the first commit", format!("{revision} from {from} to {to}"));
        return;
    };
    let Ok(intent) = &seen.intent else { return frozen(sim, &seen, &state, (revision, from, to)) };
    for (promise, held) in [
        ("ready pods never fall below the capacity floor because of us", floor(sim, intent, &state, (revision, from, to))),
        ("what we ask for never exceeds what the step grants", grant(intent, &state, (revision, from, to))),
    ] {
        if let Err(how) = held {
            let about = format!("{how}\nstate {state:?}\nreplicas {} capacity {:?}", intent.replicas, intent.capacity);
            sim.ledger.violated(promise, about);
        }
    }
}

/// A write: whose Deployment, from how many replicas, to how many.
type Write<'a> = (&'a Revision, u32, u32);

/// Invariant 1. A pod that was lost without us, which nobody could know of yet, still counts; one that became ready unnoticed does not
/// yet count as ours to keep.
fn floor(sim: &Sim, intent: &Intent, state: &State, (revision, from, to): Write) -> Result<(), String> {
    let known = |revision: &Revision| sim.process.seen.as_ref().and_then(|seen| seen.observed.children.get(revision));
    let ready = |revision: &Revision| {
        let version = known(revision).and_then(|child| child.fence.resource_version.parse().ok()).unwrap_or(0);
        sim.server.ready(revision) + sim.ledger.unknown_losses(revision, version)
    };
    let counted = ready(revision).min(known(revision).map_or(0, |child| child.available));
    let (before, after) = (counted.min(from), counted.min(to));
    if after >= before {
        return Ok(());
    }
    let others = sim.server.deployments.iter().filter(|(other, _)| *other != revision);
    let others: u32 = others.map(|(other, deployment)| ready(other).min(deployment.desired)).sum();
    let missing = match state {
        State::RollingBack(RollingBack { cause: Cause::Failed(_), .. }) => intent.capacity.abort_unavailable,
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
        | State::Deleted(_) => intent.capacity.max_unavailable,
    };
    let floor = intent.replicas.saturating_sub(missing);
    if others + after >= floor {
        return Ok(());
    }
    Err(format!("{revision} goes from {from} to {to}: {after} of its pods stay ready, others have {others}, the floor is {floor}"))
}

/// Invariants 2 and 3, in pods that are asked for.
fn grant(intent: &Intent, state: &State, (revision, from, to): Write) -> Result<(), String> {
    let all = intent.replicas;
    let trial = state.trial().map(|(attempt, weight)| (attempt, split(all, weight, &intent.capacity)));
    let (most, least) = match (state, trial) {
        (State::Installing(at), _) => (if at.revision == *revision { all } else { 0 }, 0),
        (State::Idle(at), _) => (if at.stable == *revision { all } else { 0 }, 0),
        (State::RollingBack(at), _) if at.attempt.stable == *revision => (all, all),
        (_, Some((attempt, goal))) if attempt.canary == *revision => (goal.canary, 0),
        (_, Some((attempt, goal))) if attempt.stable == *revision => (goal.stable, goal.stable),
        (
            State::Adopting(_)
            | State::HandingBack(_)
            | State::Stepping(_)
            | State::Approval(_)
            | State::Paused(_)
            | State::Promoting(_)
            | State::Baking(_)
            | State::RollingBack(_)
            | State::Deleted(_),
            _,
        ) => (0, 0),
    };
    if to > from && to > most {
        return Err(format!("{revision} goes from {from} to {to}, granted are {most}"));
    }
    if to < from && to < least {
        return Err(format!("{revision} goes from {from} to {to}, {least} have to stay"));
    }
    Ok(())
}

/// A spec that cannot be read freezes exposure; only a rollback goes on, towards what was asked for last.
fn frozen(sim: &mut Sim, seen: &Seen, state: &State, (revision, from, to): Write) {
    let State::RollingBack(at) = state else {
        let how = format!("{revision} from {from} to {to} in {state:?}");
        sim.ledger.violated("a spec that cannot be read freezes exposure", how);
        return;
    };
    let intent = &sim.process.rollout().expect("it was seen").spec.intent;
    let most = seen.replicas.unwrap_or(sim.ledger.most);
    if to > from && (at.attempt.stable != *revision || to > most) {
        let how = format!("{revision} from {from} to {to}, at most {most}, in {state:?}");
        sim.ledger.violated("a rollback without a readable spec asks for no more than there was", how);
    }
    // The floor is checked against the smallest that any reading of the spec could mean.
    let replicas = seen.replicas.unwrap_or(intent.replicas).min(intent.replicas);
    let intent =
        Intent { replicas, capacity: serin::rollout::Capacity { abort_unavailable: replicas / 4, ..intent.capacity }, ..intent.clone() };
    if let Err(how) = floor(sim, &intent, state, (revision, from, to)) {
        sim.ledger
            .violated("ready pods never fall below the capacity floor because of us", format!("{how}\nstate {state:?}, spec unreadable"));
    }
}

/// Only what serves nothing and is no way back is deleted.
pub(super) fn prune(sim: &mut Sim, revision: &Revision) {
    let stable = sim.server.rollout.as_ref().and_then(|rollout| rollout.committed.status.state.as_ref()).and_then(State::stable);
    if stable == Some(revision) || sim.server.desired(revision) > 0 {
        let how = format!("{revision} with {} replicas; stable is {stable:?}", sim.server.desired(revision));
        sim.ledger.violated("what serves is never deleted", how);
    }
}

/// A Rollout is let go only when its last event was told and its sinks have it, or did not take it in time.
pub(super) fn release(sim: &mut Sim) {
    let Some(rollout) = sim.server.rollout.clone() else { return };
    let held = match &rollout.committed.status.state {
        None => Ok(()),
        Some(State::Deleted(at)) => {
            let late = sim.now >= at.since + rollout.spec.intent.deadlines.audit;
            let missing = rollout.committed.waiting.iter().find(|record| !sim.delivered(record));
            missing.filter(|_| !late).map_or(Ok(()), |record| Err(format!("event {} was not delivered", record.seq)))
        }
        Some(state) => Err(format!("in {state:?}")),
    };
    // What nobody took in time is given up with the Rollout.
    let given_up: Vec<u64> = rollout.committed.waiting.iter().map(|record| record.seq).collect();
    sim.ledger.dropped.extend(given_up);
    if let Err(how) = held {
        sim.ledger.violated("a Rollout is let go only after its last event was told", how);
    }
}
