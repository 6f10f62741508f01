//! How do events reach the sinks? By the production's lanes; each sink has its own manners, and what a dead process sent still arrives.

use chrono::TimeDelta;
use serin::audit::{Outbox, Record, SinkName};
use serin::sink::{Delivery, Need, Order, Route};

use super::Life;
use crate::sim::acts::Manners;
use crate::sim::agenda::Todo;
use crate::sim::server::objects::UID;
use crate::sim::state::Sim;

/// The place of the sink that every event has to reach among all of them.
pub(in crate::sim) const REQUIRED: usize = 0;

/// How many sinks there are: the one that is required, and one that gets what it can get.
pub(in crate::sim) const SINKS: usize = 2;

/// A sink, and what it has.
pub(in crate::sim) struct Receiver {
    pub(in crate::sim) manners: Manners,
    /// What it took, or refused for good, in its order, and which process had sent it.
    pub(in crate::sim) had: Vec<(Life, Record)>,
}

impl Receiver {
    pub(in crate::sim) const fn new() -> Self {
        Self { manners: Manners::Good, had: Vec::new() }
    }

    /// What it makes of events that reach it together; what it does not take it does not see.
    fn gets(&mut self, life: Life, events: &[Record]) -> Vec<Delivery> {
        let retry = || Delivery::Retry("not now".to_owned());
        let takes = match self.manners {
            Manners::Good | Manners::Slow | Manners::Mute | Manners::Picky => events.len(),
            Manners::Half => events.len() / 2,
            Manners::Down => 0,
        };
        self.had.extend(events[..takes].iter().map(|event| (life, event.clone())));
        let answer = |record: &Record| match self.manners {
            Manners::Mute => retry(),
            // Whatever it does not like, it never will.
            Manners::Picky if record.hash.ends_with(['0', '4', '8', 'c']) => Delivery::Refused("unwanted field".to_owned()),
            Manners::Good | Manners::Slow | Manners::Picky | Manners::Half | Manners::Down => Delivery::Delivered,
        };
        events[..takes].iter().map(answer).chain((takes < events.len()).then(retry)).collect()
    }
}

/// What a process knows of one of its sinks.
#[derive(Clone, Copy, Default)]
pub(super) struct Asked {
    /// Deliveries under way.
    under_way: usize,
    /// Whether the last of them failed.
    ill: bool,
}

/// The name of the sink that every event has to reach.
pub(super) fn name() -> SinkName {
    SinkName::new("siem")
}

/// What the lanes know of the sinks.
pub(super) fn routes() -> Vec<Route> {
    let best = Route { name: SinkName::new("pager"), need: Need::BestEffort, at_once: 16, batch: 1 };
    vec![Route { name: name(), need: Need::Required, at_once: 16, batch: 64 }, best]
}

impl Sim {
    /// Hands what is committed over to the sinks.
    pub(in crate::sim) fn offer(&mut self, life: Life, outbox: &Outbox) {
        let Some(process) = self.processes.get_mut(&life) else { return };
        if process.offered != *outbox {
            process.lanes.offer((), UID, outbox);
            process.offered = outbox.clone();
            self.pump(life);
        }
    }

    pub(in crate::sim) fn pump(&mut self, life: Life) {
        let now = self.elapsed();
        let Some(process) = self.processes.get_mut(&life) else { return };
        let (orders, wake) = (process.lanes.due(now), process.lanes.wake());
        for order in &orders {
            process.asked[order.sink].under_way += 1;
        }
        for order in orders {
            let longest = if self.sinks[order.sink].manners == Manners::Slow { 60_000 } else { 500 };
            self.plan_in(5, longest, Todo::Send(life, Box::new(order)));
        }
        if let Some(wake) = wake {
            let at = self.now + TimeDelta::from_std(wake.saturating_sub(now)).unwrap_or_default();
            self.agenda.plan(at, Todo::Pump(life));
        }
        if let Err(how) = self.waits_for_itself_alone(life) {
            self.ledger.violated("a sink waits for no other one", how);
        }
    }

    /// What the required sink has not got is on its way to it, unless it failed itself.
    fn waits_for_itself_alone(&self, life: Life) -> Result<(), String> {
        let Some(process) = self.processes.get(&life) else { return Ok(()) };
        let Some(newest) = process.offered.pending().next_back() else { return Ok(()) };
        let has = process.lanes.receipts(UID).remove(&name()).map(|receipt| receipt.seq);
        let Asked { under_way, ill } = process.asked[REQUIRED];
        let moves = has == Some(newest.seq) || under_way > 0 || ill;
        if moves { Ok(()) } else { Err(format!("event {} waits, and the newest that it has is {has:?}", newest.seq)) }
    }

    /// Events reach a sink, even those that were sent by a process that died since.
    pub(in crate::sim) fn sink_gets(&mut self, life: Life, order: Box<Order>) {
        let events: Vec<Record> = std::iter::once(&order.record).chain(&order.rest).cloned().collect();
        let deliveries = self.sinks[order.sink].gets(life, &events);
        self.plan_in(5, 500, Todo::Sent(life, order, deliveries));
    }

    pub(in crate::sim) fn sink_said(&mut self, life: Life, order: Order, deliveries: Vec<Delivery>) {
        let (elapsed, clock) = (self.elapsed(), self.clock(life));
        let Some(process) = self.processes.get_mut(&life) else { return };
        let sink = order.sink;
        let ill = deliveries.iter().any(|delivery| matches!(delivery, Delivery::Retry(_) | Delivery::Later(..)));
        process.asked[sink] = Asked { under_way: process.asked[sink].under_way - 1, ill };
        let reports = process.lanes.settle_all(order, deliveries, elapsed);
        let has = reports.iter().any(|report| matches!(report.delivery, Delivery::Delivered | Delivery::Refused(_)));
        if has && sink == REQUIRED {
            process.heard = Some(clock);
            self.trigger(life);
        }
        self.pump(life);
    }
}
