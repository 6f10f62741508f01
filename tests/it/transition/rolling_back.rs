//! Stable comes back: at once, never below the floor, and it never gives up.

use serin::rollout::{Cause, Lifetime, RollingBack, State};

use super::check;
use crate::given::{Given, child, failure, given, rolling_back, v1, v2, v3};

/// v2 failed at 50 % at noon: five pods each.
fn failed() -> Given {
    given(rolling_back(Cause::Failed(failure()))).pods(5, 5)
}

fn superseded() -> Given {
    given(rolling_back(Cause::Superseded(v3()))).wants(v3()).pods(5, 5)
}

fn overdue(given: Given) -> Given {
    let State::RollingBack(at) = given.state.clone() else { panic!("a rollback") };
    given.stands(State::RollingBack(RollingBack { overdue: true, ..at }))
}

#[test]
fn a_rollback_from_a_fail_takes_as_much_of_the_canary_as_its_floor_allows() {
    check(
        failed(),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v1 10, scale v2 3
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
}

#[test]
fn any_other_rollback_keeps_the_capacity_of_shifting() {
    check(
        superseded(),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3
        event   none
        changes scale v1 10
        wake    +30s; RollingBack: rolling back: the template changed to revision v3 (5 of 10 stable pods are available)
        ",
    );
    check(
        given(rolling_back(Cause::Unavailable("0 of 2 canary pods are available".to_owned()))).pods(8, 2),
        "
        state   RollingBack #1 v1>v2 since +0s, Unavailable
        event   none
        changes scale v1 10
        wake    +30s; RollingBack: rolling back: 0 of 2 canary pods are available (8 of 10 stable pods are available)
        ",
    );
    check(
        given(rolling_back(Cause::Undecided("no Pass at 25% in time".to_owned()))).pods(8, 2),
        "
        state   RollingBack #1 v1>v2 since +0s, StepDeadline
        event   none
        changes scale v1 10
        wake    +30s; RollingBack: rolling back: no Pass at 25% in time (8 of 10 stable pods are available)
        ",
    );
}

#[test]
fn canary_pods_that_serve_nothing_go_at_once() {
    check(
        superseded().with(v2(), child(5, 0)),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3
        event   none
        changes scale v1 10, scale v2 0
        wake    +30s; RollingBack: rolling back: the template changed to revision v3 (5 of 10 stable pods are available)
        ",
    );
}

#[test]
fn the_canary_goes_as_stable_becomes_available() {
    check(
        superseded().with(v1(), child(10, 7)),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3
        event   none
        changes scale v2 3
        wake    +30s; RollingBack: rolling back: the template changed to revision v3 (7 of 10 stable pods are available)
        ",
    );
    check(
        failed().with(v1(), child(10, 8)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v2 0
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (8 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_rollback_needs_neither_the_service_nor_the_spec() {
    let blind = failed().service(serin::rollout::ServiceView::Missing);
    check(
        blind.brake(serin::rollout::Why::InvalidSpec("spec.steps: weights must increase".to_owned())),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v1 10, scale v2 3
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_failed_revision_that_is_gone_is_rejected() {
    check(
        failed().pods(10, 0),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   rollout.rolled-back CheckFailed #1 v1>v2 0%: revision v1 serves everything again: errors is 0.2, above 0.01
        changes mark v2 aborted
        wake    at once; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn a_superseded_revision_that_is_gone_is_not_rejected() {
    check(
        superseded().pods(10, 0),
        "
        state   Idle v1, attempts 1, v2 superseded
        event   rollout.rolled-back Superseded #1 v1>v2 0%: revision v1 serves everything again: the template changed to revision v3
        changes mark v2 superseded
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_rollback_is_over_when_one_of_ten_pods_is_missing() {
    check(
        failed().pods(0, 0).with(v1(), child(10, 9)),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   rollout.rolled-back CheckFailed #1 v1>v2 0%: revision v1 serves everything again: errors is 0.2, above 0.01
        changes mark v2 aborted
        wake    at once; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn a_rollback_to_fewer_replicas_ends_too() {
    check(
        failed().pods(10, 0).spec(|intent| intent.replicas = 4),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v1 4!
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (10 stable pods have to become 4)
        ",
    );
    check(
        failed().pods(4, 0).spec(|intent| intent.replicas = 4),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   rollout.rolled-back CheckFailed #1 v1>v2 0%: revision v1 serves everything again: errors is 0.2, above 0.01
        changes mark v2 aborted
        wake    at once; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn stable_is_not_scaled_down_while_the_canary_serves() {
    check(
        failed().pods(10, 2).spec(|intent| intent.replicas = 4),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v2 0
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (10 stable pods have to become 4)
        ",
    );
}

#[test]
fn a_second_before_its_deadline_a_rollback_just_goes_on() {
    check(
        superseded().with(v1(), child(10, 7)).after(599),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3
        event   none
        changes scale v2 3
        wake    +600s; RollingBack: rolling back: the template changed to revision v3 (7 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_rollback_beyond_its_deadline_is_told_and_goes_on() {
    check(
        superseded().with(v1(), child(10, 7)).after(600),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3, overdue
        event   rollback.overdue RollbackDeadline #1 v1>v2 -: rolling back to revision v1 takes longer than its deadline: 7 of 10 stable pods are available; it goes on
        changes scale v2 3
        wake    at once; RollingBack: rolling back: the template changed to revision v3 (7 of 10 stable pods are available)
        ",
    );
}

#[test]
fn an_overdue_rollback_is_told_once() {
    check(
        overdue(superseded()).with(v1(), child(10, 7)).after(900),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3, overdue
        event   none
        changes scale v2 3
        wake    never; RollingBack: rolling back: the template changed to revision v3 (7 of 10 stable pods are available)
        ",
    );
}

#[test]
fn an_overdue_rollback_ends_like_any_other() {
    check(
        overdue(superseded()).pods(10, 0).after(900),
        "
        state   Idle v1, attempts 1, v2 superseded
        event   rollout.rolled-back Superseded #1 v1>v2 0%: revision v1 serves everything again: the template changed to revision v3
        changes mark v2 superseded
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_stable_deployment_that_is_gone_is_named_and_the_canary_goes_on_serving() {
    check(
        failed().sees(|seen| drop(seen.children.remove(&v1()))),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes create v1 10
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_stable_deployment_that_is_gone_is_made_again_once_the_spec_has_its_template() {
    check(
        failed().wants(v1()).sees(|seen| drop(seen.children.remove(&v1()))),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes create v1 10
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
}

#[test]
fn a_template_that_changes_during_a_rollback_waits_for_its_end() {
    check(
        failed().wants(v3()),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v1 10, scale v2 3
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
    check(
        failed().wants(v3()).pods(10, 0),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   rollout.rolled-back CheckFailed #1 v1>v2 0%: revision v1 serves everything again: errors is 0.2, above 0.01
        changes mark v2 aborted
        wake    at once; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn a_rollback_without_our_finalizer_gets_it_back_first() {
    check(
        failed().sees(|seen| seen.lifetime = Lifetime::Unguarded),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes guard
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
}

/// Nothing serves because nothing is wanted: that is no stable revision that does not come back.
#[test]
fn without_replicas_a_rollback_gives_way_to_nothing() {
    check(
        superseded().spec(|intent| intent.replicas = 0).pods(0, 2).after(600),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3, overdue
        event   rollback.overdue RollbackDeadline #1 v1>v2 -: rolling back to revision v1 takes longer than its deadline: 2 canary pods have to become 0; it goes on
        changes scale v2 0
        wake    at once; RollingBack: rolling back: the template changed to revision v3 (2 canary pods have to become 0)
        ",
    );
}
