//! Invariant 7. Ten more passes over a settled rollout write nothing; and before that: it settles, where it may, in bounded time.

use chrono::TimeDelta;
use serin::rollout::{Idle, Installing, Intent, PauseCause, Paused, Revision, RollingBack, State};

use super::{converges, told};
use crate::sim::server::objects::{Deployment, Labels, Writer};
use crate::sim::state::{Calm, Sim};
use crate::sim::truth::Truth;

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
    /// Whether evidence was gathered at the last of these looks.
    gathered: bool,
}

impl Rest {
    /// Whether a run is over; looks at its end.
    pub(in crate::sim) fn is_over(&mut self, sim: &mut Sim) -> bool {
        let Calm::Since(calm) = sim.calm else { return false };
        if sim.now > calm + AT_REST_WITHIN
            && let Err(missing) = at_rest(sim)
        {
            sim.ledger.violated("it comes to rest", format!("not within {AT_REST_WITHIN}: {missing}"));
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
        let gathers = gathers(sim);
        if sim.ledger.writes != self.writes && !gathers {
            if self.gathered {
                // What is paused is still watched, and was ended by what became known of it: now that has to rest.
                (self.passes, self.writes) = (0, sim.ledger.writes);
            } else {
                sim.ledger.violated("7: ten more passes over a settled rollout write nothing", format!("pass {}", self.passes));
            }
        }
        self.gathered = gathers;
        if sim.server.rollout.is_some() && self.passes < MORE_PASSES {
            self.passes += 1;
            sim.now += sim.rng.millis(1, 600_000);
            sim.trigger(sim.lives);
            return false;
        }
        for (promise, held) in [
            ("5: the end is the right one", converges::fate(sim)),
            ("6: every event reaches its sink", told::delivered(sim)),
            ("a sink that nobody waits for has its events in their order, too", told::best_effort(sim)),
            ("an event that comes again is the same", told::same_again(sim)),
            ("every edit of the spec is told", told::edits_all(sim)),
            ("a Rollout that is gone leaves nothing but stable", converges::left_behind(sim)),
        ] {
            if let Err(how) = held {
                sim.ledger.violated(promise, how);
            }
        }
        true
    }
}

/// Whether evidence is still gathered: what is paused is still watched, and what is known of it is written down once a minute.
fn gathers(sim: &Sim) -> bool {
    let status = sim.server.rollout.as_ref().map(|rollout| rollout.committed.status());
    status.is_some_and(|status| matches!(status.state, Some(State::Paused(_))) && !status.evidence.is_empty())
}

/// Whether nothing is under way but what the process itself will look at.
fn is_quiet(sim: &Sim) -> bool {
    sim.agenda.due().is_none() && sim.processes.values().all(|process| process.is_quiet(sim))
}

/// Whether the rollout has come to rest where it may; else what is still missing.
fn at_rest(sim: &Sim) -> Result<(), String> {
    let Some(rollout) = &sim.server.rollout else { return Ok(()) };
    let intent = &sim.server.spec_of(rollout.generation).intent;
    let waiting = rollout.committed.waiting.len();
    if waiting > 0 {
        return Err(format!("{waiting} events wait"));
    }
    if let Some(action) = sim.server.actions.values().find(|action| action.answer.is_none()) {
        return Err(format!("{} has no answer", action.name));
    }
    if rollout.deleting {
        // It does not go before stable serves again, and so not at all where stable cannot: the canary goes on instead.
        let state = &rollout.committed.status().state;
        let waits = matches!(state, Some(State::RollingBack(RollingBack { attempt, overdue: true, .. })) if unable(sim, &attempt.stable));
        return if waits { Ok(()) } else { Err("it is deleted and still there".to_owned()) };
    }
    match &rollout.committed.status().state {
        Some(State::Idle(idle)) if lost(sim, &idle.stable) => Ok(()),
        Some(State::Idle(idle)) if sim.truths[&idle.stable].is_broken() => ended(sim, idle, intent),
        Some(State::Idle(idle)) => serves(sim, &idle.stable, intent.replicas).and_then(|()| ended(sim, idle, intent)),
        Some(State::Installing(Installing { revision, overdue: true, .. })) if *revision == intent.revision => match sim.truths[revision] {
            Truth::NeverReady | Truth::Crashing | Truth::NoImage => Ok(()),
            // Until it is refused it is asked about again, and each answer is written down.
            Truth::Refused if why(sim) == Some("InvalidTemplate") => Ok(()),
            truth => Err(format!("{revision} is {truth:?} and was not installed")),
        },
        // A stable revision that cannot come back is waited for without an end; nothing better is known than to say so.
        Some(State::RollingBack(RollingBack { attempt, overdue: true, .. })) if unable(sim, &attempt.stable) => Ok(()),
        // There has to be time for the evidence that may still reject it.
        Some(State::Paused(Paused { cause, attempt, .. })) if *cause != PauseCause::Spec && attempt.canary == intent.revision => {
            match sim.calm {
                Calm::Since(calm)
                    if sim.now > calm + TimeDelta::minutes(2)
                        || sim.processes.values().all(|process| process.turn.is_none_or(|turn| turn > sim.now + TimeDelta::hours(1))) =>
                {
                    Ok(())
                }
                Calm::Since(_) | Calm::NotYet => Err("evidence may still come".to_owned()),
            }
        }
        Some(
            State::Installing(_)
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

/// Stable has all pods, nothing else has any, and nothing of it is a stranger's.
fn serves(sim: &Sim, stable: &Revision, replicas: u32) -> Result<(), String> {
    // What lost our labels is not found any more, unless it serves.
    let found = |(revision, deployment): &(&Revision, &Deployment)| deployment.labels == Labels::Ours || *revision == stable;
    for (revision, deployment) in sim.server.deployments.iter().filter(found) {
        if revision.is_baseline() {
            return Err(format!("{revision} is still there"));
        }
        let wanted = if revision == stable { replicas } else { 0 };
        let ready = sim.server.ready(revision);
        if (deployment.desired, ready) != (wanted, wanted) {
            return Err(format!("{revision} has {ready} of {} pods ready, wanted are {wanted}", deployment.desired));
        }
    }
    match sim.server.deployments.get(stable) {
        Some(Deployment { paused: false, .. }) if !sim.server.records.contains_key(stable) => Ok(()),
        Some(Deployment { edited_by: Writer::Serin, paused: false, .. }) => Ok(()),
        Some(_) => Err(format!("{stable} is as a stranger made it")),
        None => Err(format!("{stable} does not exist")),
    }
}

/// Why nothing moves, in one word.
fn why(sim: &Sim) -> Option<&str> {
    sim.server.rollout.as_ref().and_then(|rollout| rollout.committed.status().why.as_ref()).map(|why| why.reason.as_str())
}

/// The spec's revision had its chance.
fn ended(sim: &Sim, idle: &Idle, intent: &Intent) -> Result<(), String> {
    let refused = sim.truths[&intent.revision] == Truth::Refused && why(sim) == Some("InvalidTemplate");
    let over = idle.serves(&intent.revision) || idle.rejected.as_ref() == Some(&intent.revision) || refused;
    if over { Ok(()) } else { Err(format!("{} was not tried", intent.revision)) }
}

/// Whether stable cannot come back: its pods cannot run (it was installed while no replicas were wanted), or it is lost.
pub(super) fn unable(sim: &Sim, revision: &Revision) -> bool {
    sim.truths[revision].is_broken() || lost(sim, revision)
}

/// Whether somebody deleted a Deployment, and nothing has its template any more.
fn lost(sim: &Sim, revision: &Revision) -> bool {
    let wanted = sim.server.spec().is_some_and(|spec| spec.intent.revision == *revision);
    let found = sim.server.deployments.get(revision).is_some_and(|deployment| deployment.labels == Labels::Ours);
    !wanted && !found && !sim.server.records.contains_key(revision)
}
