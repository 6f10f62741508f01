//! A quantity that each pod has, minute by minute: what is asked, what counts, and what it says.

use chrono::TimeDelta;
use serin::analysis::{Evidence, due, judge};
use serin::rollout::{
    Ask, Check, CheckKind, Gauge, Intent, Mean, Means, Observed, OnFail, Policy, Question, Reached, Reading, Sample, Scraped, Strength,
};

use super::{line, sample, serving, spec};
use crate::given::{after, errors_below, stepping};

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
