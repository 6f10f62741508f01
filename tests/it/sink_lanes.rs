//! Sequence diagrams of delivery: order, failure, retry, restart.

use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use serin::audit::{Outbox, Receipt, SinkName};
use serin::sink::{Delivery, Lanes, Need, Order, Route};

use crate::audit_given::{UID, aborted, created, filled, started, told};

/// Lanes to the sinks `a` and `b`, and everything that was said between them.
struct Talk {
    lanes: Lanes<&'static str>,
    under_way: Vec<Order>,
    now: Duration,
    said: String,
}

impl Talk {
    fn new() -> Self {
        let delays = || [1, 2, 4].into_iter().map(Duration::from_secs);
        let lanes = Lanes::new(vec![route("a", Need::Required), route("b", Need::Required)], delays);
        Self { lanes, under_way: Vec::new(), now: Duration::ZERO, said: String::new() }
    }

    fn say(&mut self, what: &str) {
        let line = format!("{:>3}s {what}\n", self.now.as_secs());
        self.said.push_str(&line);
    }

    fn look(&mut self) {
        for order in self.lanes.due(self.now) {
            self.say(&format!("       -> {} {}", name(order.sink), order.record.seq));
            self.under_way.push(order);
        }
    }

    fn offer(&mut self, outbox: &Outbox) {
        let seqs: Vec<String> = outbox.pending().map(|record| record.seq.to_string()).collect();
        self.say(&format!("offer [{}]", seqs.join(" ")));
        self.lanes.offer("shop/checkout", UID, outbox);
        self.look();
    }

    fn answer(&mut self, sink: &str, delivery: Delivery) {
        let at = self.under_way.iter().position(|order| name(order.sink) == sink).expect("something is under way");
        let order = self.under_way.remove(at);
        let what = format!("       {sink} {} {}", order.record.seq, word(&delivery));
        let report = self.lanes.settle(order, delivery, self.now);
        let heard = if report.is_some() { "" } else { ", unheard" };
        let receipts = self.lanes.receipts(UID);
        let receipts: Vec<String> = receipts.into_iter().map(|(sink, receipt)| format!("{sink}={}", receipt.seq)).collect();
        self.say(&format!("{what}{heard}, receipts {{{}}}", receipts.join(" ")));
        self.look();
    }

    fn wait(&mut self) {
        self.now = self.lanes.wake().expect("a lane waits");
        self.say("wake");
        self.look();
    }
}

pub(crate) fn route(name: &str, need: Need) -> Route {
    Route { name: SinkName::new(name), need, at_once: 2, batch: 1 }
}

fn name(sink: usize) -> &'static str {
    ["a", "b"][sink]
}

fn word(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Delivered => "delivered",
        Delivery::Unwanted => "unwanted",
        Delivery::Retry(_) => "failed",
        Delivery::Later(..) => "busy",
        Delivery::Refused(_) => "refused",
    }
}

fn retry() -> Delivery {
    Delivery::Retry("503".to_owned())
}

/// The outbox after these sinks have had everything up to a number.
fn acknowledged(mut outbox: Outbox, acks: &[(&str, u64)]) -> Outbox {
    let required = [SinkName::new("a"), SinkName::new("b")].into();
    let of = |seq| outbox.pending().find(|record| record.seq == seq).map(|record| Receipt { seq, hash: record.hash });
    let receipts = acks.iter().map(|(sink, seq)| (SinkName::new(*sink), of(*seq).expect("it waits"))).collect();
    outbox.acknowledge(&receipts, &required);
    outbox
}

/// One sink that takes three events at once.
fn many() -> Lanes<&'static str> {
    let mut lanes = Lanes::new(vec![Route { batch: 3, ..route("a", Need::Required) }], || std::iter::repeat(Duration::from_secs(1)));
    lanes.offer("shop/checkout", UID, &filled(7));
    lanes
}

fn seqs(orders: &[Order]) -> Vec<Vec<u64>> {
    orders.iter().map(|order| std::iter::once(&order.record).chain(&order.rest).map(|record| record.seq).collect()).collect()
}

#[test]
fn what_waits_of_one_rollout_goes_together_and_the_next_after_it() {
    let mut lanes = many();
    for expect in [vec![1, 2, 3], vec![4, 5, 6], vec![7]] {
        let mut orders = lanes.due(Duration::ZERO);
        assert_eq!(seqs(&orders), std::slice::from_ref(&expect));
        assert!(lanes.due(Duration::ZERO).is_empty(), "one delivery of a rollout is under way at a time");
        let reports = lanes.settle_all(orders.remove(0), vec![Delivery::Delivered; expect.len()], Duration::ZERO);
        assert_eq!(reports.iter().map(|report| report.record.seq).collect::<Vec<_>>(), expect);
    }
    assert_eq!(lanes.receipts(UID)[&SinkName::new("a")].seq, 7);
}

#[test]
fn of_a_delivery_that_was_taken_in_part_the_rest_comes_again_in_its_order() {
    let mut lanes = many();
    let order = lanes.due(Duration::ZERO).remove(0);
    // The third one was taken, too: it comes twice, with its id, rather than before the second.
    let reports = lanes.settle_all(order, vec![Delivery::Delivered, retry(), Delivery::Delivered], Duration::ZERO);
    assert_eq!(
        reports.iter().map(|report| (report.record.seq, word(&report.delivery))).collect::<Vec<_>>(),
        [(1, "delivered"), (2, "failed")]
    );
    assert_eq!(lanes.receipts(UID)[&SinkName::new("a")].seq, 1);
    assert_eq!((lanes.due(Duration::ZERO), lanes.wake()), (vec![], Some(Duration::from_secs(1))));
    let order = lanes.due(Duration::from_secs(1)).remove(0);
    assert_eq!((order.record.seq, order.rest.len()), (2, 0), "alone, after a failure");
    lanes.settle_all(order, vec![Delivery::Refused("400".to_owned())], Duration::from_secs(1));
    assert_eq!(seqs(&lanes.due(Duration::from_secs(1))), [[3, 4, 5]], "what is refused is passed over");
}

#[test]
fn each_sink_gets_every_event_in_order_and_one_at_a_time() {
    let mut talk = Talk::new();
    talk.offer(&filled(2));
    talk.answer("a", Delivery::Delivered);
    talk.offer(&filled(3));
    talk.answer("a", Delivery::Delivered);
    talk.answer("b", Delivery::Delivered);
    talk.answer("a", Delivery::Delivered);
    assert_snapshot!(talk.said, @r"
    0s offer [1 2]
    0s        -> a 1
    0s        -> b 1
    0s        a 1 delivered, receipts {a=1}
    0s        -> a 2
    0s offer [1 2 3]
    0s        a 2 delivered, receipts {a=2}
    0s        -> a 3
    0s        b 1 delivered, receipts {a=2 b=1}
    0s        -> b 2
    0s        a 3 delivered, receipts {a=3 b=1}
    ");
}

#[test]
fn a_failing_sink_is_asked_again_with_growing_delays_and_holds_up_no_other() {
    let mut talk = Talk::new();
    talk.offer(&filled(2));
    talk.answer("a", retry());
    talk.answer("b", Delivery::Delivered);
    talk.answer("b", Delivery::Delivered);
    talk.wait();
    talk.answer("a", retry());
    talk.offer(&filled(3));
    talk.wait();
    talk.answer("a", Delivery::Delivered);
    talk.answer("a", retry());
    talk.wait();
    assert_snapshot!(talk.said, @r"
    0s offer [1 2]
    0s        -> a 1
    0s        -> b 1
    0s        a 1 failed, receipts {}
    0s        b 1 delivered, receipts {b=1}
    0s        -> b 2
    0s        b 2 delivered, receipts {b=2}
    1s wake
    1s        -> a 1
    1s        a 1 failed, receipts {b=2}
    1s offer [1 2 3]
    1s        -> b 3
    3s wake
    3s        -> a 1
    3s        a 1 delivered, receipts {a=1 b=2}
    3s        -> a 2
    3s        a 2 failed, receipts {a=1 b=2}
    4s wake
    4s        -> a 2
    ");
}

#[test]
fn delays_that_end_are_followed_by_a_long_one_for_ever() {
    let mut talk = Talk::new();
    talk.offer(&acknowledged(filled(1), &[("b", 1)]));
    for _ in 0..5 {
        talk.answer("a", retry());
        talk.wait();
    }
    assert_snapshot!(talk.said, @r"
      0s offer [1]
      0s        -> a 1
      0s        a 1 failed, receipts {b=1}
      1s wake
      1s        -> a 1
      1s        a 1 failed, receipts {b=1}
      3s wake
      3s        -> a 1
      3s        a 1 failed, receipts {b=1}
      7s wake
      7s        -> a 1
      7s        a 1 failed, receipts {b=1}
    307s wake
    307s        -> a 1
    307s        a 1 failed, receipts {b=1}
    607s wake
    607s        -> a 1
    ");
}

#[test]
fn a_refused_event_is_passed_over() {
    let mut talk = Talk::new();
    talk.offer(&acknowledged(filled(2), &[("b", 2)]));
    talk.answer("a", Delivery::Refused("400".to_owned()));
    talk.answer("a", Delivery::Delivered);
    assert_snapshot!(talk.said, @r"
    0s offer [1 2]
    0s        -> a 1
    0s        a 1 refused, receipts {a=1 b=2}
    0s        -> a 2
    0s        a 2 delivered, receipts {a=2 b=2}
    ");
}

#[test]
fn after_a_restart_what_is_not_acknowledged_comes_again() {
    let mut before = Talk::new();
    before.offer(&filled(3));
    before.answer("a", Delivery::Delivered);
    before.answer("a", Delivery::Delivered);
    before.answer("b", Delivery::Delivered);
    let mut after = Talk::new();
    after.offer(&acknowledged(filled(3), &[("a", 2), ("b", 1)]));
    after.answer("a", Delivery::Delivered);
    assert_snapshot!(format!("{}--- killed\n{}", before.said, after.said), @r"
      0s offer [1 2 3]
      0s        -> a 1
      0s        -> b 1
      0s        a 1 delivered, receipts {a=1}
      0s        -> a 2
      0s        a 2 delivered, receipts {a=2}
      0s        -> a 3
      0s        b 1 delivered, receipts {a=2 b=1}
      0s        -> b 2
    --- killed
      0s offer [2 3]
      0s        -> a 3
      0s        -> b 2
      0s        a 3 delivered, receipts {a=3}
    ");
}

#[test]
fn what_was_delivered_is_not_sent_again_while_its_acknowledgment_is_on_its_way() {
    let mut talk = Talk::new();
    talk.offer(&filled(1));
    talk.answer("a", Delivery::Delivered);
    talk.answer("b", Delivery::Delivered);
    talk.offer(&filled(1));
    talk.offer(&acknowledged(filled(2), &[("a", 1), ("b", 1)]));
    assert_snapshot!(talk.said, @r"
    0s offer [1]
    0s        -> a 1
    0s        -> b 1
    0s        a 1 delivered, receipts {a=1}
    0s        b 1 delivered, receipts {a=1 b=1}
    0s offer [1]
    0s offer [2]
    0s        -> a 2
    0s        -> b 2
    ");
}

#[test]
fn a_stream_that_begins_anew_is_told_from_its_beginning() {
    let mut talk = Talk::new();
    talk.offer(&filled(2));
    talk.answer("a", Delivery::Delivered);
    talk.offer(&told([&created()]));
    talk.answer("a", Delivery::Delivered);
    talk.answer("a", Delivery::Delivered);
    assert_snapshot!(talk.said, @r"
    0s offer [1 2]
    0s        -> a 1
    0s        -> b 1
    0s        a 1 delivered, receipts {a=1}
    0s        -> a 2
    0s offer [1]
    0s        -> a 1
    0s        -> b 1
    0s        a 2 delivered, unheard, receipts {}
    0s        a 1 delivered, receipts {a=1}
    ");
}

#[test]
fn what_the_outbox_dropped_is_not_sent_any_more() {
    let mut talk = Talk::new();
    let full = acknowledged(filled(64), &[("b", 64)]);
    talk.offer(&full);
    let mut dropped = full;
    dropped.append(&aborted(), &crate::audit_given::teller(), &crate::audit_given::subject().into(), crate::audit_given::noon());
    talk.lanes.offer("shop/checkout", UID, &dropped);
    talk.answer("a", Delivery::Delivered);
    talk.answer("b", Delivery::Delivered);
    assert_snapshot!(talk.said.lines().skip(1).collect::<Vec<_>>().join("\n"), @r"
    0s        -> a 1
    0s        a 1 delivered, receipts {b=64}
    0s        -> a 17
    0s        -> b 65
    0s        b 65 delivered, receipts {b=65}
    0s        -> b 66
    ");
}

#[test]
fn a_rollout_that_is_gone_is_told_to_the_end_and_then_forgotten() {
    let mut talk = Talk::new();
    talk.offer(&acknowledged(filled(2), &[("b", 2)]));
    talk.lanes.gone(UID);
    talk.answer("a", retry());
    talk.wait();
    talk.answer("a", Delivery::Delivered);
    talk.answer("a", Delivery::Delivered);
    assert_snapshot!(talk.said, @r"
    0s offer [1 2]
    0s        -> a 1
    0s        a 1 failed, receipts {b=2}
    1s wake
    1s        -> a 1
    1s        a 1 delivered, receipts {a=1 b=2}
    1s        -> a 2
    1s        a 2 delivered, receipts {}
    ");
    assert!(talk.lanes.is_empty());
}

#[test]
fn a_lane_that_waits_for_what_was_let_go_of_does_not_wake() {
    let mut talk = Talk::new();
    talk.offer(&filled(2));
    talk.answer("a", retry());
    assert_eq!(talk.lanes.wake(), Some(Duration::from_secs(1)));
    talk.offer(&acknowledged(filled(2), &[("a", 2)]));
    assert_eq!(talk.lanes.wake(), None);
}

#[test]
fn nothing_is_kept_of_a_rollout_whose_events_all_arrived() {
    let mut talk = Talk::new();
    talk.offer(&filled(1));
    talk.answer("a", Delivery::Delivered);
    talk.answer("b", Delivery::Delivered);
    assert!(!talk.lanes.is_empty());
    talk.offer(&acknowledged(filled(1), &[("a", 1), ("b", 1)]));
    assert!(talk.lanes.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_fails_each_sink_hears_each_event_once_a_life_and_in_order(fates in prop::collection::vec((0..2_usize, 0..3_u8), 0..120)) {
        let mut lanes = Lanes::new(vec![route("a", Need::Required), route("b", Need::Required)], || std::iter::repeat(Duration::from_secs(1)));
        let outboxes: Vec<Outbox> = (0..=30).map(filled).collect();
        let (mut heard, mut under_way, mut now, mut told) = ([vec![], vec![]], Vec::new(), Duration::ZERO, 0);
        for (pick, fate) in fates {
            if told < 30 {
                told += 1;
                lanes.offer((), UID, &outboxes[told]);
            }
            under_way.extend(lanes.due(now));
            prop_assert!(under_way.len() <= 2);
            now += Duration::from_millis(700);
            if under_way.is_empty() {
                continue;
            }
            let order: Order = under_way.remove(pick % under_way.len());
            let delivery = if fate == 0 { retry() } else { Delivery::Delivered };
            if delivery == Delivery::Delivered {
                heard[order.sink].push(order.record.seq);
            }
            prop_assert!(lanes.settle(order, delivery, now).is_some());
        }
        for sink in heard {
            prop_assert!(sink.iter().copied().eq(1..=sink.len() as u64));
        }
    }
}

#[test]
fn an_order_that_was_never_given_is_not_settled() {
    let mut talk = Talk::new();
    talk.offer(&told([&started()]));
    let record = crate::audit_given::records(&told([&created()])).remove(0);
    assert_eq!(
        talk.lanes.settle(Order { stream: UID.to_owned(), sink: 0, record, rest: Vec::new() }, Delivery::Delivered, Duration::ZERO),
        None
    );
}
