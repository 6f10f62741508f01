//! No attempt is given up without a cause that somebody else can see, too.

use chrono::{DateTime, TimeDelta, Utc};
use serin::rollout::{Cause, Child, Intent, Lifetime, RollingBack, State, Verb};

use super::{Commit, Held, asked};
use crate::sim::truth::Truth;

pub(super) fn ended(commit: &Commit) -> Held {
    let Commit { sim, plan, old, new, .. } = commit;
    let Some(State::RollingBack(RollingBack { attempt, cause, .. })) = &new.state else { return replaced(commit) };
    if matches!(old.state, Some(State::RollingBack(_))) {
        return Ok(());
    }
    let intent = plan.seen.intent.as_ref();
    let waited = |limit: fn(&Intent) -> TimeDelta, since: DateTime<Utc>| {
        // The product counts from its decision, which is a moment before the commit.
        sim.ledger.jumps > 0 || intent.map_or(true, |intent| sim.now - since + TimeDelta::minutes(1) >= limit(intent))
    };
    // Who is promoted by a command may never have taken a step.
    let promoting = if let Some(State::Promoting(at)) = &old.state { Some(at.since) } else { None };
    let since = promoting.or(sim.ledger.entered.map(|entered| entered.at)).unwrap_or(sim.now);
    let truth = sim.truths[&attempt.canary];
    let legal = match cause {
        Cause::Failed(failure) if failure.check == "workload" => {
            sim.ledger.hurt.contains(&attempt.canary) || matches!(truth, Truth::Crashing | Truth::NoImage)
        }
        Cause::Failed(_) => matches!(truth, Truth::BadFrom(_) | Truth::Flapping),
        Cause::Unavailable(_) => waited(|intent| intent.deadlines.available, since),
        Cause::Undecided(_) => waited(|intent| intent.deadlines.step, since),
        Cause::Superseded(by) => *by != attempt.canary && intent.is_ok_and(|intent| intent.revision == *by),
        Cause::Unapproved(_) => {
            waited(|intent| intent.steps.iter().filter_map(|step| step.approval).map(|gate| gate.timeout).min().unwrap_or_default(), since)
        }
        Cause::Aborted(_) => asked::does(commit, Verb::Abort),
        Cause::Undone(_) => asked::does(commit, Verb::Undo),
        Cause::Deleted => plan.seen.observed.lifetime == Lifetime::Deleting,
    };
    if legal { Ok(()) } else { Err(format!("{cause:?}, but the revision is {truth:?}")) }
}

/// What was stable is replaced without an attempt only where it has no pod that serves.
fn replaced(commit: &Commit) -> Held {
    let (Some(old), Some(State::Installing(at))) = (&commit.old.state, &commit.new.state) else { return Ok(()) };
    let serving = old.stable().and_then(|stable| commit.plan.seen.observed.children.get(stable)).map_or(0, Child::serving);
    if serving == 0 { Ok(()) } else { Err(format!("{} is installed although stable has {serving} pods", at.revision)) }
}
