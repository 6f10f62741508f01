//! What a Rollout's status keeps of its events until every required sink has them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::{Body, Place};
use super::own::{Own, Process};
use super::parts::{About, Gap, Subject, Teller};
use super::record::{NO_PREV, Record};
use crate::rollout::Event;

/// From this many waiting events on, exposure must not grow: a release that nobody hears of is not earned.
pub const HOLD_AT: usize = 32;

/// The most events that wait. Aborts and rollbacks go on above [`HOLD_AT`], and so do their events.
pub const KEEP: usize = 64;

/// How many of the oldest go at once when the outbox is full: one `audit.gap` per overflow, not one per event.
pub const DROP: usize = 16;

/// JSON numbers are exact below this; no Rollout lives to see it.
const MAX_SEQ: u64 = 1 << 53;

/// A sink's name in the controller's configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SinkName(String);

impl SinkName {
    /// Wraps a name from the configuration.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SinkName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// That a sink has all events up to one. The hash keeps an acknowledgment from counting for an event of the same
/// number that was made after the status was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The last event's number.
    pub seq: u64,
    /// The last event's hash.
    pub hash: String,
}

/// Whether exposure may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// It may.
    Open,
    /// So many events wait that it must not; aborts and rollbacks go on.
    Holding(usize),
}

/// A Rollout's events that are committed but not yet delivered; `status.audit`.
///
/// # Guarantees
/// `pending` is always the unbroken end of the stream: its last event is number `seq` and has the hash `head`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// The number of the newest event; 0 before the first.
    seq: u64,
    /// The hash of the newest event.
    head: String,
    /// How far each sink is.
    #[serde(default)]
    acked: BTreeMap<SinkName, u64>,
    /// The exact bytes of the events that wait, oldest first.
    #[serde(default)]
    pending: Vec<String>,
}

/// What all events that are told at once share.
struct Told<'a> {
    teller: &'a Teller,
    stream: &'a str,
    subject: Option<&'a Subject>,
    now: DateTime<Utc>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { seq: 0, head: NO_PREV.to_owned(), acked: BTreeMap::new(), pending: Vec::new() }
    }
}

impl Outbox {
    /// The outbox in a Rollout's status. One that is missing, or that was not written by [`Self::append`], starts the stream
    /// anew: number 1, no predecessor. Whoever has heard of the stream before can see that.
    pub fn read(stored: Option<&Value>) -> Self {
        stored.and_then(|value| Self::deserialize(value).ok()).filter(Self::is_sound).unwrap_or_default()
    }

    /// Tells one edge. To be committed in the same write as the edge's state.
    ///
    /// # Guarantees
    /// Numbers have no gap, each event names its predecessor's hash, no event is larger than
    /// [`MAX_EVENT_BYTES`](super::MAX_EVENT_BYTES), and at most [`KEEP`] wait: where one more would not fit, the [`DROP`] oldest go
    /// and an `audit.gap` before it says which.
    pub fn append(&mut self, event: &Event, teller: &Teller, about: &About, now: DateTime<Utc>) {
        let told = Told { teller, stream: &about.subject.uid, subject: Some(&about.subject), now };
        self.tell(&told, |place| Body::of_edge(event, about, place));
    }

    /// Tells what happened to the controller, in its own stream. The guarantees are the same.
    pub fn append_own(&mut self, own: &Own, process: &Process, teller: &Teller, stream: &str, now: DateTime<Utc>) {
        let told = Told { teller, stream, subject: None, now };
        self.tell(&told, |place| Body::of_own(own, process, place));
    }

    /// Notes what sinks have, and lets go of what every required sink has. A receipt for anything that is not waiting,
    /// be it old, from another life of the stream, or invented, changes nothing. Without required sinks nothing waits.
    pub fn acknowledge(&mut self, receipts: &BTreeMap<SinkName, Receipt>, required: &BTreeSet<SinkName>) {
        for (sink, receipt) in receipts {
            if self.record(receipt.seq).is_some_and(|record| record.hash == receipt.hash) {
                let acked = self.acked.entry(sink.clone()).or_default();
                *acked = receipt.seq.max(*acked);
            }
        }
        let settled = required.iter().map(|sink| self.acked(sink)).min().unwrap_or(self.seq);
        self.pending.drain(..self.until(settled));
    }

    /// Whether exposure may grow.
    pub fn backlog(&self) -> Backlog {
        match self.pending.len() {
            0..HOLD_AT => Backlog::Open,
            waiting => Backlog::Holding(waiting),
        }
    }

    /// The number of the newest event; 0 before the first.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The hash of the newest event.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// How far a sink is; 0 where it has nothing.
    pub fn acked(&self, sink: &SinkName) -> u64 {
        self.acked.get(sink).copied().unwrap_or(0)
    }

    /// The events that wait, oldest first.
    pub fn pending(&self) -> impl DoubleEndedIterator<Item = Record> + '_ {
        self.pending.iter().filter_map(|text| Record::read(text))
    }

    fn tell(&mut self, told: &Told<'_>, body: impl FnOnce(&Place<'_>) -> Body) {
        if self.pending.len() >= KEEP {
            let from = self.first();
            self.pending.drain(..DROP);
            let gap = Gap { from, to: self.first() - 1 };
            self.push(told, |place| Body::of_gap(gap, place));
        }
        self.push(told, body);
    }

    fn push(&mut self, told: &Told<'_>, body: impl FnOnce(&Place<'_>) -> Body) {
        let Told { teller, stream, subject, now } = *told;
        let record = Record::seal(&body(&Place { teller, stream, subject, seq: self.seq + 1, prev: &self.head, now }));
        self.seq = record.seq;
        self.head = record.hash;
        self.pending.push(record.text);
    }

    /// The number of the oldest event that waits; one above the newest where none does.
    fn first(&self) -> u64 {
        self.seq + 1 - self.pending.len() as u64
    }

    /// How many waiting events have a number up to `seq`.
    fn until(&self, seq: u64) -> usize {
        let count = seq.saturating_add(1).saturating_sub(self.first());
        usize::try_from(count).unwrap_or(usize::MAX).min(self.pending.len())
    }

    fn record(&self, seq: u64) -> Option<Record> {
        let index = usize::try_from(seq.checked_sub(self.first())?).ok()?;
        Record::read(self.pending.get(index)?)
    }

    /// Whether this is what `append` and `acknowledge` leave behind.
    pub(super) fn is_sound(&self) -> bool {
        let counts = self.seq < MAX_SEQ && self.pending.len() as u64 <= self.seq && self.pending.len() <= KEEP;
        let head = is_hash(&self.head) && (self.seq == 0) == (self.head == NO_PREV);
        if !counts || !head || self.acked.values().any(|acked| *acked > self.seq) {
            return false;
        }
        let mut prev = None;
        for (seq, text) in (self.first()..).zip(&self.pending) {
            let Some(record) = Record::read(text) else { return false };
            if record.seq != seq || prev.is_some_and(|prev| prev != record.prev) {
                return false;
            }
            prev = Some(record.hash);
        }
        prev.is_none_or(|last| last == self.head)
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == NO_PREV.len() && text.strip_prefix("sha256:").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
