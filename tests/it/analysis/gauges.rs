//! A quantity that each pod has, minute by minute: what is asked, what counts, and what it says.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serin::analysis::{Evidence, due, judge};
use serin::rollout::{
    Ask, Check, CheckKind, Child, Clock, Gauge, Intent, Mean, Means, Observed, OnFail, PodState, Policy, Question, Reached, Reading,
    Sample, Scraped, State, Stepping, Strength,
};

use super::{line, sample, serving, spec};
use crate::given::{after, child, errors_below, pod, reaching, stepping, v2};

/// Memory, at most a quarter more than stable's.
fn memory() -> Check {
    let query = "avg_over_time(rss{pod=~\"{{canaryPods}}|{{stablePods}}\"}[{{window}}])".to_owned();
    let (limit, alarm, alpha, step, promotion) = (1.25, 1.125, 0.05, Strength::NoHarm, Strength::Auto);
    let kind = CheckKind::Gauge(Gauge { query, limit, alarm, alpha, step, promotion });
    let policy = Policy { fail: OnFail::Hold, ..Policy::USUAL };
    Check { name: "memory".to_owned(), delay: TimeDelta::seconds(5), policy, kind, ..errors_below(0.0) }
}

fn intent() -> Intent {
    Intent { checks: vec![memory()], ..spec() }
}

fn said(end: i64, reading: Reading) -> Sample {
    Sample { check: "memory".to_owned(), ..sample(after(end), reading) }
}

/// A minute in which the canary's pod had so many times what stable's nine had, which differ by 3 %.
fn minute(end: i64, times: f64) -> Sample {
    let stable = Mean { pods: 9, mean: 2e8, spread: 0.03 };
    said(end, Reading::Means(Means { canary: Mean { pods: 1, mean: 2e8 * times, spread: 0.0 }, stable, scraped: None }))
}

/// Minutes from noon on.
fn minutes(times: &[f64]) -> Vec<Sample> {
    (1..).zip(times).map(|(number, times)| minute(number * 60, *times)).collect()
}

fn seen(samples: Vec<Sample>) -> Observed {
    Observed { samples, ..serving() }
}

fn on(intent: &Intent, samples: Vec<Sample>, now: i64) -> (String, Evidence) {
    let judged = judge(intent, &stepping(10), &Evidence::default(), &seen(samples), after(now));
    (line(judged.verdict), judged.evidence)
}

fn told(samples: Vec<Sample>, now: i64) -> String {
    on(&intent(), samples, now).0
}

/// Where the minute that is asked for ends, in seconds after noon.
fn asked(evidence: &Evidence, samples: Vec<Sample>, now: i64) -> Option<i64> {
    let due = due(&intent(), &stepping(10), evidence, &seen(samples), after(now));
    due.questions.first().map(|question| match question {
        Question::Measure { ask: Ask::Means(_), at, .. } => (*at - after(0)).num_seconds(),
        other => panic!("no means: {other:?}"),
    })
}

#[test]
fn the_mean_of_pods_has_their_spread_as_logarithms() {
    let of = |pods: &[f64]| Mean::of(pods);
    let near = |one: f64, other: f64| assert!((one - other).abs() < 1e-12, "{one} is not {other}");
    assert_eq!(of(&[]), Mean::default());
    assert_eq!(of(&[3.0]), Mean { pods: 1, mean: 3.0, spread: 0.0 });
    let three = of(&[1.0, 2.0, 4.0]);
    assert_eq!(three.pods, 3);
    near(three.mean, 7.0 / 3.0);
    // The logarithms are 0, 1 and 2 times that of 2: squares of 1, 0 and 1, over two.
    near(three.spread, 2.0_f64.ln());
    assert_eq!(of(&[0.0, 2.0]), Mean { pods: 2, mean: 1.0, spread: 0.0 }, "nothing has no logarithm");
}

#[test]
fn a_minute_is_asked_for_once_it_is_over_and_its_samples_are_there() {
    assert_eq!(asked(&Evidence::default(), vec![], 64), None);
    assert_eq!(asked(&Evidence::default(), vec![], 65), Some(60));
    let due = due(&intent(), &stepping(10), &Evidence::default(), &seen(vec![]), after(65));
    let [Question::Measure { ask: Ask::Means(measuring), .. }] = due.questions.as_slice() else { panic!("{due:?}") };
    let pods = |revision: &str| format!("checkout-{revision}-[a-z0-9]+-[a-z0-9]+");
    let expected = format!("avg_over_time(rss{{pod=~\"{}|{}\"}}[60000ms])", pods("2222222222"), pods("1111111111"));
    assert_eq!(measuring.query, expected);
}

#[test]
fn minutes_follow_each_other_and_those_that_a_crash_lost_are_asked_for_again() {
    let (_, evidence) = on(&intent(), minutes(&[1.0, 1.0]), 125);
    assert_eq!(asked(&evidence, vec![], 184), None);
    assert_eq!(asked(&evidence, vec![], 400), Some(180), "one by one");
    assert_eq!(asked(&evidence, vec![said(180, Reading::TimedOut)], 245), Some(240), "a minute without an answer is let go by");
    assert_eq!(asked(&evidence, vec![], 7_200), Some(6_655), "not more than ten of them");
}

#[test]
fn what_comes_again_changes_nothing() {
    let all = minutes(&[1.0, 1.1, 0.9]);
    let (_, once) = on(&intent(), all.clone(), 185);
    assert_eq!(judge(&intent(), &stepping(10), &once, &seen(all), after(185)).evidence, once);
}

#[test]
fn within_the_limit_a_step_passes_and_says_how_sure_that_is() {
    assert_eq!(told(vec![], 65), "Inconclusive: memory: no minute was measured at this exposure yet");
    let first =
        "Pass: workload: 1 ready; memory: canary has 1.02x what stable has over 1 minutes, on 1 vs 9 pods; no harm found, within 1.25x";
    assert_eq!(told(minutes(&[1.02]), 65), first);
    let sure = told(minutes(&[1.02, 1.01, 1.0, 1.02, 1.0, 1.01, 1.02, 1.01]), 485);
    assert!(sure.starts_with("Pass: workload: 1 ready; memory: canary has 1.01x what stable has (surely 0."), "{sure}");
    assert!(sure.ends_with("on 1 vs 9 pods; surely below 1.25x"), "{sure}");
}

#[test]
fn surely_above_the_alarm_holds_exposure_and_aborts_only_where_the_spec_says_so() {
    let grown = minutes(&[1.5, 1.52, 1.49, 1.5, 1.51, 1.5]);
    let held = told(grown.clone(), 365);
    assert!(held.starts_with("Inconclusive: memory: canary has 1.50x what stable has (surely 1."), "{held}");
    assert!(held.ends_with("over 6 minutes, on 1 vs 9 pods; surely above 1.12x; exposure is held (onFail: hold)"), "{held}");
    let abort = Intent { checks: vec![Check { policy: Policy::USUAL, ..memory() }], ..spec() };
    assert!(on(&abort, grown.clone(), 365).0.starts_with("Fail: memory: canary has 1.50x"));
    let open = on(&abort, grown[..5].to_vec(), 305).0;
    assert!(open.ends_with("over 5 minutes, on 1 vs 9 pods; above 1.25x, and not surely above 1.12x"), "{open}");
}

#[test]
fn the_promotion_waits_for_a_proof_where_the_last_step_lasts_so_long() {
    let last = Intent { steps: spec().steps[..1].to_vec(), ..intent() };
    let waits = on(&last, minutes(&[1.1, 1.1, 1.1]), 185).0;
    assert!(waits.starts_with("Inconclusive") && waits.ends_with("not decided yet whether it is below 1.25x"), "{waits}");
    let mut short = last;
    short.deadlines.step = TimeDelta::seconds(1);
    assert!(on(&short, minutes(&[1.1, 1.1, 1.1]), 185).0.starts_with("Pass"), "there is no time for one");
}

#[test]
fn what_does_not_compare_is_no_evidence_and_is_told() {
    let of = |canary: u32, mean: f64, stable: u32, scraped| {
        let stable = Mean { pods: stable, mean: 2e8, spread: 0.0 };
        said(60, Reading::Means(Means { canary: Mean { pods: canary, mean, spread: 0.0 }, stable, scraped }))
    };
    let means = |canary, mean, stable| of(canary, mean, stable, None);
    let (one, nine) = (Reached { scraped: 1, ready: 1 }, Reached { scraped: 9, ready: 12 });
    let few = Scraped { canary: one, stable: nine };
    for (reading, words) in [
        (means(0, 0.0, 9), "no series tells of a pod of the canary; holding, this is not a failure"),
        (means(1, 1e8, 0), "no series tells of a pod of stable; there is nothing to compare with"),
        (means(1, 0.0, 9), "one side measures nothing above 0, which no ratio compares; waiting"),
        (of(1, 1e8, 9, Some(few)), "missing targets: 9 of 12 stable pods were scraped, need 80%; holding, this is not a failure"),
        (said(60, Reading::NoData), "the query matches no series"),
    ] {
        let (line, evidence) = on(&intent(), vec![reading], 65);
        assert_eq!(line, format!("Inconclusive: memory: {words}"));
        assert!(evidence.is_empty());
    }
    let several = told(vec![said(60, Reading::SeveralSeries(3))], 65);
    assert_eq!(several, "Error: memory: the query gives several series for one pod; aggregate them, as with sum by (pod) ()");
    assert!(told(minutes(&[1.0]), 246).contains("the newest minute ended 186 s ago"));
}

#[test]
fn a_minute_counts_for_its_own_check_and_attempt_only() {
    let other = Sample { check: "handles".to_owned(), ..minute(120, 9.0) };
    let earlier = Sample { attempt: 2, ..minute(120, 9.0) };
    assert!(told(vec![minute(60, 1.02), other, earlier], 125).contains("canary has 1.02x what stable has over 1 minutes"));
}

#[test]
fn an_answer_that_came_before_the_newest_minute_is_history() {
    let (_, known) = on(&intent(), minutes(&[1.0, 1.0]), 125);
    let after_that = |sample: Sample| line(judge(&intent(), &stepping(10), &known, &seen(vec![sample]), after(185)).verdict);
    assert!(after_that(said(60, Reading::TimedOut)).starts_with("Pass"));
    assert!(after_that(said(120, Reading::TimedOut)).starts_with("Pass"));
    assert_eq!(after_that(said(180, Reading::TimedOut)), "Error: memory: prometheus does not answer in time");
}

#[test]
fn a_minute_on_the_way_to_a_share_or_at_another_one_is_no_pass() {
    let on_the_way = judge(&intent(), &reaching(10), &Evidence::default(), &seen(minutes(&[1.0, 1.0])), after(125)).evidence;
    let State::Stepping(step) = stepping(10) else { panic!("it steps") };
    let clock = Clock::Running { since: after(120), held: TimeDelta::zero() };
    let reached = State::Stepping(Stepping { clock, ..step });
    let goes_on = |state: &State, samples, now| line(judge(&intent(), state, &on_the_way, &seen(samples), after(now)).verdict);
    let none = "Inconclusive: memory: no minute was measured at this exposure yet";
    assert_eq!(goes_on(&reached, vec![], 125), none);
    assert!(goes_on(&reached, vec![minute(180, 1.0)], 185).contains("over 3 minutes"));
    assert_eq!(goes_on(&stepping(25), vec![], 125), none);
}

#[test]
fn a_minute_speaks_for_three_more_and_the_delay() {
    assert!(told(minutes(&[1.0]), 245).starts_with("Pass"));
    assert_eq!(told(minutes(&[1.0]), 246), "Inconclusive: memory: the newest minute ended 186 s ago");
}

#[test]
fn a_proof_is_waited_for_where_there_is_time_for_six_minutes() {
    let shortest = |warm_up: i64| {
        let waits = |time: &i64| {
            let mut last = Intent { steps: spec().steps[..1].to_vec(), warm_up: TimeDelta::seconds(warm_up), ..intent() };
            last.deadlines.step = TimeDelta::seconds(*time) - last.steps[0].hold;
            let samples = (1..=3).map(|number| minute(warm_up + number * 60, 1.1)).collect();
            on(&last, samples, warm_up + 185).0.ends_with("not decided yet whether it is below 1.25x")
        };
        (300..500).find(waits)
    };
    assert_eq!((shortest(0), shortest(20)), (Some(365), Some(385)));
}

#[test]
fn the_first_minute_begins_when_the_share_is_there_and_the_canary_is_ready_and_warm() {
    let first = |intent: &Intent, ready: i64, now: i64| {
        let mut seen = serving();
        let pods = vec![pod(0, PodState::Ready { since: after(ready) })];
        seen.children.insert(v2(), Child { pods, ..child(1, 1) });
        let due = due(intent, &stepping(10), &Evidence::default(), &seen, after(now));
        let at = due.questions.first().map(|question| match question {
            Question::Measure { at, .. } => *at,
            other @ Question::DryRun { .. } => panic!("no measure: {other:?}"),
        });
        (at, due.wake)
    };
    assert_eq!(first(&intent(), 40, 104), (None, Some(after(105))));
    assert_eq!(first(&intent(), 40, 105), (Some(after(100)), Some(after(115))));
    let warm = Intent { warm_up: TimeDelta::seconds(50), ..intent() };
    assert_eq!(first(&warm, 40, 115), (Some(after(110)), Some(after(125))));
}

#[test]
fn only_pods_that_were_ready_for_the_whole_minute_should_have_been_scraped() {
    let mut seen = serving();
    let pods = vec![pod(0, PodState::Ready { since: after(0) }), pod(1, PodState::Ready { since: after(40) })];
    seen.children.insert(v2(), Child { pods, ..child(2, 2) });
    let due = due(&intent(), &stepping(10), &Evidence::default(), &seen, after(65));
    let [Question::Measure { ask: Ask::Means(measuring), .. }] = due.questions.as_slice() else { panic!("{due:?}") };
    assert_eq!(measuring.ready.canary, BTreeSet::from(["pod-0".to_owned()]));
}

#[test]
fn what_the_spec_no_longer_measures_is_let_go_of() {
    let two = Intent { checks: vec![memory(), Check { name: "handles".to_owned(), ..memory() }], ..spec() };
    let samples = [minute(60, 1.0), Sample { check: "handles".to_owned(), ..minute(60, 1.0) }];
    let (_, both) = on(&two, samples.to_vec(), 65);
    let one = judge(&intent(), &stepping(10), &both, &seen(vec![]), after(65)).evidence;
    let measured = |evidence: &Evidence| (evidence.measured(1, "memory").is_some(), evidence.measured(1, "handles").is_some());
    assert_eq!((measured(&both), measured(&one)), ((true, true), (true, false)));
}

#[test]
fn a_day_of_minutes_takes_no_more_room_than_an_hour() {
    let size = |hours: i64| {
        let mut evidence = Evidence::default();
        for ten in 0..hours * 6 {
            let samples = (1..=10).map(|number| minute((ten * 10 + number) * 60, 1.0 + 0.001 * f64::from(i32::try_from(number).unwrap())));
            evidence = judge(&intent(), &stepping(10), &evidence, &seen(samples.collect()), after((ten + 1) * 600)).evidence;
        }
        serde_json::to_vec(&evidence).expect("plain data").len()
    };
    let (hour, day) = (size(1), size(24));
    assert!(day < hour + 40 && day < 600, "{hour} and {day} bytes");
}

#[test]
fn what_was_measured_is_told_as_a_table() {
    let (_, evidence) = on(&intent(), minutes(&[1.5, 1.52, 1.49, 1.5, 1.51, 1.5]), 365);
    insta::assert_snapshot!(evidence.to_string(), @r"
    attempt 1

    memory: 6 minutes from 2027-01-15 12:00:00 to 12:06:00 UTC
      canary has 1.50x what stable has (surely 1.41x to 1.60x) over 6 minutes, on 1 vs 9 pods
      worse than 1.12x: reached
      below      1.25x: not reached
      stable's pods differ by 3% among themselves
    ");
}
