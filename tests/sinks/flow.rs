//! The production's dispatcher, its sinks made from a configuration, and all that it reports.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use serin::audit::{Record, Reporter};
use serin::config::parse;
use serin::sink::{Delivery, Dispatcher, Offers, Report, Sink};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::given::{outbox, uid};

/// No single wait of these tests is longer on an idle machine than a few seconds.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running dispatcher.
pub(crate) struct Flow {
    offers: Offers<usize>,
    reports: mpsc::UnboundedReceiver<Report<usize>>,
    running: JoinHandle<()>,
    pub(crate) heard: Vec<Report<usize>>,
}

impl Flow {
    /// Dispatches to the sinks of this list; a failed delivery comes again after 50 ms.
    pub(crate) fn start(sinks: &str) -> Self {
        let config = parse(&format!("sinks:\n{sinks}")).unwrap_or_else(|error| panic!("{error}\n{sinks}"));
        let reporter = Reporter { version: "0.1.0".to_owned(), instance: "serin-0".to_owned(), address: None };
        let sinks = config.sinks.all().iter().map(|sink| Sink::new(sink, &reporter).unwrap()).collect();
        let (offers, dispatcher) = Dispatcher::new(sinks, || std::iter::repeat(Duration::from_millis(50)));
        let (tell, reports) = mpsc::unbounded_channel();
        let running = tokio::spawn(async move {
            // Once the test is over nobody listens any more.
            dispatcher.run(move |report| drop(tell.send(report))).await;
        });
        Self { offers, reports, running, heard: Vec::new() }
    }

    /// Offers the lives of so many rollouts.
    #[expect(clippy::disallowed_methods, reason = "a log store keeps nothing that is old")]
    pub(crate) fn offer(&self, rollouts: usize) -> Vec<Record> {
        let now = Utc::now();
        let outboxes = (0..rollouts).map(|rollout| (rollout, outbox(rollout, now)));
        outboxes
            .flat_map(|(rollout, outbox)| {
                self.offers.offer(rollout, &uid(rollout), &outbox);
                outbox.pending().collect::<Vec<_>>()
            })
            .collect()
    }

    /// Waits until this holds of everything that was reported.
    pub(crate) async fn until(&mut self, what: &str, holds: impl Fn(&[Report<usize>]) -> bool) {
        let wait = async {
            while !holds(&self.heard) {
                self.heard.push(self.reports.recv().await.unwrap());
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            let last: Vec<&Delivery> = self.heard.iter().rev().take(5).map(|report| &report.delivery).collect();
            panic!("not within {PATIENCE:?}: {what}; the last of {} reports: {last:?}", self.heard.len());
        }
    }

    /// Waits until so many deliveries succeeded, and checks that each sink got each rollout's events in order and none of them twice.
    pub(crate) async fn until_delivered(&mut self, count: usize) {
        let done = |heard: &[Report<usize>]| heard.iter().filter(|report| report.delivery == Delivery::Delivered).count();
        self.until("all events are delivered", |heard| done(heard) >= count).await;
        let mut seqs: BTreeMap<(String, usize), Vec<u64>> = BTreeMap::new();
        for report in self.heard.iter().filter(|report| report.delivery == Delivery::Delivered) {
            seqs.entry((report.sink.to_string(), report.key)).or_default().push(report.record.seq);
        }
        for (lane, seqs) in seqs {
            assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "{lane:?}: {seqs:?}");
        }
    }

    /// How many attempts failed.
    pub(crate) fn failed(&self) -> usize {
        self.heard.iter().filter(|report| matches!(report.delivery, Delivery::Retry(_) | Delivery::Later(..))).count()
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.running.abort();
    }
}
