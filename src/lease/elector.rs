//! What is asked of the Lease next, and what follows from the answer?

use std::time::Duration;

use super::{Record, Terms};
use crate::rollout::Epoch;

/// One process that wants to lead.
///
/// # Guarantees
/// It leads only from a write that the API server took, for [`Terms::renew_deadline`] from the moment at which that was *sent*. It takes a lease only from
/// nobody, or [`Terms::duration`] after it saw the last change of it, by its own clock. A lease that it lost it never takes again: the process has to end.
#[derive(Debug)]
pub struct Elector {
    me: String,
    terms: Terms,
    role: Role,
    /// What is asked next, and when.
    plan: (Duration, Plan),
}

#[derive(Debug)]
enum Role {
    /// Somebody else may lead: what was read last, and when that was new.
    Standby(Option<(Record, Duration)>),
    Leading(Reign),
    Ended(Over),
}

#[derive(Debug)]
struct Reign {
    epoch: Epoch,
    acquired: Option<String>,
    /// When the last renewal that was taken had been sent.
    renewed: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Plan {
    Read,
    Create(Epoch),
    Write(String, Epoch),
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Read the Lease.
    Read,
    /// Make it.
    Create(Record),
    /// Write it onto this version; any other is a conflict.
    Write(String, Record),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The Lease as it is now, and its version.
    Lease(String, Record),
    /// There is none.
    Missing,
    /// Another version of it is there.
    Conflict,
    /// None, or one that says nothing of the Lease.
    Silence,
}

/// What is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before this time.
    Wait(Duration),
    /// Ask.
    Ask(Ask),
    /// This process does not lead any more and never will.
    End(Over),
}

/// How leading ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Over {
    /// Somebody else has the lease.
    #[error("{0} has the lease")]
    Taken(String),
    /// Nobody has it any more: somebody emptied it.
    #[error("somebody gave the lease away")]
    Emptied,
    /// No renewal was taken for so long.
    #[error("the lease was not renewed for {} s", .0.as_secs())]
    Late(Duration),
}

impl Elector {
    /// A process that looks at once. No two may have the same name, not even one after the other.
    pub fn new(me: impl Into<String>, terms: Terms) -> Self {
        Self { me: me.into(), terms, role: Role::Standby(None), plan: (Duration::ZERO, Plan::Read) }
    }

    /// What is to be done now.
    pub fn step(&mut self, now: Duration) -> Step {
        // Whoever slept past its deadline does not even ask.
        if let Role::Leading(reign) = &self.role
            && now >= reign.renewed + self.terms.renew_deadline
        {
            self.role = Role::Ended(Over::Late(now.saturating_sub(reign.renewed)));
        }
        match (&self.role, &self.plan) {
            (Role::Ended(over), _) => Step::End(over.clone()),
            (Role::Leading(reign), (at, _)) if now < *at => Step::Wait((*at).min(reign.renewed + self.terms.renew_deadline)),
            (Role::Standby(_), (at, _)) if now < *at => Step::Wait(*at),
            (Role::Standby(_) | Role::Leading(_), (_, plan)) => Step::Ask(self.ask(plan)),
        }
    }

    /// Takes over what came of a request that was sent then. `luck` is a number from 0 to 1.
    pub fn heard(&mut self, sent: Duration, now: Duration, luck: f64, answer: Answer) {
        let (_, asked) = self.plan.clone();
        match &self.role {
            Role::Standby(_) => self.standby(&asked, (sent, now), luck, answer),
            Role::Leading(_) => self.leading(&asked, (sent, now), answer),
            Role::Ended(_) => {}
        }
    }

    /// When the last renewal was sent, and the epoch, where this process leads: it may write until [`Terms::renew_deadline`] after that.
    pub fn reign(&self) -> Option<(Duration, Epoch)> {
        match &self.role {
            Role::Leading(reign) => Some((reign.renewed, reign.epoch)),
            Role::Standby(_) | Role::Ended(_) => None,
        }
    }

    /// Who leads, as far as a standby knows.
    pub fn leader(&self) -> Option<&str> {
        match &self.role {
            Role::Standby(Some((record, _))) => Some(record.holder.as_str()).filter(|holder| !holder.is_empty()),
            Role::Standby(None) | Role::Leading(_) | Role::Ended(_) => None,
        }
    }

    /// An object that we did not write carries our epoch or a higher one. If we still hold the lease, it began anew meanwhile (somebody deleted it, or the
    /// object came from another instance): the next renewal goes past that epoch. If we do not, the next renewal tells.
    pub fn surpassed(&mut self, by: Epoch, now: Duration) {
        if let (Role::Leading(reign), (at, Plan::Write(_, epoch))) = (&self.role, &mut self.plan)
            && by >= reign.epoch
            && by >= *epoch
        {
            (*at, *epoch) = (now, by.next());
        }
    }

    /// The request that gives the lease away, where it is ours.
    pub fn release(&self) -> Option<Ask> {
        match (&self.role, &self.plan.1) {
            (Role::Leading(reign), Plan::Write(version, _)) => {
                let nobody = Record { seconds: 1, epoch: reign.epoch, ..Record::default() };
                Some(Ask::Write(version.clone(), nobody))
            }
            (Role::Standby(_) | Role::Leading(_) | Role::Ended(_), Plan::Read | Plan::Create(_) | Plan::Write(..)) => None,
        }
    }

    fn ask(&self, plan: &Plan) -> Ask {
        let acquired = match &self.role {
            Role::Leading(reign) => reign.acquired.clone(),
            Role::Standby(_) | Role::Ended(_) => None,
        };
        let seconds = u32::try_from(self.terms.duration.as_secs()).unwrap_or(u32::MAX);
        let mine = |epoch: Epoch| Record { holder: self.me.clone(), seconds, epoch, acquired, renewed: None };
        match plan {
            Plan::Read => Ask::Read,
            Plan::Create(epoch) => Ask::Create(mine(*epoch)),
            Plan::Write(version, epoch) => Ask::Write(version.clone(), mine(*epoch)),
        }
    }

    fn standby(&mut self, asked: &Plan, (sent, now): (Duration, Duration), luck: f64, answer: Answer) {
        let later = now + self.terms.pause(luck);
        self.plan = match (asked, answer) {
            (Plan::Create(_) | Plan::Write(..), Answer::Lease(version, record)) => {
                self.role = Role::Leading(Reign { epoch: record.epoch, acquired: record.acquired, renewed: sent });
                (sent + self.terms.retry, Plan::Write(version, record.epoch))
            }
            (Plan::Read, Answer::Lease(version, record)) => {
                let since = self.since(&record, now);
                let over = since + record.life(self.terms.duration);
                // Our own name stands there where a write of ours was taken and nobody said so.
                let free = record.holder.is_empty() || record.holder == self.me || now >= over;
                let epoch = record.epoch.next();
                self.role = Role::Standby(Some((record, since)));
                if free { (now, Plan::Write(version, epoch)) } else { (later.min(over), Plan::Read) }
            }
            (Plan::Read, Answer::Missing) => (now, Plan::Create(Epoch::FIRST)),
            (Plan::Create(_) | Plan::Write(..), Answer::Missing) | (_, Answer::Conflict | Answer::Silence) => (later, Plan::Read),
        };
    }

    /// Since when the Lease is as it is, by our own clock.
    fn since(&self, record: &Record, now: Duration) -> Duration {
        match &self.role {
            Role::Standby(Some((known, since))) if known == record => *since,
            Role::Standby(_) | Role::Leading(_) | Role::Ended(_) => now,
        }
    }

    fn leading(&mut self, asked: &Plan, (sent, now): (Duration, Duration), answer: Answer) {
        let Role::Leading(reign) = &mut self.role else { return };
        let again = (sent + self.terms.retry).max(now);
        self.plan = match (asked, answer) {
            (Plan::Create(_) | Plan::Write(..), Answer::Lease(version, record)) => {
                (reign.epoch, reign.acquired, reign.renewed) = (record.epoch, record.acquired, sent);
                (again, Plan::Write(version, reign.epoch))
            }
            (Plan::Read, Answer::Lease(version, record)) if record.holder == self.me => {
                (now, Plan::Write(version, record.epoch.max(reign.epoch)))
            }
            (Plan::Read, Answer::Lease(_, record)) => {
                self.role = Role::Ended(if record.holder.is_empty() { Over::Emptied } else { Over::Taken(record.holder) });
                return;
            }
            // Somebody deleted it, or wrote to it: who has it now?
            (Plan::Read | Plan::Write(..), Answer::Missing) => (now, Plan::Create(reign.epoch)),
            (Plan::Create(_) | Plan::Write(..), Answer::Conflict) => (now, Plan::Read),
            (Plan::Read, Answer::Conflict) | (Plan::Create(_), Answer::Missing) | (_, Answer::Silence) => (again, asked.clone()),
        };
    }
}

#[cfg(test)]
mod tests;
