//! Invariant 3. What we ask for never exceeds what the current step grants, and without evidence exposure never grows: more of it only on
//! evidence of this attempt, gathered at this step, new enough, after its hold.

use chrono::{DateTime, TimeDelta, Utc};
use serin::audit::HOLD_AT;
use serin::rollout::{
    Attempt, Check, CheckKind, Clock, Counts, Intent, Lifetime, Pausing, Reading, Revision, State, Stepping, Verb, Weight,
};

use super::carried::tolerated;
use super::{Commit, Held, Write, asked, version_of};
use crate::sim::ledger::Entered;

/// In pods that are asked for.
pub(super) fn granted(write: &Write) -> Held {
    let Write { intent, state, revision, from, to, .. } = write;
    let all = intent.replicas;
    let trial = state.trial().map(|(attempt, weight)| (attempt, intent.split(weight), intent.baseline(weight)));
    let (most, least) = match (state, trial) {
        (State::Installing(at), _) => (if at.revision == **revision { all } else { 0 }, 0),
        (State::Idle(at), _) => (if at.stable == **revision { all } else { 0 }, 0),
        (State::RollingBack(at), _) if at.attempt.stable == **revision => (all, all),
        (_, Some((attempt, goal, _))) if attempt.canary == **revision => (goal.canary, 0),
        (_, Some((attempt, goal, young))) if attempt.stable == **revision => {
            (goal.stable, goal.stable - ready(write, &attempt.stable.baseline()).min(young).min(goal.stable))
        }
        (_, Some((attempt, _, young))) if attempt.stable.baseline() == **revision => (young, 0),
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
    if to > from && *to > most {
        return Err(format!("{revision} goes from {from} to {to}, granted are {most}"));
    }
    if to < from && *to < least {
        return Err(format!("{revision} goes from {from} to {to}, {least} have to stay"));
    }
    Ok(())
}

/// Pods of a revision that are ready, or were as far as the plan knows.
fn ready(write: &Write, revision: &Revision) -> u32 {
    write.sim.server.ready(revision) + write.sim.ledger.unknown_losses(revision, version_of(write.plan, revision))
}

pub(super) fn grows(commit: &Commit) -> Held {
    let step = |state: &Option<State>| state.as_ref().and_then(|s| s.trial().map(|(attempt, weight)| (attempt.clone(), weight)));
    match (step(&commit.old.state), step(&commit.new.state)) {
        (_, None) => Ok(()),
        (None, Some((attempt, weight))) => may_start(commit, &attempt, weight),
        (Some((a, from)), Some((b, to))) if a == b && to <= from => Ok(()),
        (Some((a, from)), Some((b, _))) if a == b => may_grow(commit, &a, from),
        (Some((a, _)), Some((b, _))) => Err(format!("attempt {} follows on attempt {} without an end", b.number, a.number)),
    }
}

fn may_start(commit: &Commit, attempt: &Attempt, weight: Weight) -> Held {
    let intent = open(commit, attempt)?;
    let (forced, retried) = (asked::does(commit, Verb::Promote), asked::does(commit, Verb::Retry));
    let first = intent.steps.first().map_or(Weight::FULL, |step| step.weight);
    if weight != first && !(forced && weight == Weight::FULL) {
        return Err(format!("the first step is not {weight}"));
    }
    if commit.sim.ledger.rejected.as_ref() == Some(&attempt.canary) && !forced && !retried {
        return Err(format!("{} was rejected and the template did not change since", attempt.canary));
    }
    Ok(())
}

/// What has to be so whenever exposure grows.
fn open<'a>(commit: &'a Commit, attempt: &Attempt) -> Result<&'a Intent, String> {
    let seen = &commit.plan.seen;
    let intent = seen.intent.as_ref().map_err(|_| "the spec cannot be read".to_owned())?;
    if intent.pausing == Pausing::On || seen.observed.lifetime != Lifetime::Guarded || intent.revision != attempt.canary {
        return Err(format!("paused, being deleted, or {} is not wanted", attempt.canary));
    }
    // What was acknowledged meanwhile does not wait any more.
    let acked = seen.sinks.values().flatten().map(|ack| ack.receipt.seq).max().unwrap_or(0);
    let waiting = commit.before.waiting.iter().filter(|record| record.seq > acked).count();
    if waiting >= HOLD_AT { Err(format!("{waiting} events wait")) } else { Ok(intent) }
}

fn may_grow(commit: &Commit, attempt: &Attempt, from: Weight) -> Held {
    let Commit { sim, plan, .. } = commit;
    let intent = open(commit, attempt)?;
    if asked::does(commit, Verb::Promote) || asked::does(commit, Verb::Skip) {
        return Ok(());
    }
    let approved = match &commit.old.state {
        Some(State::Stepping(at)) => at.approved || intent.gate(from).is_none(),
        Some(State::Approval(_)) => asked::does(commit, Verb::Approve),
        _ => return Err("from a state that is no step".to_owned()),
    };
    if !approved {
        return Err(format!("nobody approved {from}"));
    }
    let Some(entered) = sim.ledger.entered.filter(|entered| (entered.attempt, entered.step) == (attempt.number, from)) else {
        return Err("from a step that was never entered".to_owned());
    };
    if sim.ledger.jumps == 0 && sim.now - entered.at < intent.hold(from) {
        return Err(format!("{from} was held for {} only", sim.now - entered.at));
    }
    if !plan.serve.contains(&attempt.canary) {
        return Err("no canary pod is ready".to_owned());
    }
    beside_all(commit, attempt, intent.baseline(from))?;
    intent.checks.iter().try_for_each(|check| passes(commit, attempt, check, &entered))
}

/// What is compared with young pods is compared with all of them, but for those that a gate tolerates to be missing.
fn beside_all(commit: &Commit, attempt: &Attempt, young: u32) -> Held {
    let Commit { sim, plan, .. } = commit;
    let baseline = attempt.stable.baseline();
    let ready = sim.server.ready(&baseline) + sim.ledger.unknown_losses(&baseline, version_of(plan, &baseline));
    if ready + tolerated(young) >= young { Ok(()) } else { Err(format!("{ready} of {young} pods of {baseline} are ready")) }
}

/// What was counted since this share was reached is enough, and no worse than the limit: as it is written down in the commit itself.
fn enough(commit: &Commit, attempt: &Attempt, check: &Check, entered: &Entered) -> bool {
    let CheckKind::Sequential(limits) = &check.kind else { return false };
    commit.new.evidence.of(attempt.number, &check.name).is_some_and(|weighed| {
        let Counts { canary, stable } = weighed.here;
        let inside = canary.bad / canary.total <= limits.limit.ratio * stable.bad / stable.total + limits.limit.plus;
        let at_this_share = commit.sim.ledger.jumps > 0
            || commit.old.state.as_ref().and_then(reached).is_none_or(|since| weighed.here_lasted() <= weighed.until - since);
        weighed.step == entered.step && at_this_share && canary.total >= limits.least && stable.total >= limits.least && inside
    })
}

/// Since when a step has had its share.
fn reached(state: &State) -> Option<DateTime<Utc>> {
    let State::Stepping(Stepping { clock: Clock::Running { since, .. }, .. }) = state else { return None };
    Some(*since)
}

/// The newest answer to a check passes, and was asked for at this step not long ago. Times are the true ones, whatever clocks say.
fn passes(commit: &Commit, attempt: &Attempt, check: &Check, entered: &Entered) -> Held {
    let Commit { sim, plan, new, .. } = commit;
    let intent = plan.seen.intent.as_ref().map_err(|_| "the spec cannot be read".to_owned())?;
    if let CheckKind::Sequential(_) = check.kind {
        // Whoever takes over goes on from what was committed, whether or not it got an answer itself.
        return if enough(commit, attempt, check, entered) { Ok(()) } else { Err(format!("{}: {:?}", check.name, new.evidence)) };
    }
    let Some(answer) = plan.answers.get(&check.name) else {
        return Err(format!("{} was never answered", check.name));
    };
    let passes = match (&check.kind, &answer.sample.reading) {
        (CheckKind::Threshold(limits), Reading::Value(value)) => {
            limits.max.is_none_or(|max| *value <= max) && limits.min.is_none_or(|min| *value >= min)
        }
        (CheckKind::Threshold(_) | CheckKind::Compare(_) | CheckKind::Sequential(_) | CheckKind::Gauge(_), _) => false,
    };
    let here = (answer.sample.attempt, answer.sample.step) == (attempt.number, entered.step);
    let fresh = answer.asked >= entered.at && sim.now - answer.asked <= intent.every * 3 + TimeDelta::minutes(2);
    if passes && here && fresh {
        return Ok(());
    }
    Err(format!("{}: passes {passes}, of this step {here}, fresh {fresh}: {answer:?} at {}", check.name, sim.now))
}
