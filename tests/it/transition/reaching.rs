//! A step was granted: the canary's pods come, stable's go, and the clock stands until the share is there.

use serin::rollout::{Child, PodState, Settled};

use super::check;
use super::holding::{growing, holding, stopped};
use crate::given::{after, child, given, pod, reaching, v1, v2};

#[test]
fn the_canary_is_made_with_its_first_share() {
    check(
        given(reaching(10)).with(v1(), child(10, 10)),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   none
        changes record v2 #1, create v2 1
        wake    +600s; WaitingForPods: 0 of 1 canary pods are available
        ",
    );
}

#[test]
fn the_canary_grows_before_stable_shrinks() {
    check(
        growing(),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v2 2!
        wake    +600s; WaitingForPods: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn stable_shrinks_once_the_canary_is_available() {
    check(
        growing().pods(9, 2),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v1 8!
        wake    +600s; WaitingForPods: 9 stable pods have to become 8
        ",
    );
}

#[test]
fn stable_waits_for_a_canary_pod_that_is_not_available() {
    check(
        growing().pods(9, 0).with(v2(), child(2, 1)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn the_canary_does_not_grow_while_stable_is_incomplete() {
    check(
        growing().with(v1(), child(9, 6)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v1 8!
        wake    +600s; WaitingForPods: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn the_clock_begins_when_the_share_is_reached() {
    check(
        given(reaching(25)).pods(8, 2).after(30).passing(),
        "
        state   Stepping #1 v1>v2 25%, running since +30s, held 0s
        event   none
        changes none
        wake    +90s; Holding: the step holds until 12:01:30 UTC
        ",
    );
}

/// Of five pods one may be missing, of four none.
#[test]
fn a_node_that_goes_does_not_keep_a_share_of_five_from_being_reached() {
    check(
        given(reaching(50)).with(v1(), child(5, 5)).with(v2(), child(5, 4)).after(30),
        "
        state   Stepping #1 v1>v2 50%, running since +30s, held 0s
        event   none
        changes none
        wake    +90s; Holding: the step holds until 12:01:30 UTC
        ",
    );
    check(
        given(reaching(50)).spec(|spec| spec.replicas = 8).with(v1(), child(4, 4)).with(v2(), child(4, 3)).after(30),
        "
        state   Stepping #1 v1>v2 50%, waiting since +0s, held 0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 3 of 4 canary pods are available
        ",
    );
}

#[test]
fn a_status_that_is_not_settled_is_not_reached() {
    check(
        holding().with(v2(), Child { settled: Settled::No, ..child(2, 2) }).after(30).passing(),
        "
        state   Stepping #1 v1>v2 25%, waiting since +30s, held 30s
        event   none
        changes none
        wake    +630s; WaitingForPods: 2 canary pods are wanted and the Deployment is still busy
        ",
    );
}

#[test]
fn the_clock_stands_while_a_canary_pod_is_missing() {
    check(
        holding().with(v2(), child(2, 1)).passing().after(20),
        "
        state   Stepping #1 v1>v2 25%, waiting since +20s, held 20s
        event   none
        changes none
        wake    +620s; WaitingForPods: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn the_clock_stands_while_stable_pods_are_missing() {
    check(
        holding().with(v1(), child(8, 6)).passing().after(20),
        "
        state   Stepping #1 v1>v2 25%, waiting since +20s, held 20s
        event   none
        changes none
        wake    +620s; WaitingForPods: 6 of 8 stable pods are available
        ",
    );
}

#[test]
fn a_share_far_above_what_is_granted_stands_and_says_so() {
    check(
        holding().with(v1(), child(8, 3)).passing().after(70),
        "
        state   Stepping #1 v1>v2 25%, waiting since +70s, held 70s
        event   none
        changes none
        wake    +670s; ShareExceeded: the canary has 40% of the available pods, its step grants 20%; waiting for stable pods
        ",
    );
}

#[test]
fn pods_that_are_missing_a_second_before_the_deadline_are_waited_for() {
    check(
        growing().after(599),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v2 2!
        wake    +600s; WaitingForPods: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn pods_that_are_missing_at_the_deadline_roll_back() {
    check(
        growing().after(600),
        "
        state   RollingBack #1 v1>v2 since +600s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: not in time: 1 of 2 canary pods are available; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: not in time: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn a_share_that_stays_too_large_rolls_back_at_the_deadline() {
    check(
        holding().stands(stopped(20)).with(v1(), child(8, 3)).after(600),
        "
        state   RollingBack #1 v1>v2 since +600s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: not in time: the canary has 40% of the available pods, its step grants 20%; waiting for stable pods; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: not in time: the canary has 40% of the available pods, its step grants 20%; waiting for stable pods
        ",
    );
}

#[test]
fn the_deadline_for_pods_begins_when_they_went_missing() {
    check(
        holding().with(v2(), child(2, 1)).after(3000),
        "
        state   Stepping #1 v1>v2 25%, waiting since +3000s, held 3000s
        event   none
        changes none
        wake    +3600s; WaitingForPods: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn a_canary_deployment_that_somebody_deleted_is_made_again() {
    check(
        holding().sees(|seen| drop(seen.children.remove(&v2()))).after(20),
        "
        state   Stepping #1 v1>v2 25%, waiting since +20s, held 20s
        event   drift.corrected Deleted #1 v1>v2 -: the Deployment of revision v2 was deleted by somebody else; it is put right
        changes create v2 2
        wake    at once; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
}

#[test]
fn a_stable_deployment_that_somebody_deleted_is_waited_for() {
    check(
        holding().sees(|seen| drop(seen.children.remove(&v1()))).after(20),
        "
        state   Stepping #1 v1>v2 25%, waiting since +20s, held 20s
        event   drift.corrected Deleted #1 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 8
        wake    at once; ShareExceeded: the canary has 100% of the available pods, its step grants 20%; waiting for stable pods
        ",
    );
}

#[test]
fn a_step_that_grows_in_small_lots_is_late_only_where_it_stands_still() {
    let mut canary = child(5, 2);
    canary.pods.push(pod(2, PodState::Ready { since: after(400) }));
    let row = || given(reaching(50)).with(v1(), child(8, 8)).with(v2(), canary.clone());
    check(
        row().after(700),
        "
        state   Stepping #1 v1>v2 50%, waiting since +0s, held 0s
        event   none
        changes none
        wake    +1000s; WaitingForPods: 2 of 5 canary pods are available
        ",
    );
    check(
        row().after(1000),
        "
        state   RollingBack #1 v1>v2 since +1000s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: not in time: 2 of 5 canary pods are available; revision v1 comes back
        changes scale v1 10, scale v2 2
        wake    at once; RollingBack: rolling back: not in time: 2 of 5 canary pods are available
        ",
    );
}

#[test]
fn stable_pods_that_come_and_go_give_a_canary_that_never_starts_no_more_time() {
    let mut stable = child(9, 8);
    stable.pods.push(pod(8, PodState::Ready { since: after(590) }));
    check(
        given(reaching(10)).with(v1(), stable).with(v2(), child(1, 0)).after(600),
        "
        state   RollingBack #1 v1>v2 since +600s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: not in time: 0 of 1 canary pods are available; revision v1 comes back
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: not in time: 0 of 1 canary pods are available
        ",
    );
}

/// Nothing serves because nothing is wanted: the canary is installed in nobody's place.
#[test]
fn without_replicas_a_canary_that_is_late_is_given_up() {
    check(
        given(reaching(25)).spec(|intent| intent.replicas = 0).pods(0, 2).after(600),
        "
        state   RollingBack #1 v1>v2 since +600s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: not in time: the canary has 100% of the available pods, its step grants 0%; waiting for stable pods; revision v1 comes back
        changes scale v2 0
        wake    at once; RollingBack: rolling back: not in time: the canary has 100% of the available pods, its step grants 0%; waiting for stable pods
        ",
    );
}
