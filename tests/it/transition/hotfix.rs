//! Stable serves nothing any more: a new revision is installed in its place instead of being compared with it.

use serin::rollout::{Cause, Installing, ServiceView, State};

use super::check;
use super::idle::{after_an_abort, settled};
use crate::given::{Given, after, child, failure, given, noon, reaching, rolling_back, v1, v2, v3};

/// v1 has had no available pod since that many seconds after noon; the spec has v2.
fn dead(since: i64) -> Given {
    let down = settled().rests(|idle| idle.down = Some(after(since)));
    down.wants(v2()).accepting(v2()).child(&v1(), |child| (child.available, child.pods) = (0, Vec::new()))
}

#[test]
fn since_when_stable_serves_nothing_is_noted_and_forgotten() {
    check(
        settled().child(&v1(), |child| child.available = 0).after(5),
        "
        state   Idle v1, attempts 0, v1 installed, down since +5s
        event   none
        changes none
        wake    never; WaitingForPods: 0 of 10 stable pods are available
        ",
    );
    check(
        dead(0).wants(v1()).after(9),
        "
        state   Idle v1, attempts 0, v1 installed, down since +0s
        event   none
        changes none
        wake    never; WaitingForPods: 0 of 10 stable pods are available
        ",
    );
    check(
        dead(0).wants(v1()).child(&v1(), |child| child.available = 1).after(9),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; WaitingForPods: 1 of 10 stable pods are available
        ",
    );
}

#[test]
fn a_stable_without_replicas_is_not_down() {
    check(
        settled().spec(|intent| intent.replicas = 0).with(v1(), child(0, 0)).remembers(v1(), "installed", 0),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_stable_whose_deployment_is_gone_is_made_again_before_it_counts_as_down() {
    check(
        dead(0).without(&v1()).after(900),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Deleted #0 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 10
        wake    at once; WaitingForPods: stable's Deployment is made again
        ",
    );
}

#[test]
fn a_new_revision_is_tried_as_long_as_stable_may_come_back() {
    check(
        dead(0).after(599),
        "
        state   Stepping #1 v1>v2 10%, waiting since +599s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes scale v1 9!
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn a_new_revision_is_installed_over_a_stable_that_was_down_for_too_long() {
    check(
        dead(0).after(600),
        "
        state   Installing v2 since +600s
        event   rollout.reinstalled StableUnavailable #0 ->v2 -: revision v1 has had no available pod for too long; revision v2 is installed in its place
        changes record v2 #0, create v2 10, scale v1 0!
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
    check(
        dead(0).paused().after(600),
        "
        state   Installing v2 since +600s
        event   rollout.reinstalled StableUnavailable #0 ->v2 -: revision v1 has had no available pod for too long; revision v2 is installed in its place
        changes record v2 #0, create v2 10, scale v1 0!
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
}

#[test]
fn nothing_is_installed_that_is_refused_rejected_or_under_a_brake() {
    check(
        dead(0).backlogged().after(600),
        "
        state   Idle v1, attempts 0, v1 installed, down since +0s
        event   none
        changes none
        wake    never; AuditBacklog: 32 events wait for their sinks; exposure does not grow until they are delivered
        ",
    );
    check(
        dead(0).unreadable().after(600),
        "
        state   Idle v1, attempts 0, v1 installed, down since +0s
        event   none
        changes none
        wake    never; InvalidSpec: spec.steps: weights must increase
        ",
    );
    check(
        dead(0).service(ServiceView::Missing).after(600),
        "
        state   Idle v1, attempts 0, v1 installed, down since +0s
        event   none
        changes none
        wake    never; Service: the Service does not exist; create it, or correct spec.service
        ",
    );
    let rejected = after_an_abort().rests(|idle| idle.down = Some(noon()));
    check(
        rejected.child(&v1(), |child| child.available = 0).after(600),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2, down since +0s
        event   none
        changes none
        wake    never; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

/// v2 was given 25 % at noon and gets no pod in time; v1 has so many of its eight.
fn late(stable: u32) -> Given {
    given(reaching(25)).with(v1(), child(8, stable)).with(v2(), child(2, 0)).after(600)
}

#[test]
fn a_canary_that_is_late_beside_a_dead_stable_is_installed_instead() {
    check(
        late(0),
        "
        state   Installing v2 since +600s
        event   rollout.reinstalled StableUnavailable #1 ->v2 -: revision v1 has no available pod; revision v2 is installed in its place
        changes scale v2 10, scale v1 0!
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
    check(
        late(1),
        "
        state   RollingBack #1 v1>v2 since +600s, Unavailable
        event   rollout.aborted Unavailable #1 v1>v2 0%: revision v2 aborted: not in time: 0 of 2 canary pods are available; revision v1 comes back
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: not in time: 0 of 2 canary pods are available
        ",
    );
    check(
        late(0).backlogged(),
        "
        state   Stepping #1 v1>v2 25%, waiting since +600s, held 0s
        event   none
        changes none
        wake    +1200s; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
}

/// v2 failed at noon, and v1 has so many pods.
fn going_back(stable: u32) -> Given {
    given(rolling_back(Cause::Failed(failure()))).with(v1(), child(10, stable)).with(v2(), child(5, 5))
}

#[test]
fn a_rollback_gives_way_to_a_third_revision_where_stable_does_not_come_back() {
    check(
        going_back(0).wants(v3()).accepting(v3()).after(599),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes none
        wake    +600s; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
    check(
        going_back(0).wants(v3()).accepting(v3()).after(600),
        "
        state   Installing v3 since +600s
        event   rollout.reinstalled StableUnavailable #1 ->v3 -: revision v1 does not come back; revision v3 is installed in its place
        changes record v3 #0, create v3 10, scale v1 0!
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
    check(
        going_back(0).wants(v3()).without(&v1()).after(600),
        "
        state   Installing v3 since +600s
        event   rollout.reinstalled StableUnavailable #1 ->v3 -: revision v1 does not come back; revision v3 is installed in its place
        changes none
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
}

#[test]
fn a_rollback_gives_way_to_nothing_else() {
    check(
        going_back(1).wants(v3()).after(600),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, overdue
        event   rollback.overdue RollbackDeadline #1 v1>v2 -: rolling back to revision v1 takes longer than its deadline: 1 of 10 stable pods are available; it goes on
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (1 of 10 stable pods are available)
        ",
    );
    check(
        going_back(0).wants(v2()).after(600),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, overdue
        event   rollback.overdue RollbackDeadline #1 v1>v2 -: rolling back to revision v1 takes longer than its deadline: 0 of 10 stable pods are available; it goes on
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
    check(
        going_back(0).wants(v1()).after(600),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, overdue
        event   rollback.overdue RollbackDeadline #1 v1>v2 -: rolling back to revision v1 takes longer than its deadline: 0 of 10 stable pods are available; it goes on
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
    check(
        going_back(0).wants(v3()).backlogged().after(600),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed, overdue
        event   rollback.overdue RollbackDeadline #1 v1>v2 -: rolling back to revision v1 takes longer than its deadline: 0 of 10 stable pods are available; it goes on
        changes none
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
}

#[test]
fn attempts_are_counted_on_through_an_installation_in_stables_place() {
    let again = State::Installing(Installing { revision: v2(), since: noon(), overdue: false, attempts: 4 });
    check(
        given(again).wants(v2()).accepting(v2()).with(v1(), child(0, 0)).with(v2(), child(10, 10)),
        "
        state   Idle v2, attempts 4, v2 installed
        event   rollout.installed Available #0 v2>v2 100%: revision v2 is available and stable
        changes mark v2 installed
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}
