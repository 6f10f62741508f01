//! By which bound a request is slow, where the user leaves that to stable's own, and what several bounds say together.

use chrono::TimeDelta;
use serde_json::json;
use serin::analysis::{Evidence, due, judge};
use serin::rollout::{Ask, Bad, CheckKind, Count, Counted, Counts, Intent, Newest, Observed, Question, Reading, Sample, Unit};

use super::{line, sample, serving};
use crate::api_given::{parsed, spec_with};
use crate::given::{after, stepping};

/// One sequential check of slow requests, called `latency`, with this beside.
fn intent(written: serde_json::Value) -> Intent {
    let mut check = written;
    check["of"] = json!("slow");
    let analysis = json!({"warmUp": "0s", "checks": [{"name": "latency", "sequential": check}]});
    let intent = parsed(&spec_with(&[("analysis", analysis)])).expect("a spec");
    Intent { revision: crate::given::v2(), ..intent }
}

fn said(check: &str, end: i64, reading: Reading) -> Sample {
    Sample { check: check.to_owned(), ..sample(after(end), reading) }
}

fn window(check: &str, end: i64, bad: f64) -> Sample {
    let counts = Counts { canary: Count { total: 100.0, bad }, stable: Count { total: 900.0, bad: 9.0 } };
    let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
    let counted = Counted { from: after(end - 10), counts, newest, scrape: None, before: Vec::new(), scraped: None };
    said(check, end, Reading::Counts(Box::new(counted)))
}

fn on(intent: &Intent, evidence: &Evidence, samples: Vec<Sample>, now: i64) -> (String, Evidence) {
    let judged = judge(intent, &stepping(10), evidence, &Observed { samples, ..serving() }, after(now));
    (line(judged.verdict), judged.evidence)
}

/// The question that is due.
fn asked(intent: &Intent, evidence: &Evidence, samples: Vec<Sample>, now: i64) -> Ask {
    let due = due(intent, &stepping(10), evidence, &Observed { samples, ..serving() }, after(now));
    match due.questions.into_iter().next() {
        Some(Question::Measure { ask, .. }) => ask,
        other => panic!("nothing is measured: {other:?}"),
    }
}

/// A tenth of stable's requests took longer than 100 ms, 2 % longer than 250 ms, 0.8 % longer than half a second.
fn shares() -> Reading {
    Reading::Bounds(vec![(0.0025, 0.9), (0.1, 0.1), (0.25, 0.02), (0.5, 0.008), (1.0, 0.001)])
}

#[test]
fn stable_s_own_requests_show_the_bound_and_it_stays_for_the_attempt() {
    let auto = intent(json!({"slowerThan": "auto"}));
    let Ask::Bounds(question) = asked(&auto, &Evidence::default(), vec![], 20) else { panic!("the bound is asked for first") };
    assert_eq!(question.from, after(15) - TimeDelta::minutes(10));
    assert!(question.query.contains("_bucket{") && !question.query.contains("le="), "{}", question.query);
    let (line, evidence) = on(&auto, &Evidence::default(), vec![said("latency", 15, shares())], 20);
    assert_eq!(line, "Inconclusive: latency (slower than 250ms): no window was counted at this exposure yet");
    assert_eq!(evidence.bound(1, "latency"), Some(TimeDelta::milliseconds(250)));
    let Ask::Counts(counting) = asked(&auto, &evidence, vec![], 40) else { panic!("then requests are counted") };
    assert!(counting.query.contains("le=~\"0[.]25|[+]Inf\""), "{}", counting.query);
    let later = Reading::Bounds(vec![(0.1, 0.02)]);
    let (_, same) = on(&auto, &evidence, vec![said("latency", 25, later)], 30);
    assert_eq!(same.bound(1, "latency"), Some(TimeDelta::milliseconds(250)), "the first choice stands");
    let windows = (3..=5).map(|number| window("latency", number * 10, 30.0)).collect();
    let (failed, weighed) = on(&auto, &evidence, windows, 55);
    assert!(failed.starts_with("Fail: latency (slower than 250ms): canary 30.00% vs 1.00%"), "{failed}");
    assert!(weighed.to_string().contains("slow is what takes longer than 250ms, as stable's own requests showed"), "{weighed}");
}

#[test]
fn a_bound_that_no_check_takes_from_stable_any_more_is_let_go_of() {
    let auto = intent(json!({"slowerThan": "auto"}));
    let (_, chosen) = on(&auto, &Evidence::default(), vec![said("latency", 15, shares())], 20);
    let (_, fixed) = on(&intent(json!({"slowerThan": "500ms"})), &chosen, vec![], 20);
    assert_eq!((chosen.bound(1, "latency").is_some(), fixed.bound(1, "latency")), (true, None));
    let mut two = auto;
    two.checks.push(serin::rollout::Check { name: "other".to_owned(), ..two.checks[0].clone() });
    let (_, both) = on(&two, &chosen, vec![said("other", 15, shares())], 20);
    assert!(both.bound(1, "latency").is_some() && both.bound(1, "other").is_some());
}

#[test]
fn without_a_bound_that_fits_exposure_is_held_and_the_way_out_is_named() {
    let auto = intent(json!({"slowerThan": "auto"}));
    let told = |reading| on(&auto, &Evidence::default(), vec![said("latency", 15, reading)], 20).0;
    let none = told(Reading::Bounds(vec![(0.1, 0.2), (0.5, 0.0)]));
    assert!(none.starts_with("Inconclusive: latency: no bound of the histogram has") && none.ends_with("name one as slowerThan"), "{none}");
    assert_eq!(told(Reading::TimedOut), "Error: latency: prod does not answer in time");
    assert_eq!(on(&auto, &Evidence::default(), vec![], 20).0, "Inconclusive: latency: stable's requests are asked which of them are slow");
}

#[test]
fn each_of_several_bounds_is_a_check_and_together_they_count_as_one() {
    let several = intent(json!({"bounds": ["100ms", "250ms", "1s"]}));
    let named: Vec<(&str, f64)> = several
        .checks
        .iter()
        .map(|check| match &check.kind {
            CheckKind::Sequential(sequential) => (check.name.as_str(), sequential.part),
            other => panic!("{other:?}"),
        })
        .collect();
    let third = 1.0 / 3.0;
    assert_eq!(named, [("latency-100ms", third), ("latency-250ms", third), ("latency-1s", third)]);
    let at = |windows: i64| {
        let bad = [("latency-100ms", 1.0), ("latency-250ms", 30.0), ("latency-1s", 1.0)];
        let samples = bad.iter().flat_map(|(check, bad)| (1..=windows).map(|number| window(check, number * 10, *bad)));
        on(&several, &Evidence::default(), samples.collect(), windows * 10 + 5).0
    };
    assert!(at(3).starts_with("Inconclusive"), "a third of the evidence alone: {}", at(3));
    assert!(at(4).starts_with("Fail: latency-250ms: canary 30.00%") && at(4).contains("(3 checks together)"), "{}", at(4));
}

#[test]
fn a_bound_in_whole_milliseconds_is_a_time() {
    assert_eq!(
        [0.25, 0.0025, 2.5, 1e9].map(|bound| Unit::Seconds.time(bound).map(|time| time.num_milliseconds())),
        [Some(250), None, Some(2500), None]
    );
    assert_eq!(Unit::Millis.time(250.0), Some(TimeDelta::milliseconds(250)));
    let Ok(CheckKind::Sequential(auto)) =
        Ok::<_, ()>(intent(json!({"slowerThan": "auto", "series": {"from": "istio"}})).checks.remove(0).kind)
    else {
        panic!("not sequential")
    };
    assert!(matches!(auto.source, serin::rollout::Source::Series(ref series) if series.bad == Bad::Slow(Unit::Millis)));
}
