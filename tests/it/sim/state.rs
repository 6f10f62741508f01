//! Everything that a run consists of, and the true time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serin::audit::Record;
use serin::cluster::Item;
use serin::rollout::Revision;

use super::acts::Power;
use super::agenda::{Agenda, Ticket, Todo};
use super::faults::{Clocks, Faults};
use super::ledger::{Ledger, Wait};
use super::process::sinks::{REQUIRED, Receiver, SINKS};
use super::process::{Life, Process};
use super::rng::Rng;
use super::scenario::Shape;
use super::server::{Changed, News, Server};
use super::truth::Truth;
use super::users::Finale;
use crate::given;
/// The rollout of every run.
pub(super) use crate::given::checkout as key;

/// One run.
pub(super) struct Sim {
    pub(super) now: DateTime<Utc>,
    pub(super) rng: Rng,
    pub(super) faults: Faults,
    pub(super) agenda: Agenda,
    pub(super) server: Server,
    /// The controller, and those that it replaced and that do not know yet.
    pub(super) processes: BTreeMap<Life, Process>,
    pub(super) lives: Life,
    pub(super) tickets: Ticket,
    /// Whether somebody waits for what comes of the request that is being served.
    pub(super) wait: Wait,
    /// What each template that was ever written is like.
    pub(super) truths: BTreeMap<Revision, Truth>,
    pub(super) shape: Shape,
    pub(super) backend: Power,
    pub(super) sinks: [Receiver; SINKS],
    /// Whether images can be pulled, and pods be made.
    pub(super) registry: Power,
    pub(super) quota: Power,
    /// Work of Kubernetes that is planned already.
    pub(super) planned: BTreeSet<(Revision, Work)>,
    pub(super) pods_made: u64,
    pub(super) ledger: Ledger,
    pub(super) calm: Calm,
    pub(super) finale: Finale,
    pub(super) trace: Option<Vec<String>>,
    /// What each process saw last, in the words of the trace.
    pub(super) last_seen: BTreeMap<Life, String>,
}

/// What Kubernetes does to a Deployment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    Sync,
    Replicas,
}

/// Whether things still go wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Calm {
    NotYet,
    Since(DateTime<Utc>),
}

impl Sim {
    pub(super) fn new(seed: u64, tracing: Option<Vec<String>>) -> Self {
        let mut rng = Rng::new(seed);
        let (faults, shape) = (Faults::draw(&mut rng), Shape::draw(&mut rng));
        let mut sim = Self {
            now: given::noon(),
            faults,
            agenda: Agenda::default(),
            server: Server::new(),
            processes: BTreeMap::new(),
            lives: 0,
            tickets: 0,
            wait: Wait::Waited,
            truths: BTreeMap::new(),
            shape,
            backend: Power::Up,
            sinks: [Receiver::new(), Receiver::new()],
            registry: Power::Up,
            quota: Power::Up,
            planned: BTreeSet::new(),
            pods_made: 0,
            ledger: Ledger::new(),
            calm: Calm::NotYet,
            finale: Finale::AsItIs,
            trace: tracing,
            last_seen: BTreeMap::new(),
            rng,
        };
        sim.begin();
        sim
    }

    /// An object changed: its version grows, and the watches will tell.
    pub(super) fn publish(&mut self, changed: Changed) -> Item {
        let (kind, name, item, life) = self.server.store(changed);
        let mut stall = TimeDelta::zero();
        if self.rng.chance(self.faults.stall) {
            self.ledger.count("fault.stall");
            stall = self.rng.millis(1_000, 30_000);
        }
        let due = self.now + self.rng.millis(2, 80) + stall;
        let log = self.server.log_mut(kind);
        // A watch tells one thing after the other.
        let due = log.last().map_or(due, |last| due.max(last.due));
        log.push(News { name, at: self.now, due, item: item.clone(), life });
        item
    }

    pub(super) fn plan_in(&mut self, low: u32, high: u32, todo: Todo) {
        let at = self.now + self.rng.millis(low, high);
        self.agenda.plan(at, todo);
    }

    /// The time since the run began, as sinks and queues count.
    pub(super) fn elapsed(&self) -> Duration {
        (self.now - given::noon()).to_std().unwrap_or_default()
    }

    /// How long a process sleeps without a look at its clock. Where clocks are right, one more look changes nothing and takes time.
    pub(super) fn longest_sleep(&self) -> Duration {
        match self.faults.clocks {
            Clocks::Jump => Duration::from_mins(1),
            Clocks::Right => Duration::from_hours(24),
        }
    }

    /// Whether the required sink has an event, or never will.
    pub(super) fn delivered(&self, record: &Record) -> bool {
        self.sinks[REQUIRED].had.iter().any(|(_, had)| had == record)
    }

    /// One line of the trace about a process; the text is made only where somebody reads it.
    pub(super) fn tell(&mut self, life: Life, text: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let who = if self.processes.len() > 1 { format!("serin {life}") } else { "serin".to_owned() };
            let text = text(self);
            self.line(&who, &text);
        }
    }

    /// One line of the trace about the world.
    pub(super) fn note(&mut self, who: &str, text: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let text = text(self);
            self.line(who, &text);
        }
    }

    fn line(&mut self, who: &str, text: &str) {
        let at = (self.now - given::noon()).as_seconds_f64();
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{at:>10.3}s  {who:<8} {text}"));
        }
    }
}
