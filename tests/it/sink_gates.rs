//! What holds for a sink as a whole: what is under way at once, when it rests, and what is kept for it.

use std::time::Duration;

use serin::audit::{Outbox, Receipt, SinkName};
use serin::sink::{Delivery, Lanes, Need, Order};

use crate::audit_given::{aborted, filled};
use crate::sink_lanes::route;

type Talk = Lanes<&'static str>;

fn lanes(needs: &[(&'static str, Need)]) -> Talk {
    let delays = || [1, 2, 4].into_iter().map(Duration::from_secs);
    Lanes::new(needs.iter().map(|(name, need)| route(name, *need)).collect(), delays)
}

fn one() -> Talk {
    lanes(&[("a", Need::Required)])
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn said(orders: &[Order]) -> Vec<(&str, u64)> {
    orders.iter().map(|order| (order.stream.as_str(), order.record.seq)).collect()
}

fn fail(lanes: &mut Talk, orders: Vec<Order>, now: Duration) {
    for order in orders {
        assert!(lanes.settle(order, Delivery::Retry("down".to_owned()), now).is_some());
    }
}

fn deliver(lanes: &mut Talk, orders: Vec<Order>, now: Duration) {
    for order in orders {
        assert!(lanes.settle(order, Delivery::Delivered, now).is_some());
    }
}

/// What required sinks have had up to a number leaves the outbox.
fn acknowledged(mut outbox: Outbox, seq: u64) -> Outbox {
    let hash = outbox.pending().find(|record| record.seq == seq).expect("it waits").hash;
    let name = SinkName::new("a");
    outbox.acknowledge(&[(name.clone(), Receipt { seq, hash })].into(), &[name].into());
    outbox
}

#[test]
fn a_sink_has_no_more_under_way_than_it_may_and_every_rollout_gets_its_turn() {
    let mut lanes = one();
    for stream in ["r1", "r2", "r3", "r4"] {
        lanes.offer("", stream, &filled(2));
    }
    let first = lanes.due(at(0));
    assert_eq!(said(&first), [("r1", 1), ("r2", 1)]);
    assert_eq!((lanes.due(at(0)), lanes.wake()), (vec![], None));
    deliver(&mut lanes, first, at(0));
    let second = lanes.due(at(0));
    assert_eq!(said(&second), [("r3", 1), ("r4", 1)]);
    deliver(&mut lanes, second, at(0));
    assert_eq!(said(&lanes.due(at(0))), [("r1", 2), ("r2", 2)]);
}

#[test]
fn a_sink_that_fails_three_times_in_a_row_rests_and_one_delivery_tries_whether_it_is_back() {
    let mut lanes = one();
    for stream in ["r1", "r2", "r3", "r4"] {
        lanes.offer("", stream, &filled(1));
    }
    let orders = lanes.due(at(0));
    fail(&mut lanes, orders, at(0));
    let third = lanes.due(at(0));
    assert_eq!(said(&third), [("r3", 1), ("r4", 1)]);
    fail(&mut lanes, third, at(0));
    assert!(lanes.standings()[0].ill);
    assert_eq!((lanes.due(at(0)), lanes.wake()), (vec![], Some(at(1))));
    let probe = lanes.due(at(1));
    assert_eq!(said(&probe), [("r1", 1)]);
    fail(&mut lanes, probe, at(1));
    assert_eq!(lanes.wake(), Some(at(3)), "the rest grows");
    let probe = lanes.due(at(3));
    assert_eq!(said(&probe), [("r2", 1)]);
    deliver(&mut lanes, probe, at(3));
    assert!(!lanes.standings()[0].ill);
    assert_eq!(said(&lanes.due(at(3))), [("r3", 1), ("r4", 1)], "nobody waits any longer for what was the sink's fault");
}

#[test]
fn a_sink_that_says_when_to_come_again_is_left_alone_until_then() {
    let mut lanes = one();
    lanes.offer("", "r1", &filled(1));
    lanes.offer("", "r2", &filled(1));
    let mut orders = lanes.due(at(0));
    let second = orders.pop().expect("two are due");
    let first = orders.pop().expect("two are due");
    lanes.settle(first, Delivery::Later("429".to_owned(), at(30)), at(0));
    fail(&mut lanes, vec![second], at(0));
    assert_eq!((lanes.due(at(29)), lanes.wake()), (vec![], Some(at(30))));
    assert_eq!(said(&lanes.due(at(30))), [("r1", 1)]);
}

#[test]
fn an_event_that_the_sink_is_not_to_get_says_nothing_of_the_sink() {
    let mut lanes = one();
    lanes.offer("", "r1", &filled(3));
    lanes.offer("", "r2", &filled(3));
    for _ in 0..3 {
        let now = lanes.wake().unwrap_or_default();
        let orders = lanes.due(now);
        fail(&mut lanes, orders, now);
    }
    assert!(lanes.standings()[0].ill);
    let now = lanes.wake().expect("it rests");
    let probe = lanes.due(now).remove(0);
    let stream = probe.stream.clone();
    assert!(lanes.settle(probe, Delivery::Unwanted, now).is_some());
    assert!(lanes.standings()[0].ill);
    assert_eq!(lanes.receipts(&stream)[&SinkName::new("a")].seq, 1);
    assert_eq!(lanes.due(now).len(), 1, "the next one tries");
}

#[test]
fn nobody_waits_for_a_best_effort_sink_and_it_gets_what_was_let_go_of_all_the_same() {
    let mut lanes = lanes(&[("a", Need::Required), ("b", Need::BestEffort)]);
    lanes.offer("", "r", &filled(2));
    let orders = lanes.due(at(0));
    let (to_a, to_b): (Vec<Order>, Vec<Order>) = orders.into_iter().partition(|order| order.sink == 0);
    deliver(&mut lanes, to_a, at(0));
    let to_a = lanes.due(at(0));
    deliver(&mut lanes, to_a, at(0));
    assert_eq!(lanes.receipts("r").keys().map(SinkName::as_str).collect::<Vec<_>>(), ["a"]);
    lanes.offer("", "r", &acknowledged(filled(2), 2));
    fail(&mut lanes, to_b, at(0));
    for (now, seq) in [(1, 1), (1, 2)] {
        let to_b = lanes.due(at(now));
        assert_eq!(said(&to_b), [("r", seq)]);
        deliver(&mut lanes, to_b, at(now));
    }
    assert!(lanes.is_empty());
}

#[test]
fn a_best_effort_sink_that_stays_away_loses_the_oldest_and_that_is_counted() {
    let mut lanes = lanes(&[("a", Need::Required), ("b", Need::BestEffort)]);
    let mut outbox = Outbox::default();
    for seq in 1..=100 {
        outbox.append(&aborted(), &crate::audit_given::teller(), &crate::audit_given::subject().into(), crate::audit_given::noon());
        lanes.offer("", "r", &outbox);
        outbox = acknowledged(outbox, seq);
        lanes.offer("", "r", &outbox);
    }
    let [a, b] = lanes.standings().try_into().expect("two sinks");
    assert_eq!((a.lost, b.lost), (0, 36));
    assert_eq!((a.oldest, b.oldest.as_deref()), (None, Some("2026-11-23T12:00:00.123Z")));
    let to_b = lanes.due(at(0));
    assert_eq!(said(&to_b), [("r", 37)]);
}

#[test]
fn what_is_kept_of_rollouts_that_are_gone_is_bounded_where_nobody_has_to_wait() {
    let mut lanes = lanes(&[("a", Need::Required), ("b", Need::BestEffort)]);
    let outbox = acknowledged(filled(3), 2);
    for number in 0..300 {
        let stream = format!("{number:03}");
        lanes.offer("", &stream, &outbox);
        lanes.gone(&stream);
    }
    let [a, b] = lanes.standings().try_into().expect("two sinks");
    assert_eq!((a.lost, b.lost), (0, 300 - 256));
    let mut told = [0, 0];
    loop {
        let orders = lanes.due(at(0));
        if orders.is_empty() {
            break;
        }
        for order in orders {
            told[order.sink] += 1;
            assert!(lanes.settle(order, Delivery::Delivered, at(0)).is_some());
        }
    }
    assert_eq!(told, [300, 256]);
    assert!(lanes.is_empty());
}
