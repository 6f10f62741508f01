//! Which event goes to which sink now: one lane per sink and rollout, in order, one at a time.
//!
//! No clock and no I/O: time is a `now` since some beginning, deliveries are told by [`Lanes::settle`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::Delivery;
use crate::audit::{Outbox, Receipt, Record, SinkName};

/// Waited when the delays have no more to say.
const LONGEST_DELAY: Duration = Duration::from_mins(5);

type Delays = Box<dyn Iterator<Item = Duration> + Send>;

/// All lanes. `K` is how the caller names a rollout.
pub struct Lanes<K> {
    sinks: Vec<SinkName>,
    delays: Box<dyn Fn() -> Delays + Send>,
    streams: BTreeMap<String, Stream<K>>,
}

/// One delivery that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The stream under which the event was offered.
    pub stream: String,
    /// The sink's place in the list of sinks.
    pub sink: usize,
    /// What to deliver.
    pub record: Record,
}

/// How one attempt to deliver one event ended, for whoever counts. What may be acknowledged says [`Lanes::receipts`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<K> {
    /// The rollout.
    pub key: K,
    /// The sink.
    pub sink: SinkName,
    /// The event.
    pub record: Record,
    /// How it ended.
    pub delivery: Delivery,
}

/// One rollout's events: only the newest list that was committed.
struct Stream<K> {
    key: K,
    newest: u64,
    records: Vec<Record>,
    lanes: Vec<Lane>,
    life: Life,
}

enum Life {
    /// Its outbox lets go of what is acknowledged.
    Kept,
    /// The Rollout is gone: what is known is still told, then forgotten.
    Gone,
}

struct Lane {
    /// The newest event that the sink has.
    done: u64,
    state: LaneState,
    /// From the first failure until the next success.
    delays: Option<Delays>,
}

enum LaneState {
    Free,
    /// The event with this hash is under way.
    Sending(String),
    /// Until this `now`.
    Waiting(Duration),
}

impl<K: Clone> Lanes<K> {
    /// Lanes to these sinks. Each failing lane takes fresh delays; they need not end, for delivering never gives up.
    pub fn new<I>(sinks: Vec<SinkName>, delays: impl Fn() -> I + Send + 'static) -> Self
    where
        I: Iterator<Item = Duration> + Send + 'static,
    {
        Self { sinks, delays: Box::new(move || Box::new(delays())), streams: BTreeMap::new() }
    }

    /// Takes over a rollout's outbox as it was committed. What a sink has already got is not sent again, unless the
    /// stream began anew because its status was lost.
    pub fn offer(&mut self, key: K, stream: &str, outbox: &Outbox) {
        let records: Vec<Record> = outbox.pending().collect();
        let known = self.streams.remove(stream).filter(|known| known.goes_on(outbox.seq(), &records));
        let before = known.map_or_else(|| self.sinks.iter().map(|_| Lane::new()).collect(), |known| known.lanes);
        let lanes = before.into_iter().zip(&self.sinks).map(|(lane, sink)| Lane { done: lane.done.max(outbox.acked(sink)), ..lane });
        let fresh = Stream { key, newest: outbox.seq(), records, lanes: lanes.collect(), life: Life::Kept };
        if !fresh.is_over() {
            self.streams.insert(stream.to_owned(), fresh);
        }
    }

    /// The Rollout is gone: nobody acknowledges its events any more. They are still delivered from memory.
    pub fn gone(&mut self, stream: &str) {
        if let Some(known) = self.streams.get_mut(stream) {
            known.life = Life::Gone;
        }
        self.forget(stream);
    }

    /// All deliveries that may begin now. Each is under way until [`Self::settle`] tells how it ended.
    pub fn due(&mut self, now: Duration) -> Vec<Order> {
        let mut orders = Vec::new();
        for (name, stream) in &mut self.streams {
            for (sink, lane) in stream.lanes.iter_mut().enumerate() {
                match lane.state {
                    LaneState::Sending(_) => continue,
                    LaneState::Waiting(until) if until > now => continue,
                    LaneState::Waiting(_) | LaneState::Free => lane.state = LaneState::Free,
                }
                if let Some(record) = stream.records.iter().find(|record| record.seq > lane.done) {
                    lane.state = LaneState::Sending(record.hash.clone());
                    orders.push(Order { stream: name.clone(), sink, record: record.clone() });
                }
            }
        }
        orders
    }

    /// When the next waiting lane is due, if one waits.
    pub fn wake(&self) -> Option<Duration> {
        let lanes = self.streams.values().flat_map(|stream| &stream.lanes);
        lanes
            .filter_map(|lane| match lane.state {
                LaneState::Waiting(until) => Some(until),
                LaneState::Free | LaneState::Sending(_) => None,
            })
            .min()
    }

    /// Notes how a delivery ended. `None` for an order that these lanes did not give, or whose stream began anew meanwhile.
    pub fn settle(&mut self, order: Order, delivery: Delivery, now: Duration) -> Option<Report<K>> {
        let Order { stream: uid, sink, record } = order;
        let stream = self.streams.get_mut(&uid)?;
        let name = self.sinks.get(sink)?.clone();
        let lane = stream.lanes.get_mut(sink).filter(|lane| lane.is_sending(&record.hash))?;
        match &delivery {
            Delivery::Delivered | Delivery::Refused(_) => {
                lane.done = lane.done.max(record.seq);
                lane.delays = None;
                lane.state = LaneState::Free;
            }
            Delivery::Retry(_) => {
                let delay = lane.delays.get_or_insert_with(&self.delays).next().unwrap_or(LONGEST_DELAY);
                lane.state = LaneState::Waiting(now + delay);
            }
        }
        let key = stream.key.clone();
        self.forget(&uid);
        Some(Report { key, sink: name, record, delivery })
    }

    /// How far each sink is, as [`Outbox::acknowledge`] wants to know it. A state and not a message: an acknowledgment
    /// whose commit failed is there again in the next pass. A refused event is passed over, so that the next ones get through.
    pub fn receipts(&self, stream: &str) -> BTreeMap<SinkName, Receipt> {
        let Some(stream) = self.streams.get(stream) else { return BTreeMap::new() };
        let lanes = self.sinks.iter().zip(&stream.lanes);
        lanes.filter_map(|(sink, lane)| Some((sink.clone(), stream.receipt(lane.done)?))).collect()
    }

    /// Whether nothing is left to deliver or to be acknowledged.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    fn forget(&mut self, stream: &str) {
        if self.streams.get(stream).is_some_and(Stream::is_over) {
            self.streams.remove(stream);
        }
    }
}

impl<K> Stream<K> {
    /// Whether an outbox continues what is known: numbers never go back, and no number changes its content.
    fn goes_on(&self, newest: u64, records: &[Record]) -> bool {
        let same = |new: &Record| self.records.iter().all(|old| old.seq != new.seq || old.hash == new.hash);
        newest >= self.newest && records.iter().all(same)
    }

    /// What was let go of needs no receipt any more.
    fn receipt(&self, done: u64) -> Option<Receipt> {
        let record = self.records.iter().find(|record| record.seq == done)?;
        Some(Receipt { seq: record.seq, hash: record.hash.clone() })
    }

    /// Nothing is under way, and nothing is left to send that anybody waits for.
    fn is_over(&self) -> bool {
        let last = self.records.last().map_or(0, |record| record.seq);
        let told = match self.life {
            Life::Kept => self.records.is_empty(),
            Life::Gone => self.lanes.iter().all(|lane| lane.done >= last),
        };
        let sending = self.lanes.iter().any(|lane| matches!(lane.state, LaneState::Sending(_)));
        told && !sending
    }
}

impl Lane {
    fn new() -> Self {
        Self { done: 0, state: LaneState::Free, delays: None }
    }

    fn is_sending(&self, hash: &str) -> bool {
        match &self.state {
            LaneState::Sending(under_way) => under_way == hash,
            LaneState::Free | LaneState::Waiting(_) => false,
        }
    }
}
