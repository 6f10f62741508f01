//! What follows where a check fails or gets no answer, as its policy says.

use chrono::TimeDelta;
use serin::rollout::{
    Check, CheckKind, Count, Counted, Counts, Gauge, Intent, Mean, Means, Newest, Observed, OnFail, OnTrouble, Policy, Reading, Sample,
    Strength, Subject,
};

use super::{judged, sample, serving, spec};
use crate::given::{after, compared, edited, errors_below, stepping};

const HOLD: Policy = Policy { fail: OnFail::Hold, ..Policy::USUAL };
const NO_DATA: Policy = Policy { no_data: OnTrouble::Fail, ..Policy::USUAL };
const QUERY_ERROR: Policy = Policy { query_error: OnTrouble::Fail, ..Policy::USUAL };

/// What these readings say, one every ten seconds from 40 s after noon on, at 10 %.
fn told(policy: Policy, check: Check, readings: &[Reading]) -> String {
    let check = Check { policy, ..check };
    let samples: Vec<Sample> = (4..).zip(readings).map(|(ten, reading)| sample(after(ten * 10), reading.clone())).collect();
    let now = samples.last().map_or(after(40), |newest| newest.at);
    judged(&Intent { checks: vec![check], ..spec() }, &stepping(10), &Observed { samples, ..serving() }, now)
}

fn errors(policy: Policy, readings: &[Reading]) -> String {
    told(policy, errors_below(0.01), readings)
}

#[test]
fn a_failed_check_that_only_holds_aborts_nothing() {
    assert_eq!(errors(HOLD, &[Reading::Value(0.2)]), "Inconclusive: errors is 0.2, above 0.01; exposure is held (onFail: hold)");
    assert_eq!(errors(Policy::USUAL, &[Reading::Value(0.2)]), "Fail: errors is 0.2, above 0.01");
    assert!(errors(HOLD, &[Reading::Value(0.001)]).starts_with("Pass"));
}

#[test]
fn no_data_three_times_in_a_row_fails_only_where_the_spec_says_so() {
    let none = [Reading::NoData, Reading::NoData, Reading::NoData];
    assert_eq!(errors(Policy::USUAL, &none), "Inconclusive: errors: the query matches no series");
    let failed = "Fail: errors: no series tells of revision 2222222222, 3 times in a row, which fails (onNoData: fail)";
    assert_eq!(errors(NO_DATA, &none), failed);
    assert_eq!(errors(NO_DATA, &none[1..]), "Inconclusive: errors: the query matches no series", "twice is noise");
    let again = [Reading::NoData, Reading::Value(0.001), Reading::NoData, Reading::NoData];
    assert!(errors(NO_DATA, &again).starts_with("Inconclusive"), "not in a row");
    let held = Policy { fail: OnFail::Hold, ..NO_DATA };
    assert_eq!(errors(held, &none), failed.replace("Fail: ", "Inconclusive: ") + "; exposure is held (onFail: hold)");
}

#[test]
fn a_query_that_cannot_be_answered_fails_only_where_the_spec_says_so() {
    let wrong = vec![Reading::BadQuery("parse error".to_owned()); 3];
    assert_eq!(errors(Policy::USUAL, &wrong), "Error: errors: prometheus refuses the query: parse error");
    let failed = "Fail: errors: the query cannot be answered, 3 times in a row, which fails (onQueryError: fail)";
    assert_eq!(errors(QUERY_ERROR, &wrong), failed);
    assert!(errors(NO_DATA, &wrong).starts_with("Error"), "another policy");
}

#[test]
fn a_backend_that_is_down_and_a_canary_without_requests_fail_under_no_policy() {
    let strict = Policy { query_error: OnTrouble::Fail, ..NO_DATA };
    for reading in [Reading::TimedOut, Reading::Unavailable(503), Reading::Unreachable("refused".to_owned()), Reading::Throttled] {
        assert!(errors(strict, &vec![reading.clone(); 5]).starts_with("Error"), "{reading:?}");
    }
    assert!(errors(strict, &vec![Reading::NotANumber; 5]).starts_with("Inconclusive"));
}

/// Ten seconds of which only stable's series tell.
fn silent(end: i64) -> Sample {
    let counts = Counts { canary: Count::default(), stable: Count { total: 900.0, bad: 9.0 } };
    let newest = Newest { canary: None, stable: Some(after(end)) };
    let counted = Counted { from: after(end - 10), counts, newest, scrape: None, before: Vec::new(), scraped: None };
    sample(after(end), Reading::Counts(Box::new(counted)))
}

#[test]
fn a_comparison_without_any_series_of_the_canary_has_no_data() {
    let check = Check { policy: NO_DATA, ..compared("errors") };
    let intent = Intent { checks: vec![check], ..spec() };
    let at = |ends: &[i64]| {
        let samples = ends.iter().map(|end| silent(*end)).collect();
        judged(&intent, &stepping(10), &Observed { samples, ..serving() }, after(60))
    };
    assert!(at(&[50, 60]).starts_with("Inconclusive"), "{}", at(&[50, 60]));
    assert!(at(&[40, 50, 60]).starts_with("Fail: errors: no series tells of revision 2222222222"), "{}", at(&[40, 50, 60]));
    let with = |edit: fn(&mut Counted)| {
        let mut samples: Vec<Sample> = [40, 50, 60].map(silent).to_vec();
        for sample in &mut samples {
            if let Reading::Counts(counted) = &mut sample.reading {
                edit(counted);
            }
        }
        judged(&intent, &stepping(10), &Observed { samples, ..serving() }, after(60))
    };
    let counted = with(|counted| counted.counts.canary = Count { total: 100.0, bad: 0.0 });
    assert!(!counted.contains("fails (onNoData: fail)"), "its series ended, and were counted: {counted}");
    let idle = with(|counted| counted.newest.canary = counted.newest.stable);
    assert!(!idle.contains("fails (onNoData: fail)"), "its series are there, and nobody asked it: {idle}");
}

#[test]
fn minutes_without_any_pod_of_the_canary_have_no_data() {
    let (limit, alarm, alpha, step, promotion) = (1.25, 1.125, 0.05, Strength::NoHarm, Strength::Auto);
    let kind = CheckKind::Gauge(Gauge { query: "rss".to_owned(), limit, alarm, alpha, step, promotion });
    let intent = Intent { checks: vec![Check { policy: NO_DATA, kind, ..errors_below(0.0) }], ..spec() };
    let minutes = |pods: u32| {
        let mean = |pods: u32| Mean { pods, mean: 1.0, spread: 0.0 };
        let means = Reading::Means(Means { canary: mean(pods), stable: mean(9), scraped: None });
        let samples = [60, 120, 180].map(|end| sample(after(end), means.clone())).to_vec();
        judged(&intent, &stepping(10), &Observed { samples, ..serving() }, after(180))
    };
    assert!(minutes(0).starts_with("Fail: errors: no series tells of revision 2222222222, 3 times in a row"), "{}", minutes(0));
    assert!(minutes(1).starts_with("Pass"), "{}", minutes(1));
}

#[test]
fn trouble_speaks_for_three_intervals_and_the_delay() {
    let delayed = Check { policy: NO_DATA, delay: TimeDelta::seconds(5), ..errors_below(0.01) };
    let at = |now: i64| {
        let samples = [40, 50, 60].map(|end| sample(after(end), Reading::NoData)).to_vec();
        judged(&Intent { checks: vec![delayed.clone()], ..spec() }, &stepping(10), &Observed { samples, ..serving() }, after(now))
    };
    assert!(at(95).starts_with("Fail: errors: no series tells"), "{}", at(95));
    assert!(at(96).starts_with("Inconclusive"), "{}", at(96));
}

#[test]
fn harm_that_only_holds_is_not_counted_with_what_aborts() {
    let window = |check: &str, end: i64, bad: f64| {
        let counts = Counts { canary: Count { total: 100.0, bad }, stable: Count { total: 900.0, bad: 9.0 } };
        let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
        let counted = Counted { from: after(end - 10), counts, newest, scrape: None, before: Vec::new(), scraped: None };
        Sample { check: check.to_owned(), ..sample(after(end), Reading::Counts(Box::new(counted))) }
    };
    let checks = vec![compared("errors"), Check { policy: HOLD, ..compared("slow") }];
    let on = |errors: f64, slow: f64| {
        let of = |check, bad| (1..=4).map(move |number| window(check, number * 10, bad));
        let seen = Observed { samples: of("errors", errors).chain(of("slow", slow)).collect(), ..serving() };
        judged(&Intent { checks: checks.clone(), ..spec() }, &stepping(10), &seen, after(45))
    };
    let held = on(1.0, 30.0);
    assert!(held.starts_with("Inconclusive: slow: canary 30.00%") && held.ends_with("exposure is held (onFail: hold)"), "{held}");
    assert!(on(30.0, 1.0).starts_with("Fail: errors: canary 30.00%") && !on(30.0, 1.0).contains("together"), "{}", on(30.0, 1.0));
}

#[test]
fn a_number_with_its_requests_needs_so_many_of_them() {
    let subject = Subject::Backed { query: "q".to_owned(), count: "n".to_owned(), least: 50.0 };
    let check = edited(errors_below(0.01), |threshold| threshold.subject = subject);
    let on = |reading| told(Policy::USUAL, check.clone(), &[reading]);
    assert_eq!(on(Reading::Backed(0.2, 49.0)), "Inconclusive: errors: 49 requests in the window, need 50");
    assert_eq!(on(Reading::Backed(f64::NAN, 0.0)), "Inconclusive: errors: 0 requests in the window, need 50");
    assert_eq!(on(Reading::Backed(0.2, 50.0)), "Fail: errors is 0.2, above 0.01");
    assert!(on(Reading::Backed(0.001, 50.0)).starts_with("Pass"));
    assert!(on(Reading::Backed(f64::NAN, 50.0)).contains("NaN"), "{}", on(Reading::Backed(f64::NAN, 50.0)));
    assert!(on(Reading::Value(0.001)).contains("no sample yet"), "the check was another one when that was asked");
}
