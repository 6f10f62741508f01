//! Where exactly does evidence begin to count, and where does it stop?

use chrono::TimeDelta;
use serin::analysis::gauge::{Batches, Pods};
use serin::analysis::sequential::dispersion;
use serin::analysis::{Evidence, due, judge};
use serin::rollout::{
    Ask, Before, Check, CheckKind, Count, Counted, Counts, Intent, Line, Newest, Observed, Question, Reading, Sample, Sequential,
};

use super::{line, serving, spec};
use crate::given::{after, compared, stepping, weight};

const EVERYTHING: Counts = Counts { canary: Count { total: 100.0, bad: 1.0 }, stable: Count { total: 900.0, bad: 9.0 } };

/// A window from noon to there, whose newest samples are so old and so are scrapes apart, in seconds.
fn window(end: i64, counts: Counts, age: i64, scrape: i64) -> Sample {
    let newest = Newest { canary: Some(after(end - age)), stable: Some(after(end - age)) };
    let counted = Counted { from: after(0), counts, newest, scrape: Some(TimeDelta::seconds(scrape)), before: Vec::new(), scraped: None };
    Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at: after(end), reading: Reading::Counts(Box::new(counted)) }
}

fn intent() -> Intent {
    Intent { checks: vec![compared("errors")], ..spec() }
}

/// What is said of a window five seconds after its end.
fn told(sample: Sample) -> String {
    let now = sample.at + TimeDelta::seconds(5);
    line(judge(&intent(), &stepping(10), &Evidence::default(), &Observed { samples: vec![sample], ..serving() }, now).verdict)
}

fn asked(samples: Vec<Sample>, now: i64) -> (i64, i64, Option<Before>) {
    let due = due(&intent(), &stepping(10), &Evidence::default(), &Observed { samples, ..serving() }, after(now));
    let [Question::Measure { ask: Ask::Counts(counting), at, .. }] = due.questions.as_slice() else { panic!("{:?}", due.questions) };
    ((counting.from - after(0)).num_seconds(), (*at - after(0)).num_seconds(), counting.before)
}

#[test]
fn samples_are_stale_when_they_are_older_than_two_scrapes() {
    assert!(told(window(30, EVERYTHING, 10, 5)).starts_with("Pass"), "as old as two scrapes");
    let stale = "Inconclusive: errors: the newest sample of the canary is 11 s old (scrapes are 5 s apart); waiting";
    assert_eq!(told(window(30, EVERYTHING, 11, 5)), stale);
}

#[test]
fn one_side_without_requests_is_waited_for_six_intervals_long() {
    let nobody = Count::default();
    for alone in [Counts { stable: nobody, ..EVERYTHING }, Counts { canary: nobody, ..EVERYTHING }] {
        let waiting = "Inconclusive: errors: only one side answered requests since the last window; waiting";
        assert_eq!(told(window(59, alone, 2, 5)), waiting);
        assert!(told(window(60, alone, 2, 5)).contains("requests at this exposure, need"), "then it is counted as it is");
    }
    let silent = Counts { canary: nobody, stable: nobody };
    assert!(told(window(10, silent, 2, 5)).contains("requests at this exposure, need"), "nobody asked either: that is no trouble");
}

#[test]
fn what_could_not_be_counted_is_asked_for_again_up_to_the_last_whole_window() {
    let silence = Sample { reading: Reading::TimedOut, ..window(20, EVERYTHING, 2, 5) };
    assert_eq!(asked(vec![silence.clone()], 35), (0, 30, None));
    assert_eq!(asked(vec![silence], 79), (0, 70, None));
}

#[test]
fn a_canary_of_which_no_series_tells_is_told_apart_from_one_without_requests() {
    let mut silent = window(60, Counts { canary: Count::default(), ..EVERYTHING }, 2, 5);
    if let Reading::Counts(counted) = &mut silent.reading {
        counted.newest.canary = None;
    }
    assert!(told(silent.clone()).starts_with("Inconclusive: errors: no series tells of revision"));
    if let Reading::Counts(counted) = &mut silent.reading {
        counted.counts = EVERYTHING;
    }
    assert!(told(silent).starts_with("Pass"), "its series ended, and were counted before");
}

#[test]
fn where_no_traffic_would_give_a_proof_none_is_waited_for() {
    let CheckKind::Sequential(sequential) = compared("errors").kind else { panic!("it compares") };
    // No better than stable is what a canary cannot be proven to be that is just as good.
    let exact = Sequential { limit: Line { ratio: 1.0, plus: 0.0 }, ..sequential };
    let check = Check { kind: CheckKind::Sequential(exact), ..compared("errors") };
    let last = Intent { steps: spec().steps[..1].to_vec(), checks: vec![check], ..spec() };
    let seen = Observed { samples: vec![window(10, EVERYTHING, 2, 5)], ..serving() };
    let told = line(judge(&last, &stepping(10), &Evidence::default(), &seen, after(15)).verdict);
    assert!(
        told.starts_with("Pass") && told.ends_with("a proof would take more than any traffic gives while both go on like this"),
        "{told}"
    );
}

#[test]
fn bursts_are_told_from_six_windows_and_ten_bad_requests_on() {
    let windows = |bad: &[f64]| dispersion(bad.iter().map(|bad| Count { total: 100.0, bad: *bad }).collect::<Vec<_>>());
    let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-9, "{one} is not {other}");
    near(windows(&[0.0, 20.0, 0.0, 20.0, 0.0]), 1.0);
    // Six times ten squared, times 6/5, over 600 requests of which one in ten is bad.
    near(windows(&[0.0, 20.0, 0.0, 20.0, 0.0, 20.0]), 600.0 * 1.2 / (600.0 * 0.1 * 0.9));
    near(windows(&[0.0, 9.0, 0.0, 0.0, 0.0, 0.0]), 1.0);
    assert!(windows(&[0.0, 10.0, 0.0, 0.0, 0.0, 0.0]) > 8.0);
}

#[test]
fn minutes_have_bounds_from_six_on_and_more_pods_make_them_narrower() {
    let width = |minutes: u32, spread: f64, pods: u32| {
        let mut batches = Batches::default();
        (0..minutes).for_each(|_| batches.count(0.0));
        let (low, high) = batches.bounds(0.05, Pods { spread, canary: pods, stable: pods });
        high - low
    };
    assert!(width(5, 0.0, 4).is_infinite() && width(6, 0.0, 4).is_finite());
    let added = width(6, 1.0, 4) - width(6, 0.0, 4);
    assert!((added - 2.0 * 1.644_853_626_951_472_2 * 0.5_f64.sqrt()).abs() < 1e-9, "{added}");
}
