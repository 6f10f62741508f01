//! What happens to a request on its way, and to its answer on the way back?

use chrono::TimeDelta;
use serin::cluster::Error;

use super::agenda::{Ticket, Todo};
use super::ledger::Wait;
use super::process::Life;
use super::server::requests::{Reply, Request, Sent, refused};
use super::state::Sim;

/// A process waits so long for an answer. What it sent may take effect later.
const CALL: TimeDelta = TimeDelta::seconds(15);

fn no_answer(text: &str) -> Error {
    Error::NoAnswer { what: "a write".to_owned(), text: text.to_owned() }
}

impl Sim {
    /// A process sends a request.
    pub(super) fn post(&mut self, life: Life, request: Request) -> Ticket {
        self.tickets += 1;
        let ticket = self.tickets;
        let Some(process) = self.processes.get_mut(&life) else { return ticket };
        (process.awaits, process.reply) = (Some(ticket), None);
        let plan = process.plan.clone().expect("a pass looks first");
        if let Some(error) = self.trouble(&request) {
            self.plan_in(1, 100, Todo::Return(life, ticket, Err(error)));
            return ticket;
        }
        let delay = self.way();
        if delay > CALL {
            self.agenda.plan(self.now + CALL, Todo::Return(life, ticket, Err(no_answer("no answer in time"))));
        }
        self.agenda.plan(self.now + delay, Todo::Arrive(Box::new(Sent { plan, request }), ticket));
        ticket
    }

    /// Why the API server does not take a request, if it does not.
    fn trouble(&mut self, request: &Request) -> Option<Error> {
        let (unavailable, conflict, refuse) = (self.faults.unavailable, self.faults.conflict, self.faults.refuse);
        if self.rng.chance(unavailable) {
            self.ledger.count("fault.unavailable");
            // 429, 503, a broken connection; a broken webhook says 500.
            return Some(if self.rng.chance(800) { no_answer("HTTP 429") } else { refused("HTTP 500") });
        }
        if self.rng.chance(conflict) {
            self.ledger.count("fault.conflict");
            return Some(Error::Changed { what: "a write".to_owned() });
        }
        if request.may_be_refused() && self.rng.chance(refuse) {
            self.ledger.count("fault.refused");
            return Some(refused("a policy says no"));
        }
        None
    }

    /// How long a request or an answer is under way.
    fn way(&mut self) -> TimeDelta {
        let delayed = self.faults.delayed;
        if self.rng.chance(delayed) {
            self.ledger.count("fault.delayed");
            return self.rng.millis(1_000, 40_000);
        }
        let slowest = if self.rng.chance(30) { 3_000 } else { 30 };
        self.rng.millis(1, slowest)
    }

    /// A request reaches the API server, whether or not anybody waits for its answer.
    pub(super) fn arrives(&mut self, sent: &Sent, ticket: Ticket) {
        let (lost, life) = (self.faults.lost, sent.plan.life);
        let waited = self.processes.get(&life).is_some_and(|process| process.awaits == Some(ticket));
        self.wait = if waited { Wait::Waited } else { Wait::GivenUp };
        let reply = self.serve(sent);
        if self.rng.chance(lost) {
            self.ledger.count("fault.lost");
            self.plan_in(50, 15_000, Todo::Return(life, ticket, Err(no_answer("the connection broke"))));
            return;
        }
        let delay = self.way().min(CALL);
        self.agenda.plan(self.now + delay, Todo::Return(life, ticket, reply));
    }

    /// Whether an answer is still waited for.
    pub(super) fn returns(&mut self, life: Life, ticket: Ticket, reply: Reply) -> bool {
        let Some(process) = self.process(life).filter(|process| process.awaits == Some(ticket)) else { return false };
        process.reply = Some(reply);
        true
    }
}
