//! What follows where a check fails or gets no answer, as its policy says.

use serin::rollout::{Check, Count, Counted, Counts, Intent, Newest, Observed, OnFail, OnTrouble, Policy, Reading, Sample, Subject};

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
