//! What do people and CI ask of the rollout?

use serin::rollout::{Revision, State, Verb};

use super::acts::{Act, Aim};
use super::agenda::Todo;
use super::server::Changed;
use super::server::objects::Action;
use super::state::{Calm, Sim};

/// The shortest time that a gate of [`super::scenario`] waits, in milliseconds.
const SHORTEST_GATE: u32 = 60_000;

impl Sim {
    /// Somebody gives a command, and sometimes another one before anybody could have answered.
    pub(super) fn command(&mut self, verb: Verb, aim: Aim) {
        let number = self.ledger.commands.len() + 1;
        let (revision, attempt) = self.aim(verb, aim);
        let name = format!("{}-{number}", verb.name().to_lowercase());
        let (uid, created) = (format!("action-{number}"), self.now);
        self.note("user", |_| format!("{name} for {revision:?} {attempt:?}"));
        self.ledger.commands.push(uid.clone());
        let action = Action { name: name.clone(), uid, version: 0, verb, revision, attempt, created, answer: None };
        self.publish(Changed::Action(name, Some(action)));
        if self.rng.chance(300) && self.calm == Calm::NotYet {
            let again = Act::command(&mut self.rng);
            self.plan_in(0, 200, Todo::Act(again));
        }
    }

    /// What a command is meant for. The API server insists on a revision where exposure may grow.
    fn aim(&mut self, verb: Verb, aim: Aim) -> (Option<Revision>, Option<u32>) {
        let (Some(state), Some(spec)) = (self.server.state(), self.server.spec()) else {
            return (verb.raises().then(|| Revision::new("")), None);
        };
        let (there, number) = match (state.attempt(), verb) {
            (Some(attempt), _) => (attempt.canary.clone(), attempt.number),
            (None, Verb::Restart | Verb::Undo) => (state.stable().unwrap_or(&spec.intent.revision).clone(), attempts(state)),
            (None, _) => (spec.intent.revision.clone(), attempts(state)),
        };
        let bound = self.rng.chance(500);
        match aim {
            Aim::Right => (Some(there), (bound && number > 0).then_some(number)),
            Aim::Wrong if bound => (Some(there), Some(number + 1)),
            Aim::Wrong => {
                let known: Vec<Revision> = self.truths.keys().cloned().collect();
                (Some(self.rng.pick(&known)), None)
            }
            Aim::Whatever => (verb.raises().then_some(there), None),
        }
    }

    /// Somebody is asked for an approval: CI that watches for that, or nobody. In the end somebody approves, and in time.
    pub(super) fn approval_asked(&mut self) {
        let calm = self.calm != Calm::NotYet;
        if calm || self.rng.chance(500) {
            let within = if calm { SHORTEST_GATE / 2 } else { SHORTEST_GATE };
            self.plan_in(100, within, Todo::Act(Act::Command(Verb::Approve, Aim::Right)));
        }
    }
}

fn attempts(state: &State) -> u32 {
    if let State::Idle(idle) = state { idle.attempts } else { 0 }
}
