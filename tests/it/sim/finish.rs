//! What must hold in the end, when nothing goes wrong any more?

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serin::audit::verify;
use serin::rollout::{Idle, Installing, PauseCause, Paused, Revision, RollingBack, State};

use super::model::Rollout;
use super::state::{Calm, Sim};
use super::truth::{Fate, Truth};
use super::users::{Finale, Ground};

/// Whether the rollout has come to rest where it may; else what is still missing.
pub(super) fn at_rest(sim: &Sim) -> Result<(), String> {
    let Some(Rollout { spec, committed, deleting, .. }) = &sim.server.rollout else { return Ok(()) };
    let intent = &spec.intent;
    if *deleting {
        return Err("it is deleted and still there".to_owned());
    }
    let waiting = committed.waiting.len();
    if waiting > 0 {
        return Err(format!("{waiting} events wait"));
    }
    match &committed.status.state {
        Some(State::Idle(Idle { stable, rejected, .. })) if !unable(sim, stable) => {
            for revision in sim.server.deployments.keys() {
                let wanted = if revision == stable { intent.replicas } else { 0 };
                let (desired, ready) = (sim.server.desired(revision), sim.server.ready(revision));
                if (desired, ready) != (wanted, wanted) {
                    return Err(format!("{revision} has {ready} of {desired} pods ready, wanted are {wanted}"));
                }
            }
            let refused = sim.truths[&intent.revision] == Truth::Refused;
            let ended = *stable == intent.revision || rejected.as_ref() == Some(&intent.revision) || refused;
            if ended { Ok(()) } else { Err(format!("{} was not tried", intent.revision)) }
        }
        Some(State::Installing(Installing { revision, overdue: true, .. })) if *revision == intent.revision => match sim.truths[revision] {
            Truth::NeverReady | Truth::Crashing | Truth::NoImage | Truth::Refused => Ok(()),
            truth => Err(format!("{revision} is {truth:?} and was not installed")),
        },
        // A stable revision that cannot come back is waited for without an end; nothing better is known than to say so.
        Some(State::Idle(Idle { stable, .. })) if unable(sim, stable) => Ok(()),
        Some(State::RollingBack(RollingBack { attempt, overdue: true, .. })) if unable(sim, &attempt.stable) => Ok(()),
        // There has to be time for the evidence that may still reject it.
        Some(State::Paused(Paused { cause: PauseCause::Deadline, attempt, .. })) if attempt.canary == intent.revision => match sim.calm {
            Calm::Since(calm) if sim.process.due.is_none() || sim.now > calm + TimeDelta::minutes(2) => Ok(()),
            Calm::Since(_) | Calm::NotYet => Err("evidence may still come".to_owned()),
        },
        Some(
            State::Idle(_)
            | State::Installing(_)
            | State::Adopting(_)
            | State::HandingBack(_)
            | State::Paused(_)
            | State::Stepping(_)
            | State::Approval(_)
            | State::Promoting(_)
            | State::Baking(_)
            | State::RollingBack(_)
            | State::Deleted(_),
        )
        | None => Err("it is on its way".to_owned()),
    }
}

/// Whether stable cannot come back: its pods cannot run (it was installed while no replicas were wanted), or somebody deleted its
/// Deployment and its template is not in the spec.
fn unable(sim: &Sim, revision: &Revision) -> bool {
    let broken = matches!(sim.truths[revision], Truth::NeverReady | Truth::Crashing | Truth::NoImage);
    let wanted = sim.server.rollout.as_ref().is_some_and(|rollout| rollout.spec.intent.revision == *revision);
    broken || (!wanted && !sim.server.deployments.contains_key(revision))
}

/// Whether a last template came to the end that it had to come to.
pub(super) fn fate(sim: &Sim) -> Result<(), String> {
    let (Finale::Fresh(revision, truth, ground), Some(rollout)) = (&sim.finale, &sim.server.rollout) else { return Ok(()) };
    let state = rollout.committed.status.state.as_ref();
    let stable = matches!(state, Some(State::Idle(at)) if at.stable == *revision);
    let rejected = matches!(state, Some(State::Idle(at)) if at.rejected.as_ref() == Some(revision));
    let paused = matches!(state, Some(State::Paused(at)) if at.attempt.canary == *revision);
    if state.and_then(State::stable).is_some_and(|stable| stable != revision && unable(sim, stable)) {
        return Ok(());
    }
    let fate = truth.fate(&rollout.spec.intent);
    let as_told = match (ground, fate) {
        (_, Fate::Promoted) => stable,
        (Ground::Nothing, _) | (_, Fate::Any) => true,
        (Ground::Stable, Fate::Rejected) => rejected,
        (Ground::Stable, Fate::Undecided) => rejected || paused,
        (Ground::Stable, Fate::NeverTried) => !stable && !rejected && !paused,
    };
    if as_told { Ok(()) } else { Err(format!("{revision} is {truth:?}, so it is {fate:?}, but the state is {state:?}")) }
}

/// Every committed event reached the sink, in its order, once each by its id; and the whole chain verifies.
pub(super) fn delivered(sim: &Sim) -> Result<(), String> {
    verify(sim.ledger.told.iter().map(String::as_str)).map_err(|broken| format!("what was committed: {broken}"))?;
    let wanted = |seq: &u64| !sim.ledger.dropped.contains(seq);
    let told: Vec<u64> = (1..=sim.ledger.head.0).filter(wanted).collect();
    let mut known = BTreeSet::new();
    let first = sim.received.iter().filter(|(_, hash)| known.insert(hash));
    let got: Vec<u64> = first.map(|(seq, _)| *seq).filter(wanted).collect();
    if told == got { Ok(()) } else { Err(format!("told {told:?}, received {got:?}")) }
}

/// A Rollout that is gone leaves its stable Deployment alone, and nothing else that serves.
pub(super) fn left_behind(sim: &Sim) -> Result<(), String> {
    let there = |stable: &&Revision| sim.server.deployments.contains_key(stable);
    let Some(stable) = sim.ledger.last_stable.as_ref().filter(there) else { return Ok(()) };
    for (revision, deployment) in &sim.server.deployments {
        if revision != stable && deployment.desired > 0 {
            return Err(format!("{revision} goes on with {} pods beside {stable}", deployment.desired));
        }
    }
    Ok(())
}
