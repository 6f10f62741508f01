//! What does a controller process keep in memory, and when does it look again? All of it is gone after a crash.

mod asking;
mod look;
pub(super) mod sinks;
mod watches;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serin::audit::Outbox;
use serin::cluster::{Error, Index, Kind};
use serin::controller::{Ended, Queue, Seen};
use serin::rollout::{Epoch, Revision, Sample, Samples, State, Stepping, Template};
use serin::sink::Lanes;

use super::agenda::{Ticket, Todo};
use super::server::requests::Reply;
use super::state::{Sim, key};
use watches::Watch;

/// Counts the processes; what an older one asked for is not heard.
pub(crate) type Life = u64;

/// A controller process.
pub(super) struct Process {
    pub(super) index: Index,
    watches: BTreeMap<Kind, Watch>,
    /// When it asks for what its watches have not confirmed.
    questions: Option<DateTime<Utc>>,
    queue: Queue,
    /// When it looks into its queue next.
    pub(super) turn: Option<DateTime<Utc>>,
    pub(super) template: Template,
    pub(super) samples: Samples,
    /// The newest answer to each check, whatever its process makes of it.
    pub(super) newest: Arc<BTreeMap<String, Measured>>,
    pub(super) begun: Option<Box<Stepping>>,
    pub(super) refused: Option<String>,
    asking: BTreeSet<String>,
    heard: Option<DateTime<Utc>>,
    pub(super) lanes: Lanes<()>,
    asked: [sinks::Asked; sinks::SINKS],
    /// The outbox that the lanes know.
    offered: Outbox,
    /// What the pass in flight has seen and committed.
    pub(super) plan: Option<Arc<Plan>>,
    /// The request that the pass in flight waits for, and what came of it.
    pub(super) awaits: Option<Ticket>,
    pub(super) reply: Option<Reply>,
    /// How far its clock is from the true one.
    pub(super) skew: TimeDelta,
    /// It stands still until then, and does not know.
    pub(super) stopped: Option<DateTime<Utc>>,
}

/// What a pass goes by.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) life: Life,
    /// What the API server was at when it looked.
    pub(crate) looked: u64,
    /// What it saw, but for the samples and the pods.
    pub(crate) seen: Arc<Seen>,
    /// The revisions that had a ready pod.
    pub(crate) serve: BTreeSet<Revision>,
    /// The newest answer to each check, whatever its process makes of it.
    pub(crate) answers: Arc<BTreeMap<String, Measured>>,
    /// The state that its changes follow from.
    pub(crate) state: Option<State>,
    /// The highest epoch that it has seen.
    pub(crate) epoch: Epoch,
}

/// An answer to a check.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) sample: Sample,
    /// The true time at which it was asked for.
    pub(crate) asked: DateTime<Utc>,
}

/// The production's delays without their jitter.
fn delays(base: u64, cap: u64) -> impl Iterator<Item = Duration> + Send {
    std::iter::successors(Some(base), move |delay| Some((delay * 2).min(cap))).map(Duration::from_millis)
}

impl Process {
    fn new() -> Self {
        Self {
            index: Index::default(),
            watches: BTreeMap::new(),
            questions: None,
            queue: Queue::new(|| delays(200, 15_000)),
            turn: None,
            template: Template::Unasked,
            samples: Samples::default(),
            newest: Arc::default(),
            begun: None,
            refused: None,
            asking: BTreeSet::new(),
            heard: None,
            lanes: Lanes::new(sinks::routes(), || delays(1_000, 60_000)),
            asked: Default::default(),
            offered: Outbox::default(),
            plan: None,
            awaits: None,
            reply: None,
            skew: TimeDelta::zero(),
            stopped: None,
        }
    }

    /// When it does something by itself next.
    pub(super) fn due(&self, sim: &Sim) -> Option<(DateTime<Utc>, Due)> {
        let news = self.watches.iter().map(|(kind, watch)| (watch.due(sim.server.log(*kind)), Due::News(*kind)));
        let news = news.filter_map(|(at, due)| at.map(|at| (at, due)));
        // Nothing is decided before every list is there.
        let turn = self.turn.filter(|_| self.index.is_ready()).map(|at| (at, Due::Turn));
        let questions = self.questions.map(|at| (at, Due::Questions));
        let next = news.chain(turn).chain(questions).min_by_key(|(at, _)| *at)?;
        Some((self.stopped.map_or(next.0, |until| next.0.max(until)), next.1))
    }

    /// Whether it waits for nothing but time.
    pub(super) fn is_quiet(&self, sim: &Sim) -> bool {
        let follows = self.watches.iter().all(|(kind, watch)| watch.due(sim.server.log(*kind)).is_none());
        let looked = self.turn.is_none_or(|turn| turn > sim.now + TimeDelta::seconds(1));
        follows && looked && self.questions.is_none() && self.awaits.is_none() && self.asking.is_empty()
    }
}

/// What a process does by itself.
#[derive(Clone, Copy)]
pub(super) enum Due {
    News(Kind),
    Questions,
    Turn,
}

impl Sim {
    pub(super) fn start(&mut self) {
        self.lives += 1;
        let life = self.lives;
        let mut process = Process::new();
        for kind in Kind::ALL {
            process.watches.insert(kind, Watch::listing(self.now, &mut self.rng));
        }
        // Whoever was there before does not know yet that its time is over.
        let old: Vec<Life> = self.processes.keys().copied().collect();
        for old in old {
            self.plan_in(0, 120_000, Todo::Exit(old));
        }
        self.processes.insert(life, process);
        self.tell(life, |_| "starts".to_owned());
    }

    /// A process is gone, and what it had in memory with it. What it has sent is on its way.
    pub(super) fn ends(&mut self, life: Life, how: &str) {
        if self.processes.remove(&life).is_some() {
            self.tell(life, |_| how.to_owned());
        }
    }

    pub(super) fn process(&mut self, life: Life) -> Option<&mut Process> {
        self.processes.get_mut(&life)
    }

    /// Something happened that has to be looked at.
    pub(super) fn trigger(&mut self, life: Life) {
        let at = self.now + self.soon();
        let Some(process) = self.processes.get_mut(&life) else { return };
        process.queue.trigger(key());
        process.turn = Some(process.turn.map_or(at, |turn| turn.min(at)));
    }

    fn soon(&mut self) -> TimeDelta {
        let late = self.rng.chance(self.faults.late);
        if late { self.rng.millis(50, 10_000) } else { self.rng.millis(0, 60) }
    }

    /// Whether a pass begins now.
    pub(super) fn turn(&mut self, life: Life) -> bool {
        let (now, elapsed) = (self.now, self.elapsed());
        let Some(process) = self.processes.get_mut(&life) else { return false };
        process.turn = None;
        let begins = process.queue.next(elapsed).is_some();
        if !begins {
            process.turn = process.queue.wake().map(|wake| now + TimeDelta::from_std(wake.saturating_sub(elapsed)).unwrap_or_default());
        }
        begins
    }

    /// A pass ended.
    pub(super) fn landed(&mut self, life: Life, ended: Result<Option<DateTime<Utc>>, Error>) {
        let (soon, elapsed, longest) = (self.now + self.soon(), self.elapsed(), self.longest_sleep());
        let clock = self.clock(life);
        let Some(process) = self.processes.get_mut(&life) else { return };
        (process.awaits, process.reply) = (None, None);
        let sleep = |wake: DateTime<Utc>| (wake - clock).to_std().unwrap_or_default().clamp(Duration::from_millis(10), longest);
        let well = match &ended {
            Ok(wake) => Ended::Well(wake.map(|wake| elapsed + sleep(wake))),
            Err(_) => Ended::Badly,
        };
        process.queue.done(&key(), well, elapsed);
        process.turn = Some(soon);
        if let Err(error) = ended {
            self.tell(life, |_| format!("fails    {error}"));
        }
    }

    /// The time as this process knows it.
    pub(super) fn clock(&self, life: Life) -> DateTime<Utc> {
        self.now + self.processes.get(&life).map_or(TimeDelta::zero(), |process| process.skew)
    }
}
