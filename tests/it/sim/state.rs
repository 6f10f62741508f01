//! Everything that a run consists of, and the clock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serin::audit::Record;
use serin::controller::Key;
use serin::rollout::Revision;

use super::agenda::{Agenda, Todo};
use super::ledger::Ledger;
use super::model::{Item, News, Rollout, Server, Spec, SpecReading};
use super::process::Process;
use super::rng::Rng;
use super::scenario::{Act, Faults, Power, intent};
use super::truth::Truth;
use super::users::Finale;
use crate::given;

/// One run.
pub(super) struct Sim {
    pub(super) now: DateTime<Utc>,
    pub(super) rng: Rng,
    pub(super) faults: Faults,
    pub(super) agenda: Agenda,
    pub(super) server: Server,
    pub(super) process: Process,
    /// What each template that was ever written is like.
    pub(super) truths: BTreeMap<Revision, Truth>,
    pub(super) backend: Power,
    pub(super) sink: Power,
    /// Numbers and hashes of what the sink got, in its order.
    pub(super) received: Vec<(u64, String)>,
    /// Work of Kubernetes that is planned already.
    pub(super) planned: BTreeSet<(Revision, Work)>,
    pub(super) pods_made: u64,
    pub(super) ledger: Ledger,
    pub(super) calm: Calm,
    pub(super) finale: Finale,
    pub(super) trace: Option<Vec<String>>,
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

/// The rollout of every run.
pub(super) fn key() -> Key {
    Key { namespace: "shop".to_owned(), name: "checkout".to_owned() }
}

impl Sim {
    pub(super) fn new(seed: u64, tracing: Option<Vec<String>>) -> Self {
        let mut rng = Rng::new(seed);
        let faults = Faults::draw(&mut rng);
        let mut sim = Self {
            now: given::noon(),
            faults,
            agenda: Agenda::default(),
            server: Server::new(),
            process: Process::new(0),
            truths: BTreeMap::new(),
            backend: Power::Up,
            sink: Power::Up,
            received: Vec::new(),
            planned: BTreeSet::new(),
            pods_made: 0,
            ledger: Ledger::new(),
            calm: Calm::NotYet,
            finale: Finale::AsItIs,
            trace: tracing,
            rng,
        };
        sim.begin();
        sim
    }

    /// A user writes a Rollout, and the days of its life are drawn.
    fn begin(&mut self) {
        let first = if self.rng.chance(800) { Truth::Good } else { Truth::draw(&mut self.rng) };
        let revision = self.new_template(first);
        let intent = intent(&mut self.rng, revision);
        let rollout = Rollout {
            version: 0,
            generation: 1,
            spec: Spec { intent, reading: SpecReading::All },
            guarded: false,
            deleting: false,
            committed: std::sync::Arc::default(),
        };
        self.publish(Item::Rollout(Some(rollout)));
        self.publish(Item::Service(serin::rollout::ServiceView::Fits));
        let mut at = self.now + TimeDelta::seconds(90);
        // A few runs are busy ones in which the sink is away, so that events pile up.
        let busy = self.rng.chance(60);
        let (acts, gap) = if busy { (self.rng.between(40, 90), 40_000) } else { (self.rng.between(2, 12), 300_000) };
        for act in 0..acts {
            at += self.rng.millis(1_000, gap);
            let act = match act {
                0 if busy => Act::Sink(Power::Down),
                _ if busy => Act::hasty(&mut self.rng),
                _ => Act::draw(&mut self.rng),
            };
            self.agenda.plan(at, Todo::Act(act));
        }
        if self.rng.chance(80) {
            let delete = self.now + self.rng.millis(0, 1_500_000);
            self.agenda.plan(delete, Todo::Act(Act::Delete));
        }
        self.agenda.plan(at + TimeDelta::minutes(2), Todo::Calm);
        self.agenda.plan(self.now, Todo::Start);
    }

    /// The name of a template that was never there before.
    pub(super) fn new_template(&mut self, truth: Truth) -> Revision {
        let number = self.truths.len() + 1;
        let revision = Revision::new(format!("{number:02}").repeat(5));
        self.truths.insert(revision.clone(), truth);
        revision
    }

    /// An object changed: its version grows, and the watches will tell.
    pub(super) fn publish(&mut self, mut item: Item) -> u64 {
        self.server.version += 1;
        let version = self.server.version;
        match &mut item {
            Item::Rollout(rollout) => {
                if let Some(rollout) = rollout {
                    rollout.version = version;
                }
                self.server.rollout.clone_from(rollout);
            }
            Item::Service(view) => self.server.service.clone_from(view),
            Item::Deployment(revision, Some(deployment)) => {
                deployment.version = version;
                self.server.deployments.insert(revision.clone(), deployment.clone());
            }
            Item::Deployment(revision, None) => drop(self.server.deployments.remove(revision)),
            Item::Record(revision, Some(outcome)) => drop(self.server.records.insert(revision.clone(), outcome.clone())),
            Item::Record(revision, None) => drop(self.server.records.remove(revision)),
            Item::Pod(name, Some(pod)) => drop(self.server.pods.insert(name.clone(), pod.clone())),
            Item::Pod(name, None) => drop(self.server.pods.remove(name)),
        }
        let mut stall = TimeDelta::zero();
        if self.rng.chance(self.faults.stall) {
            self.ledger.count("fault.stall");
            stall = self.rng.millis(1_000, 30_000);
        }
        let due = self.now + self.rng.millis(2, 80) + stall;
        let log = &mut self.server.log[item.kind()];
        // A watch tells one thing after the other.
        let due = log.last().map_or(due, |last| due.max(last.due));
        log.push(News { version, at: self.now, due, item });
        version
    }

    pub(super) fn plan_in(&mut self, low: u32, high: u32, todo: Todo) {
        let at = self.now + self.rng.millis(low, high);
        self.agenda.plan(at, todo);
    }

    /// Seconds since the run began, as sinks and queues count.
    pub(super) fn elapsed(&self) -> std::time::Duration {
        (self.now - given::noon()).to_std().unwrap_or_default()
    }

    /// Whether the sink has an event.
    pub(super) fn delivered(&self, record: &Record) -> bool {
        self.received.iter().any(|(seq, hash)| *seq == record.seq && *hash == record.hash)
    }

    /// One line of the trace; the text is made only where somebody reads it.
    pub(super) fn tell(&mut self, who: &str, text: impl FnOnce(&Self) -> String) {
        if let Some(mut trace) = self.trace.take() {
            let at = (self.now - given::noon()).as_seconds_f64();
            trace.push(format!("{at:>10.3}s  {who:<8} {}", text(self)));
            self.trace = Some(trace);
        }
    }
}
