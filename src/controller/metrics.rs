//! What does the controller count of itself?

use std::fmt;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::providers_up::ProvidersUp;
use super::{gauges, words};
use crate::audit;
use crate::cluster::{Error, Index, Instance, Kind, Lead};
use crate::rollout::{Change, Phase, Reading, Template};
use crate::sink::{Delivery, Route, Standing};

/// The controller's own counters. Labels are words of closed sets and names from its configuration; never names that users choose, but for
/// the gauges of each rollout.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    passes: Family<Labels, Counter>,
    commits: Family<Labels, Counter>,
    changes: Family<ChangeLabels, Counter>,
    answers: Family<Labels, Counter>,
    events: Family<EventLabels, Counter>,
    deliveries: Family<DeliveryLabels, Counter>,
    watch_errors: Family<KindLabels, Counter>,
    rollouts: Family<PhaseLabels, Gauge>,
    pending: Gauge,
    leader: Gauge,
    sink_up: Family<SinkLabels, Gauge>,
    sink_oldest: Family<SinkLabels, Gauge>,
    sink_lost: Family<SinkLabels, Gauge>,
    standings: Standings,
    providers: ProvidersUp,
}

/// How the sinks stand, asked when somebody looks.
#[derive(Default)]
struct Standings(OnceLock<Box<dyn Fn() -> Vec<Standing> + Send + Sync>>);

impl fmt::Debug for Standings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Standings")
    }
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PassResult {
    /// Everything that was decided is done.
    Done,
    /// Somebody else wrote meanwhile; it is looked at again.
    Conflict,
    /// A write failed.
    Failed,
    /// It took too long.
    TimedOut,
    /// A defect of ours; the rollout is tried again, others go on.
    Panicked,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChangeLabels {
    change: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    r#type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    sink: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SinkLabels {
    sink: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    resource: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabels {
    phase: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("serin"),
            passes: Family::default(),
            commits: Family::default(),
            changes: Family::default(),
            answers: Family::default(),
            events: Family::default(),
            deliveries: Family::default(),
            watch_errors: Family::default(),
            rollouts: Family::default(),
            pending: Gauge::default(),
            leader: Gauge::default(),
            sink_up: Family::default(),
            sink_oldest: Family::default(),
            sink_lost: Family::default(),
            standings: Standings::default(),
            providers: ProvidersUp::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("passes", "Passes over a rollout, by how they ended", self.passes.clone());
        registry.register("commits", "Writes of a Rollout's status, by how they ended", self.commits.clone());
        registry.register("changes", "Writes to the cluster, by what they change and how they ended", self.changes.clone());
        registry.register("answers", "Answers to questions of rollouts, by what was answered", self.answers.clone());
        registry.register("events", "Events that were committed, by type", self.events.clone());
        registry.register("deliveries", "Attempts to deliver an event, by sink and how they ended", self.deliveries.clone());
        registry.register("watch_errors", "Watches that broke and began anew, by resource", self.watch_errors.clone());
        registry.register("rollouts", "Rollouts now, by phase", self.rollouts.clone());
        registry.register("events_pending", "Events that wait for a sink now, of all rollouts", self.pending.clone());
        registry.register("leader", "1 where this process leads now: one of each instance has to", self.leader.clone());
        registry.register("sink_up", "0 where a sink failed several times in a row and has not worked since", self.sink_up.clone());
        let oldest = "Age of the oldest event that a sink has not got yet, in seconds; 0 where it has all";
        registry.register("sink_oldest_undelivered_seconds", oldest, self.sink_oldest.clone());
        let lost = "Events that a best-effort sink never got since this process began, because it was away for too long";
        registry.register("sink_lost_events", lost, self.sink_lost.clone());
        self.providers.register(registry);
        self.born()
    }

    /// Every count of a closed set begins at 0, so that its first rise is seen as one.
    fn born(self) -> Self {
        for phase in Phase::ALL {
            self.rollouts.get_or_create(&PhaseLabels { phase: phase.name() }).set(0);
        }
        for result in PassResult::ALL {
            drop(self.passes.get_or_create(&Labels { result: result.name() }));
        }
        for result in words::WRITES {
            drop(self.commits.get_or_create(&Labels { result }));
            for change in words::CHANGES {
                drop(self.changes.get_or_create(&ChangeLabels { change, result }));
            }
        }
        for result in words::ANSWERS {
            drop(self.answers.get_or_create(&Labels { result }));
        }
        for kind in audit::Kind::all() {
            drop(self.events.get_or_create(&EventLabels { r#type: kind.name() }));
        }
        for kind in Kind::ALL {
            drop(self.watch_errors.get_or_create(&KindLabels { resource: kind.resource() }));
        }
        self
    }

    /// An event was committed. One of a type that only a later version tells is not ours to count.
    pub(super) fn told(&self, kind: &str) {
        if let Some(kind) = audit::Kind::named(kind) {
            self.events.get_or_create(&EventLabels { r#type: kind.name() }).inc();
        }
    }

    /// A pass ended.
    pub(super) fn passed(&self, result: PassResult) {
        self.passes.get_or_create(&Labels { result: result.name() }).inc();
    }

    /// A status was written, or not.
    pub(super) fn committed(&self, result: Result<(), &Error>) {
        self.commits.get_or_create(&Labels { result: words::write(result) }).inc();
    }

    /// A change was made, or not.
    pub(super) fn changed(&self, change: &Change, result: Result<(), &Error>) {
        self.changes.get_or_create(&ChangeLabels { change: words::change(change), result: words::write(result) }).inc();
    }

    /// A provider answered a check, or did not.
    pub(super) fn measured(&self, provider: &str, reading: &Reading) {
        self.answers.get_or_create(&Labels { result: words::reading(reading) }).inc();
        self.providers.answered(provider, reading);
    }

    /// There are these providers: each is up until it is silent.
    pub(super) fn expect_providers<'a>(&self, names: impl Iterator<Item = &'a str>) {
        names.for_each(|name| self.providers.expect(name));
    }

    /// The API server answered a dry run.
    pub(super) fn tried(&self, template: &Template) {
        let result = match template {
            Template::Unasked => return,
            Template::Accepted { .. } => "template_accepted",
            Template::Refused { .. } => "template_refused",
            Template::Unknown { .. } => "template_unknown",
        };
        self.answers.get_or_create(&Labels { result }).inc();
    }

    /// An event was offered to a sink.
    pub(super) fn delivered(&self, sink: &str, delivery: &Delivery) {
        self.deliveries.get_or_create(&DeliveryLabels { sink: sink.to_owned(), result: words::delivery(delivery) }).inc();
    }

    /// There are these sinks: what they count begins at 0, so that the first refusal is a rise.
    pub(super) fn expect(&self, routes: &[Route]) {
        for (route, result) in routes.iter().flat_map(|route| words::DELIVERIES.map(|result| (route, result))) {
            drop(self.deliveries.get_or_create(&DeliveryLabels { sink: route.name.to_string(), result }));
        }
    }

    /// Whom to ask how the sinks stand.
    pub(super) fn follow(&self, standings: impl Fn() -> Vec<Standing> + Send + Sync + 'static) {
        // A controller runs once; what it follows stays.
        let _ = self.standings.0.set(Box::new(standings));
    }

    fn look_at_sinks(&self, now: DateTime<Utc>) {
        for Standing { sink, ill, oldest, lost } in self.standings.0.get().map(|ask| ask()).unwrap_or_default() {
            let labels = SinkLabels { sink: sink.to_string() };
            let since =
                oldest.and_then(|time| DateTime::parse_from_rfc3339(&time).ok()).map(|time| (now - time.to_utc()).num_seconds().max(0));
            self.sink_up.get_or_create(&labels).set(i64::from(!ill));
            self.sink_oldest.get_or_create(&labels).set(since.unwrap_or(0));
            self.sink_lost.get_or_create(&labels).set(i64::try_from(lost).unwrap_or(i64::MAX));
        }
    }

    /// A watch broke.
    pub(super) fn broke(&self, kind: Kind) {
        self.watch_errors.get_or_create(&KindLabels { resource: kind.resource() }).inc();
    }

    /// All metrics as OpenMetrics text, with the gauges as they are now.
    pub(super) fn encode(&self, index: &Index, instance: &Instance, lead: &Lead, now: DateTime<Utc>) -> String {
        self.look_at_sinks(now);
        let census = index.census(instance);
        self.leader.set(i64::from(lead.holds()));
        for phase in Phase::ALL {
            let count = census.phases.get(&phase).copied().unwrap_or(0);
            self.rollouts.get_or_create(&PhaseLabels { phase: phase.name() }).set(count);
        }
        self.pending.set(census.events);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode_registry(&mut text, &self.registry);
        text.push_str(&gauges::rollout_gauges(&index.rollouts(instance), now));
        let _ = encode_eof(&mut text);
        text
    }
}

impl PassResult {
    const ALL: [Self; 5] = [Self::Done, Self::Conflict, Self::Failed, Self::TimedOut, Self::Panicked];

    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
        }
    }
}
