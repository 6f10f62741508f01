//! The canary replaces stable pod by pod: waits for pods, is watched, can still fail.

use serin::rollout::{Child, PodState, Settled, Why};

use super::check;
use crate::given::{Given, after, child, given, pod, promoting, v1, v2, v3};

/// v2 earned everything at noon; both have five pods.
fn half() -> Given {
    given(promoting()).pods(5, 5)
}

#[test]
fn the_canary_grows_as_far_as_surge_allows() {
    check(
        half().passing(),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 8!
        wake    +600s; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
}

#[test]
fn stable_shrinks_as_far_as_the_canary_is_available() {
    check(
        given(promoting()).pods(5, 8).passing(),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v1 2!
        wake    +600s; WaitingForPods: 8 of 10 canary pods are available
        ",
    );
}

#[test]
fn stable_stays_while_the_new_canary_pods_are_on_their_way() {
    check(
        given(promoting()).pods(5, 0).with(v2(), child(8, 5)),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
}

#[test]
fn a_revision_that_has_all_pods_is_promoted() {
    check(
        given(promoting()).pods(0, 10),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn without_replicas_a_revision_is_promoted_only_once_its_deployment_exists() {
    let none = || given(promoting()).spec(|intent| intent.replicas = 0);
    check(
        none().with(v1(), child(0, 0)),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes record v2 #1, create v2 0
        wake    +600s; WaitingForPods: the Deployment does not exist yet
        ",
    );
    check(
        none().pods(0, 0),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_promotion_is_not_over_while_old_pods_serve() {
    check(
        given(promoting()).pods(1, 10),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v1 0!
        wake    +600s; WaitingForPods: 1 stable pods have to become 0
        ",
    );
    check(
        given(promoting()).with(v1(), Child { settled: Settled::No, ..child(0, 0) }).with(v2(), child(10, 10)),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 0 stable pods have to become 0
        ",
    );
}

#[test]
fn a_failed_check_rolls_back_a_promotion_stable_first() {
    check(
        given(promoting()).pods(2, 8).failing(),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 6
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn a_new_template_waits_for_the_end_of_a_promotion() {
    check(
        half().wants(v3()),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 8!
        wake    +600s; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
    check(
        given(promoting()).pods(0, 10).wants(v3()),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_paused_spec_and_a_backlog_do_not_stop_what_was_earned() {
    check(
        half().paused().brake(Why::AuditBacklog(512)),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 8!
        wake    +600s; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
}

#[test]
fn a_second_before_the_deadline_a_promotion_waits() {
    check(
        half().after(599),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 8!
        wake    +600s; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
}

#[test]
fn a_promotion_that_is_not_complete_at_the_deadline_rolls_back() {
    check(
        half().after(600),
        "
        state   RollingBack #1 v1>v2 since +600s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: promotion not complete in time: 5 of 10 canary pods are available; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: promotion not complete in time: 5 of 10 canary pods are available
        ",
    );
}

#[test]
fn a_promotion_that_is_complete_at_the_deadline_counts() {
    check(
        given(promoting()).pods(0, 10).after(600),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_canary_that_is_deleted_during_its_promotion_is_made_again() {
    check(
        half().sees(|seen| drop(seen.children.remove(&v2()))),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes create v2 8
        wake    +600s; WaitingForPods: 0 of 10 canary pods are available
        ",
    );
}

#[test]
fn fewer_replicas_during_a_promotion_shrink_the_canary_only() {
    check(
        half().spec(|intent| intent.replicas = 4),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 4
        wake    +600s; WaitingForPods: 5 canary pods have to become 4
        ",
    );
    check(
        given(promoting()).with(v1(), child(0, 0)).with(v2(), child(10, 10)).spec(|intent| intent.replicas = 4),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 4
        wake    +600s; WaitingForPods: 10 canary pods have to become 4
        ",
    );
}

#[test]
fn a_promotion_whose_spec_cannot_be_read_waits_and_loses_no_time() {
    let unread = || Why::InvalidSpec("spec.steps: weights must increase".to_owned());
    check(
        half().brake(unread()).after(599),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 8!
        wake    +600s; InvalidSpec: spec.steps: weights must increase
        ",
    );
    check(
        half().brake(unread()).after(600),
        "
        state   Promoting #1 v1>v2 since +600s
        event   none
        changes scale v2 8!
        wake    +1200s; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

/// Five old pods and eight new ones, of which six are ready, the last one since then.
fn in_lots(newest: i64) -> Given {
    let mut canary = child(8, 6);
    canary.pods.push(pod(6, PodState::Ready { since: after(newest) }));
    half().with(v2(), canary)
}

#[test]
fn a_promotion_in_small_lots_is_late_only_where_it_stands_still() {
    check(
        in_lots(500).after(700),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes none
        wake    +1100s; WaitingForPods: 6 of 10 canary pods are available
        ",
    );
    check(
        in_lots(500).after(1100),
        "
        state   RollingBack #1 v1>v2 since +1100s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: promotion not complete in time: 6 of 10 canary pods are available; revision v1 comes back
        changes scale v1 10, scale v2 5
        wake    at once; RollingBack: rolling back: promotion not complete in time: 6 of 10 canary pods are available
        ",
    );
}

#[test]
fn a_pod_that_becomes_ready_again_and_again_does_not_stretch_a_promotion_for_ever() {
    check(
        in_lots(5999).after(6000),
        "
        state   RollingBack #1 v1>v2 since +6000s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: promotion not complete in time: 6 of 10 canary pods are available; revision v1 comes back
        changes scale v1 10, scale v2 5
        wake    at once; RollingBack: rolling back: promotion not complete in time: 6 of 10 canary pods are available
        ",
    );
}
