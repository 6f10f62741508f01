//! How do events reach the sink? By the production's lanes; the sink may be away, and what a dead process sent still arrives.

use chrono::TimeDelta;
use serin::audit::{Outbox, SinkName};
use serin::sink::{Delivery, Need, Order, Route};

use super::Life;
use crate::sim::acts::Power;
use crate::sim::agenda::{Todo, Took};
use crate::sim::server::objects::UID;
use crate::sim::state::Sim;

/// The sink that every event has to reach.
pub(super) fn name() -> SinkName {
    SinkName::new("siem")
}

/// What the lanes know of it.
pub(super) fn route() -> Route {
    Route { name: name(), need: Need::Required, at_once: 16, batch: 1 }
}

impl Sim {
    /// Hands what is committed over to the sink.
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
        for order in orders {
            self.plan_in(5, 500, Todo::Send(life, order));
        }
        if let Some(wake) = wake {
            let at = self.now + TimeDelta::from_std(wake.saturating_sub(now)).unwrap_or_default();
            self.agenda.plan(at, Todo::Pump(life));
        }
    }

    /// An event reaches the sink, even one that was sent by a process that died since.
    pub(in crate::sim) fn sink_gets(&mut self, life: Life, order: Order) {
        let took = if self.sink == Power::Up { Took::It } else { Took::Nothing };
        if took == Took::It {
            self.received.push((order.record.seq, order.record.hash.clone()));
        }
        self.plan_in(5, 500, Todo::Sent(life, order, took));
    }

    pub(in crate::sim) fn sink_said(&mut self, life: Life, order: Order, took: Took) {
        let (elapsed, clock) = (self.elapsed(), self.clock(life));
        let Some(process) = self.processes.get_mut(&life) else { return };
        let delivery = if took == Took::It { Delivery::Delivered } else { Delivery::Retry("down".to_owned()) };
        if process.lanes.settle(order, delivery, elapsed).is_some() && took == Took::It {
            process.heard = Some(clock);
            self.trigger(life);
        }
        self.pump(life);
    }
}
