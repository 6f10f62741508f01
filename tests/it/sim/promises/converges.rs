//! Invariant 5. Abort converges to stable 100 % from every state, and its first write waits for neither the registry, nor the metrics
//! backend, nor a sink. That it comes to rest at all is judged by `settled`; here it is whether that is the right end.

use std::sync::Arc;

use serin::api::Status;
use serin::controller::Seen;
use serin::rollout::{
    AttemptResult, Baseline, Change, CheckKind, DeletionPolicy, EndReason, Intent, Lifetime, PauseCause, Revision, Settled, State,
};

use super::carried::tolerated;
use super::settled::unable;
use super::{Held, version_in};
use crate::sim::ledger::Wait;
use crate::sim::process::Plan;
use crate::sim::server::objects::{Labels, SpecReading};
use crate::sim::state::Sim;
use crate::sim::truth::{Fate, Truth};
use crate::sim::users::{Finale, Ground};

/// A rollback that lacks stable pods asks for all of them in its first pass, whatever else is broken. A process that sees that another one leads
/// writes nothing: its first write is that other one's.
pub(super) fn first_write(plan: &Plan, changes: &[Change]) -> Held {
    let Some(State::RollingBack(at)) = &plan.state else { return Ok(()) };
    let (seen, stable) = (&plan.seen.observed, &at.attempt.stable);
    if plan.epoch > seen.epoch {
        return if changes.is_empty() { Ok(()) } else { Err(format!("{:?} leads, and {:?} does {changes:?}", plan.epoch, seen.epoch)) };
    }
    let (Ok(intent), Some(child)) = (&plan.seen.intent, seen.children.get(stable)) else { return Ok(()) };
    let asks =
        |change: &Change| matches!(change, Change::Scale { revision, replicas, .. } if revision == stable && *replicas >= intent.replicas);
    if child.desired >= intent.replicas || seen.lifetime == Lifetime::Unguarded || changes.iter().any(asks) {
        return Ok(());
    }
    Err(format!("stable {stable} has {} of {} pods, and what is done is {changes:?}", child.desired, intent.replicas))
}

/// Whether a last template came to the end that it had to come to.
pub(super) fn fate(sim: &Sim) -> Held {
    let (Finale::Fresh(revision, truth, ground), Some(spec)) = (&sim.finale, sim.server.spec()) else { return Ok(()) };
    let (state, fate) = (sim.server.state(), fate_beside(sim, *truth, &spec.intent));
    let stable = matches!(state, Some(State::Idle(at)) if at.stable == *revision);
    let rejected = matches!(state, Some(State::Idle(at)) if at.rejected.as_ref() == Some(revision));
    let paused = matches!(state, Some(State::Paused(at)) if at.attempt.canary == *revision);
    // Where stable did not come back, a new revision is installed like a first one.
    let reinstalled = match state {
        Some(State::Idle(at)) => at.last.result == AttemptResult::Installed && stable,
        Some(State::Installing(at)) => at.overdue && truth.is_broken(),
        _ => false,
    };
    if reinstalled || state.and_then(State::stable).is_some_and(|stable| stable != revision && unable(sim, stable)) {
        return Ok(());
    }
    // Beside a few young pods evidence takes longer: a step that was interrupted may have had too little of it for its deadline.
    let late = match state {
        Some(State::Paused(at)) => at.cause == PauseCause::Deadline,
        Some(State::Idle(at)) => rejected && at.last.reason == EndReason::StepDeadline,
        _ => false,
    };
    if late && spec.intent.baseline == Baseline::Pods {
        return Ok(());
    }
    let as_told = match (ground, fate) {
        (_, Fate::Promoted) => stable,
        (Ground::Nothing, _) | (_, Fate::Any) => true,
        (Ground::Stable, Fate::Rejected) => rejected,
        (Ground::Stable, Fate::Undecided) => rejected || paused,
        (Ground::Stable, Fate::NeverTried) => !stable && !rejected && !paused,
    };
    if as_told { Ok(()) } else { Err(format!("{revision} is {truth:?}, so it is {fate:?}, but the state is {state:?}")) }
}

/// How the last template has to end. Where it is compared with a stable revision that is bad itself, it may be no worse than that.
fn fate_beside(sim: &Sim, truth: Truth, intent: &Intent) -> Fate {
    let compared = intent.checks.iter().any(|check| matches!(check.kind, CheckKind::Sequential(_)));
    // A baseline is made of what was stored; where somebody deleted that, nothing is compared.
    let unmade = sim.ledger.beside.as_ref().is_some_and(|stable| !sim.server.records.contains_key(stable));
    if compared && unmade && intent.baseline == Baseline::Pods {
        return Fate::Any;
    }
    let bad = sim.ledger.beside.as_ref().is_some_and(|stable| matches!(sim.truths[stable], Truth::Flapping | Truth::BadFrom(0)));
    let unknown = sim.server.deployments.iter().filter(|(_, deployment)| deployment.labels == Labels::Lost);
    match truth.fate(intent, unknown.map(|(revision, _)| sim.server.ready(revision)).sum()) {
        Fate::Rejected if compared && bad && !truth.is_broken() => Fate::Any,
        fate @ (Fate::Promoted | Fate::Rejected | Fate::Undecided | Fate::NeverTried | Fate::Any) => fate,
    }
}

/// Writes down what is known where the end of a Rollout is told.
pub(super) fn note(sim: &mut Sim, plan: &Plan, old: &Status, new: &Status) {
    if matches!(new.state, Some(State::Deleted(_))) && !matches!(old.state, Some(State::Deleted(_))) {
        sim.ledger.ended = Some(Arc::clone(&plan.seen));
    }
}

/// A Rollout that is gone leaves its stable Deployment alone, and nothing else that serves; or nothing at all.
pub(super) fn left_behind(sim: &Sim) -> Held {
    let (None, Some(ended)) = (&sim.server.rollout, &sim.ledger.ended) else { return Ok(()) };
    let Some(spec) = sim.server.specs.last().filter(|spec| spec.reading == SpecReading::All) else { return Ok(()) };
    let begun = sim.ledger.last_stable.is_some();
    let all = spec.intent.deletion == DeletionPolicy::Delete && begun;
    // Where stable is not complete, what else serves is left as it is.
    let complete = |stable: &&Revision| sim.server.deployments.contains_key(*stable) && is_complete(ended, stable);
    let stable = sim.ledger.last_stable.as_ref().filter(|stable| !all && complete(stable));
    if stable.is_none() && !all {
        return Ok(());
    }
    // What lost our labels is not found any more, and what was made by a write that was given up came when nobody looked any more.
    let late = |revision: &Revision| {
        sim.ledger.strange.iter().any(|write| write.wait == Wait::GivenUp && write.revision.as_ref() == Some(revision))
    };
    // What a stranger scaled up after that was theirs to do.
    let theirs = |revision: &Revision| !all && sim.ledger.unknown_size(revision, version_in(ended, revision)).is_some();
    let ours = sim.server.deployments.iter().filter(|(_, deployment)| deployment.labels == Labels::Ours);
    let ours = ours.filter(|(revision, _)| !late(revision) && !theirs(revision));
    for (revision, deployment) in ours.filter(|(revision, _)| Some(*revision) != stable) {
        if all || deployment.desired > 0 {
            return Err(format!("{revision} is left with {} pods beside {stable:?}", deployment.desired));
        }
    }
    Ok(())
}

/// Whether a revision had, as far as was known, all pods that were asked for; at a large one the last pods may be on their way.
fn is_complete(seen: &Seen, stable: &Revision) -> bool {
    let (Ok(intent), Some(child)) = (&seen.intent, seen.observed.children.get(stable)) else { return false };
    let (serving, wanted) = (child.serving(), intent.replicas);
    let busy = child.settled != Settled::Yes || child.desired != wanted;
    serving >= wanted || !busy && serving + tolerated(wanted) >= wanted
}
