//! The outbox: no gap in its numbers, a bound on what waits, and nothing lost without saying so.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;
use serin::audit::{Backlog, DROP, HOLD_AT, KEEP, NO_PREV, Outbox, Receipt, Record, SinkName, verify};
use serin::rollout::EventKind;

use crate::audit_given::{created, event, filled, noon, records, started, subject, teller, told};

fn sink(name: &str) -> SinkName {
    SinkName::new(name)
}

fn required(names: &[&str]) -> BTreeSet<SinkName> {
    names.iter().map(|name| sink(name)).collect()
}

fn receipt(record: &Record) -> Receipt {
    Receipt { seq: record.seq, hash: record.hash.clone() }
}

fn seqs(outbox: &Outbox) -> Vec<u64> {
    outbox.pending().map(|record| record.seq).collect()
}

#[test]
fn an_event_waits_until_every_required_sink_has_it() {
    let mut outbox = filled(4);
    let all = records(&outbox);
    let both = required(&["siem", "stdout"]);
    outbox.acknowledge(&[(sink("stdout"), receipt(&all[3])), (sink("extra"), receipt(&all[3]))].into(), &both);
    assert_eq!(seqs(&outbox), [1, 2, 3, 4]);
    outbox.acknowledge(&[(sink("siem"), receipt(&all[1]))].into(), &both);
    assert_eq!((seqs(&outbox), outbox.acked(&sink("stdout")), outbox.acked(&sink("siem"))), (vec![3, 4], 4, 2));
}

#[test]
fn a_receipt_from_before_the_status_was_lost_counts_for_nothing() {
    let before = records(&filled(3));
    let mut outbox = told([&created(), &created(), &created()]);
    let fresh = outbox.clone();
    outbox.acknowledge(&[(sink("stdout"), receipt(&before[2]))].into(), &required(&["stdout"]));
    assert_eq!(outbox, fresh);
}

#[test]
fn exposure_is_held_from_the_bound_on() {
    assert_eq!(filled(HOLD_AT - 1).backlog(), Backlog::Open);
    assert_eq!(filled(HOLD_AT).backlog(), Backlog::Holding(HOLD_AT));
    assert_eq!(filled(KEEP).backlog(), Backlog::Holding(KEEP));
}

#[test]
fn past_the_bound_the_oldest_go_and_one_event_says_which() {
    let mut outbox = filled(KEEP);
    outbox.append(&event(EventKind::Aborted, "up to the bound"), &teller(), &subject().into(), noon());
    let waiting = records(&outbox);
    let gap = &waiting[waiting.len() - 2];
    assert_eq!(waiting.len(), KEEP - DROP + 2);
    assert_eq!((waiting[0].seq, gap.seq, outbox.seq()), (17, 65, 66));
    let body = gap.body().expect("our own format");
    assert_eq!((body.kind.as_str(), body.severity.as_str()), ("audit.gap", "critical"));
    assert_eq!(body.gap.map(|gap| (gap.from, gap.to)), Some((1, 16)));
    assert_eq!(verify(waiting.iter().map(|record| record.text.as_str())), Ok(()));
}

#[test]
fn what_is_stored_is_what_is_read() {
    let mut outbox = filled(3);
    let first = records(&outbox).remove(0);
    outbox.acknowledge(&[(sink("stdout"), receipt(&first))].into(), &required(&["stdout"]));
    let stored = serde_json::to_string(&outbox).expect("an outbox is JSON");
    let value: serde_json::Value = serde_json::from_str(&stored).expect("what was written");
    let read = Outbox::read(Some(&value));
    assert_eq!(read, outbox);
    assert_eq!(serde_json::to_string(&read).expect("an outbox is JSON"), stored);
    assert_eq!(value["acked"], json!({"stdout": 1}));
}

#[test]
fn a_lost_or_spoilt_outbox_starts_the_stream_anew() {
    let good = serde_json::to_value(filled(3)).expect("an outbox is JSON");
    let spoil = |path: &str, with: serde_json::Value| {
        let mut spoilt = good.clone();
        *spoilt.pointer_mut(path).expect("a member") = with;
        spoilt
    };
    let spoilt = [
        json!(null),
        json!("status"),
        spoil("/seq", json!(2)),
        spoil("/seq", json!(u64::MAX)),
        spoil("/seq", json!(-1)),
        spoil("/head", json!(NO_PREV)),
        spoil("/head", json!("")),
        spoil("/acked", json!({"stdout": 4})),
        spoil("/pending/1", json!("{}")),
        spoil("/pending/2", good["pending"][1].clone()),
        spoil("/pending", json!(vec!["x"; 4])),
    ];
    for stored in spoilt.iter().map(Some).chain([None]) {
        let mut outbox = Outbox::read(stored);
        assert_eq!(outbox, Outbox::default(), "{stored:?}");
        outbox.append(&created(), &teller(), &subject().into(), noon());
        let first = records(&outbox).remove(0);
        assert_eq!((first.seq, first.prev.as_str()), (1, NO_PREV));
    }
    assert_eq!(Outbox::read(Some(&good)), filled(3));
}

/// What may happen to an outbox and its two sinks.
#[derive(Clone, Debug)]
enum Step {
    Tell(usize, usize),
    Deliver(usize, usize),
    Commit,
    Restart(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..EventKind::ALL.len(), 0..3_000_usize).prop_map(|(kind, length)| Step::Tell(kind, length)),
        2 => (0..2_usize, 0..40_usize).prop_map(|(sink, count)| Step::Deliver(sink, count)),
        2 => Just(Step::Commit),
        1 => (0..2_usize).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 0..160)
}

/// A sink that keeps all it gets, and a cursor in memory.
#[derive(Default)]
struct Copy {
    log: Vec<String>,
    cursor: u64,
    receipt: Option<Receipt>,
}

impl Copy {
    fn take(&mut self, outbox: &Outbox, count: usize) {
        let cursor = self.cursor;
        for record in outbox.pending().filter(|record| record.seq > cursor).take(count) {
            self.cursor = record.seq;
            self.receipt = Some(receipt(&record));
            self.log.push(record.text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_sink_hears_an_unbroken_stream_or_is_told_what_is_missing(steps in steps()) {
        let names = [sink("a"), sink("b")];
        let both: BTreeSet<SinkName> = names.iter().cloned().collect();
        let mut copies = [Copy::default(), Copy::default()];
        let mut outbox = Outbox::default();
        let settle = |outbox: &mut Outbox, copies: &[Copy; 2]| {
            let receipts: BTreeMap<_, _> =
                names.iter().zip(copies).filter_map(|(name, copy)| Some((name.clone(), copy.receipt.clone()?))).collect();
            outbox.acknowledge(&receipts, &both);
            let once = outbox.clone();
            outbox.acknowledge(&receipts, &both);
            once
        };
        for step in steps {
            let before = outbox.seq();
            match step {
                Step::Tell(kind, length) => {
                    outbox.append(&event(EventKind::ALL[kind], &"m".repeat(length)), &teller(), &subject().into(), noon());
                    prop_assert!((1..=2).contains(&(outbox.seq() - before)));
                }
                Step::Deliver(at, count) => copies[at].take(&outbox, count),
                Step::Commit => {
                    let once = settle(&mut outbox, &copies);
                    prop_assert_eq!(&once, &outbox);
                }
                Step::Restart(at) => copies[at].cursor = outbox.acked(&names[at]),
            }
            let waiting = seqs(&outbox);
            prop_assert!(waiting.len() <= KEEP);
            prop_assert!(waiting.iter().rev().copied().eq((1..=outbox.seq()).rev().take(waiting.len())));
            let stored = serde_json::to_value(&outbox).expect("an outbox is JSON");
            prop_assert_eq!(&Outbox::read(Some(&stored)), &outbox);
        }
        for copy in &mut copies {
            copy.take(&outbox, KEEP);
            prop_assert_eq!(verify(copy.log.iter().map(String::as_str)), Ok(()));
        }
        settle(&mut outbox, &copies);
        prop_assert_eq!(seqs(&outbox), Vec::<u64>::new());
    }
}

#[test]
fn without_required_sinks_nothing_waits() {
    let mut outbox = told([&started()]);
    outbox.acknowledge(&BTreeMap::new(), &BTreeSet::new());
    assert_eq!((seqs(&outbox), outbox.seq()), (vec![], 1));
}
