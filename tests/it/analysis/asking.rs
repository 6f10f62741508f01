//! Which questions are due, and when are the next ones?

use chrono::TimeDelta;
use serin::analysis::Due;
use serin::rollout::{
    Ask, Cause, Check, Clock, Intent, Observed, PauseCause, PodState, Question, Reading, Sample, State, Stepping, Subject,
};

use super::{asks, sample, serving, spec};
use crate::given::{
    after, attempt, child, edited, errors_below, idle, installing, paused, pod, promoting, rolling_back, stepping, v2, weight,
};

/// What is due at 10 %, whose share has been reached since noon: the checks that ask, and the second after noon of the next look.
fn at(seen: &Observed, now: i64) -> (Vec<String>, Option<i64>) {
    told(&asks(&spec(), &stepping(10), seen, after(now)))
}

fn told(due: &Due) -> (Vec<String>, Option<i64>) {
    let asked = due.questions.iter().map(|question| match question {
        Question::Measure { check, attempt, step, at, .. } => format!("{check} #{attempt} {step} +{}s", (*at - after(0)).num_seconds()),
        Question::DryRun { revision } => panic!("nobody asks about {revision} here"),
    });
    (asked.collect(), due.wake.map(|at| (at - after(0)).num_seconds()))
}

fn asked(seconds: i64) -> Vec<String> {
    vec![format!("errors #1 10% +{seconds}s")]
}

fn sampled(seconds: &[i64]) -> Observed {
    let mut seen = serving();
    seen.samples = seconds.iter().map(|s| sample(after(*s), Reading::Value(0.001))).collect();
    seen
}

#[test]
fn the_first_question_waits_until_its_window_holds_nothing_older_than_the_first_ready_pod() {
    assert_eq!(at(&serving(), 29), (vec![], Some(30)));
    assert_eq!(at(&serving(), 30), (asked(30), Some(40)));
}

#[test]
fn each_check_is_asked_once_an_interval() {
    assert_eq!(at(&sampled(&[30]), 39), (vec![], Some(40)));
    assert_eq!(at(&sampled(&[30]), 40), (asked(40), Some(50)));
    assert_eq!(at(&sampled(&[30, 40]), 41), (vec![], Some(50)));
}

#[test]
fn samples_of_another_step_attempt_or_check_do_not_count_as_asked() {
    for other in [
        Sample { step: weight(25), ..sample(after(35), Reading::NoData) },
        Sample { attempt: 2, ..sample(after(35), Reading::NoData) },
        Sample { check: "latency".to_owned(), ..sample(after(35), Reading::NoData) },
    ] {
        let mut seen = serving();
        seen.samples = vec![other];
        assert_eq!(at(&seen, 36), (asked(36), Some(46)));
    }
}

#[test]
fn an_answer_that_is_no_number_is_an_answer_too() {
    let mut seen = serving();
    seen.samples = vec![sample(after(30), Reading::TimedOut)];
    assert_eq!(at(&seen, 35), (vec![], Some(40)), "a backend that is down is not asked more often");
}

#[test]
fn the_next_look_is_that_of_the_check_that_is_due_first() {
    let slow = Check { name: "slow".to_owned(), ..errors_below(1.0) };
    let slow = edited(slow, |threshold| threshold.window = TimeDelta::minutes(5));
    let intent = Intent { checks: vec![slow, errors_below(0.01)], ..spec() };
    assert_eq!(told(&asks(&intent, &stepping(10), &serving(), after(30))), (asked(30), Some(40)));
}

#[test]
fn nothing_is_asked_before_the_step_is_warm() {
    let warm = Intent { warm_up: TimeDelta::seconds(60), ..spec() };
    assert_eq!(told(&asks(&warm, &stepping(10), &serving(), after(59))), (vec![], Some(60)));
    assert_eq!(told(&asks(&warm, &stepping(10), &serving(), after(60))), (asked(60), Some(70)));
}

#[test]
fn after_the_clock_stood_it_is_asked_again_at_once() {
    let clock = Clock::Running { since: after(100), held: TimeDelta::seconds(40) };
    let state = State::Stepping(Stepping { attempt: attempt(), step: weight(10), clock, approved: false });
    for on_the_way in [85, 99] {
        assert_eq!(told(&asks(&spec(), &state, &sampled(&[on_the_way]), after(100))), (asked(100), Some(110)));
    }
}

#[test]
fn on_the_way_to_a_share_the_first_look_is_made_after_an_interval() {
    let step = |clock| State::Stepping(Stepping { attempt: attempt(), step: weight(10), clock, approved: false });
    let waiting = step(Clock::Waiting { since: after(100), held: TimeDelta::zero() });
    assert_eq!(told(&asks(&spec(), &waiting, &serving(), after(109))), (vec![], Some(110)), "sooner it tells of the exposure before");
    assert_eq!(told(&asks(&spec(), &waiting, &serving(), after(110))), (asked(110), Some(120)));
}

#[test]
fn without_a_ready_canary_pod_nothing_is_asked() {
    let mut seen = serving();
    seen.children.insert(v2(), child(1, 0));
    assert_eq!(at(&seen, 60), (vec![], None));
    seen.children.remove(&v2());
    assert_eq!(at(&seen, 60), (vec![], None));
}

#[test]
fn lost_readiness_is_looked_at_again_when_it_begins_to_count() {
    let mut seen = serving();
    let mut canary = child(2, 1);
    canary.pods.push(pod(7, PodState::Regressed { since: after(28) }));
    seen.children.insert(v2(), canary);
    assert_eq!(at(&seen, 31), (asked(31), Some(38)));
    assert_eq!(at(&seen, 38), (asked(38), Some(48)), "it counts: nothing is left to wait for");
    seen.children.entry(v2()).and_modify(|canary| canary.pods.push(pod(8, PodState::Regressed { since: after(25) })));
    assert_eq!(at(&seen, 31), (asked(31), Some(35)), "the one that counts first");
}

#[test]
fn a_pause_and_a_promotion_are_watched_too() {
    assert_eq!(told(&asks(&spec(), &paused(10, PauseCause::Spec, 40), &serving(), after(60))), (asked(60), Some(70)));
    let (questions, wake) = told(&asks(&spec(), &promoting(), &serving(), after(60)));
    assert_eq!((questions, wake), (vec!["errors #1 100% +60s".to_owned()], Some(70)));
}

#[test]
fn nothing_is_asked_when_nothing_is_on_trial() {
    for state in [idle(), installing(), rolling_back(Cause::Deleted)] {
        assert_eq!(asks(&spec(), &state, &serving(), after(60)), Due::default());
    }
}

#[test]
fn without_checks_nothing_is_asked() {
    let bare = Intent { checks: Vec::new(), ..spec() };
    assert_eq!(asks(&bare, &stepping(10), &serving(), after(60)), Due::default());
}

#[test]
fn the_question_names_provider_and_pods() {
    let mut intent = spec();
    let query = Subject::Query("up{pod=~\"{{canaryPods}}\"} / up{pod=~\"{{stablePods}}\"}".to_owned());
    intent.checks = vec![edited(errors_below(0.01), |threshold| threshold.subject = query)];
    let questions = asks(&intent, &stepping(10), &serving(), after(60)).questions;
    let [Question::Measure { provider, ask: Ask::Number(query), .. }] = questions.as_slice() else { panic!("one question: {questions:?}") };
    assert_eq!(provider, "prometheus");
    assert_eq!(query, "up{pod=~\"checkout-2222222222-[a-z0-9]+-[a-z0-9]+\"} / up{pod=~\"checkout-1111111111-[a-z0-9]+-[a-z0-9]+\"}");
}
