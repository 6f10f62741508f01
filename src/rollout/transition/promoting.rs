//! The canary earned everything and replaces stable, pod by pod.

use super::super::reach::{Reach, late_at, reach};
use super::super::{Baking, Cause, Event, EventKind, Promoting, State, Weight, Why};
use super::{Edge, Facts, Next, roll_back, settle, stay, tell, unread};

pub(super) fn next(at: &Promoting, facts: &Facts) -> Next {
    let attempt = &at.attempt;
    let waiting = match reach(facts.intent, attempt, Weight::FULL, facts.seen) {
        Reach::Reached if facts.seen.children.contains_key(&attempt.canary) => return promoted(at, facts).into(),
        Reach::Reached => "the Deployment does not exist yet".to_owned(),
        Reach::Waiting(text) | Reach::Exceeded(text) => text,
    };
    let deadline = |since| late_at(facts.intent, attempt, since, facts.seen);
    let late = facts.now >= deadline(at.since);
    if let Some(why) = unread(facts) {
        // Nothing is written meanwhile, so nothing can be late.
        let since = if late { facts.now } else { at.since };
        return stay(State::Promoting(Promoting { since, ..at.clone() }), why, Some(deadline(since)));
    }
    if late {
        return roll_back(attempt.clone(), Cause::Unavailable(format!("promotion not complete in time: {waiting}")), facts).into();
    }
    stay(State::Promoting(at.clone()), Why::WaitingForPods(waiting), Some(deadline(at.since)))
}

/// The canary is stable now. Where it is watched for a while, a part of the old pods stays.
fn promoted(at: &Promoting, facts: &Facts) -> Edge {
    let Promoting { attempt, forced, .. } = at;
    let baking = Baking { attempt: attempt.clone(), since: facts.now, forced: *forced };
    let ended = baking.ended();
    let reason = if *forced { "Forced" } else { "Passed" };
    let event = Event {
        weight: Some(Weight::FULL),
        stable: Some(attempt.canary.clone()),
        ..tell(EventKind::Promoted, attempt, reason, ended.message.clone())
    };
    let (state, why) = match facts.intent.bake {
        Some(bake) => (State::Baking(baking), Why::Baking(facts.now + bake.time)),
        None => (settle(attempt.canary.clone(), attempt.number, ended), Why::Settled),
    };
    Edge { state, event, why }
}
