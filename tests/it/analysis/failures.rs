//! How many values have to be beyond a limit, how many requests a share needs, and how old a window may be.

use chrono::TimeDelta;
use serin::rollout::{
    Check, Count, Counted, Counts, Failures, Intent, Newest, Observed, OnTrouble, Reached, Reading, Sample, Scraped, Source, Subject,
};

use super::{judged, sample, serving, spec};
use crate::given::{after, baking, compared, edited, errors_below, promoting, stepping, weight};

fn good(at: i64) -> Sample {
    sample(after(at), Reading::Value(0.001))
}

fn bad(at: i64) -> Sample {
    sample(after(at), Reading::Value(0.2))
}

/// What these samples say, at 10 %, whose share has been reached since noon.
fn told(check: Check, samples: Vec<Sample>, now: i64) -> String {
    judged(&Intent { checks: vec![check], ..spec() }, &stepping(10), &Observed { samples, ..serving() }, after(now))
}

/// So many of so many values fail.
fn rule(count: u32, of: u32) -> Check {
    edited(errors_below(0.01), |threshold| threshold.failures = Failures { count, of })
}

#[test]
fn a_value_beyond_the_limit_fails_with_enough_others() {
    let one = "Inconclusive: errors is 0.2, above 0.01; 1 of the last 3 values fail, 2 of 3 are too many";
    assert_eq!(told(rule(2, 3), vec![good(40), good(50), bad(60)], 60), one);
    let two = "Fail: errors is 0.2, above 0.01; 2 of the last 3 values fail, 2 of 3 are too many";
    assert_eq!(told(rule(2, 3), vec![bad(40), good(50), bad(60)], 60), two);
    let three = told(rule(2, 3), vec![bad(40), bad(50), bad(60)], 60);
    assert!(three.starts_with("Fail") && three.contains("3 of the last 3"), "{three}");
}

#[test]
fn a_value_inside_the_limit_waits_until_enough_others_are() {
    let two = "Inconclusive: errors is 0.001, at most 0.01; 2 of the last 3 values fail, 2 of 3 are too many";
    assert_eq!(told(rule(2, 3), vec![bad(40), bad(50), good(60)], 60), two);
    let passes = "Pass: workload: 1 ready; errors is 0.001, at most 0.01";
    assert_eq!(told(rule(2, 3), vec![bad(30), bad(40), good(50), good(60)], 60), passes, "older ones do not count");
    let any = "Inconclusive: errors is 0.001, at most 0.01; 1 of the last 3 values fail, 1 of 3 are too many";
    assert_eq!(told(rule(1, 3), vec![good(40), bad(50), good(60)], 60), any);
}

#[test]
fn only_values_of_the_canary_that_serves_count_with_others() {
    let of_two = "Inconclusive: errors is 0.2, above 0.01; 1 of the last 2 values fail, 2 of 3 are too many";
    assert_eq!(told(rule(2, 3), vec![bad(29), good(50), bad(60)], 60), of_two, "it looks back to before the canary was ready");
    let silent = sample(after(50), Reading::NoData);
    let no_data = "Fail: errors is 0.2, above 0.01; 2 of the last 2 values fail, 2 of 3 are too many";
    assert_eq!(told(rule(2, 3), vec![bad(40), silent, bad(60)], 60), no_data);
}

/// A window of 30 s in which the canary answered so many requests, one of them badly.
fn counted(end: i64, total: f64, scrape: Option<TimeDelta>) -> Sample {
    let counts = Counts { canary: Count { total, bad: 1.0 }, stable: Count { total: 900.0, bad: 9.0 } };
    let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
    let counted = Counted { from: after(end - 30), counts, newest, scrape, before: Vec::new(), scraped: None };
    sample(after(end), Reading::Counts(Box::new(counted)))
}

#[test]
fn a_share_needs_its_requests() {
    let source = Source::Queries { total: "all[{{window}}]".to_owned(), bad: "bad[{{window}}]".to_owned() };
    let check = edited(errors_below(0.05), |threshold| threshold.subject = Subject::Share { source, least: 50.0, shared: OnTrouble::Hold });
    assert!(told(check.clone(), vec![counted(60, 49.0, None)], 60).starts_with("Inconclusive"));
    assert!(told(check.clone(), vec![counted(60, 50.0, None)], 60).starts_with("Pass"));
    assert!(told(check, vec![counted(60, 10.0, None)], 60).starts_with("Inconclusive"), "a tenth is bad, but of ten");
}

#[test]
fn a_share_of_too_few_pods_neither_passes_nor_fails() {
    let source = Source::Queries { total: "all[{{window}}]".to_owned(), bad: "bad[{{window}}]".to_owned() };
    let on = |max: f64, canary: u32, stable: u32| {
        let mut sample = counted(60, 100.0, None);
        if let Reading::Counts(counted) = &mut sample.reading {
            let (canary, stable) = (Reached { scraped: canary, ready: 2 }, Reached { scraped: stable, ready: 10 });
            counted.scraped = Some(Scraped { canary, stable });
        }
        told(
            edited(errors_below(max), |threshold| {
                threshold.subject = Subject::Share { source: source.clone(), least: 50.0, shared: OnTrouble::Fail }
            }),
            vec![sample],
            60,
        )
    };
    let missing = "Inconclusive: errors: missing targets: 1 of 2 canary pods were scraped, need 80%; holding, this is not a failure";
    assert_eq!((on(0.5, 1, 10).as_str(), on(0.001, 1, 10).as_str()), (missing, missing));
    assert!(on(0.5, 2, 1).starts_with("Pass") && on(0.001, 2, 1).starts_with("Fail"), "it says nothing of stable");
}

#[test]
fn what_the_last_window_says_counts_for_three_intervals_or_scrapes() {
    let on = |scrape, now| told(compared("errors"), vec![counted(30, 100.0, scrape)], now);
    assert!(on(None, 65).starts_with("Pass"), "{}", on(None, 65));
    assert_eq!(on(None, 66), "Inconclusive: errors: the newest window ended 36 s ago");
    let slow = Some(TimeDelta::seconds(20));
    assert!(on(slow, 95).starts_with("Pass"), "{}", on(slow, 95));
    assert_eq!(on(slow, 96), "Inconclusive: errors: the newest window ended 66 s ago");
}

#[test]
fn an_answer_after_the_last_window_says_what_is_now_and_one_before_it_nothing() {
    let silent = |at, check: &str| Sample { check: check.to_owned(), ..sample(after(at), Reading::NoData) };
    let with = |other| told(compared("errors"), vec![counted(30, 100.0, None), other], 45);
    assert_eq!(with(silent(40, "errors")), "Inconclusive: errors: the query matches no series");
    assert!(with(silent(20, "errors")).starts_with("Pass"));
    assert!(with(silent(40, "another")).starts_with("Pass"));
}

#[test]
fn what_was_measured_before_the_pods_of_a_promotion_were_warm_does_not_count() {
    let warm = Intent { warm_up: TimeDelta::seconds(40), ..spec() };
    for state in [promoting(), baking()] {
        let on = |seconds| {
            let sample = Sample { step: weight(100), ..bad(seconds) };
            judged(&warm, &state, &Observed { samples: vec![sample], ..serving() }, after(seconds))
        };
        assert!(on(39).starts_with("Inconclusive"), "{}", on(39));
        assert!(on(40).starts_with("Fail"), "{}", on(40));
    }
}
