//! What both sides suffer is no canary's fault, and no time to give it more traffic.

use chrono::TimeDelta;
use serin::analysis::{Evidence, judge};
use serin::rollout::{
    Check, CheckKind, Count, Counted, Counts, Failures, Incident, Intent, Newest, Observed, OnTrouble, Reading, Sample, Source, Subject,
};

use super::{judged, line, sample, serving, spec};
use crate::given::{after, compared, edited, errors_below, stepping};

fn side(total: f64, bad: f64) -> Count {
    Count { total, bad }
}

/// A window that ends then, and stable's windows before it.
fn counted((from, end): (i64, i64), canary: Count, stable: Count, before: &[Count]) -> Sample {
    let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
    let (counts, before) = (Counts { canary, stable }, before.to_vec());
    let counted = Counted { from: after(from), counts, newest, scrape: None, before, scraped: None };
    sample(after(end), Reading::Counts(Box::new(counted)))
}

/// At most 5 % of the canary's requests, in these values.
fn slo(shared: OnTrouble, failures: Failures, samples: Vec<Sample>) -> String {
    let source = Source::Queries { total: "all[{{window}}]".to_owned(), bad: "bad[{{window}}]".to_owned() };
    let check = edited(errors_below(0.05), |threshold| {
        threshold.subject = Subject::Share { source, least: 50.0, shared };
        threshold.failures = failures;
    });
    let now = samples.iter().map(|sample| sample.at).max().expect("a sample");
    judged(&Intent { checks: vec![check], ..spec() }, &stepping(10), &Observed { samples, ..serving() }, now)
}

const ONCE: Failures = Failures { count: 1, of: 1 };

#[test]
fn a_limit_that_stable_breaks_as_well_holds_and_blames_nobody() {
    let on = |shared, canary, stable| slo(shared, ONCE, vec![counted((30, 60), canary, stable, &[])]);
    let both = on(OnTrouble::Hold, side(1_000.0, 80.0), side(9_000.0, 711.0));
    let expected = "Inconclusive: errors is 0.08, above 0.05; stable breaks it as well (canary 8.00% vs 7.90% over 1,000 vs 9,000 requests): the canary is not blamed, exposure is held";
    assert_eq!(both, expected);
    assert_eq!(on(OnTrouble::Fail, side(1_000.0, 80.0), side(9_000.0, 711.0)), "Fail: errors is 0.08, above 0.05");
    assert!(on(OnTrouble::Hold, side(1_000.0, 80.0), side(9_000.0, 450.0)).starts_with("Fail"), "stable has just as many as it may");
    assert!(on(OnTrouble::Hold, side(1_000.0, 80.0), side(49.0, 10.0)).starts_with("Fail"), "of 49 requests nothing is known");
    assert!(on(OnTrouble::Hold, side(1_000.0, 80.0), side(50.0, 10.0)).starts_with("Inconclusive"));
    assert!(
        on(OnTrouble::Hold, side(1_000.0, 40.0), side(9_000.0, 711.0)).starts_with("Pass"),
        "stable's share is nothing that the canary has"
    );
}

#[test]
fn a_canary_that_is_surely_worse_is_blamed_in_an_incident_too() {
    let on = |bad| slo(OnTrouble::Hold, ONCE, vec![counted((30, 60), side(1_000.0, bad), side(9_000.0, 720.0), &[])]);
    // 1.25 times 8 % and 0.05 percentage points are 100.5 of a thousand; three standard errors beyond that are 138.
    assert!(on(130.0).starts_with("Inconclusive"), "{}", on(130.0));
    assert!(on(150.0).starts_with("Fail"), "{}", on(150.0));
}

#[test]
fn values_that_stable_shares_are_not_among_those_that_fail() {
    let three_of_five = Failures { count: 3, of: 5 };
    let alone = |end| counted((end - 30, end), side(1_000.0, 80.0), side(9_000.0, 90.0), &[]);
    let shared = |end| counted((end - 30, end), side(1_000.0, 80.0), side(9_000.0, 720.0), &[]);
    let on = |samples| slo(OnTrouble::Hold, three_of_five, samples);
    assert!(on(vec![shared(40), shared(50), shared(60)]).starts_with("Inconclusive"));
    assert!(on(vec![alone(30), alone(40), shared(50), alone(60)]).starts_with("Fail"));
    assert!(on(vec![alone(30), shared(40), shared(50), alone(60)]).starts_with("Inconclusive"));
    assert!(on(vec![alone(30), alone(40), alone(50), shared(60)]).starts_with("Inconclusive"), "the newest one is what is now");
}

/// A test of the canary that heeds incidents.
fn heeding(max: f64, times: f64) -> Intent {
    let Check { kind: CheckKind::Sequential(mut tested), .. } = compared("errors") else { panic!("a test") };
    tested.incident = Some(Incident { max, times });
    Intent { checks: vec![Check { kind: CheckKind::Sequential(tested), ..compared("errors") }], ..spec() }
}

/// What is said after windows of ten seconds with so many bad requests of each hundred, on both sides alike, where stable had so many before.
fn told(intent: &Intent, before: &[Count], bad: &[f64]) -> String {
    let window = |(number, bad): (i64, &f64)| {
        counted((number * 10 - 10, number * 10), side(100.0, *bad), side(900.0, bad * 9.0), if number == 1 { before } else { &[] })
    };
    let samples: Vec<Sample> = (1..).zip(bad).map(window).collect();
    let now = samples.last().map_or(after(0), |sample| sample.at) + TimeDelta::seconds(5);
    line(judge(intent, &stepping(10), &Evidence::default(), &Observed { samples, ..serving() }, now).verdict)
}

/// Ten minutes of one bad request in a hundred.
fn usual() -> Vec<Count> {
    vec![side(900.0, 9.0); 60]
}

#[test]
fn while_stable_itself_is_in_trouble_exposure_is_held() {
    let on = |windows: usize| told(&heeding(0.05, 3.0), &usual(), &vec![8.0; windows]);
    // A minute of which four windows in six are bad has more than 5 %, and three of five looks have to say so.
    assert!(on(5).starts_with("Pass"), "{}", on(5));
    let expected = "Inconclusive: errors: stable itself has 8.00% bad requests of late, above 5.00%, and had 1.00% before the attempt; the canary is not blamed, exposure is held";
    assert_eq!(on(6), expected);
    let over = [vec![8.0; 6], vec![1.0; 8]].concat();
    assert!(told(&heeding(0.05, 3.0), &usual(), &over).starts_with("Pass"), "it is over");
}

#[test]
fn what_is_usual_for_a_service_is_no_incident() {
    let bad = vec![8.0; 12];
    let often = vec![side(900.0, 27.0); 60];
    assert!(told(&heeding(0.05, 3.0), &often, &bad).starts_with("Pass"), "it had 3 % before");
    assert!(told(&heeding(0.05, 2.0), &often, &bad).starts_with("Inconclusive"));
    assert!(told(&heeding(0.05, 3.0), &[], &bad).starts_with("Pass"), "nobody knows what it had");
    assert!(told(&heeding(0.05, 3.0), &[side(49.0, 0.0)], &bad).starts_with("Pass"), "of 49 requests nobody knows either");
    assert!(told(&heeding(1.0, 3.0), &usual(), &bad).starts_with("Pass"), "it was turned off");
}

#[test]
fn harm_is_found_in_an_incident_as_ever() {
    let window = |number: i64| {
        let before = if number == 1 { usual() } else { Vec::new() };
        counted((number * 10 - 10, number * 10), side(100.0, 60.0), side(900.0, 72.0), &before)
    };
    let samples: Vec<Sample> = (1..=12).map(window).collect();
    let told = judge(&heeding(0.05, 3.0), &stepping(10), &Evidence::default(), &Observed { samples, ..serving() }, after(125)).verdict;
    assert!(line(told).starts_with("Fail: errors: canary 60.00% vs 8.00%"));
}
