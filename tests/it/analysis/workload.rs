//! What do pods say of their revision, without any metrics backend?

use serin::rollout::{Child, Intent, Pod, PodState};

use super::{judged, serving, spec};
use crate::given::{after, child, noon, pod, stepping, v1, v2};

fn ready() -> PodState {
    PodState::Ready { since: noon() }
}

fn crashing() -> PodState {
    PodState::Crashing { reason: "CrashLoopBackOff: exit code 1".to_owned() }
}

fn broken() -> PodState {
    PodState::Broken { reason: "InvalidImageName: couldn't parse image \"web:!\"".to_owned() }
}

fn blocked() -> PodState {
    PodState::Blocked { reason: "ImagePullBackOff: registry answers 503".to_owned() }
}

fn lost(since: i64) -> PodState {
    PodState::Regressed { since: after(since) }
}

/// A minute after noon: what the pods alone say. Without any check the verdict is theirs.
fn say(canary: Vec<PodState>, stable: Vec<PodState>) -> String {
    let pods = |states: Vec<PodState>| (0..).zip(states).map(|(number, state)| pod(number, state)).collect();
    of(pods(canary), pods(stable))
}

fn of(canary: Vec<Pod>, stable: Vec<Pod>) -> String {
    let mut seen = serving();
    seen.children.insert(v2(), Child { pods: canary, ..child(1, 1) });
    seen.children.insert(v1(), Child { pods: stable, ..child(9, 9) });
    judged(&Intent { checks: Vec::new(), ..spec() }, &stepping(10), &seen, after(60))
}

fn nine(state: &PodState) -> Vec<PodState> {
    vec![state.clone(); 9]
}

#[test]
fn a_pod_that_leaves_or_has_no_node_or_starts_says_nothing() {
    for state in [PodState::Leaving, PodState::Unscheduled, PodState::Starting, PodState::Unreachable, PodState::Unready] {
        let alone = say(vec![state.clone()], nine(&ready()));
        assert_eq!(alone, "Inconclusive: workload: no canary pod is ready yet", "{state:?}");
        assert_eq!(say(vec![state.clone(), ready()], nine(&ready())), "Pass: workload: 1 ready", "{state:?}");
    }
}

#[test]
fn a_canary_without_pods_is_undecided() {
    assert_eq!(say(vec![], nine(&ready())), "Inconclusive: workload: no canary pod is ready yet", "a spot node is gone");
}

#[test]
fn a_crash_loop_fails_with_the_container_s_reason() {
    assert_eq!(say(vec![crashing(), ready()], nine(&ready())), "Fail: workload: pod pod-0: CrashLoopBackOff: exit code 1");
}

#[test]
fn a_pull_that_can_never_work_fails_with_the_container_s_reason() {
    let expected = "Fail: workload: pod pod-0: InvalidImageName: couldn't parse image \"web:!\"";
    assert_eq!(say(vec![broken()], nine(&ready())), expected);
    assert_eq!(say(vec![broken()], nine(&broken())), expected, "it is final, whatever stable does");
}

#[test]
fn a_registry_that_does_not_answer_is_undecided() {
    let expected = "Inconclusive: workload: pod pod-1: ImagePullBackOff: registry answers 503";
    assert_eq!(say(vec![ready(), blocked()], nine(&ready())), expected);
}

#[test]
fn lost_readiness_fails_after_ten_seconds() {
    assert_eq!(say(vec![lost(51), ready()], nine(&ready())), "Pass: workload: 1 ready");
    assert_eq!(say(vec![lost(50), ready()], nine(&ready())), "Fail: workload: pod pod-0 lost its readiness 10 s ago");
}

#[test]
fn three_restarts_with_an_error_fail_even_a_ready_pod() {
    let restarted = |restarts, last_exit| of(vec![Pod { restarts, last_exit, ..pod(0, ready()) }], vec![pod(0, ready())]);
    assert_eq!(restarted(2, Some(1)), "Pass: workload: 1 ready");
    assert_eq!(restarted(3, Some(137)), "Fail: workload: pod pod-0 restarted 3 times, last with exit code 137");
    assert_eq!(restarted(9, Some(0)), "Pass: workload: 1 ready", "a container that ends well is no error");
    assert_eq!(restarted(9, None), "Pass: workload: 1 ready");
    let unready = of(vec![Pod { restarts: 3, last_exit: Some(1), ..pod(0, PodState::Unready) }], vec![pod(0, ready())]);
    assert_eq!(unready, "Fail: workload: pod pod-0 restarted 3 times, last with exit code 1");
}

#[test]
fn what_stable_suffers_alike_is_not_blamed_on_the_canary() {
    let alike = "; stable pods suffer alike, so the canary is not blamed";
    let crash = format!("Inconclusive: workload: pod pod-0: CrashLoopBackOff: exit code 1{alike}");
    assert_eq!(say(vec![crashing()], nine(&crashing())), crash);
    assert_eq!(say(vec![crashing()], [nine(&ready()), vec![lost(20)]].concat()), crash, "one in ten is enough");
    let regressed = format!("Inconclusive: workload: pod pod-0 lost its readiness 30 s ago{alike}");
    assert_eq!(say(vec![lost(30)], nine(&lost(30))), regressed);
}

#[test]
fn where_all_lose_readiness_chance_decides_which_is_first() {
    let first = say(vec![lost(50)], [vec![lost(59)], vec![ready(); 8]].concat());
    assert_eq!(
        first,
        "Inconclusive: workload: pod pod-0 lost its readiness 10 s ago; stable pods suffer alike, so the canary is not blamed"
    );
}

#[test]
fn one_unwell_pod_in_a_large_fleet_does_not_hide_a_bad_canary() {
    let fleet = |unwell| [vec![crashing(); unwell], vec![ready(); 180 - unwell]].concat();
    assert!(say(vec![crashing(); 20], fleet(1)).starts_with("Fail"));
    assert!(say(vec![crashing(); 20], fleet(17)).starts_with("Fail"));
    assert!(say(vec![crashing(); 20], fleet(18)).starts_with("Inconclusive"));
}

#[test]
fn what_a_serving_stable_pod_went_through_before_does_not_hide_a_bad_canary() {
    let old = Pod { restarts: 5, last_exit: Some(1), ..pod(0, ready()) };
    let verdict = of(vec![pod(0, crashing())], vec![old]);
    assert_eq!(verdict, "Fail: workload: pod pod-0: CrashLoopBackOff: exit code 1");
    let unwell = Pod { restarts: 5, last_exit: Some(1), ..pod(0, PodState::Unready) };
    assert!(of(vec![pod(0, crashing())], vec![unwell]).starts_with("Inconclusive"));
}

#[test]
fn stable_pods_that_leave_or_start_are_not_unwell() {
    for state in [PodState::Leaving, PodState::Unscheduled, PodState::Starting, PodState::Unreachable, blocked(), PodState::Unready] {
        assert!(say(vec![crashing()], nine(&state)).starts_with("Fail"), "{state:?}");
    }
}
