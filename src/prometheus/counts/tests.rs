//! Samples of counters and histograms, as Prometheus answers them, and what they count.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::rollout::{Pattern, Ready, Revision, Targets, Unit, Young};

/// A minute after some noon; windows are the minute before.
fn after(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_014_400 + second, 0).expect("in range")
}

/// The samples of one series, by the second after noon.
fn series(labels: &Value, samples: &[(i64, f64)]) -> Value {
    let base = 1_800_014_400;
    let values: Vec<Value> = samples.iter().map(|(second, value)| json!([base + second, value.to_string()])).collect();
    json!({"metric": labels, "values": values})
}

fn pod(name: &str, code: &str) -> Value {
    json!({"__name__": "http_requests_total", "pod": name, "code": code})
}

const STABLE: &str = "web-1111111111-abcde-x1";
const CANARY: &str = "web-2222222222-abcde-x1";

fn errors() -> Counting {
    let values = Pattern::new("5..").expect("a pattern");
    Counting {
        query: String::new(),
        from: after(0),
        shape: Shape::Samples(Bad::Values { label: "code".to_owned(), values }),
        sides: Sides {
            rollout: "web".to_owned(),
            stable: Revision::new("1111111111"),
            canary: Revision::new("2222222222"),
            by: Some(By::Pod("pod".to_owned())),
        },
        before: None,
        past: None,
        young: Young::Named(BTreeSet::new()),
        targets: None,
    }
}

fn read(asked: &Counting, all: Value) -> Reading {
    counted(asked, after(60), &serde_json::from_value::<Vec<Series>>(all).expect("series"))
}

fn count(asked: &Counting, all: Value) -> Counted {
    match read(asked, all) {
        Reading::Counts(counted) => *counted,
        other => panic!("no counts: {other:?}"),
    }
}

#[test]
fn the_buckets_of_stable_say_which_share_took_longer_than_each_bound() {
    let asked = Counting { shape: Shape::Samples(Bad::Slow(Unit::Seconds)), ..errors() };
    let bucket = |pod: &str, le: &str, from: f64, to: f64| {
        series(&json!({"__name__": "http_request_duration_seconds_bucket", "pod": pod, "le": le}), &[(-5, from), (55, to)])
    };
    let all = [("0.1", 10.0, 900.0), ("0.25", 20.0, 990.0), ("+Inf", 20.0, 1020.0)];
    let both = [STABLE, CANARY].into_iter().flat_map(|pod| all.map(|(le, from, to)| bucket(pod, le, from, to)));
    let read = |all: Vec<Value>| bounds(&asked, after(60), &serde_json::from_value::<Vec<Series>>(json!(all)).expect("series"));
    let Reading::Bounds(shares) = read(both.collect()) else { panic!("no bounds") };
    let expected = [(0.1, 1.0 - 890.0 / 1000.0), (0.25, 1.0 - 970.0 / 1000.0)];
    assert!(
        shares.len() == 2 && shares.iter().zip(expected).all(|(one, two)| (one.0 - two.0).abs() < 1e-12 && (one.1 - two.1).abs() < 1e-12),
        "{shares:?}"
    );
    assert_eq!(read(vec![bucket(CANARY, "+Inf", 0.0, 9.0)]), Reading::NoData, "the canary's own do not choose");
    assert_eq!(read(vec![bucket(STABLE, "+Inf", 9.0, 9.0)]), Reading::NoData, "no requests");
}

#[test]
fn each_pod_of_a_side_has_its_own_value() {
    let value = |labels: Value, value: &str| json!({"metric": labels, "value": [1_800_014_400, value]});
    let other = "web-1111111111-abcde-x2";
    let asked = Measuring { query: String::new(), sides: errors().sides, ready: Ready::default() };
    let read = |all: Value| means(&asked, &serde_json::from_value::<Vec<Series>>(all).expect("series"));
    let deployed = json!({"deployment": "web-2222222222", "pod": CANARY});
    let all = json!([
        value(deployed, "3"),
        value(json!({"pod": STABLE}), "1"),
        value(json!({"pod": other}), "4"),
        value(json!({"pod": "x"}), "9")
    ]);
    let Reading::Means(Means { canary, stable, scraped: None }) = read(all) else { panic!("no means") };
    assert_eq!((canary, stable.pods, stable.mean), (Mean { pods: 1, mean: 3.0, spread: 0.0 }, 2, 2.5));
    let spread = (4.0_f64.ln() / 2.0) * 2.0_f64.sqrt();
    assert!((stable.spread - spread).abs() < 1e-12, "{}", stable.spread);
    let twice = json!([value(json!({"pod": CANARY, "container": "a"}), "3"), value(json!({"pod": CANARY, "container": "b"}), "3")]);
    assert_eq!(read(twice), Reading::SeveralSeries(2));
    assert_eq!(read(json!([])), Reading::NoData);
    let Reading::Means(alone) = read(json!([value(json!({"pod": STABLE}), "NaN"), value(json!({"pod": other}), "0")])) else {
        panic!("no means")
    };
    assert_eq!((alone.canary.pods, alone.stable), (0, Mean { pods: 1, mean: 0.0, spread: 0.0 }));
}

fn is(count: Count, total: f64, bad: f64) {
    assert!((count.total - total).abs() < 1e-9 && (count.bad - bad).abs() < 1e-9, "{count:?} instead of {total} and {bad}");
}

#[test]
fn samples_count_exactly_for_the_side_that_their_pod_is_of() {
    let told = count(
        &errors(),
        json!([
            series(&pod(CANARY, "200"), &[(-5, 100.0), (10, 120.0), (55, 150.0), (70, 999.0)]),
            series(&pod(CANARY, "500"), &[(-5, 1.0), (10, 2.0), (55, 4.0)]),
            series(&pod(STABLE, "200"), &[(-5, 5000.0), (10, 3.0), (55, 40.0)]),
            series(&pod("web-9999999999-abcde-x1", "200"), &[(-5, 0.0), (55, 500.0)]),
            series(&pod("web-11111111112-x", "200"), &[(-5, 0.0), (55, 500.0)]),
        ]),
    );
    is(told.counts.canary, 53.0, 3.0);
    is(told.counts.stable, 40.0, 0.0);
    assert_eq!((told.newest.canary, told.newest.stable), (Some(after(70)), Some(after(55))));
}

/// The first error of a pod makes a new series, with a value of 1: it would be lost if counting began at its first sample.
#[test]
fn a_series_that_appears_counts_from_zero_where_its_pod_was_scraped_before_or_is_young() {
    let known = json!([series(&pod(CANARY, "200"), &[(-5, 100.0), (55, 150.0)]), series(&pod(CANARY, "500"), &[(55, 2.0)])]);
    is(count(&errors(), known).counts.canary, 52.0, 2.0);

    let appears = json!([series(&pod(CANARY, "200"), &[(40, 100.0), (55, 150.0)])]);
    is(count(&errors(), appears.clone()).counts.canary, 50.0, 0.0);
    for young in [Young::Named(BTreeSet::from([CANARY.to_owned()])), Young::All] {
        is(count(&Counting { young, ..errors() }, appears.clone()).counts.canary, 150.0, 0.0);
    }
}

#[test]
fn requests_beyond_a_bound_are_the_slow_ones() {
    let bucket = |le: &str, samples: &[(i64, f64)]| series(&json!({"pod": CANARY, "le": le}), samples);
    let slow = |millis| Counting { shape: Shape::Samples(Bad::SlowerThan(TimeDelta::milliseconds(millis), Unit::Seconds)), ..errors() };
    let all = json!([
        bucket("+Inf", &[(-5, 100.0), (55, 200.0)]),
        bucket("1", &[(-5, 95.0), (55, 185.0)]),
        bucket("0.25", &[(-5, 50.0), (55, 100.0)])
    ]);
    is(count(&slow(250), all.clone()).counts.canary, 100.0, 50.0);
    is(count(&slow(1000), all.clone()).counts.canary, 100.0, 10.0);
    assert_eq!(read(&slow(300), all), Reading::NoBucket, "it must not look as if every request were slow");
}

/// The question where these pods of the canary and of stable were ready all the time.
fn expecting(canary: &[&str], stable: &[&str]) -> Counting {
    let names = |pods: &[&str]| pods.iter().map(|pod| (*pod).to_owned()).collect();
    let ready = Ready { canary: names(canary), stable: names(stable) };
    Counting { targets: Some(Targets { ready, label: "pod".to_owned(), query: String::new() }), ..errors() }
}

#[test]
fn a_pod_was_scraped_where_a_sample_of_it_is_no_older_than_the_window_or_two_scrapes() {
    let other = "web-1111111111-abcde-x2";
    let asked = expecting(&[CANARY], &[STABLE, other]);
    let scraped = |all: Value| count(&asked, all).scraped.map(|known| (known.canary.scraped, known.stable.scraped, known.stable.ready));
    let all = |last: i64| {
        json!([
            series(&pod(CANARY, "200"), &[(-5, 1.0), (25, 2.0), (55, 3.0)]),
            series(&pod(STABLE, "200"), &[(-5, 1.0), (25, 2.0), (55, 3.0)]),
            series(&pod(other, "200"), &[(-35, 1.0), (last, 2.0)]),
            series(&pod("web-1111111111-abcde-x3", "200"), &[(55, 2.0)]),
        ])
    };
    assert_eq!(scraped(all(1)), Some((1, 2, 2)));
    assert_eq!(scraped(all(-5)), Some((1, 1, 2)), "before the window, which is two scrapes long");
    let ended = json!([series(&pod(CANARY, "200"), &[(-5, 1.0)]), series(&pod(STABLE, "200"), &[(25, 2.0)])]);
    assert_eq!(scraped(ended), Some((0, 1, 2)));
    let nameless = json!([series(&json!({"revision": "1"}), &[(25, 2.0)]), series(&pod(STABLE, "200"), &[(25, 2.0)])]);
    let by_revision = Counting { targets: asked.targets.clone().map(|known| Targets { label: "name".to_owned(), ..known }), ..errors() };
    assert_eq!(count(&by_revision, nameless).scraped, None, "no series names a pod");
}

#[test]
fn a_quantity_tells_of_how_many_of_the_ready_pods_it_is() {
    let value = |pod: &str| json!({"metric": {"pod": pod}, "value": [1_800_014_400, "1"]});
    let ready = expecting(&[CANARY], &[STABLE, "web-1111111111-abcde-x2"]).targets.expect("it has them").ready;
    let asked = Measuring { query: String::new(), sides: errors().sides, ready };
    let all = json!([value(CANARY), value(STABLE), value("web-1111111111-abcde-x3")]);
    let Reading::Means(Means { scraped: Some(scraped), .. }) = means(&asked, &serde_json::from_value::<Vec<Series>>(all).expect("series"))
    else {
        panic!("no means")
    };
    assert_eq!((scraped.canary.scraped, scraped.stable.scraped, scraped.stable.ready), (1, 1, 2));
}

#[test]
fn earlier_windows_of_stable_come_with_the_answer() {
    let before = Before { from: after(-30), to: after(0), each: TimeDelta::seconds(10) };
    let asked = Counting { before: Some(before), ..errors() };
    let told = count(&asked, json!([series(&pod(STABLE, "200"), &[(-31, 0.0), (-21, 5.0), (-11, 15.0), (-1, 30.0), (55, 90.0)])]));
    let totals: Vec<f64> = told.before.iter().map(|count| count.total).collect();
    assert_eq!(totals, [5.0, 10.0, 15.0]);
    assert_eq!(told.scrape, Some(TimeDelta::seconds(10)), "most of the gaps, not the last one");
}

/// The young pods that stand for stable have none.
#[test]
fn earlier_windows_are_those_of_the_old_pods_where_young_ones_stand_for_stable() {
    let before = Before { from: after(-30), to: after(0), each: TimeDelta::seconds(10) };
    let young = Revision::new("1111111111").baseline();
    let sides = Sides { stable: young.clone(), ..errors().sides };
    let asked = Counting { before: Some(before), past: Some(Revision::new("1111111111")), sides, ..errors() };
    let told = count(
        &asked,
        json!([
            series(&pod(STABLE, "200"), &[(-31, 0.0), (-21, 5.0), (-11, 15.0), (-1, 30.0), (55, 90.0)]),
            series(&pod(&format!("web-{young}-abcde-x1"), "200"), &[(-5, 100.0), (55, 107.0)]),
        ]),
    );
    let totals: Vec<f64> = told.before.iter().map(|count| count.total).collect();
    assert_eq!(totals, [5.0, 10.0, 15.0]);
    is(told.counts.stable, 7.0, 0.0);
}

#[test]
fn sums_are_told_apart_by_their_mark_and_by_any_label() {
    let sum = |mark: &str, label: &str, value: &str, number: &str| json!({"metric": {"serin_counts": mark, label: value}, "value": [1_800_014_460, number]});
    let asked = Counting { shape: Shape::Sums, sides: Sides { by: None, ..errors().sides }, ..errors() };
    let all = json!([
        sum("all", "deployment", "web-2222222222", "10.5"),
        sum("bad", "deployment", "web-2222222222", "NaN"),
        sum("all", "revision", "1111111111", "40"),
        sum("bad", "revision", "1111111111", "2"),
    ]);
    let told = count(&asked, all);
    is(told.counts.canary, 10.5, 0.0);
    is(told.counts.stable, 40.0, 2.0);
}

#[test]
fn no_series_of_either_side_is_no_data() {
    assert_eq!(read(&errors(), json!([])), Reading::NoData);
    assert_eq!(read(&errors(), json!([series(&pod("other-1111111111-a-b", "200"), &[(-5, 1.0), (55, 2.0)])])), Reading::NoData);
}
