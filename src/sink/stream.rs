//! What is known of one rollout's events, and how far each sink is with them.

use std::time::Duration;

use super::lanes::{Delays, Need, Route};
use crate::audit::{KEEP, Outbox, Receipt, Record};

/// One rollout's events: the newest list that was committed, and before it what best-effort sinks have not got yet.
pub(super) struct Stream<K> {
    pub(super) key: K,
    pub(super) lanes: Vec<Lane>,
    newest: u64,
    /// The first event that the outbox keeps; what is before it is kept only here.
    kept_from: u64,
    records: Vec<Record>,
    life: Life,
}

enum Life {
    /// Its outbox lets go of what is acknowledged.
    Kept,
    /// The Rollout is gone: what is known is still told, then forgotten.
    Gone,
}

/// One sink's way through one stream.
pub(super) struct Lane {
    /// The newest event that the sink has.
    pub(super) done: u64,
    pub(super) state: LaneState,
    /// From the first failure until the next success.
    pub(super) delays: Option<Delays>,
    need: Need,
}

pub(super) enum LaneState {
    Free,
    /// The event with this hash is under way.
    Sending(String),
    /// Until this `now`.
    Waiting(Duration),
}

impl<K> Stream<K> {
    /// A stream of which nothing was sent yet.
    pub(super) fn new(key: K, routes: &[Route]) -> Self {
        let lanes = routes.iter().map(|route| Lane { done: 0, state: LaneState::Free, delays: None, need: route.need }).collect();
        Self { key, newest: 0, kept_from: 0, records: Vec::new(), lanes, life: Life::Kept }
    }

    /// Takes the newest outbox over. Says for each lane how many events it will never send, because nobody kept them.
    pub(super) fn take(&mut self, key: K, outbox: &Outbox, routes: &[Route]) -> Vec<u64> {
        let pending: Vec<Record> = outbox.pending().collect();
        self.key = key;
        self.life = Life::Kept;
        self.newest = outbox.seq();
        self.kept_from = pending.first().map_or(self.newest + 1, |record| record.seq);
        self.records.retain(|record| record.seq < self.kept_from);
        self.records.extend(pending);
        for (lane, route) in self.lanes.iter_mut().zip(routes) {
            lane.done = lane.done.max(outbox.acked(&route.name));
            if lane.need == Need::Required {
                lane.done = lane.done.max(self.kept_from - 1);
            }
        }
        let lost = self.trim();
        self.prune();
        lost
    }

    /// The Rollout is gone.
    pub(super) fn end(&mut self) {
        self.life = Life::Gone;
    }

    /// Whether it is kept only because sinks have not got everything.
    pub(super) fn is_gone(&self) -> bool {
        match self.life {
            Life::Gone => true,
            Life::Kept => false,
        }
    }

    /// Best-effort sinks get no more of it. Says for each lane how many events that are.
    pub(super) fn give_up(&mut self) -> Vec<u64> {
        let (newest, records) = (self.newest, &self.records);
        let each = self.lanes.iter_mut().map(|lane| match lane.need {
            Need::Required => 0,
            Need::BestEffort => {
                let lost = records.iter().filter(|record| record.seq > lane.done).count() as u64;
                lane.done = newest;
                lost
            }
        });
        each.collect()
    }

    /// Whether an outbox continues what is known: numbers never go back, and no number changes its content.
    pub(super) fn goes_on(&self, outbox: &Outbox) -> bool {
        let same = |new: Record| self.records.iter().all(|old| old.seq != new.seq || old.hash == new.hash);
        outbox.seq() >= self.newest && outbox.pending().all(same)
    }

    /// What a sink that has everything up to `done` gets next.
    pub(super) fn next(&self, done: u64) -> Option<&Record> {
        self.after(done).next()
    }

    /// What it gets from there on.
    pub(super) fn after(&self, done: u64) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(move |record| record.seq > done)
    }

    /// What was let go of needs no receipt any more, and nobody waits for best-effort sinks.
    pub(super) fn receipt(&self, lane: &Lane) -> Option<Receipt> {
        let record = self.records.iter().find(|record| record.seq == lane.done)?;
        (lane.need == Need::Required).then(|| Receipt { seq: record.seq, hash: record.hash.clone() })
    }

    /// Forgets what only best-effort sinks had still to get, where they have it now.
    pub(super) fn prune(&mut self) {
        let (kept_from, lanes) = (self.kept_from, &self.lanes);
        let waits = |seq: u64| lanes.iter().any(|lane| lane.need == Need::BestEffort && lane.done < seq);
        self.records.retain(|record| record.seq >= kept_from || waits(record.seq));
    }

    /// Nothing is under way, and nothing is left to send that anybody waits for.
    pub(super) fn is_over(&self) -> bool {
        let last = self.records.last().map_or(0, |record| record.seq);
        let told = match self.life {
            Life::Kept => self.records.is_empty(),
            Life::Gone => self.lanes.iter().all(|lane| lane.done >= last),
        };
        let sending = self.lanes.iter().any(|lane| matches!(lane.state, LaneState::Sending(_)));
        told && !sending
    }

    /// Memory is bounded: a best-effort sink that stays away loses the oldest.
    fn trim(&mut self) -> Vec<u64> {
        let surplus = self.records.len().saturating_sub(KEEP);
        let gone: Vec<u64> = self.records.drain(..surplus).map(|record| record.seq).collect();
        let lost = |lane: &Lane| gone.iter().filter(|seq| lane.need == Need::BestEffort && **seq > lane.done).count() as u64;
        self.lanes.iter().map(lost).collect()
    }
}

impl Lane {
    /// Whether this event is under way.
    pub(super) fn is_sending(&self, hash: &str) -> bool {
        match &self.state {
            LaneState::Sending(under_way) => under_way == hash,
            LaneState::Free | LaneState::Waiting(_) => false,
        }
    }

    /// The earliest `now` at which it may send; `None` while it sends.
    pub(super) fn free_at(&self) -> Option<Duration> {
        match self.state {
            LaneState::Free => Some(Duration::ZERO),
            LaneState::Waiting(until) => Some(until),
            LaneState::Sending(_) => None,
        }
    }
}
