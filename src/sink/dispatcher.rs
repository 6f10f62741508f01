//! Who brings events to sinks: a thin loop around the lanes.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::{error, warn};

use super::{Delivery, Health, Lanes, Order, Report, Sink, Standing};
use crate::audit::{Outbox, Receipt, SinkName};

/// Brings every event that was offered to every sink, in order per sink and rollout, at least once.
pub struct Dispatcher<K> {
    sinks: Vec<Sink>,
    shared: Arc<Shared<K>>,
}

/// Where committed outboxes are handed over. No call waits.
pub struct Offers<K> {
    shared: Arc<Shared<K>>,
}

impl<K> Clone for Offers<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct Shared<K> {
    lanes: Mutex<Lanes<K>>,
    changed: Notify,
}

impl<K: Clone + Send> Offers<K> {
    /// Hands over a rollout's outbox.
    ///
    /// # Caveats
    /// Only one that was committed, or was read from the API server: an event whose edge was never written must not be heard of.
    pub fn offer(&self, key: K, stream: &str, outbox: &Outbox) {
        self.shared.lanes().offer(key, stream, outbox);
        self.shared.changed.notify_one();
    }

    /// How far each sink is with a rollout's events that wait: for [`Outbox::acknowledge`] in the next pass.
    pub fn receipts(&self, stream: &str) -> BTreeMap<SinkName, Receipt> {
        self.shared.lanes().receipts(stream)
    }

    /// The Rollout is gone for good; what was offered of it is still delivered, then forgotten.
    pub fn gone(&self, stream: &str) {
        self.shared.lanes().gone(stream);
    }

    /// Whether each sink works.
    pub fn healths(&self) -> Vec<Health> {
        self.shared.lanes().healths()
    }

    /// How each sink stands.
    pub fn standings(&self) -> Vec<Standing> {
        self.shared.lanes().standings()
    }
}

impl<K: Clone + Send> Dispatcher<K> {
    /// A dispatcher to these sinks, and the place where it is fed.
    pub fn new<I>(sinks: Vec<Sink>, delays: impl Fn() -> I + Send + 'static) -> (Offers<K>, Self)
    where
        I: Iterator<Item = Duration> + Send + 'static,
    {
        let lanes = Lanes::new(sinks.iter().map(Sink::route).collect(), delays);
        let shared = Arc::new(Shared { lanes: Mutex::new(lanes), changed: Notify::new() });
        (Offers { shared: Arc::clone(&shared) }, Self { sinks, shared })
    }

    /// Delivers until it is dropped. `report` hears of every attempt; it must not wait.
    /// Where it hears [`Delivery::Delivered`] or [`Delivery::Refused`], the rollout's next pass has something to acknowledge. What is under way when this is
    /// dropped may or may not have reached its sink: it was not reported, so it is delivered again after the restart.
    pub async fn run(self, report: impl Fn(Report<K>)) -> Infallible {
        let start = Instant::now();
        let mut under_way = FuturesUnordered::new();
        loop {
            let (orders, wake) = {
                let mut lanes = self.shared.lanes();
                (lanes.due(start.elapsed()), lanes.wake())
            };
            under_way.extend(orders.into_iter().map(|order| deliver(&self.sinks, order)));
            tokio::select! {
                () = self.shared.changed.notified() => {}
                Some((order, delivery)) = under_way.next() => {
                    let settled = self.shared.lanes().settle(order, delivery, start.elapsed());
                    if let Some(settled) = settled {
                        log(&settled);
                        report(settled);
                    }
                }
                () = at(start, wake) => {}
            }
        }
    }
}

impl<K> Shared<K> {
    /// No call into the lanes panics half-way through a change, so a poisoned lock guards nothing broken.
    fn lanes(&self) -> MutexGuard<'_, Lanes<K>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn deliver(sinks: &[Sink], order: Order) -> (Order, Delivery) {
    let delivery = match sinks.get(order.sink) {
        Some(sink) => sink.deliver(&order.record).await,
        None => Delivery::Refused("there is no such sink".to_owned()),
    };
    (order, delivery)
}

async fn at(start: Instant, wake: Option<Duration>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(start + wake).await,
        None => std::future::pending().await,
    }
}

fn log<K>(report: &Report<K>) {
    let Report { key: _, sink, record, delivery } = report;
    match delivery {
        Delivery::Delivered | Delivery::Unwanted => {}
        Delivery::Retry(reason) | Delivery::Later(reason, _) => {
            warn!(%sink, stream = record.stream, seq = record.seq, reason, "an event waits for its sink");
        }
        Delivery::Refused(reason) => {
            error!(%sink, stream = record.stream, seq = record.seq, reason, event = record.text, "a sink refused an event for good");
        }
    }
}
