//! What is kept from window to window, and what the next question follows from.

use chrono::TimeDelta;
use serde_json::json;
use serin::analysis::{Due, Evidence, Weighed, due, judge};
use serin::rollout::{
    Ask, Before, Check, Count, Counted, Counting, Counts, Intent, Newest, Observed, PodState, Question, Reading, Sample, State, Step, Young,
};

use super::{serving, spec};
use crate::api_given::{parsed, spec_with};
use crate::given::{after, child, compared, pod, reaching, stepping, v1, v2, weight};

/// The window that ends then, at ten percent: one of a hundred is bad on both sides.
fn window(end: i64) -> Sample {
    sample((end - 10, end), &[])
}

fn sample((from, end): (i64, i64), before: &[Count]) -> Sample {
    let counts = Counts { canary: Count { total: 100.0, bad: 1.0 }, stable: Count { total: 900.0, bad: 9.0 } };
    let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
    let counted = Counted { from: after(from), counts, newest, scrape: None, before: before.to_vec(), scraped: None };
    Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at: after(end), reading: Reading::Counts(Box::new(counted)) }
}

fn intent() -> Intent {
    Intent { checks: vec![compared("errors")], ..spec() }
}

/// What is kept after these windows.
fn kept(intent: &Intent, state: &State, before: &Evidence, samples: Vec<Sample>, now: i64) -> Evidence {
    judge(intent, state, before, &Observed { samples, ..serving() }, after(now)).evidence
}

fn of(evidence: &Evidence) -> &Weighed {
    evidence.of(1, "errors").expect("there is evidence")
}

fn asked(intent: &Intent, evidence: &Evidence, seen: &Observed, now: i64) -> Due {
    due(intent, &stepping(10), evidence, seen, after(now))
}

/// The one question.
fn counting(due: &Due) -> &Counting {
    let [Question::Measure { ask: Ask::Counts(counting), .. }] = due.questions.as_slice() else { panic!("{:?}", due.questions) };
    counting
}

#[test]
fn what_the_spec_no_longer_checks_is_let_go_of_and_a_spec_that_cannot_be_read_loses_nothing() {
    let two = Intent { checks: ["errors", "slow"].map(compared).to_vec(), ..spec() };
    let slow = Sample { check: "slow".to_owned(), ..window(10) };
    let both = kept(&two, &stepping(10), &Evidence::default(), vec![window(10), slow], 15);
    assert!(both.of(1, "errors").is_some() && both.of(1, "slow").is_some());
    let one = kept(&intent(), &stepping(10), &both, vec![], 15);
    assert!(one.of(1, "errors").is_some() && one.of(1, "slow").is_none());
    assert_eq!(kept(&Intent { checks: Vec::new(), ..spec() }, &stepping(10), &both, vec![], 15), both);
}

#[test]
fn windows_that_were_missed_are_told() {
    let evidence = kept(&intent(), &stepping(10), &Evidence::default(), vec![window(10), sample((35, 45), &[])], 50);
    assert_eq!((of(&evidence).windows, of(&evidence).dropped), (2, 3), "25 s are three windows that were not whole");
}

#[test]
fn each_rise_of_exposure_puts_half_of_the_reserve_in_play() {
    let at = |step: u32, end: i64| Sample { step: weight(step), ..window(end) };
    let reserve = |evidence: &Evidence| of(evidence).worse.reserve();
    let first = kept(&intent(), &stepping(10), &Evidence::default(), vec![at(10, 10), at(10, 20)], 25);
    assert!((reserve(&first) - 0.5).abs() < 1e-12);
    let second = kept(&intent(), &stepping(25), &first, vec![at(25, 30)], 35);
    assert!((reserve(&second) - 0.25).abs() < 1e-12);
    let back = kept(&intent(), &stepping(10), &second, vec![at(10, 40)], 45);
    assert!((reserve(&back) - 0.25).abs() < 1e-12, "less exposure is no rise");
}

#[test]
fn where_exposure_rises_often_the_rises_share_the_reserve() {
    let rising = |number: u32| {
        let steps = (1..=number).map(|step| Step { weight: weight(step * 10), ..spec().steps[0] }).collect();
        let intent = Intent { steps, ..intent() };
        let mut evidence = Evidence::default();
        (1..=number)
            .map(|step| {
                let end = i64::from(step) * 10;
                let sample = Sample { step: weight(step * 10), ..window(end) };
                evidence = kept(&intent, &stepping(step * 10), &evidence, vec![sample], end + 5);
                of(&evidence).worse.reserve()
            })
            .collect::<Vec<f64>>()
    };
    let are = |reserves: Vec<f64>, expected: &[f64]| {
        assert!(
            reserves.len() == expected.len() && reserves.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-12),
            "{reserves:?}"
        );
    };
    are(rising(6), &[0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015_625]);
    let equal: Vec<f64> = (0..7).map(|rise| 0.5 * f64::from(6 - rise) / 6.0).collect();
    are(rising(7), &equal);
}

#[test]
fn bursts_of_stable_before_the_first_window_count() {
    let calm = Count { total: 900.0, bad: 0.0 };
    let storm = Count { total: 900.0, bad: 60.0 };
    let first = |before: &[Count]| {
        let evidence = kept(&intent(), &stepping(10), &Evidence::default(), vec![sample((0, 10), before)], 15);
        of(&evidence).bursts
    };
    assert!((first(&[]) - 1.0).abs() < 1e-12);
    assert!(first(&[calm, storm, calm, calm, storm, calm]) > 10.0);
}

#[test]
fn no_window_is_shorter_than_what_lies_between_two_scrapes() {
    let mut slow = window(10);
    if let Reading::Counts(counted) = &mut slow.reading {
        counted.scrape = Some(TimeDelta::seconds(30));
    }
    let evidence = kept(&intent(), &stepping(10), &Evidence::default(), vec![slow], 15);
    let early = asked(&intent(), &evidence, &serving(), 44);
    assert_eq!((early.questions.len(), early.wake), (0, Some(after(45))), "it ends at 40 s, and 5 s later all of it is there");
    let due = asked(&intent(), &evidence, &serving(), 45);
    assert_eq!((counting(&due).from, due.wake), (after(10), Some(after(55))));
}

#[test]
fn the_first_window_begins_when_the_share_is_there_and_the_canary_is_ready_and_warm() {
    let late = serving().with_canary_since(40);
    assert_eq!(asked(&intent(), &Evidence::default(), &late, 54).wake, Some(after(55)));
    assert_eq!(counting(&asked(&intent(), &Evidence::default(), &late, 55)).from, after(40));
    let warm = Intent { warm_up: TimeDelta::seconds(20), ..intent() };
    assert_eq!(asked(&warm, &Evidence::default(), &serving(), 34).wake, Some(after(35)));
    assert_eq!(counting(&asked(&warm, &Evidence::default(), &serving(), 35)).from, after(20));
    assert_eq!(due(&intent(), &reaching(10), &Evidence::default(), &late, after(55)).questions.len(), 1);
}

/// Its one pod is ready since then.
trait Since {
    fn with_canary_since(self, seconds: i64) -> Self;
}

impl Since for Observed {
    fn with_canary_since(mut self, seconds: i64) -> Self {
        let pods = vec![pod(0, PodState::Ready { since: after(seconds) })];
        self.children.insert(v2(), serin::rollout::Child { pods, ..child(1, 1) });
        self
    }
}

/// The check as it is written for the series of pods, whose samples tell of earlier windows, too.
fn of_series() -> Intent {
    let checks = json!([{"name": "errors", "sequential": {"of": "errors"}}]);
    parsed(&spec_with(&[("analysis", json!({"warmUp": "0s", "checks": checks}))])).expect("it can be read")
}

#[test]
fn earlier_windows_of_stable_are_asked_for_with_the_first_one_only_and_not_where_that_is_too_much() {
    let first = asked(&of_series(), &Evidence::default(), &serving(), 60);
    let before = Before { from: after(-600), to: after(0), each: TimeDelta::seconds(10) };
    assert_eq!((counting(&first).from, counting(&first).before), (after(0), Some(before)), "sixty of them");
    let evidence = kept(&of_series(), &stepping(10), &Evidence::default(), vec![window(10)], 15);
    assert!(counting(&asked(&of_series(), &evidence, &serving(), 60)).before.is_none());
    let too_large = Sample { reading: Reading::TooLarge, ..window(10) };
    let seen = Observed { samples: vec![too_large], ..serving() };
    assert!(counting(&asked(&of_series(), &Evidence::default(), &seen, 60)).before.is_none());
}

#[test]
fn pods_that_became_ready_within_the_last_hour_are_young() {
    let young = |end: i64| {
        let evidence = kept(&intent(), &stepping(10), &Evidence::default(), vec![window(end - 10)], end + 5);
        let due = asked(&intent(), &evidence, &serving(), end + 5);
        let Young::Named(names) = &counting(&due).young else { panic!("no names") };
        (names.len(), due)
    };
    assert_eq!(young(3_590).0, 9, "all of them, ready since noon; one name is that of two");
    assert_eq!(young(3_600).0, 0);
}

/// Of ten pods nine are of stable; one of those became ready within the window.
#[test]
fn the_pods_that_were_ready_all_the_time_should_have_been_scraped() {
    let mut seen = serving();
    let pods = &mut seen.children.get_mut(&v1()).expect("stable is there").pods;
    pods[8] = pod(8, PodState::Ready { since: after(1) });
    let due = asked(&of_series(), &Evidence::default(), &seen, 15);
    let targets = counting(&due).targets.as_ref().expect("series of pods tell of pods");
    assert_eq!((targets.ready.canary.len(), targets.ready.stable.len(), targets.label.as_str()), (1, 8, "pod"));
    assert!(counting(&asked(&intent(), &Evidence::default(), &seen, 15)).targets.is_none(), "sums tell of no pods");
}

#[test]
fn a_check_without_a_sequence_keeps_nothing() {
    let check: Vec<Check> = spec().checks;
    assert!(kept(&Intent { checks: check, ..spec() }, &stepping(10), &Evidence::default(), vec![], 15).is_empty());
}
