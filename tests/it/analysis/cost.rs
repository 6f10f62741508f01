//! What does a proof cost at a service's traffic?

use serde_json::json;
use serin::analysis::{Evidence, Seen, Traffic, cost, judge, today};
use serin::rollout::{
    Ask, Attempt, Check, CheckKind, Count, Counted, Counts, Intent, Newest, Observed, Reading, Revision, Sample, Strength,
};

use super::{sample, serving, spec};
use crate::api_given::{parsed, spec_with};
use crate::given::{after, compared, stepping};

/// So many requests a second, one in a hundred of them bad.
fn traffic(rate: f64) -> Traffic {
    Traffic { rate, bad: 0.01, bursts: 1.0, seen: Seen::Now }
}

/// The sentence for the last of the steps, 50 % for a minute and an hour, where the promotion asks for that.
fn told(promotion: Strength, traffic: &Traffic) -> String {
    let mut check = compared("errors");
    if let CheckKind::Sequential(sequential) = &mut check.kind {
        sequential.promotion = promotion;
    }
    cost(&check, &spec(), traffic).expect("it compares requests")
}

#[test]
fn what_fits_into_the_last_step_is_told_in_requests_and_in_time() {
    let told = told(Strength::Auto, &traffic(100.0));
    assert_eq!(told, "a proof at 50% takes about 7,700 canary requests, 3m at today's 100 rps; that step has 61m");
}

#[test]
fn where_it_does_not_fit_what_helps_is_told() {
    let proof = "a proof at 50% takes about 7,700 canary requests, 4h at today's 1 rps, and that step has 61m; ";
    for (promotion, instead) in [
        (Strength::NoHarm, "the promotion does not ask for one"),
        (
            Strength::Auto,
            "the promotion takes no harm for an answer; for a proof raise limit.plus, or give that step a longer hold or deadlines.step",
        ),
        (
            Strength::Proof,
            "at the deadline it pauses or aborts: use pass.promotion: auto or noHarm, raise limit.plus, or give that step a longer hold or deadlines.step",
        ),
    ] {
        assert_eq!(told(promotion, &traffic(1.0)), format!("{proof}{instead}"));
    }
}

#[test]
fn three_windows_are_the_least_and_bursts_cost_more() {
    assert!(told(Strength::Auto, &traffic(1e6)).contains(" 30s at today's"), "{}", told(Strength::Auto, &traffic(1e6)));
    let bursts = Traffic { bursts: 2.0, ..traffic(100.0) };
    assert!(told(Strength::Auto, &bursts).contains("about 16,000 canary requests, 5m"), "{}", told(Strength::Auto, &bursts));
}

#[test]
fn a_proof_that_never_comes_is_told_so() {
    let mut check = compared("errors");
    if let CheckKind::Sequential(sequential) = &mut check.kind {
        sequential.limit.plus = 0.0;
    }
    let none = Traffic { bad: 0.0, ..traffic(100.0) };
    let told = cost(&check, &spec(), &none).expect("it compares requests");
    assert!(
        told.starts_with("a proof at 50% never comes while both sides are as they are at today's 100 rps; the promotion takes"),
        "{told}"
    );
}

#[test]
fn a_fixed_limit_proves_nothing() {
    let check: Check = spec().checks.remove(0);
    assert_eq!(cost(&check, &spec(), &traffic(100.0)), None);
}

#[test]
fn what_the_last_attempt_saw_is_known_without_asking_anybody() {
    let window = |end: i64| {
        let counts = Counts { canary: Count { total: 100.0, bad: 1.0 }, stable: Count { total: 900.0, bad: 9.0 } };
        let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
        let counted = Counted { from: after(end - 10), counts, newest, scrape: None, before: Vec::new(), scraped: None };
        sample(after(end), Reading::Counts(Box::new(counted)))
    };
    let intent = Intent { checks: vec![compared("errors")], ..spec() };
    let samples: Vec<Sample> = vec![window(10), window(20)];
    let seen = Observed { samples, ..serving() };
    let evidence = judge(&intent, &stepping(10), &Evidence::default(), &seen, after(25)).evidence;
    let known = evidence.traffic("errors").expect("it was counted");
    assert_eq!((known.rate, known.bad, known.seen), (100.0, 0.01, Seen::Until(after(20))));
    assert!(cost(&intent.checks[0], &intent, &known).expect("it compares").contains("3m at the 100 rps of 2027-01-15 12:00 UTC"));
    assert_eq!((evidence.traffic("slow"), Evidence::default().traffic("errors")), (None, None));
}

#[test]
fn today_s_traffic_is_that_of_ten_minutes() {
    let checks =
        json!([{"name": "errors", "sequential": {"of": "errors"}}, {"name": "slow", "sequential": {"of": "slow", "slowerThan": "auto"}}]);
    let intent = parsed(&spec_with(&[("analysis", json!({"checks": checks}))])).expect("it can be read");
    let attempt = Attempt { number: 1, stable: Revision::new("1111111111"), canary: Revision::new("2222222222") };
    let asked = |number: usize| today(&intent.checks[number], &Evidence::default(), &intent, "checkout", &attempt, after(600));
    let Some(Ask::Counts(counting)) = asked(0) else { panic!("no question") };
    assert_eq!((counting.from, counting.before.map(|before| (before.from, before.to))), (after(0), Some((after(0), after(600)))));
    assert_eq!(asked(1), None, "its bound is not chosen yet");

    let counts = Counts { canary: Count::default(), stable: Count { total: 60_000.0, bad: 600.0 } };
    let counted = |counts| Counted { from: after(0), counts, newest: Newest::default(), scrape: None, before: Vec::new(), scraped: None };
    assert_eq!(Traffic::of(&counted(counts)), Some(traffic(100.0)));
    assert_eq!(Traffic::of(&counted(Counts::default())), None, "of no request nothing is known");
}
