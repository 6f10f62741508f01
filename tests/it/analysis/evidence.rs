//! Which samples count, and what several checks say together.

use chrono::TimeDelta;
use serin::rollout::{Check, Clock, Intent, PauseCause, Pod, PodState, Reading, Sample, State, Stepping};

use super::{judged, sample, serving, spec};
use crate::given::{after, attempt, child, errors_below, idle, noon, paused, pod, promoting, reaching, rolling_back, stepping, v2, weight};

const PASSES: &str = "Pass: workload: 1 ready; errors is 0.001, at most 0.01";
const NONE: &str = "Inconclusive: errors: no sample yet";
const TOO_EARLY: &str = "Inconclusive: errors: the sample's range begins before the canary was there and warm";

fn good(at: i64) -> Sample {
    sample(after(at), Reading::Value(0.001))
}

fn bad(at: i64) -> Sample {
    sample(after(at), Reading::Value(0.2))
}

/// The verdict at 10 %, whose share has been reached since noon.
fn on(samples: Vec<Sample>, now: i64) -> String {
    at(&spec(), &stepping(10), samples, now)
}

fn at(intent: &Intent, state: &State, samples: Vec<Sample>, now: i64) -> String {
    let mut seen = serving();
    seen.samples = samples;
    judged(intent, state, &seen, after(now))
}

#[test]
fn without_a_sample_nothing_is_decided() {
    assert_eq!(on(vec![], 60), NONE);
}

#[test]
fn the_newest_sample_decides() {
    assert_eq!(on(vec![bad(40), good(50)], 60), PASSES);
    assert_eq!(on(vec![bad(50), good(40)], 60), "Fail: errors is 0.2, above 0.01");
}

#[test]
fn a_sample_counts_for_its_own_check_attempt_and_step_only() {
    assert_eq!(on(vec![Sample { check: "latency".to_owned(), ..good(50) }], 60), NONE);
    assert_eq!(on(vec![Sample { attempt: 2, ..bad(50) }], 60), NONE);
    assert_eq!(on(vec![Sample { step: weight(25), ..bad(50) }], 60), NONE);
}

#[test]
fn a_sample_counts_for_three_intervals() {
    assert_eq!(on(vec![good(60)], 90), PASSES);
    assert_eq!(on(vec![good(60)], 91), "Inconclusive: errors: the newest sample is 31 s old");
    assert_eq!(on(vec![bad(60)], 91), "Inconclusive: errors: the newest sample is 31 s old");
}

#[test]
fn a_range_that_begins_before_the_canary_s_first_ready_pod_does_not_count() {
    assert_eq!(on(vec![bad(29)], 30), TOO_EARLY);
    assert_eq!(on(vec![bad(30)], 30), "Fail: errors is 0.2, above 0.01");
}

#[test]
fn the_first_of_several_ready_pods_decides_which_range_counts() {
    let ready = |number, since| pod(number, PodState::Ready { since: after(since) });
    let mut seen = serving();
    seen.samples = vec![good(40)];
    let mut canary = child(2, 2);
    canary.pods = vec![ready(0, 35), ready(1, 10)];
    seen.children.insert(v2(), canary);
    assert_eq!(judged(&spec(), &stepping(10), &seen, after(41)), PASSES.replace("1 ready", "2 ready"));
}

#[test]
fn without_a_ready_canary_pod_no_sample_counts() {
    let mut seen = serving();
    seen.samples = vec![bad(50)];
    seen.children.insert(v2(), child(1, 0));
    assert_eq!(judged(&spec(), &stepping(10), &seen, after(60)), "Inconclusive: workload: no canary pod is ready yet");
}

#[test]
fn nothing_counts_before_the_share_is_reached_and_warm() {
    let warm = Intent { warm_up: TimeDelta::seconds(60), ..spec() };
    assert_eq!(at(&warm, &stepping(10), vec![bad(59)], 60), TOO_EARLY);
    assert_eq!(at(&warm, &stepping(10), vec![bad(60)], 60), "Fail: errors is 0.2, above 0.01");
    assert_eq!(at(&warm, &promoting(), vec![Sample { step: weight(100), ..bad(59) }], 60), TOO_EARLY);
    let resumed = Clock::Running { since: after(100), held: TimeDelta::seconds(40) };
    let state = State::Stepping(Stepping { attempt: attempt(), step: weight(10), clock: resumed, approved: false });
    assert_eq!(at(&spec(), &state, vec![good(99)], 105), TOO_EARLY, "what was measured while pods were missing");
}

#[test]
fn while_a_share_is_being_reached_harm_counts_and_a_pass_does_not() {
    assert_eq!(at(&spec(), &reaching(10), vec![good(60)], 60), "Inconclusive: the step's share is just being reached");
    assert_eq!(at(&spec(), &reaching(10), vec![bad(60)], 60), "Fail: errors is 0.2, above 0.01");
}

#[test]
fn a_paused_canary_is_still_judged() {
    assert_eq!(at(&spec(), &paused(10, PauseCause::Spec, 40), vec![bad(60)], 60), "Fail: errors is 0.2, above 0.01");
    assert_eq!(at(&spec(), &paused(10, PauseCause::Spec, 40), vec![good(60)], 60), PASSES);
}

#[test]
fn a_promotion_is_judged_by_samples_taken_during_it() {
    let full = |sample: Sample| Sample { step: weight(100), ..sample };
    assert_eq!(at(&spec(), &promoting(), vec![full(bad(60))], 60), "Fail: errors is 0.2, above 0.01");
    assert_eq!(at(&spec(), &promoting(), vec![bad(60)], 60), NONE);
}

#[test]
fn traffic_that_stops_after_a_good_start_is_no_pass() {
    assert_eq!(on(vec![good(60)], 60), PASSES);
    assert_eq!(on(vec![good(60), sample(after(70), Reading::NoData)], 70), "Inconclusive: errors: the query matches no series");
    let next = at(&spec(), &stepping(25), vec![good(60)], 70);
    assert_eq!(next, NONE, "a good sample of the step before is none of this one");
}

#[test]
fn without_any_check_a_ready_canary_passes() {
    let bare = Intent { checks: Vec::new(), ..spec() };
    assert_eq!(at(&bare, &stepping(10), vec![], 1), "Pass: workload: 1 ready");
}

#[test]
fn nothing_is_judged_when_nothing_is_on_trial() {
    for state in [idle(), rolling_back(serin::rollout::Cause::Deleted)] {
        assert_eq!(at(&spec(), &state, vec![bad(60)], 60), "Inconclusive: nothing is on trial");
    }
}

/// What three checks and the pods say together, for all orders of what each of them says.
#[test]
fn any_fail_fails_and_all_must_pass() {
    let readings = [Reading::Value(0.2), Reading::TimedOut, Reading::NoData, Reading::Value(0.001)];
    let names = ["a", "b", "c"];
    let checks = names.map(|name| Check { name: name.to_owned(), ..errors_below(0.01) }).to_vec();
    let intent = Intent { checks, ..spec() };
    let pods: [fn() -> Pod; 3] = [
        || pod(0, PodState::Ready { since: noon() }),
        || pod(0, PodState::Broken { reason: "InvalidImageName".to_owned() }),
        || pod(0, PodState::Starting),
    ];
    for (ready, canary) in pods.iter().enumerate() {
        for case in 0..64_usize {
            let said = [case % 4, case / 4 % 4, case / 16];
            let mut seen = serving();
            seen.samples =
                names.iter().zip(said).map(|(n, r)| Sample { check: (*n).to_owned(), ..sample(after(60), readings[r].clone()) }).collect();
            let mut child = child(1, 1);
            child.pods = vec![canary(), pod(1, PodState::Ready { since: noon() })];
            seen.children.insert(v2(), child);
            let word = judged(&intent, &stepping(10), &seen, after(60));
            let worst = said.iter().copied().min().unwrap_or_default().min(if ready == 1 { 0 } else { 3 });
            let expected = ["Fail", "Error", "Inconclusive", "Pass"][worst];
            assert_eq!(word.split(':').next(), Some(expected), "{said:?} with pod {ready}: {word}");
        }
    }
}
