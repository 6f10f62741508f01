//! What does the controller tell of itself, when, and how often? Levels in, events out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use serin::audit::{
    Cluster, Condition, Export, Facts, Journal, KEEP, LATE, MAX_EVENT_BYTES, OwnKind, Process, QUIET, Receipt, Record, SinkName, Teller,
    Voice, verify,
};

use crate::audit_given::{noon, teller};

/// A controller and what it was told of the world so far.
struct Controller {
    journal: Journal,
    facts: Facts,
    now: DateTime<Utc>,
    config: &'static str,
    epoch: u32,
    wake: Option<DateTime<Utc>>,
    heard: usize,
}

impl Controller {
    /// One that stored nothing yet, with two sinks of which nobody knows anything.
    fn new() -> Self {
        let sinks = ["splunk", "stdout"].map(|name| (SinkName::new(name), Condition::default()));
        let facts = Facts { sinks: sinks.into(), forbidden: BTreeMap::new() };
        let stream = Journal::stream_of(&teller().cluster, None);
        Self { journal: Journal::read(None, &stream), facts, now: noon(), config: "sha256:aa", epoch: 7, wake: None, heard: 0 }
    }

    /// The next process, after a crash: it has what was stored and nothing else.
    fn restarted(self) -> Self {
        let text = self.journal.text();
        let fresh = Self::new();
        Self { journal: Journal::read(Some(&text), "another"), now: self.now, epoch: self.epoch + 1, heard: self.heard, ..fresh }
    }

    fn sink(&mut self, change: impl FnOnce(&mut Condition)) -> &mut Self {
        change(self.facts.sinks.get_mut(&SinkName::new("splunk")).expect("it is one of them"));
        self
    }

    fn falls(&mut self) -> &mut Self {
        self.sink(|sink| (sink.ill, sink.falls, sink.why) = (true, sink.falls + 1, "answered 503".to_owned()))
    }

    fn recovers(&mut self) -> &mut Self {
        self.sink(|sink| (sink.ill, sink.took) = (false, true))
    }

    fn after(&mut self, time: TimeDelta) -> &mut Self {
        self.now += time;
        self
    }

    /// Looks, and says what is new.
    fn told(&mut self) -> String {
        let (teller, process) = (teller(), Process { name: "serin-0_1f".to_owned(), version: "0.1.0".to_owned(), epoch: self.epoch });
        let voice = Voice { teller: &teller, process: &process, config: self.config };
        self.wake = self.journal.look(&self.facts, &voice, self.now);
        let records = self.records();
        let lines = records[self.heard..].iter().map(|record| {
            let body = record.body().expect("our own format");
            let count = body.count.map(|count| format!(" x{count}")).unwrap_or_default();
            format!("{} {}{count}: {}", body.kind, body.severity, body.message)
        });
        self.heard = records.len();
        lines.chain(self.wake.map(|wake| format!("again in {} s", (wake - self.now).num_seconds()))).collect::<Vec<_>>().join("\n")
    }

    fn records(&self) -> Vec<Record> {
        self.journal.outbox().pending().collect()
    }
}

#[test]
fn a_start_is_told_once_and_the_next_process_tells_its_own() {
    let mut controller = Controller::new();
    assert_snapshot!(controller.told(), @r"
    controller.started info: serin 0.1.0 runs as serin-0_1f
    leader.elected info: serin-0_1f leads, in epoch 7
    ");
    assert_eq!(controller.told(), "");
    let mut next = controller.restarted();
    assert_snapshot!(next.told(), @r"
    controller.started info: serin 0.1.0 runs as serin-0_1f
    leader.elected info: serin-0_1f leads, in epoch 8
    ");
    let records = next.records();
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(records.iter().all(|record| record.stream == "controller/0b6f5c1e-2a9d-4c58-8f11-5d2f0a7e9c34"), "{records:?}");
}

#[test]
fn another_configuration_file_is_told_with_both_digests() {
    let mut controller = Controller::new();
    controller.told();
    let mut next = controller.restarted();
    next.config = "sha256:bb";
    assert!(
        next.told().ends_with(
            "config.changed high: the configuration file is another one than the last leader's: sha256:aa before, sha256:bb now"
        )
    );
    assert_eq!(next.told(), "");
}

#[test]
fn a_sink_that_fails_is_told_and_told_again_when_it_is_late_and_when_it_is_back() {
    let mut controller = Controller::new();
    controller.told();
    assert_snapshot!(controller.falls().told(), @r"
    sink.failing warning: the sink splunk fails: answered 503
    again in 900 s
    ");
    assert_snapshot!(controller.after(TimeDelta::minutes(5)).told(), @"again in 600 s");
    assert_snapshot!(controller.after(LATE).told(), @"audit.backlog high: the sink splunk has failed for 20 minutes: answered 503");
    assert_eq!(controller.after(LATE).told(), "");
    assert_snapshot!(controller.recovers().told(), @"sink.recovered info: the sink splunk works again, after 2100 s");
    assert_eq!(controller.told(), "");
}

#[test]
fn a_sink_that_flaps_is_one_pair_of_events_a_minute_with_a_count() {
    let mut controller = Controller::new();
    controller.told();
    let mut pairs = 0;
    for _ in 0..600 {
        pairs += controller.after(TimeDelta::milliseconds(500)).falls().told().matches("sink.failing").count();
        controller.after(TimeDelta::milliseconds(500)).recovers().told();
    }
    assert_eq!(pairs, 10, "in ten minutes");
    let failing: Vec<Record> = controller.records().into_iter().filter(|record| record.text.contains("sink.failing")).collect();
    let counts: Vec<Option<u64>> = failing.iter().map(|record| record.body().expect("our own format").count).collect();
    assert_eq!(counts[..2], [None, Some(60)], "each tells what the ones before left out");
}

#[test]
fn what_a_crash_interrupts_is_neither_forgotten_nor_told_again() {
    let mut controller = Controller::new();
    controller.told();
    controller.falls().told();
    let mut next = controller.restarted();
    assert!(!next.told().contains("sink."), "nobody knows yet whether it works");
    assert_snapshot!(next.falls().told(), @"again in 900 s");
    assert_snapshot!(next.after(TimeDelta::minutes(2)).recovers().told(), @"sink.recovered info: the sink splunk works again, after 120 s");
}

#[test]
fn a_refusal_is_told_at_once_and_those_after_it_together() {
    let mut controller = Controller::new();
    controller.told();
    let refuses = |sink: &mut Condition| {
        (sink.refused, sink.refusal) = (sink.refused + 1, format!("event {} of shop/checkout: answered 400", sink.refused + 1));
    };
    assert_snapshot!(controller.sink(refuses).told(), @"event.refused high: the sink splunk refused for good event 1 of shop/checkout: answered 400");
    controller.sink(refuses).after(TimeDelta::seconds(10)).told();
    assert_snapshot!(controller.sink(refuses).after(TimeDelta::seconds(10)).told(), @"again in 40 s");
    assert_snapshot!(controller.after(QUIET).told(), @"event.refused high x2: the sink splunk refused for good 2 events, the last of them event 3 of shop/checkout: answered 400");
    assert_eq!(controller.after(QUIET).told(), "");
}

#[test]
fn a_right_that_is_missing_is_told_once_however_often_it_is_needed() {
    let mut controller = Controller::new();
    controller.told();
    let lacks = |controller: &mut Controller, what: &str| controller.facts.forbidden.extend([(format!("cannot {what}"), controller.now)]);
    lacks(&mut controller, "list resource \"pods\"");
    assert_snapshot!(controller.told(), @r#"permission.lost high: the API server does not let Serin do what it has to: cannot list resource "pods""#);
    for namespace in ["a", "b", "c"] {
        lacks(&mut controller, &format!("create resource \"deployments\" in the namespace \"{namespace}\""));
        assert!(controller.after(TimeDelta::seconds(1)).told().starts_with("again in "));
    }
    let told = controller.after(QUIET).told();
    assert!(told.starts_with("permission.lost high x3: ") && told.ends_with("in the namespace \"a\", and 2 more"), "{told}");
    assert_eq!(controller.after(QUIET).told(), "");
    // It was given back, and is lost again.
    controller.after(TimeDelta::minutes(20)).facts.forbidden.clear();
    lacks(&mut controller, "list resource \"pods\"");
    assert!(controller.told().starts_with("permission.lost"));
}

#[test]
fn the_stream_is_a_chain_that_can_be_verified_and_is_bounded() {
    let mut controller = Controller::new();
    controller.told();
    for _ in 0..200 {
        controller.sink(|sink| sink.why = "x".repeat(4000));
        controller.after(QUIET).falls().told();
        controller.heard = 0;
        controller.recovers().told();
        controller.heard = 0;
        assert!(controller.records().len() <= KEEP);
    }
    let records = controller.records();
    assert!(records.iter().all(|record| record.text.len() <= MAX_EVENT_BYTES));
    assert!(controller.journal.text().len() < 160 << 10, "{} bytes", controller.journal.text().len());
    assert_eq!(verify(records.iter().map(|record| record.text.as_str())), Ok(()));
    assert!(records.iter().any(|record| record.text.contains("\"audit.gap\"")), "what was dropped is named");
    let mut export = Export::default();
    for record in &records {
        export.read(&record.text);
    }
    let found = export.examine(&[controller.journal.outbox().head().to_owned()].into());
    assert_eq!((found.missing.len(), found.streams[0].rollout.as_deref()), (0, Some("the controller")));
}

#[test]
fn what_every_required_sink_has_waits_no_more() {
    let mut controller = Controller::new();
    controller.told();
    let last = controller.records().pop().expect("two events");
    let receipts = BTreeMap::from([(SinkName::new("stdout"), Receipt { seq: last.seq, hash: last.hash })]);
    controller.journal.acknowledge(&receipts, &[SinkName::new("stdout"), SinkName::new("splunk")].into());
    assert_eq!(controller.records().len(), 2, "one of them has nothing yet");
    controller.journal.acknowledge(&receipts, &[SinkName::new("stdout")].into());
    assert_eq!(controller.records().len(), 0);
    assert_eq!(Journal::read(Some(&controller.journal.text()), "another").text(), controller.journal.text());
}

#[test]
fn what_no_journal_wrote_begins_the_stream_anew() {
    let mut controller = Controller::new();
    controller.told();
    let text = controller.journal.text();
    for broken in [
        "",
        "{}",
        "[]",
        "null",
        &text.replace("\"seq\":2", "\"seq\":3"),
        &text.replace("\"stream\":\"controller", "\"stream\":\"\",\"x\":\""),
    ] {
        let read = Journal::read(Some(broken), "controller/here");
        assert_eq!((read.stream(), read.outbox().seq()), ("controller/here", 0), "{broken}");
    }
}

#[test]
fn a_stream_is_named_by_the_uid_of_its_cluster_and_by_its_instance() {
    let Teller { cluster, .. } = teller();
    let unknown = Cluster { uid: None, ..cluster.clone() };
    let uid = "0b6f5c1e-2a9d-4c58-8f11-5d2f0a7e9c34";
    assert_eq!(Journal::stream_of(&cluster, Some("trial")), format!("controller/{uid}/trial"));
    assert_eq!(Journal::stream_of(&unknown, None), "controller/prod-eu1");
    let long = Cluster { name: "é".repeat(100), uid: None };
    assert_eq!(Journal::stream_of(&long, None).len(), "controller/".len() + 62);
}

#[test]
fn every_type_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = OwnKind::ALL.into_iter().map(OwnKind::name).collect();
    assert_eq!(names.len(), OwnKind::ALL.len());
}
