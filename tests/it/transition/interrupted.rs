//! A step is interrupted: harm, new templates, pauses, brakes, edits of the spec, scaling.

use chrono::TimeDelta;
use serin::rollout::{Step, Why};

use super::check;
use super::holding::{abort_late, growing, holding, stopped};
use crate::given::{Given, given, stepping, v1, v3, weight};

fn steps(weights: &[u32]) -> Vec<Step> {
    weights.iter().map(|w| Step { approval: None, weight: weight(*w), hold: TimeDelta::minutes(1) }).collect()
}

#[test]
fn a_failed_check_rolls_back_before_the_next_step() {
    check(
        holding().failing().after(30),
        "
        state   RollingBack #1 v1>v2 since +30s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn a_failed_check_rolls_back_while_pods_are_on_their_way() {
    check(
        growing().failing().after(5),
        "
        state   RollingBack #1 v1>v2 since +5s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn a_paused_spec_stops_the_step_and_keeps_what_was_held() {
    check(
        holding().paused().passing().after(40),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Spec
        event   rollout.paused PausedBySpec #1 v1>v2 25%: revision v2 stays at 25%: spec.paused is set
        changes none
        wake    at once; PausedBySpec: spec.paused is set
        ",
    );
}

#[test]
fn a_full_audit_backlog_holds_exposure_even_with_a_pass() {
    check(
        holding().passing().brake(Why::AuditBacklog(512)).after(70),
        "
        state   Stepping #1 v1>v2 25%, waiting since +70s, held 70s
        event   none
        changes none
        wake    +670s; AuditBacklog: 512 events wait for their sinks; exposure does not grow until they are delivered
        ",
    );
}

#[test]
fn a_spec_that_cannot_be_read_holds_exposure() {
    check(
        holding().passing().brake(Why::InvalidSpec("spec.steps: weights must increase".to_owned())).after(70),
        "
        state   Stepping #1 v1>v2 25%, waiting since +70s, held 70s
        event   none
        changes none
        wake    +670s; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

#[test]
fn a_brake_does_not_stop_a_failed_check() {
    check(
        holding().failing().brake(Why::AuditBacklog(512)).after(70),
        "
        state   RollingBack #1 v1>v2 since +70s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn the_step_deadline_stands_still_while_the_brake_is_on() {
    check(
        abort_late(holding()).brake(Why::AuditBacklog(512)).after(3660),
        "
        state   Stepping #1 v1>v2 25%, waiting since +3660s, held 3660s
        event   none
        changes none
        wake    +4260s; AuditBacklog: 512 events wait for their sinks; exposure does not grow until they are delivered
        ",
    );
}

#[test]
fn a_step_goes_on_where_it_stood_when_the_brake_is_off_again() {
    check(
        abort_late(holding()).stands(stopped(30)).after(3000),
        "
        state   Stepping #1 v1>v2 25%, running since +3000s, held 30s
        event   none
        changes none
        wake    +3030s; Holding: the step holds until 12:50:30 UTC
        ",
    );
}

#[test]
fn pods_that_are_missing_while_the_brake_is_on_roll_nothing_back() {
    check(
        growing().brake(Why::AuditBacklog(512)).after(600),
        "
        state   Stepping #1 v1>v2 25%, waiting since +600s, held 0s
        event   none
        changes scale v2 2!
        wake    +1200s; WaitingForPods: 1 of 2 canary pods are available
        ",
    );
}

#[test]
fn a_new_template_supersedes_the_canary() {
    check(
        holding().wants(v3()).passing().after(60),
        "
        state   RollingBack #1 v1>v2 since +60s, Superseded by v3
        event   rollout.superseded Superseded #1 v1>v2 0%: revision v2 superseded: the template changed to revision v3; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the template changed to revision v3
        ",
    );
}

#[test]
fn going_back_to_stable_supersedes_the_canary() {
    check(
        holding().wants(v1()).passing().after(60),
        "
        state   RollingBack #1 v1>v2 since +60s, Superseded by v1
        event   rollout.superseded Superseded #1 v1>v2 0%: revision v2 superseded: the template changed to revision v1; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the template changed to revision v1
        ",
    );
}

#[test]
fn a_failed_check_counts_for_more_than_a_new_template() {
    check(
        holding().wants(v1()).failing().after(60),
        "
        state   RollingBack #1 v1>v2 since +60s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn scaling_in_flight_keeps_the_ratio_and_stops_the_clock_meanwhile() {
    check(
        given(stepping(50)).pods(2, 2).spec(|intent| intent.replicas = 8).after(20),
        "
        state   Stepping #1 v1>v2 50%, waiting since +20s, held 20s
        event   none
        changes scale v1 4
        wake    +620s; WaitingForPods: 2 of 4 canary pods are available
        ",
    );
    check(
        given(stepping(50)).pods(4, 4).spec(|intent| intent.replicas = 4).after(20),
        "
        state   Stepping #1 v1>v2 50%, waiting since +20s, held 20s
        event   none
        changes scale v2 2
        wake    +620s; WaitingForPods: 4 canary pods have to become 2
        ",
    );
}

#[test]
fn a_step_that_was_removed_keeps_its_exposure_and_the_next_one_is_the_first_above_it() {
    let steps = |given: Given| given.spec(|intent| intent.steps = steps(&[5, 20, 30, 80]));
    check(
        steps(holding()).after(10),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +3600s; Inconclusive: errors: no sample yet
        ",
    );
    check(
        steps(holding()).passing().after(10),
        "
        state   Stepping #1 v1>v2 30%, waiting since +10s, held 0s
        event   step.started Passed #1 v1>v2 30%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; next is 30%
        changes scale v2 3!
        wake    at once; WaitingForPods: the canary gets 30%
        ",
    );
}

#[test]
fn a_canary_above_all_steps_that_are_left_is_promoted_with_a_pass() {
    check(
        holding().spec(|intent| intent.steps = steps(&[5, 20])).passing().after(10),
        "
        state   Promoting #1 v1>v2 since +10s
        event   promotion.started Passed #1 v1>v2 100%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; it replaces revision v1
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
}

#[test]
fn a_longer_hold_counts_at_once() {
    check(
        holding().spec(|intent| intent.steps[1].hold = TimeDelta::minutes(5)).passing().after(60),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +300s; Holding: the step holds until 12:05:00 UTC
        ",
    );
}
