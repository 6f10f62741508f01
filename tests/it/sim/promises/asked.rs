//! A command is done once, in the order of creation, for the revision that it was meant for; and its own status says what was committed.

use serin::api::Status;
use serin::rollout::{Action, Answer, Handled, State, Verb};

use super::{Commit, Held};
use crate::sim::process::Plan;
use crate::sim::server::objects;
use crate::sim::state::Sim;

/// What a commit says of commands that the one before did not say.
fn news<'a>(old: &'a Status, new: &'a Status) -> impl Iterator<Item = &'a Handled> {
    new.memo.handled.iter().filter(|handled| old.memo.handled.iter().all(|known| known.uid != handled.uid))
}

/// The command that this commit does, if it does one.
pub(super) fn done<'a>(commit: &'a Commit) -> Option<&'a Action> {
    let handled = news(commit.old, commit.new).find(|handled| handled.answer == Answer::Done)?;
    commit.plan.seen.observed.actions.iter().find(|action| action.uid == handled.uid)
}

/// Whether this commit does a command of that kind.
pub(super) fn does(commit: &Commit, verb: Verb) -> bool {
    done(commit).is_some_and(|action| action.verb == verb)
}

pub(super) fn once(commit: &Commit) -> Held {
    let Commit { sim, plan, old, new, .. } = commit;
    let news: Vec<&Handled> = news(old, new).collect();
    let Some(handled) = news.first() else { return Ok(()) };
    if news.len() > 1 {
        return Err(format!("several in one write: {news:?}"));
    }
    if let Some(answer) = sim.ledger.handled.get(&handled.uid) {
        return Err(format!("{} was {answer:?} before", handled.name));
    }
    let open = |action: &&Action| action.answered.is_none() && old.memo.handled.iter().all(|known| known.uid != action.uid);
    let first = plan.seen.observed.actions.iter().find(open);
    if first.is_none_or(|first| first.uid != handled.uid) {
        return Err(format!("{} is answered, but the turn is {first:?}", handled.name));
    }
    done(commit).map_or(Ok(()), |action| meant(old, new, action))
}

/// What gets more traffic is what was meant; what was meant is what is there.
fn meant(old: &Status, new: &Status, action: &Action) -> Held {
    let number = match &old.state {
        Some(State::Idle(idle)) => Some(idle.attempts),
        other => other.as_ref().and_then(State::attempt).map(|attempt| attempt.number),
    };
    let there = match (&old.state, action.verb) {
        (Some(State::Idle(idle)), Verb::Restart | Verb::Undo) => Some(&idle.stable),
        _ => new.state.as_ref().and_then(State::attempt).map(|attempt| &attempt.canary),
    };
    let right = action.revision.as_ref().is_none_or(|revision| Some(revision) == there);
    let bound = action.revision.is_some() || !action.verb.raises();
    let counted = action.attempt.is_none_or(|attempt| Some(attempt) == number);
    if right && bound && counted { Ok(()) } else { Err(format!("{action:?} is done for {there:?}, attempt {number:?}")) }
}

/// What is written on a command is what was committed; where somebody wiped the status since, without the process knowing, it is what that one said.
pub(super) fn answered(sim: &Sim, plan: &Plan, action: &objects::Action, handled: &Handled) -> Held {
    let (forgotten, last) = &sim.ledger.forgotten;
    let knows = plan.seen.version.parse().is_ok_and(|version: u64| version > *last);
    let wiped = forgotten.get(&handled.uid).filter(|answer| !knows && **answer == handled.answer);
    let committed = wiped.or_else(|| sim.ledger.handled.get(&handled.uid));
    let before = action.answer.is_none_or(|(answer, _)| answer == handled.answer);
    if committed == Some(&handled.answer) && before {
        return Ok(());
    }
    Err(format!("{} says {:?}, committed was {committed:?}, before it said {:?}", handled.name, handled.answer, action.answer))
}

pub(super) fn note(sim: &mut Sim, old: &Status, new: &Status) {
    for handled in news(old, new) {
        sim.ledger.handled.insert(handled.uid.clone(), handled.answer);
        sim.ledger.count(match handled.answer {
            Answer::Done => "command.done",
            Answer::Refused => "command.refused",
            Answer::Superseded => "command.superseded",
        });
    }
}
