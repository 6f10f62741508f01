//! A rollback whose stable pods cannot come: it is named, once, and it goes on.

use serin::rollout::{Cause, PodState, RollingBack, State};

use super::check;
use crate::given::{Given, child, failure, given, pod, rolling_back, v1, v2, v3};

/// v2 failed at noon; v1 is scaled up again, and five of its ten pods are there.
fn going_back() -> Given {
    given(rolling_back(Cause::Failed(failure()))).with(v1(), child(10, 5)).with(v2(), child(3, 3))
}

/// One more pod of v1 does that.
fn beside(state: PodState) -> Given {
    going_back().child(&v1(), |child| child.pods.push(pod(5, state)))
}

/// It was told before.
fn told(given: Given) -> Given {
    let State::RollingBack(at) = given.state.clone() else { panic!("a rollback") };
    given.stands(State::RollingBack(RollingBack { blocked: true, ..at }))
}

fn pull() -> PodState {
    PodState::Blocked { reason: "ImagePullBackOff: the registry does not answer".to_owned() }
}

#[test]
fn what_a_pod_names_itself_is_told_at_once() {
    check(
        beside(pull()),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: pod pod-5: ImagePullBackOff: the registry does not answer; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (pod pod-5: ImagePullBackOff: the registry does not answer)
        ",
    );
    check(
        beside(PodState::Broken { reason: "InvalidImageName".to_owned() }),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: pod pod-5: InvalidImageName; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (pod pod-5: InvalidImageName)
        ",
    );
    check(
        beside(PodState::Crashing { reason: "CrashLoopBackOff: exit code 1".to_owned() }),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: pod pod-5: CrashLoopBackOff: exit code 1; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (pod pod-5: CrashLoopBackOff: exit code 1)
        ",
    );
}

#[test]
fn what_the_controller_of_the_deployment_names_is_told_at_once() {
    check(
        going_back().child(&v1(), |child| child.failure = Some("exceeded quota: pods=10".to_owned())),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: exceeded quota: pods=10; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (exceeded quota: pods=10)
        ",
    );
}

#[test]
fn a_write_that_is_refused_is_told_at_once() {
    check(
        going_back().sees(|seen| seen.refused = Some("scaling Deployment checkout-v1: forbidden".to_owned())),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: scaling Deployment checkout-v1: forbidden; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (scaling Deployment checkout-v1: forbidden)
        ",
    );
}

#[test]
fn a_template_that_is_gone_is_told_at_once() {
    let lost = || going_back().sees(|seen| (drop(seen.children.remove(&v1())), drop(seen.records.remove(&v1()))).1);
    check(
        lost(),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: its Deployment is gone, and so is its template: set the template back to that of revision v1; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (its Deployment is gone, and so is its template: set the template back to that of revision v1)
        ",
    );
    check(
        told(lost()),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   none
        changes none
        wake    +600s; Missing: the Deployment of revision v1 is gone; set the template back to that revision to have it made again
        ",
    );
    check(
        lost().wants(v1()),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes record v1 #1, create v1 10
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
}

#[test]
fn pods_without_a_node_are_told_after_thirty_seconds() {
    check(
        beside(PodState::Unscheduled).after(29),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes none
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
    check(
        beside(PodState::Unscheduled).after(30),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: no node for 1 of stable's pods; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (no node for 1 of stable's pods)
        ",
    );
}

#[test]
fn pods_that_are_just_starting_block_nothing() {
    check(
        beside(PodState::Starting).after(30),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes none
        wake    +600s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
    check(
        beside(PodState::Unready).after(30),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes none
        wake    +600s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_blocked_rollback_is_told_once_and_says_it_as_long_as_it_lasts() {
    check(
        told(beside(pull())),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   none
        changes none
        wake    +600s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available; pod pod-5: ImagePullBackOff: the registry does not answer)
        ",
    );
    check(
        told(going_back()).after(40),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   none
        changes none
        wake    +600s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_blocked_rollback_is_overdue_like_any_other() {
    check(
        told(beside(pull())).after(600),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, overdue, blocked
        event   rollback.overdue RollbackDeadline #1 v1>v2 -: rolling back to revision v1 takes longer than its deadline: 5 of 10 stable pods are available; it goes on
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_rollback_that_is_over_is_not_blocked() {
    check(
        beside(pull()).with(v1(), child(10, 10)).with(v2(), child(0, 0)),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   rollout.rolled-back CheckFailed #1 v1>v2 0%: revision v1 serves everything again: errors is 0.2, above 0.01
        changes mark v2 aborted
        wake    at once; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn a_blocked_rollback_still_takes_the_canary_as_far_as_it_may() {
    check(
        told(beside(pull())).with(v2(), child(5, 5)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   none
        changes scale v2 3
        wake    +600s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available; pod pod-5: ImagePullBackOff: the registry does not answer)
        ",
    );
    check(
        beside(pull()).wants(v3()),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, blocked
        event   rollback.blocked StableBlocked #1 v1>v2 -: revision v1 cannot come back: pod pod-5: ImagePullBackOff: the registry does not answer; it goes on by itself once that is mended
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (pod pod-5: ImagePullBackOff: the registry does not answer)
        ",
    );
}
