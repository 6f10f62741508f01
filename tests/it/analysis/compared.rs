//! Which windows are asked for and counted, and what the evidence then says.

use chrono::TimeDelta;
use serin::analysis::{Evidence, due, judge};
use serin::rollout::{
    Ask, Check, CheckKind, Clock, Count, Counted, Counts, Intent, Newest, Observed, Question, Reached, Reading, Sample, Scraped,
    Sequential, State, Stepping, Strength,
};

use super::{line, serving, spec};
use crate::given::{after, approval, baking, compared, paused, reaching, stepping, weight};

/// Ten seconds of 100 requests a second, of which the canary gets a tenth: the end of the window, and what of each side was bad.
fn window(end: i64, canary_bad: f64, stable_bad: f64) -> Sample {
    sample(end, Counts { canary: Count { total: 100.0, bad: canary_bad }, stable: Count { total: 900.0, bad: stable_bad } })
}

fn sample(end: i64, counts: Counts) -> Sample {
    let newest = Newest { canary: Some(after(end - 2)), stable: Some(after(end - 2)) };
    let scrape = Some(TimeDelta::seconds(5));
    let counted = Counted { from: after(end - 10), counts, newest, scrape, before: Vec::new(), scraped: None };
    Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at: after(end), reading: Reading::Counts(Box::new(counted)) }
}

fn intent() -> Intent {
    Intent { checks: vec![compared("errors")], ..spec() }
}

fn with(intent: Intent, edit: impl Fn(&mut Sequential)) -> Intent {
    let edited = |check: Check| match check.kind {
        CheckKind::Sequential(mut sequential) => {
            edit(&mut sequential);
            Check { kind: CheckKind::Sequential(sequential), ..check }
        }
        CheckKind::Threshold(_) | CheckKind::Compare(_) | CheckKind::Gauge(_) => check,
    };
    Intent { checks: intent.checks.into_iter().map(edited).collect(), ..intent }
}

fn seen(samples: Vec<Sample>) -> Observed {
    Observed { samples, ..serving() }
}

/// The verdict in one line, and the evidence, after these windows. The share has been reached since noon.
fn judged(intent: &Intent, state: &State, samples: Vec<Sample>, now: i64) -> (String, Evidence) {
    let judged = judge(intent, state, &Evidence::default(), &seen(samples), after(now));
    (line(judged.verdict), judged.evidence)
}

fn on(samples: Vec<Sample>, now: i64) -> String {
    judged(&intent(), &stepping(10), samples, now).0
}

/// Windows one after the other from noon on, each with so many bad requests of the canary beside nine of stable's 900.
fn windows(bad: &[f64]) -> Vec<Sample> {
    (1..).zip(bad).map(|(number, bad)| window(number * 10, *bad, 9.0)).collect()
}

/// Where the window that is asked for begins and ends, in seconds after noon.
fn asked(evidence: &Evidence, samples: Vec<Sample>, now: i64) -> Option<(i64, i64)> {
    let due = due(&intent(), &stepping(10), evidence, &seen(samples), after(now));
    due.questions.first().map(|question| match question {
        Question::Measure { ask: Ask::Counts(counting), at, .. } => {
            ((counting.from - after(0)).num_seconds(), (*at - after(0)).num_seconds())
        }
        other => panic!("no counts: {other:?}"),
    })
}

/// What the simulator showed (seed 82781): a canary that is bad from 40 % on was promoted on what it did at 37 %, on its way to 50 %.
#[test]
fn what_was_measured_on_the_way_to_a_share_is_no_pass_once_it_is_reached() {
    let on_the_way = judged(&intent(), &reaching(10), windows(&[0.0; 6]), 65).1;
    assert_eq!(on_the_way.of(1, "errors").expect("it was counted").windows, 6);
    let clock = Clock::Running { since: after(70), held: TimeDelta::zero() };
    let State::Stepping(step) = stepping(10) else { panic!("it steps") };
    let reached = State::Stepping(Stepping { clock, ..step });
    let goes_on = |samples, now| judge(&intent(), &reached, &on_the_way, &seen(samples), after(now));
    let before = goes_on(vec![], 75);
    assert_eq!(line(before.verdict), "Inconclusive: errors: no window was counted at this exposure yet");
    let after = goes_on(vec![window(80, 0.0, 9.0)], 85);
    let weighed = after.evidence.of(1, "errors").expect("it was counted");
    assert_eq!((weighed.windows, weighed.all.canary.total, weighed.here.canary.total), (7, 700.0, 100.0));
    assert!(line(after.verdict).starts_with("Pass"));
}

#[test]
fn while_somebody_is_waited_for_what_was_counted_still_speaks() {
    let evidence = judged(&intent(), &stepping(10), windows(&[1.0; 6]), 65).1;
    assert!(line(judge(&intent(), &approval(10), &evidence, &seen(vec![]), after(65)).verdict).starts_with("Pass"));
}

#[test]
fn a_window_is_asked_for_once_it_is_over_and_its_samples_are_there() {
    assert_eq!(asked(&Evidence::default(), vec![], 14), None);
    assert_eq!(asked(&Evidence::default(), vec![], 15), Some((0, 10)));
}

#[test]
fn the_next_window_begins_where_the_last_one_ended() {
    let (_, evidence) = judged(&intent(), &stepping(10), windows(&[1.0, 1.0]), 25);
    assert_eq!(asked(&evidence, vec![], 34), None);
    assert_eq!(asked(&evidence, vec![], 35), Some((20, 30)));
}

#[test]
fn after_a_restart_the_missing_windows_are_asked_for_one_by_one() {
    let (_, evidence) = judged(&intent(), &stepping(10), windows(&[1.0, 1.0]), 25);
    assert_eq!(asked(&evidence, vec![], 100), Some((20, 30)));
    let (_, evidence) = judged(&intent(), &stepping(10), windows(&[1.0, 1.0, 1.0]), 100);
    assert_eq!(asked(&evidence, vec![], 100), Some((30, 40)));
    assert_eq!(asked(&evidence, vec![], 465), Some((30, 60)), "where much is missing the windows are longer");
}

#[test]
fn a_window_that_got_no_answer_is_asked_for_again_with_what_came_since() {
    let silence = Sample { reading: Reading::TimedOut, ..window(10, 0.0, 0.0) };
    assert_eq!(asked(&Evidence::default(), vec![silence.clone()], 16), None, "not at once");
    assert_eq!(asked(&Evidence::default(), vec![silence.clone()], 25), Some((0, 20)));
    assert_eq!(on(vec![silence], 16), "Error: errors: prometheus does not answer in time");
}

#[test]
fn stale_samples_do_not_count_until_newer_ones_come() {
    let mut stale = window(10, 0.0, 9.0);
    if let Reading::Counts(counted) = &mut stale.reading {
        counted.newest.canary = Some(after(-5));
    }
    assert_eq!(
        on(vec![stale.clone()], 16),
        "Inconclusive: errors: the newest sample of the canary is 15 s old (scrapes are 5 s apart); waiting"
    );
    assert_eq!(asked(&Evidence::default(), vec![stale], 25), Some((0, 20)));
}

/// The same window, in which so many of five canary pods and of ten stable ones were scraped.
fn scraped(mut sample: Sample, canary: u32, stable: u32) -> Sample {
    if let Reading::Counts(counted) = &mut sample.reading {
        let reached = |scraped: u32, ready: u32| Reached { scraped, ready };
        counted.scraped = Some(Scraped { canary: reached(canary, 5), stable: reached(stable, 10) });
    }
    sample
}

#[test]
fn where_too_few_pods_of_a_side_were_scraped_nothing_passes_and_nothing_fails() {
    let bad = |canary: u32, stable: u32| windows(&[30.0; 6]).into_iter().map(|sample| scraped(sample, canary, stable)).collect::<Vec<_>>();
    assert!(on(bad(4, 8), 65).starts_with("Fail"), "80% are enough");
    let missing =
        |told: &str| format!("Inconclusive: errors: missing targets: {told} pods were scraped, need 80%; holding, this is not a failure");
    assert_eq!(on(bad(3, 10), 65), missing("3 of 5 canary"));
    assert_eq!(on(bad(5, 7), 65), missing("7 of 10 stable"));
    assert_eq!(on(bad(0, 0), 65), missing("0 of 5 canary"));
    let good: Vec<Sample> = windows(&[1.0; 6]).into_iter().map(|sample| scraped(sample, 5, 7)).collect();
    assert_eq!(on(good, 65), missing("7 of 10 stable"));
}

#[test]
fn a_window_whose_pods_were_not_scraped_is_asked_for_again_with_what_came_since() {
    let (_, evidence) = judged(&intent(), &stepping(10), vec![scraped(window(10, 1.0, 9.0), 5, 1)], 15);
    assert!(evidence.of(1, "errors").is_none());
    assert_eq!(asked(&evidence, vec![scraped(window(10, 1.0, 9.0), 5, 1)], 25), Some((0, 20)));
}

#[test]
fn evidence_of_harm_that_was_complete_stands_when_targets_are_missing() {
    let mut all = windows(&[30.0; 3]);
    all.push(scraped(window(40, 1.0, 9.0), 0, 10));
    assert!(on(all, 45).starts_with("Fail"));
}

#[test]
fn a_canary_whose_pods_are_scraped_and_count_nothing_is_told_so() {
    let mut silent = scraped(sample(60, Counts { canary: Count::default(), stable: Count { total: 900.0, bad: 9.0 } }), 5, 10);
    if let Reading::Counts(counted) = &mut silent.reading {
        (counted.newest.canary, counted.from) = (None, after(0));
    }
    let expected = "Inconclusive: errors: no series tells of revision 2222222222 (5 of its 5 pods were scraped, which have not counted any request yet); holding, this is not a failure";
    assert_eq!(on(vec![silent], 65), expected);
}

#[test]
fn a_good_canary_passes_a_step_without_a_proof() {
    let told = on(windows(&[1.0, 1.0]), 25);
    let expected = "Pass: workload: 1 ready; errors: canary 1.00% vs 1.00% over 200 vs 1,800 requests; no harm found (evidence none, need 20:1), within 1.5x + 0.1pp (= 1.60%)";
    assert_eq!(told, expected);
}

#[test]
fn too_few_requests_never_pass() {
    let few = Counts { canary: Count { total: 41.0, bad: 0.0 }, stable: Count { total: 900.0, bad: 9.0 } };
    assert_eq!(on(vec![sample(10, few)], 15), "Inconclusive: errors: 41 canary requests at this exposure, need 100");
}

#[test]
fn an_estimate_beyond_the_limit_does_not_pass_and_is_no_proof_of_harm() {
    let told = on(windows(&[2.0]), 15);
    let expected = "Inconclusive: errors: canary 2.00% vs 1.00% over 100 vs 900 requests, above 1.5x + 0.1pp (= 1.60%) at this exposure; evidence of harm none, need 20:1";
    assert_eq!(told, expected);
}

#[test]
fn a_bad_canary_fails_after_three_windows_at_the_earliest() {
    assert!(on(windows(&[30.0, 30.0]), 25).starts_with("Inconclusive"));
    let told = on(windows(&[30.0, 30.0, 30.0]), 35);
    let expected = "Fail: errors: canary 30.00% vs 1.00% over 300 vs 2,700 requests; evidence 45:1 that it is worse than 1.25x + 0.05pp (= 1.30%), need 20:1; 3 intervals, burst factor 1.0";
    assert_eq!(told, expected);
}

#[test]
fn harm_that_begins_late_is_seen_too() {
    let good = vec![1.0; 30];
    let mut late = good.clone();
    late.extend([30.0; 8]);
    assert!(on(windows(&good), 305).starts_with("Pass"));
    assert!(on(windows(&late), 385).starts_with("Fail"));
}

#[test]
fn a_shared_incident_is_not_blamed_on_the_canary() {
    let incident: Vec<Sample> = (1..=12).map(|number| window(number * 10, 8.0, 72.0)).collect();
    assert!(on(incident, 125).starts_with("Pass"));
}

#[test]
fn the_promotion_takes_a_proof_where_traffic_gives_one_in_time() {
    let last = Intent { steps: spec().steps[..1].to_vec(), ..intent() };
    let told = judged(&last, &stepping(10), windows(&[1.0; 6]), 65).0;
    let expected = "Inconclusive: errors: not decided after 60s: canary 1.00% vs 1.00% over 600 vs 5,400 requests; for a pass none of 20:1, against it none; about 3,400 more canary requests, 6m at 10 rps";
    assert_eq!(told, expected);
    let proven = judged(&last, &stepping(10), windows(&[1.0; 50]), 505).0;
    let expected = "Pass: workload: 1 ready; errors: canary 1.00% vs 1.00% over 5,000 vs 45,000 requests; evidence 61:1 that it is below 1.5x + 0.1pp (= 1.60%), need 20:1";
    assert_eq!(proven, expected);
}

#[test]
fn where_a_proof_does_not_fit_into_the_deadline_no_harm_is_enough_and_that_is_said() {
    let mut last = Intent { steps: spec().steps[..1].to_vec(), ..intent() };
    last.deadlines.step = TimeDelta::minutes(1);
    let told = judged(&last, &stepping(10), windows(&[1.0; 6]), 65).0;
    assert!(told.ends_with("(= 1.60%); a proof would take about 4,000 more canary requests, 7m at 10 rps"), "{told}");
    let strict = with(last, |sequential| sequential.promotion = Strength::Proof);
    assert!(judged(&strict, &stepping(10), windows(&[1.0; 6]), 65).0.starts_with("Inconclusive: errors: not decided"));
}

/// The shortest time in seconds of a last step, hold and deadline together, in which a proof is waited for.
fn shortest(edit: impl Fn(&mut Intent)) -> Option<i64> {
    let waits = |time: &i64| {
        let mut last = Intent { steps: spec().steps[..1].to_vec(), ..intent() };
        edit(&mut last);
        last.deadlines.step = TimeDelta::seconds(*time) - last.steps[0].hold;
        let warm = last.warm_up.num_seconds();
        let samples = (1..=6).map(|number| window(warm + number * 10, 1.0, 9.0)).collect();
        judged(&last, &stepping(10), samples, warm + 65).0.starts_with("Inconclusive: errors: not decided")
    };
    (300..500).find(waits)
}

#[test]
fn what_the_warm_up_and_the_delay_take_of_the_last_step_gives_no_evidence() {
    // A proof takes 392 s here; 5 s of delay and one window of 10 s come on top.
    assert_eq!(shortest(|_| {}), Some(407));
    assert_eq!(shortest(|last| last.warm_up = TimeDelta::seconds(20)), Some(427));
    assert_eq!(shortest(|last| last.checks[0].delay = TimeDelta::seconds(35)), Some(437));
}

#[test]
fn what_was_counted_changes_nothing_when_it_comes_again() {
    let all = windows(&[1.0, 2.0, 0.0, 1.0]);
    let (_, once) = judged(&intent(), &stepping(10), all.clone(), 45);
    let twice = judge(&intent(), &stepping(10), &once, &seen(all.clone()), after(45)).evidence;
    assert_eq!(twice, once);
    let (_, half) = judged(&intent(), &stepping(10), all[..2].to_vec(), 45);
    let rest = judge(&intent(), &stepping(10), &half, &seen(all), after(45)).evidence;
    assert_eq!(rest, once, "a crash in between loses nothing");
}

#[test]
fn evidence_goes_on_through_steps_and_pauses_and_only_a_new_attempt_begins_anew() {
    let (_, evidence) = judged(&intent(), &stepping(10), windows(&[1.0, 1.0]), 25);
    let later = Sample { step: weight(25), ..window(30, 1.0, 9.0) };
    let next = judge(&intent(), &stepping(25), &evidence, &seen(vec![later]), after(35)).evidence;
    let weighed = next.of(1, "errors").expect("evidence");
    assert_eq!((weighed.windows, weighed.all.canary.total, weighed.here.canary.total), (3, 300.0, 100.0));
    let still = judge(&intent(), &paused(10, serin::rollout::PauseCause::Spec, 0), &evidence, &seen(windows(&[1.0, 1.0, 1.0])), after(35));
    assert_eq!(still.evidence.of(1, "errors").map(|weighed| weighed.windows), Some(3));
    assert!(next.of(2, "errors").is_none());
}

#[test]
fn windows_before_the_share_is_warm_do_not_count() {
    let warm = Intent { warm_up: TimeDelta::seconds(20), ..intent() };
    let (told, evidence) = judged(&warm, &stepping(10), windows(&[30.0, 30.0, 1.0]), 35);
    assert_eq!(evidence.of(1, "errors").map(|weighed| weighed.windows), Some(1));
    assert!(told.starts_with("Pass"), "{told}");
}

#[test]
fn several_checks_fail_together_at_one_stated_error() {
    let three = Intent { checks: ["errors", "slow", "lost"].map(compared).to_vec(), ..spec() };
    let of =
        |name: &str, bad: &[f64]| windows(bad).into_iter().map(|sample| Sample { check: name.to_owned(), ..sample }).collect::<Vec<_>>();
    let samples = |bad: &[f64]| [of("errors", bad), of("slow", &vec![1.0; bad.len()]), of("lost", &vec![1.0; bad.len()])].concat();
    assert!(judged(&three, &stepping(10), samples(&[30.0; 3]), 35).0.starts_with("Inconclusive"), "a third of the evidence alone");
    let told = judged(&three, &stepping(10), samples(&[30.0; 4]), 45).0;
    assert!(told.starts_with("Fail: errors: canary 30.00%") && told.contains("(3 checks together)"), "{told}");
}

#[test]
fn what_was_promoted_is_still_compared_with_what_a_bake_keeps() {
    let full = |sample: Sample| Sample { step: weight(100), ..sample };
    let told = judged(&intent(), &baking(), windows(&[30.0; 3]).into_iter().map(full).collect(), 35).0;
    assert!(told.starts_with("Fail"), "{told}");
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_the_evidence() {
    let (_, ahead) = judged(&intent(), &stepping(10), windows(&[1.0, 1.0]), 25);
    let due = asked(&ahead, vec![], -3_600);
    assert_eq!(due, None, "the canary was not there yet");
    let late: Vec<Sample> = windows(&[1.0; 400]).split_off(398);
    let (_, evidence) = judged(&intent(), &stepping(10), late, 4_000);
    assert_eq!(asked(&evidence, vec![], 400), Some((385, 395)));
}

#[test]
fn the_evidence_is_told_as_a_table_that_can_be_followed() {
    let (_, evidence) = judged(&intent(), &stepping(10), windows(&[5.0, 3.0, 4.0]), 35);
    insta::assert_snapshot!(evidence.to_string(), @r"
    attempt 1

    errors: 3 windows from 2027-01-15 12:00:00 to 12:00:30 UTC
                            requests       bad     share   95 % interval
      canary                     300        12     4.00%   2.30% to 6.86%
      stable                   2,700        27     1.00%   0.69% to 1.45%
      canary at 10%              300        12     4.00%   2.30% to 6.86%
      stable at 10%            2,700        27     1.00%   0.69% to 1.45%
      worse than 1.25x + 0.05pp (= 1.30%)   evidence     6.4:1, need 20:1: not reached
      below      1.5x + 0.1pp (= 1.60%)     evidence      none, need 20:1: not reached
      evidence is divided by 1.0 for bursts; 0 windows were let go by while pods were new
    ");
    assert_eq!(Evidence::default().to_string(), "no check has compared the canary with stable window by window\n");
}
