//! What does each answer of a metrics backend say of the canary?

use serin::analysis::Evidence;
use serin::rollout::{Check, Reading, Verdict};

use super::{judged, sample, serving, spec};
use crate::given::{after, edited, errors_below, stepping};

/// The verdict of one check on one reading, taken and judged a minute after noon.
fn on(check: Check, reading: Reading) -> String {
    let mut seen = serving();
    seen.samples = vec![sample(after(60), reading)];
    judged(&serin::rollout::Intent { checks: vec![check], ..spec() }, &stepping(10), &seen, after(60))
}

fn errors(reading: Reading) -> String {
    on(errors_below(0.01), reading)
}

/// A check with these limits.
fn within(min: Option<f64>, max: Option<f64>) -> Check {
    edited(errors_below(0.01), |threshold| (threshold.min, threshold.max) = (min, max))
}

#[test]
fn a_value_up_to_the_limit_passes_and_one_above_it_fails() {
    let passes = "Pass: workload: 1 ready; errors is ";
    assert_eq!(errors(Reading::Value(0.0)), format!("{passes}0, at most 0.01"));
    assert_eq!(errors(Reading::Value(0.0025)), format!("{passes}0.0025, at most 0.01"));
    assert_eq!(errors(Reading::Value(0.01)), format!("{passes}0.01, at most 0.01"));
    assert_eq!(errors(Reading::Value(0.2)), "Fail: errors is 0.2, above 0.01");
}

#[test]
fn a_value_next_to_its_limit_is_told_in_full() {
    assert_eq!(errors(Reading::Value(0.010_000_000_1)), "Fail: errors is 0.0100000001, above 0.01");
    assert_eq!(errors(Reading::Value(0.010_04)), "Fail: errors is 0.01004, above 0.01");
}

#[test]
fn a_minimum_and_both_limits_are_judged_likewise() {
    let latency = |min, max, value| on(within(min, max), Reading::Value(value));
    assert_eq!(latency(Some(99.5), None, 99.5), "Pass: workload: 1 ready; errors is 99.5, at least 99.5");
    assert_eq!(latency(Some(99.5), None, 99.4), "Fail: errors is 99.4, below 99.5");
    assert_eq!(latency(Some(1.0), Some(2.0), 1.5), "Pass: workload: 1 ready; errors is 1.5, within 1 and 2");
    assert_eq!(latency(Some(1.0), Some(2.0), 0.5), "Fail: errors is 0.5, below 1");
    assert_eq!(latency(Some(1.0), Some(2.0), 2.5), "Fail: errors is 2.5, above 2");
    assert_eq!(latency(None, None, 0.5), "Error: errors: it has neither min nor max");
}

#[test]
fn numbers_are_told_with_five_digits() {
    let told = |value| on(within(Some(f64::MIN), None), Reading::Value(value));
    let cases = [
        (0.000_012_345_6, "1.235e-5"),
        (0.001_234_56, "0.0012346"),
        (0.123_456, "0.12346"),
        (1.234_56, "1.2346"),
        (123.456, "123.46"),
        (123_456.7, "123456.7"),
        (12_345_678.0, "1.235e7"),
        (-3.5, "-3.5"),
        (100.0, "100"),
    ];
    for (value, text) in cases {
        assert_eq!(told(value), format!("Pass: workload: 1 ready; errors is {text}, at least {:.3e}", f64::MIN));
    }
}

#[test]
fn a_failure_carries_its_numbers_as_text() {
    let mut seen = serving();
    seen.samples = vec![sample(after(60), Reading::Value(0.2))];
    let Verdict::Fail(failure) = serin::analysis::judge(&spec(), &stepping(10), &Evidence::default(), &seen, after(60)).verdict else {
        panic!("it fails")
    };
    assert_eq!((failure.check.as_str(), failure.value.as_deref(), failure.limit.as_deref()), ("errors", Some("0.2"), Some("0.01")));
}

#[test]
fn no_answer_but_a_finite_value_passes_or_fails() {
    let text = |s: &str| s.to_owned();
    let cases = [
        (Reading::Value(f64::NAN), "Inconclusive: errors: the query's value is not finite"),
        (Reading::Value(f64::INFINITY), "Inconclusive: errors: the query's value is not finite"),
        (Reading::Value(f64::NEG_INFINITY), "Inconclusive: errors: the query's value is not finite"),
        (Reading::NoData, "Inconclusive: errors: the query matches no series"),
        (Reading::NotANumber, "Inconclusive: errors: the query's value is NaN, as without any request"),
        (Reading::Infinite, "Inconclusive: errors: the query's value is infinite"),
        (Reading::Partial(text("store-2 timed out")), "Inconclusive: errors: the answer is incomplete: store-2 timed out"),
        (Reading::SeveralSeries(3), "Error: errors: the query gives 3 series; aggregate them to one, as with sum()"),
        (Reading::WrongType(text("a string")), "Error: errors: the query gives a string, not one number"),
        (Reading::BadQuery(text("parse error at char 3")), "Error: errors: prometheus refuses the query: parse error at char 3"),
        (Reading::QueryFailed(text("too many samples")), "Error: errors: prometheus cannot evaluate the query: too many samples"),
        (Reading::Unauthorized(401), "Error: errors: prometheus answers 401; check the provider's credentials"),
        (Reading::Throttled, "Error: errors: prometheus answers 429; it is asked too often"),
        (Reading::Unavailable(503), "Error: errors: prometheus is not available (HTTP 503)"),
        (Reading::HttpStatus(404), "Error: errors: prometheus answers HTTP 404; check the provider's URL"),
        (Reading::Malformed(text("an HTML page")), "Error: errors: prometheus does not answer as Prometheus does: an HTML page"),
        (Reading::TooLarge, "Error: errors: prometheus answers with more than the bound; aggregate the query"),
        (Reading::TimedOut, "Error: errors: prometheus does not answer in time"),
        (Reading::Unreachable(text("connection refused")), "Error: errors: prometheus cannot be reached: connection refused"),
    ];
    for (reading, expected) in cases {
        assert_eq!(errors(reading), expected);
    }
}
