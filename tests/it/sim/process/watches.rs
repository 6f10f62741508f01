//! How does a process follow the cluster? Each kind on its own; what it hears is older than what is there, and sometimes much is missed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serin::cluster::{Item, Kind, Listed, Unconfirmed};

use super::Life;
use crate::sim::agenda::Todo;
use crate::sim::rng::Rng;
use crate::sim::server::{self, News};
use crate::sim::state::Sim;

/// So long its watches may take to confirm a write.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// How a kind is followed.
pub(super) enum Watch {
    /// A list was asked for and arrives then; it is that old.
    Listing { arrives: DateTime<Utc>, age: TimeDelta },
    /// This many lines were heard.
    Following(usize),
}

impl Watch {
    /// The first list of a new process.
    pub(super) fn listing(now: DateTime<Utc>, rng: &mut Rng) -> Self {
        let age = rng.millis(0, 2_000);
        Self::Listing { arrives: now + age + rng.millis(1, 100), age }
    }

    pub(super) fn due(&self, log: &[News]) -> Option<DateTime<Utc>> {
        match self {
            Self::Listing { arrives, .. } => Some(*arrives),
            Self::Following(heard) => log.get(*heard).map(|news| news.due),
        }
    }
}

impl Sim {
    /// A process hears of the next thing of a kind.
    pub(in crate::sim) fn hear(&mut self, life: Life, kind: Kind) {
        let (desync, log, now) = (self.faults.desync, self.server.log(kind), self.now);
        let Some(process) = self.processes.get_mut(&life) else { return };
        let Some(watch) = process.watches.get_mut(&kind) else { return };
        let touched = match watch {
            Watch::Listing { age, .. } => {
                let end = log.partition_point(|news| news.at <= now - *age);
                *watch = Watch::Following(end);
                let mut listed = Listed::default();
                let mut touched = Vec::new();
                for item in there(&log[..end]) {
                    listed.note(item);
                    touched.extend(process.index.put(item.clone()));
                }
                touched.extend(process.index.list_done(kind, &listed));
                touched
            }
            Watch::Following(heard) if self.rng.chance(desync) => {
                // The watch breaks, and what happens until the next list is never heard of one by one.
                let age = self.rng.millis(0, 2_000);
                let arrives = now + age + self.rng.millis(500, 20_000);
                *watch = Watch::Listing { arrives, age };
                self.ledger.count("fault.desync");
                return;
            }
            Watch::Following(heard) => {
                let Some(news) = log.get(*heard) else { return };
                *heard += 1;
                match news.life {
                    server::Life::There => process.index.put(news.item.clone()),
                    server::Life::Gone => process.index.remove(&news.item),
                }
            }
        };
        if !touched.is_empty() {
            self.trigger(life);
        }
    }

    /// A process took a reply over. If no watch confirms it, it asks later.
    pub(in crate::sim) fn replied(&mut self, life: Life) {
        let at = self.now + PATIENCE;
        if let Some(process) = self.process(life).filter(|process| !process.index.unconfirmed().is_empty()) {
            process.questions.get_or_insert(at);
        }
    }

    /// A process asks for what its watches have not confirmed.
    pub(in crate::sim) fn ask_for_unconfirmed(&mut self, life: Life) {
        let unavailable = self.faults.unavailable;
        let Some(process) = self.process(life) else { return };
        process.questions = None;
        for unconfirmed in process.index.unconfirmed() {
            if self.rng.chance(unavailable) {
                self.replied(life);
            } else {
                self.ledger.count("asked.unconfirmed");
                let found = self.server.found(&unconfirmed.name).map(Box::new);
                self.plan_in(1, 3_000, Todo::Found(life, Box::new(unconfirmed), found));
            }
        }
    }

    /// An answer reaches the process.
    pub(in crate::sim) fn found(&mut self, life: Life, unconfirmed: &Unconfirmed, found: Option<Box<Item>>) {
        let Some(process) = self.process(life) else { return };
        if !process.index.confirm(unconfirmed, found.map(|item| *item)).is_empty() {
            self.trigger(life);
        }
    }
}

/// The objects that are there after these lines.
fn there(log: &[News]) -> impl Iterator<Item = &Item> {
    let mut there: BTreeMap<&str, &News> = BTreeMap::new();
    for news in log {
        there.insert(&news.name, news);
    }
    there.into_values().filter(|news| news.life == server::Life::There).map(|news| &news.item)
}
