//! Invariant 7. Ten more passes over a settled rollout write nothing; and before that: it settles, where it may, in bounded time.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serin::audit::verify;
use serin::rollout::{AttemptResult, Idle, Installing, PauseCause, Paused, Revision, RollingBack, State};

use crate::sim::state::{Calm, Sim};
use crate::sim::truth::{Fate, Truth};
use crate::sim::users::{Finale, Ground};

/// So long may it take until everything is at rest once nothing goes wrong any more. Waiting for a step's deadline is the longest; a clock that
/// was wrong by an hour may add another one.
const AT_REST_WITHIN: TimeDelta = TimeDelta::hours(5);

/// So often a rollout at rest is looked at again.
const MORE_PASSES: u32 = 10;

/// Counts what happens after everything came to rest.
#[derive(Default)]
pub(in crate::sim) struct Rest {
    passes: u32,
    writes: u64,
}

impl Rest {
    /// Whether a run is over; looks at its end.
    pub(in crate::sim) fn is_over(&mut self, sim: &mut Sim) -> bool {
        let Calm::Since(calm) = sim.calm else { return false };
        if sim.now > calm + AT_REST_WITHIN {
            let missing = at_rest(sim).err();
            sim.ledger.violated("it comes to rest", format!("not within {AT_REST_WITHIN}: {missing:?}"));
            return true;
        }
        if !is_quiet(sim) {
            return false;
        }
        match at_rest(sim) {
            Err(_) => return false,
            Ok(()) if self.passes == 0 => self.writes = sim.ledger.writes,
            Ok(()) => {}
        }
        if sim.ledger.writes != self.writes {
            sim.ledger.violated("7: ten more passes over a settled rollout write nothing", format!("pass {}", self.passes));
        }
        if sim.server.rollout.is_some() && self.passes < MORE_PASSES {
            self.passes += 1;
            sim.now += sim.rng.millis(1, 600_000);
            sim.trigger(sim.lives);
            return false;
        }
        let gone = if sim.server.rollout.is_none() { left_behind(sim) } else { Ok(()) };
        for (promise, held) in [
            ("5: the end is the right one", fate(sim)),
            ("6: every event reaches its sink", delivered(sim)),
            ("a Rollout that is gone leaves nothing but stable", gone),
        ] {
            if let Err(how) = held {
                sim.ledger.violated(promise, how);
            }
        }
        true
    }
}

/// Whether nothing is under way but what the process itself will look at.
fn is_quiet(sim: &Sim) -> bool {
    sim.agenda.due().is_none() && sim.processes.values().all(|process| process.is_quiet(sim))
}

/// Whether the rollout has come to rest where it may; else what is still missing.
fn at_rest(sim: &Sim) -> Result<(), String> {
    let Some(rollout) = &sim.server.rollout else { return Ok(()) };
    let intent = &sim.server.spec_of(rollout.generation).intent;
    if rollout.deleting {
        return Err("it is deleted and still there".to_owned());
    }
    let waiting = rollout.committed.waiting.len();
    if waiting > 0 {
        return Err(format!("{waiting} events wait"));
    }
    match &rollout.committed.status().state {
        Some(State::Idle(Idle { stable, rejected, .. })) if !unable(sim, stable) => {
            for revision in sim.server.deployments.keys() {
                let wanted = if revision == stable { intent.replicas } else { 0 };
                let (desired, ready) = (sim.server.desired(revision), sim.server.ready(revision));
                if (desired, ready) != (wanted, wanted) {
                    return Err(format!("{revision} has {ready} of {desired} pods ready, wanted are {wanted}"));
                }
            }
            let why = rollout.committed.status().why.as_ref().map(|why| why.reason.as_str());
            let refused = sim.truths[&intent.revision] == Truth::Refused && why == Some("InvalidTemplate");
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
            Calm::Since(calm) if sim.now > calm + TimeDelta::minutes(2) || sim.processes.values().all(|process| process.turn.is_none()) => {
                Ok(())
            }
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
    let wanted = sim.server.spec().is_some_and(|spec| spec.intent.revision == *revision);
    broken || (!wanted && !sim.server.deployments.contains_key(revision))
}

/// Whether a last template came to the end that it had to come to.
fn fate(sim: &Sim) -> Result<(), String> {
    let (Finale::Fresh(revision, truth, ground), Some(spec)) = (&sim.finale, sim.server.spec()) else { return Ok(()) };
    let state = sim.server.state();
    let stable = matches!(state, Some(State::Idle(at)) if at.stable == *revision);
    let rejected = matches!(state, Some(State::Idle(at)) if at.rejected.as_ref() == Some(revision));
    let paused = matches!(state, Some(State::Paused(at)) if at.attempt.canary == *revision);
    // Where stable did not come back, a new revision is installed like a first one.
    let reinstalled = match state {
        Some(State::Idle(at)) => at.last.result == AttemptResult::Installed && stable,
        Some(State::Installing(at)) => at.overdue && truth.fate(&spec.intent) == Fate::Rejected,
        _ => false,
    };
    if reinstalled || state.and_then(State::stable).is_some_and(|stable| stable != revision && unable(sim, stable)) {
        return Ok(());
    }
    let fate = truth.fate(&spec.intent);
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
fn delivered(sim: &Sim) -> Result<(), String> {
    verify(sim.ledger.told.iter().map(String::as_str)).map_err(|broken| format!("what was committed: {broken}"))?;
    let wanted = |seq: &u64| !sim.ledger.dropped.contains(seq);
    let told: Vec<u64> = (1..=sim.ledger.head.0).filter(wanted).collect();
    let mut known = BTreeSet::new();
    let first = sim.received.iter().filter(|(_, hash)| known.insert(hash));
    let got: Vec<u64> = first.map(|(seq, _)| *seq).filter(wanted).collect();
    if told == got { Ok(()) } else { Err(format!("told {told:?}, received {got:?}")) }
}

/// A Rollout that is gone leaves its stable Deployment alone, and nothing else that serves.
fn left_behind(sim: &Sim) -> Result<(), String> {
    let there = |stable: &&Revision| sim.server.deployments.contains_key(stable);
    let Some(stable) = sim.ledger.last_stable.as_ref().filter(there) else { return Ok(()) };
    for (revision, deployment) in &sim.server.deployments {
        if revision != stable && deployment.desired > 0 {
            return Err(format!("{revision} goes on with {} pods beside {stable}", deployment.desired));
        }
    }
    Ok(())
}
