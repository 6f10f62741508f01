//! What does one window say by standard errors, and when is it asked for?

use chrono::TimeDelta;
use serin::analysis::standard_errors;
use serin::rollout::{
    Ask, Bad, By, Check, CheckKind, Compare, Count, Counted, Counts, Failures, Intent, Line, Newest, Observed, Pattern, PauseCause, Policy,
    Question, Reached, Reading, Sample, Scraped, Series, Source, Subject, Threshold,
};

use super::{asks, judged, serving, spec};
use crate::given::{after, paused, stepping, weight};

const LINE: Line = Line { ratio: 1.25, plus: 0.0005 };

/// Thirty seconds, three standard errors, ten bad requests, a hundred requests.
fn rule() -> Compare {
    let source = Source::Queries { total: "all[{{window}}]".to_owned(), bad: "bad[{{window}}]".to_owned() };
    Compare { source, window: TimeDelta::seconds(30), line: LINE, sigmas: 3.0, least_bad: 10.0, least: 100.0 }
}

fn with(compare: Compare) -> Intent {
    let kind = CheckKind::Compare(compare);
    let check =
        Check { name: "errors".to_owned(), provider: "prometheus".to_owned(), delay: TimeDelta::seconds(5), policy: Policy::USUAL, kind };
    Intent { checks: vec![check], ..spec() }
}

/// A thousand requests of the canary, of which so many are bad, beside ninety of stable's 9,000.
fn counts(bad: f64) -> Counts {
    Counts { canary: Count { total: 1_000.0, bad }, stable: Count { total: 9_000.0, bad: 90.0 } }
}

/// What such a window says, a minute after the share was reached.
fn told(compare: Compare, counts: Counts) -> String {
    let newest = Newest { canary: Some(after(60)), stable: Some(after(60)) };
    let counted = Counted { from: after(30), counts, newest, scrape: None, before: Vec::new(), scraped: None };
    let reading = Reading::Counts(Box::new(counted));
    let sample = Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at: after(60), reading };
    judged(&with(compare), &stepping(10), &Observed { samples: vec![sample], ..serving() }, after(65))
}

#[test]
fn a_window_far_beyond_the_line_fails() {
    let expected = "Fail: errors: canary 4.00% vs 1.00% over 1,000 vs 9,000 requests; 4.1 standard errors beyond 1.25x + 0.05pp (= 1.30%), 3 are too many";
    assert_eq!(told(rule(), counts(40.0)), expected);
}

#[test]
fn so_many_standard_errors_have_to_be_passed_and_so_many_bad_requests_reached() {
    let sigmas = standard_errors(&counts(40.0), LINE, 1.0).expect("both sides answered");
    assert!(told(Compare { sigmas, ..rule() }, counts(40.0)).starts_with("Inconclusive"), "as many are not too many");
    assert!(told(Compare { least_bad: 40.0, ..rule() }, counts(40.0)).starts_with("Fail"));
    assert!(told(Compare { least_bad: 41.0, ..rule() }, counts(40.0)).starts_with("Inconclusive"));
}

#[test]
fn a_window_somewhat_beyond_the_line_waits() {
    let expected = "Inconclusive: errors: canary 2.50% vs 1.00% over 1,000 vs 9,000 requests; 2.3 standard errors beyond 1.25x + 0.05pp (= 1.30%), 3 fail";
    assert_eq!(told(rule(), counts(25.0)), expected);
}

#[test]
fn a_window_on_the_line_or_below_it_passes() {
    let expected = "Pass: workload: 1 ready; errors: canary 1.00% vs 1.00% over 1,000 vs 9,000 requests, within 1.25x + 0.05pp (= 1.30%)";
    assert_eq!(told(rule(), counts(10.0)), expected);
    assert!(told(Compare { line: Line { ratio: 1.0, plus: 0.0 }, ..rule() }, counts(10.0)).starts_with("Pass"));
}

#[test]
fn each_side_needs_its_requests_to_pass_and_neither_to_fail() {
    assert!(told(Compare { least: 1_000.0, ..rule() }, counts(10.0)).starts_with("Pass"));
    assert!(told(Compare { least: 1_001.0, ..rule() }, counts(10.0)).ends_with("; both sides need 1,001 requests"));
    assert!(told(Compare { least: 10_000.0, ..rule() }, counts(40.0)).starts_with("Fail"));
}

#[test]
fn a_window_without_requests_on_one_side_says_nothing() {
    let alone = Counts { canary: Count::default(), ..counts(0.0) };
    assert_eq!(told(rule(), alone), "Inconclusive: errors: only one side answered requests in the window");
}

#[test]
fn a_window_in_which_too_few_pods_were_scraped_compares_nothing() {
    let newest = Newest { canary: Some(after(60)), stable: Some(after(60)) };
    let (canary, stable) = (Reached { scraped: 1, ready: 1 }, Reached { scraped: 7, ready: 9 });
    let scraped = Some(Scraped { canary, stable });
    let counted = Counted { from: after(30), counts: counts(40.0), newest, scrape: None, before: Vec::new(), scraped };
    let sample =
        Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at: after(60), reading: Reading::Counts(Box::new(counted)) };
    let told = judged(&with(rule()), &stepping(10), &Observed { samples: vec![sample], ..serving() }, after(65));
    assert_eq!(told, "Inconclusive: errors: missing targets: 7 of 9 stable pods were scraped, need 80%; holding, this is not a failure");
}

#[test]
fn a_window_is_asked_for_once_its_samples_are_there() {
    let early = asks(&with(rule()), &stepping(10), &serving(), after(34));
    assert_eq!((early.questions.len(), early.wake), (0, Some(after(35))));
    let due = asks(&with(rule()), &stepping(10), &serving(), after(35));
    let [Question::Measure { ask: Ask::Counts(counting), at, .. }] = due.questions.as_slice() else { panic!("{:?}", due.questions) };
    assert_eq!((counting.from, *at, due.wake), (after(0), after(30), Some(after(45))));
}

/// The windows that show how stable's bad requests are spread, in seconds after noon, for a window that ends then.
fn spread(samples: Vec<Sample>, now: i64) -> Option<(i64, i64)> {
    let bad = Bad::Values { label: "code".to_owned(), values: Pattern::new("5..").expect("a pattern") };
    let source = Source::Series(Series { metric: "requests".to_owned(), labels: Vec::new(), by: By::Pod("pod".to_owned()), bad });
    let due = asks(&with(Compare { source, ..rule() }), &stepping(10), &Observed { samples, ..serving() }, after(now));
    let [Question::Measure { ask: Ask::Counts(counting), .. }] = due.questions.as_slice() else { panic!("{:?}", due.questions) };
    counting.before.map(|before| ((before.from - after(0)).num_seconds(), (before.to - after(0)).num_seconds()))
}

#[test]
fn bursts_are_those_of_stable_before_the_window_unless_that_was_too_large_an_answer() {
    assert_eq!(spread(Vec::new(), 65), Some((-570, 30)), "sixty intervals, and then the window from 30 to 60");
    let sample = |at: i64, reading| Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at: after(at), reading };
    assert_eq!(spread(vec![sample(60, Reading::TooLarge)], 75), Some((40, 70)), "its own");
    assert_eq!(spread(vec![sample(60, Reading::TooLarge), sample(70, Reading::NoData)], 85), Some((50, 80)), "for a while");
}

#[test]
fn where_no_share_has_to_be_reached_the_window_begins_with_the_canary_s_first_ready_pod() {
    let state = paused(10, PauseCause::Spec, 0);
    let early = asks(&spec(), &state, &serving(), after(29));
    assert_eq!((early.questions.len(), early.wake), (0, Some(after(30))));
    assert_eq!(asks(&spec(), &state, &serving(), after(30)).questions.len(), 1);
}

#[test]
fn without_requests_there_is_no_share_and_nothing_to_compare() {
    let (none, some) = (Count::default(), Count { total: 1.0, bad: 0.0 });
    assert_eq!((none.share(), some.share()), (None, Some(0.0)));
    let compares = |canary, stable| Counts { canary, stable }.compares();
    assert!(compares(some, some));
    assert!(!compares(none, some) && !compares(some, none));
}

#[test]
fn what_looks_at_one_moment_is_asked_for_as_soon_as_the_pods_are_warm() {
    let subject = Subject::Query("up".to_owned());
    let kind = |window| {
        CheckKind::Threshold(Threshold {
            subject: subject.clone(),
            window,
            min: Some(1.0),
            max: None,
            failures: Failures { count: 1, of: 1 },
        })
    };
    let asking = |window, now| {
        let check = Check {
            name: "up".to_owned(),
            provider: "prometheus".to_owned(),
            delay: TimeDelta::seconds(5),
            policy: Policy::USUAL,
            kind: kind(window),
        };
        asks(&Intent { checks: vec![check], warm_up: TimeDelta::seconds(30), ..spec() }, &stepping(10), &serving(), now)
    };
    assert_eq!(asking(TimeDelta::zero(), after(29)).wake, Some(after(30)));
    assert_eq!(asking(TimeDelta::zero(), after(30)).questions.len(), 1);
    assert_eq!(asking(TimeDelta::minutes(1), after(30)).questions.len(), 0);
}
