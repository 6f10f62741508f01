//! Which event goes to which sink now: one lane per sink and rollout, in order, one at a time; one gate per sink.
//!
//! No clock and no I/O: time is a `now` since some beginning, deliveries are told by [`Lanes::settle`].

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use super::Delivery;
use super::gate::{Gate, Sign, Turn};
use super::stream::{LaneState, Stream};
use crate::audit::{Outbox, Receipt, Record, SinkName};

pub use crate::config::Need;

/// Waited when the delays have no more to say.
pub(super) const LONGEST_DELAY: Duration = Duration::from_mins(5);

/// Rollouts that are gone and of which best-effort sinks have not got everything: at 64 events of 1.5 KiB each, 25 MiB at most.
const MOST_GONE: usize = 256;

pub(super) type Delays = Box<dyn Iterator<Item = Duration> + Send>;

/// What the lanes know of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its name.
    pub name: SinkName,
    /// Whether events wait for it.
    pub need: Need,
    /// How many deliveries it has under way at most.
    pub at_once: usize,
}

/// All lanes. `K` is how the caller names a rollout.
pub struct Lanes<K> {
    routes: Vec<Route>,
    gates: Vec<Gate>,
    /// Events that a best-effort sink will never get, for each sink.
    lost: Vec<u64>,
    /// The stream that each sink served last: the next one comes first, so that none is starved.
    served: Vec<String>,
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

/// How one sink stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The sink.
    pub sink: SinkName,
    /// Whether it failed several times in a row, and did not work since.
    pub ill: bool,
    /// When the oldest event was decided that it has not got yet.
    pub oldest: Option<String>,
    /// How many events it will never get, because it was away for too long and nobody had to wait for it.
    pub lost: u64,
}

/// Whether a sink works, without what it still has to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The sink.
    pub sink: SinkName,
    /// Whether it failed several times in a row, and did not work since.
    pub ill: bool,
    /// How often it fell ill.
    pub falls: u64,
}

impl<K: Clone> Lanes<K> {
    /// Lanes to these sinks. Each failing lane takes fresh delays, and so does each failing sink; they need not end, for delivering never gives up.
    pub fn new<I>(routes: Vec<Route>, delays: impl Fn() -> I + Send + 'static) -> Self
    where
        I: Iterator<Item = Duration> + Send + 'static,
    {
        Self {
            gates: routes.iter().map(|route| Gate::new(route.at_once)).collect(),
            lost: vec![0; routes.len()],
            served: vec![String::new(); routes.len()],
            delays: Box::new(move || Box::new(delays())),
            streams: BTreeMap::new(),
            routes,
        }
    }

    /// Takes over a rollout's outbox as it was committed. What a sink has already got is not sent again, unless the
    /// stream began anew because its status was lost.
    pub fn offer(&mut self, key: K, stream: &str, outbox: &Outbox) {
        let known = self.streams.remove(stream).filter(|known| known.goes_on(outbox));
        let mut fresh = known.unwrap_or_else(|| Stream::new(key.clone(), &self.routes));
        let lost = fresh.take(key, outbox, &self.routes);
        self.lose(lost);
        if !fresh.is_over() {
            self.streams.insert(stream.to_owned(), fresh);
        }
    }

    /// The Rollout is gone: nobody acknowledges its events any more. They are still delivered from memory.
    pub fn gone(&mut self, stream: &str) {
        let crowded = self.streams.values().filter(|known| known.is_gone()).count() >= MOST_GONE;
        if let Some(known) = self.streams.get_mut(stream) {
            known.end();
            let lost = if crowded { known.give_up() } else { Vec::new() };
            self.lose(lost);
        }
        self.forget(stream);
    }

    /// All deliveries that may begin now. Each is under way until [`Self::settle`] tells how it ended.
    pub fn due(&mut self, now: Duration) -> Vec<Order> {
        let mut orders = Vec::new();
        for sink in 0..self.routes.len() {
            for _ in 0..self.gates[sink].room(now) {
                let Some(order) = self.next(sink, now) else { break };
                self.gates[sink].begin();
                self.served[sink].clone_from(&order.stream);
                orders.push(order);
            }
        }
        orders
    }

    /// When the next delivery is due that only waits for the time, if there is one.
    pub fn wake(&self) -> Option<Duration> {
        let each = self.streams.values().flat_map(|stream| {
            let lanes = stream.lanes.iter().zip(&self.gates);
            lanes.filter_map(|(lane, gate)| {
                let free = lane.free_at().filter(|_| !gate.is_full() && stream.next(lane.done).is_some())?;
                Some(free.max(gate.rests_until().unwrap_or_default()))
            })
        });
        each.min()
    }

    /// Notes how a delivery ended. `None` for an order that these lanes did not give, or whose stream began anew meanwhile.
    pub fn settle(&mut self, order: Order, delivery: Delivery, now: Duration) -> Option<Report<K>> {
        let Order { stream: uid, sink, record } = order;
        let name = self.routes.get(sink)?.name.clone();
        let turn = self.gates.get_mut(sink)?.end(&sign(&delivery), now, &self.delays);
        if turn == Turn::Recovered {
            self.free(sink);
        }
        let stream = self.streams.get_mut(&uid)?;
        let lane = stream.lanes.get_mut(sink).filter(|lane| lane.is_sending(&record.hash))?;
        match &delivery {
            Delivery::Delivered | Delivery::Unwanted | Delivery::Refused(_) => {
                lane.done = lane.done.max(record.seq);
                lane.delays = None;
                lane.state = LaneState::Free;
            }
            Delivery::Retry(_) | Delivery::Later(..) => {
                let delay = lane.delays.get_or_insert_with(&self.delays).next().unwrap_or(LONGEST_DELAY);
                lane.state = LaneState::Waiting(now + delay);
            }
        }
        let key = stream.key.clone();
        stream.prune();
        self.forget(&uid);
        Some(Report { key, sink: name, record, delivery })
    }

    /// How far each required sink is, as [`Outbox::acknowledge`] wants to know it. A state and not a message: an acknowledgment
    /// whose commit failed is there again in the next pass. A refused event is passed over, so that the next ones get through.
    pub fn receipts(&self, stream: &str) -> BTreeMap<SinkName, Receipt> {
        let Some(stream) = self.streams.get(stream) else { return BTreeMap::new() };
        let lanes = self.routes.iter().zip(&stream.lanes);
        lanes.filter_map(|(route, lane)| Some((route.name.clone(), stream.receipt(lane)?))).collect()
    }

    /// How each sink stands.
    pub fn standings(&self) -> Vec<Standing> {
        let oldest = |sink: usize| {
            let waiting = self.streams.values().filter_map(|stream| stream.next(stream.lanes.get(sink)?.done));
            waiting.filter_map(|record| Some(record.body().ok()?.time)).min()
        };
        let each = self.routes.iter().zip(&self.gates).zip(&self.lost).enumerate();
        each.map(|(at, ((route, gate), lost))| Standing { sink: route.name.clone(), ill: gate.is_ill(), oldest: oldest(at), lost: *lost })
            .collect()
    }

    /// Whether each sink works: cheap, however many rollouts there are.
    pub fn healths(&self) -> Vec<Health> {
        let each = self.routes.iter().zip(&self.gates);
        each.map(|(route, gate)| Health { sink: route.name.clone(), ill: gate.is_ill(), falls: gate.falls() }).collect()
    }

    /// Whether nothing is left to deliver or to be acknowledged.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// The next order for a sink: from the stream after the one that was served last, round about.
    fn next(&mut self, sink: usize, now: Duration) -> Option<Order> {
        let after = (Bound::Excluded(self.served[sink].clone()), Bound::Unbounded);
        let up_to = (Bound::Unbounded, Bound::Included(self.served[sink].clone()));
        for range in [after, up_to] {
            for (name, stream) in self.streams.range_mut(range) {
                let Some(lane) = stream.lanes.get(sink).filter(|lane| lane.free_at().is_some_and(|at| at <= now)) else { continue };
                let Some(record) = stream.next(lane.done).cloned() else { continue };
                stream.lanes[sink].state = LaneState::Sending(record.hash.clone());
                return Some(Order { stream: name.clone(), sink, record });
            }
        }
        None
    }

    fn lose(&mut self, lost: Vec<u64>) {
        for (all, more) in self.lost.iter_mut().zip(lost) {
            *all += more;
        }
    }

    /// The sink works again: nobody waits any longer for what was its fault.
    fn free(&mut self, sink: usize) {
        for lane in self.streams.values_mut().filter_map(|stream| stream.lanes.get_mut(sink)) {
            if let LaneState::Waiting(_) = lane.state {
                lane.state = LaneState::Free;
            }
        }
    }

    fn forget(&mut self, stream: &str) {
        if self.streams.get(stream).is_some_and(Stream::is_over) {
            self.streams.remove(stream);
        }
    }
}

fn sign(delivery: &Delivery) -> Sign {
    match delivery {
        Delivery::Delivered | Delivery::Refused(_) => Sign::Well,
        Delivery::Unwanted => Sign::None,
        Delivery::Retry(_) => Sign::Ill,
        Delivery::Later(_, pause) => Sign::Busy(*pause),
    }
}
