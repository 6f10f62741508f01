//! The Rollout is deleted: all traffic goes back to stable, the last event is told, the finalizer goes.

use serin::rollout::{Cause, Deleted, PauseCause, State, Why};

use super::check;
use crate::given::{child, failure, given, idle, installing, noon, paused, promoting, rolling_back, stepping, v1, v2};

#[test]
fn deleting_a_settled_rollout_touches_nothing() {
    check(
        given(idle()).with(v1(), child(10, 10)).deleting(),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment of revision v1 goes on serving
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn deleting_before_anything_was_stable_leaves_what_is_there() {
    check(
        given(installing()).with(v1(), child(10, 2)).deleting(),
        "
        state   Deleted since +0s, nothing serves
        event   rollout.deleted Deleted #0 ->v1 -: the Rollout was deleted before a revision was stable; its Deployments are left as they are
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn deleting_in_flight_brings_stable_back_first() {
    check(
        given(stepping(25)).pods(8, 2).deleting().passing().after(60),
        "
        state   RollingBack #1 v1>v2 since +60s, Deleted
        event   rollout.aborted Deleted #1 v1>v2 0%: revision v2 aborted: the Rollout was deleted; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the Rollout was deleted
        ",
    );
    check(
        given(paused(25, PauseCause::Spec, 40)).pods(8, 2).paused().deleting(),
        "
        state   RollingBack #1 v1>v2 since +0s, Deleted
        event   rollout.aborted Deleted #1 v1>v2 0%: revision v2 aborted: the Rollout was deleted; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the Rollout was deleted
        ",
    );
    check(
        given(promoting()).pods(2, 8).deleting(),
        "
        state   RollingBack #1 v1>v2 since +0s, Deleted
        event   rollout.aborted Deleted #1 v1>v2 0%: revision v2 aborted: the Rollout was deleted; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the Rollout was deleted
        ",
    );
}

#[test]
fn deleting_counts_for_more_than_a_failed_check() {
    check(
        given(stepping(25)).pods(8, 2).deleting().failing(),
        "
        state   RollingBack #1 v1>v2 since +0s, Deleted
        event   rollout.aborted Deleted #1 v1>v2 0%: revision v2 aborted: the Rollout was deleted; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the Rollout was deleted
        ",
    );
}

#[test]
fn a_rollback_that_runs_goes_on_while_deleting() {
    check(
        given(rolling_back(Cause::Failed(failure()))).pods(8, 2).deleting(),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v1 10, scale v2 0
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (8 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_rollback_that_ends_while_deleting_is_told_before_the_deletion() {
    check(
        given(rolling_back(Cause::Deleted)).pods(10, 0).deleting(),
        "
        state   Idle v1, attempts 1, v2 superseded
        event   rollout.rolled-back Deleted #1 v1>v2 0%: revision v1 serves everything again: the Rollout was deleted
        changes mark v2 superseded
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_rollback_whose_stable_is_gone_ends_with_the_deletion() {
    check(
        given(rolling_back(Cause::Deleted)).with(v2(), child(5, 5)).deleting(),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted and the Deployment of revision v1 is gone; what is there is left as it is
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn a_deleted_rollout_waits_for_its_last_events_until_its_deadline() {
    check(
        given(State::Deleted(Deleted { stable: Some(v1()), since: noon() })).with(v1(), child(7, 7)).deleting(),
        "
        state   Deleted since +0s, v1 serves
        event   none
        changes none
        wake    +600s; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn a_deleted_rollout_that_somebody_else_holds_back_is_not_looked_at_again_and_again() {
    check(
        given(State::Deleted(Deleted { stable: Some(v1()), since: noon() })).deleting().after(600),
        "
        state   Deleted since +0s, v1 serves
        event   none
        changes none
        wake    never; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn a_deleted_rollout_waits_whatever_brake_is_on() {
    let deleted = given(State::Deleted(Deleted { stable: None, since: noon() }));
    check(
        deleted.deleting().brake(Why::AuditBacklog(512)).after(5),
        "
        state   Deleted since +0s, nothing serves
        event   none
        changes none
        wake    +600s; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn what_else_serves_goes_first_where_stable_has_all_that_it_needs() {
    check(
        given(idle()).with(v1(), child(12, 12)).with(v2(), child(5, 5)).deleting(),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v2 0!, scale v1 10!, mark v1 installed
        wake    never; Deleting: the last events are being delivered
        ",
    );
    check(
        given(idle()).with(v1(), child(10, 8)).with(v2(), child(5, 5)).deleting(),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment of revision v1 goes on serving
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn an_old_deployment_without_pods_keeps_no_rollout() {
    check(
        given(idle()).with(v1(), child(10, 10)).with(v2(), child(0, 0)).deleting(),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment of revision v1 goes on serving
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}
