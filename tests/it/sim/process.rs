//! What does a controller process keep in memory, and when does it look again? All of it is gone after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serin::audit::{Cluster, Outbox, SinkName, Teller};
use serin::controller::{Ack, Seen};
use serin::rollout::{Lifetime, Meaning, Observed, Question, Sample, Template, Workload, split};
use serin::sink::{Delivery, Lanes, Order};

use super::agenda::{Answer, Todo, Took};
use super::cache::Cache;
use super::model::{Rollout, SpecReading};
use super::scenario::Power;
use super::state::{Sim, key};
use super::truth;

/// A controller process.
pub(super) struct Process {
    /// Counts the processes; what an older one asked for is not heard.
    pub(super) life: u64,
    pub(super) cache: Option<Cache>,
    pub(super) activity: Activity,
    /// When the next pass begins by itself.
    pub(super) due: Option<DateTime<Utc>>,
    pub(super) failures: u32,
    pub(super) template: Template,
    pub(super) samples: BTreeMap<String, Sample>,
    pub(super) refused: Option<String>,
    asking: BTreeSet<String>,
    heard: Option<DateTime<Utc>>,
    lanes: Lanes<()>,
    /// The outbox that the lanes know.
    offered: Outbox,
    /// What the pass in flight has seen.
    pub(super) seen: Option<Seen>,
}

/// Whether a pass is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Idle,
    Running,
    /// Something happened since it began.
    RunningStale,
}

/// The sink that every event has to reach.
fn sink() -> SinkName {
    SinkName::new("siem")
}

impl Process {
    pub(super) fn new(life: u64) -> Self {
        Self {
            life,
            cache: None,
            activity: Activity::Idle,
            due: None,
            failures: 0,
            template: Template::Unasked,
            samples: BTreeMap::new(),
            refused: None,
            asking: BTreeSet::new(),
            heard: None,
            offered: Outbox::default(),
            lanes: Lanes::new(vec![sink()], || std::iter::repeat(Duration::from_secs(5))),
            seen: None,
        }
    }

    /// The Rollout as this process knows it.
    pub(super) fn rollout(&self) -> Option<&Rollout> {
        self.cache.as_ref().and_then(|cache| cache.rollout.as_ref())
    }
}

impl Sim {
    pub(super) fn start(&mut self) {
        let mut process = Process::new(self.process.life + 1);
        process.cache = Some(Cache::listed(&self.server, self.now, &mut self.rng));
        process.due = Some(self.now);
        self.process = process;
        self.tell("process", |sim| format!("number {} starts", sim.process.life));
        self.offer();
    }

    pub(super) fn crash(&mut self) {
        self.process = Process::new(self.process.life);
        self.ledger.count("fault.crash");
        self.tell("process", |_| "dies".to_owned());
        self.plan_in(100, 40_000, Todo::Start);
    }

    /// Something happened that has to be looked at.
    pub(super) fn trigger(&mut self) {
        match self.process.activity {
            Activity::Idle => {
                let late = self.rng.chance(self.faults.late);
                let at = self.now + if late { self.rng.millis(50, 10_000) } else { self.rng.millis(0, 10) };
                self.process.due = Some(self.process.due.map_or(at, |due| due.min(at)));
            }
            Activity::Running | Activity::RunningStale => self.process.activity = Activity::RunningStale,
        }
    }

    /// The next line of a watch.
    pub(super) fn hear(&mut self) {
        let before = self.process.rollout().map(|rollout| rollout.version);
        let news = self.process.cache.as_mut().is_some_and(|cache| cache.hear(&self.server));
        if self.process.rollout().map(|rollout| rollout.version) != before {
            self.offer();
        }
        if news {
            self.trigger();
        }
    }

    /// Hands what is committed over to the sink.
    pub(super) fn offer(&mut self) {
        if let Some(committed) = self.process.rollout().map(|rollout| rollout.committed.clone())
            && self.process.offered != committed.status.audit
        {
            self.process.lanes.offer((), super::ledger::UID, &committed.status.audit);
            self.process.offered = committed.status.audit.clone();
        }
        self.pump();
    }

    pub(super) fn pump(&mut self) {
        let now = self.elapsed();
        for order in self.process.lanes.due(now) {
            self.plan_in(5, 500, Todo::Send(self.process.life, order));
        }
        if let Some(wake) = self.process.lanes.wake() {
            let at = self.now + chrono::TimeDelta::from_std(wake.saturating_sub(now)).unwrap_or_default();
            self.agenda.plan(at, Todo::Pump(self.process.life));
        }
    }

    /// An event reaches the sink, even one that was sent by a process that died since.
    pub(super) fn sink_gets(&mut self, life: u64, order: Order) {
        let took = if self.sink == Power::Up { Took::It } else { Took::Nothing };
        if took == Took::It {
            self.received.push((order.record.seq, order.record.hash.clone()));
        }
        self.plan_in(5, 500, Todo::Sent(life, order, took));
    }

    pub(super) fn sink_said(&mut self, life: u64, order: Order, took: Took) {
        if life != self.process.life || self.process.cache.is_none() {
            return;
        }
        let delivery = if took == Took::It { Delivery::Delivered } else { Delivery::Retry("down".to_owned()) };
        let now = self.elapsed();
        if self.process.lanes.settle(order, delivery, now).is_some() && took == Took::It {
            self.process.heard = Some(self.now);
            self.trigger();
        }
        self.pump();
    }

    pub(super) fn asked(&mut self, question: Question) {
        let what = match &question {
            Question::DryRun { revision } => format!("dry run {revision}"),
            Question::Measure { check, attempt, step, .. } => format!("{check} {attempt} {step}"),
        };
        if !self.process.asking.insert(what) {
            return;
        }
        let answer = self.answer(&question);
        let (low, high) = if self.rng.chance(self.faults.slow_answer) { (1_000, 20_000) } else { (20, 400) };
        self.plan_in(low, high, Todo::Answer(self.process.life, question, answer));
    }

    fn answer(&mut self, question: &Question) -> Answer {
        match question {
            Question::DryRun { revision } => {
                let (revision, at) = (revision.clone(), self.now);
                Answer::Template(if self.rng.chance(self.faults.unavailable) {
                    Template::Unknown { revision, text: "no answer".to_owned(), at }
                } else if self.truths[&revision] == super::truth::Truth::Refused {
                    Template::Refused { revision, text: "unknown field".to_owned(), at }
                } else {
                    Template::Accepted { meaning: Meaning::new(revision.as_str()), revision }
                })
            }
            Question::Measure { check, at, .. } => Answer::Reading(match self.backend {
                Power::Down => truth::trouble(&mut self.rng),
                Power::Up => self.measure(check, *at),
            }),
        }
    }

    /// What is measured is what the youngest revision that is on trial is like.
    fn measure(&self, check: &str, at: DateTime<Utc>) -> serin::rollout::Reading {
        let state = self.process.seen.as_ref().and_then(|seen| seen.status.as_ref().ok()).and_then(|status| status.state.as_ref());
        let Some(attempt) = state.and_then(|state| state.attempt()) else { return serin::rollout::Reading::NoData };
        let (canary, stable) = (self.server.ready(&attempt.canary), self.server.ready(&attempt.stable));
        let share = if canary == 0 { 0 } else { canary * 1000 / (canary + stable) };
        self.truths[&attempt.canary].reading(check, share, at)
    }

    pub(super) fn answered(&mut self, life: u64, question: Question, answer: Answer) {
        if life != self.process.life || self.process.cache.is_none() {
            return;
        }
        match (question, answer) {
            (Question::DryRun { revision }, Answer::Template(template)) => {
                self.process.asking.remove(&format!("dry run {revision}"));
                self.tell("answer", |_| format!("{template:?}"));
                // The spec may have another template by now.
                if self.process.rollout().is_some_and(|rollout| rollout.spec.intent.revision == revision) {
                    self.process.template = template;
                }
            }
            (Question::Measure { check, attempt, step, at, .. }, Answer::Reading(reading)) => {
                self.process.asking.remove(&format!("{check} {attempt} {step}"));
                self.tell("answer", |_| format!("{check} is {reading:?} (attempt {attempt}, {step})"));
                let known = self.process.samples.get(&check);
                if known.is_none_or(|known| known.at <= at) {
                    self.process.samples.insert(check.clone(), Sample { check, attempt, step, at, reading });
                }
            }
            (Question::DryRun { .. }, Answer::Reading(_)) | (Question::Measure { .. }, Answer::Template(_)) => {}
        }
        self.trigger();
    }

    /// What a pass gets to see.
    pub(super) fn look(&mut self) -> Option<Seen> {
        let cache = self.process.cache.as_ref()?;
        let Rollout { version, generation, spec, guarded, deleting, committed, .. } = cache.rollout.clone()?;
        let lifetime = match (deleting, guarded) {
            (true, _) => Lifetime::Deleting,
            (false, true) => Lifetime::Guarded,
            (false, false) => Lifetime::Unguarded,
        };
        let mut receipts = self.process.lanes.receipts(super::ledger::UID);
        let at = self.process.heard.unwrap_or(self.now);
        let seen = Seen {
            version: version.to_string(),
            generation,
            uid: super::ledger::UID.to_owned(),
            replicas: (spec.reading != SpecReading::Nothing).then_some(spec.intent.replicas),
            intent: match spec.reading {
                SpecReading::All => Ok(spec.intent),
                SpecReading::OnlyReplicas | SpecReading::Nothing => Err(serin::api::Invalid::NoRoom),
            },
            status: Ok(committed.status.clone()),
            observed: Observed {
                name: key().name,
                created: DateTime::UNIX_EPOCH,
                lifetime,
                service: cache.service(),
                workload: Workload::None,
                children: cache.children(),
                records: cache.records(),
                template: self.process.template.clone(),
                samples: self.process.samples.values().cloned().collect(),
                actions: Vec::new(),
                refused: self.process.refused.clone(),
            },
            sinks: [(sink(), receipts.remove(&sink()).map(|receipt| Ack { receipt, at }))].into(),
            teller: Teller { cluster: Cluster { name: "sim".to_owned(), uid: None }, controller: key().name },
        };
        if let Ok(intent) = &seen.intent {
            let steps = intent.steps.iter().map(|step| split(intent.replicas, step.weight, &intent.capacity).total());
            self.ledger.most = steps.max().unwrap_or(0).max(intent.replicas);
        }
        self.process.seen = Some(seen.clone());
        Some(seen)
    }
}
