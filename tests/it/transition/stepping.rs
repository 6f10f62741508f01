//! The canary at a step: reaching its share, holding it, earning the next one, running out of time.

use chrono::TimeDelta;
use serin::rollout::{Child, Clock, OnStep, Settled, State, Step, Stepping, Verdict, Why};

use super::check;
use crate::given::{Given, after, attempt, child, given, noon, reaching, stepping, v1, v2, weight};

/// v2 holds 25 % since noon with all pods: 8 and 2.
fn holding() -> Given {
    given(stepping(25)).pods(8, 2)
}

/// v2 was given 25 % at noon; its pods come from 10 %.
fn growing() -> Given {
    given(reaching(25)).pods(9, 1)
}

/// 25 %, held for so long before, waiting since noon.
fn stopped(held: i64) -> State {
    State::Stepping(Stepping {
        attempt: attempt(),
        step: weight(25),
        clock: Clock::Waiting { since: noon(), held: TimeDelta::seconds(held) },
    })
}

fn abort_late(given: Given) -> Given {
    given.spec(|intent| intent.deadlines.on_step = OnStep::Abort)
}

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
fn a_pass_before_the_hold_is_over_moves_nothing() {
    check(
        holding().passing().after(59),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn a_pass_at_the_end_of_the_hold_earns_the_next_step() {
    check(
        holding().passing().after(60),
        "
        state   Stepping #1 v1>v2 50%, waiting since +60s, held 0s
        event   step.started Passed #1 v1>v2 50%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; next is 50%
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
}

#[test]
fn a_pass_at_the_last_step_earns_the_promotion() {
    check(
        given(stepping(50)).pods(5, 5).passing().after(60),
        "
        state   Promoting #1 v1>v2 since +60s
        event   promotion.started Passed #1 v1>v2 100%: revision v2 passed at 50% (50% of the pods): errors is 0.001, at most 0.01; it replaces revision v1
        changes scale v2 8!
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
}

#[test]
fn missing_evidence_within_the_hold_is_the_hold() {
    check(
        holding().after(30),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn missing_evidence_after_the_hold_waits_for_the_deadline() {
    check(
        holding().after(60),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +3660s; Inconclusive: errors: no sample yet
        ",
    );
}

#[test]
fn a_question_without_an_answer_is_told_within_the_hold() {
    check(
        holding().verdict(Verdict::Error("errors: prometheus cannot be reached: refused".to_owned())).after(30),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; CheckError: errors: prometheus cannot be reached: refused
        ",
    );
}

#[test]
fn a_question_without_an_answer_aborts_nothing_after_the_hold() {
    check(
        holding().verdict(Verdict::Error("errors: prometheus cannot be reached: refused".to_owned())).after(90),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +3660s; CheckError: errors: prometheus cannot be reached: refused
        ",
    );
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
fn the_clock_runs_on_while_one_of_eight_stable_pods_is_missing() {
    check(
        holding().with(v1(), child(8, 7)).passing().after(20),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn the_clock_goes_on_where_it_stood() {
    check(
        holding().stands(stopped(20)).after(50).passing(),
        "
        state   Stepping #1 v1>v2 25%, running since +50s, held 20s
        event   none
        changes none
        wake    +90s; Holding: the step holds until 12:01:30 UTC
        ",
    );
}

#[test]
fn a_stopped_clock_that_held_long_enough_needs_a_new_pass_to_go_on() {
    check(
        holding().stands(stopped(60)).after(50),
        "
        state   Stepping #1 v1>v2 25%, running since +50s, held 60s
        event   none
        changes none
        wake    +3650s; Inconclusive: errors: no sample yet
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
fn a_second_before_its_deadline_a_step_still_waits_for_a_pass() {
    check(
        holding().after(3659),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +3660s; Inconclusive: errors: no sample yet
        ",
    );
}

#[test]
fn a_step_without_a_pass_at_its_deadline_pauses() {
    check(
        holding().after(3660),
        "
        state   Paused #1 v1>v2 25%, held 3660s, by Deadline
        event   rollout.paused StepDeadline #1 v1>v2 25%: revision v2 stays at 25%: errors: no sample yet
        changes none
        wake    at once; PausedByDeadline: the step's deadline passed: errors: no sample yet; change the template, or set spec.paused and unset it to go on
        ",
    );
}

#[test]
fn a_step_without_a_pass_at_its_deadline_aborts_where_the_spec_says_so() {
    check(
        abort_late(holding()).after(3660),
        "
        state   RollingBack #1 v1>v2 since +3660s, StepDeadline
        event   rollout.aborted StepDeadline #1 v1>v2 0%: revision v2 aborted: no Pass at 25% in time: errors: no sample yet; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: no Pass at 25% in time: errors: no sample yet
        ",
    );
}

#[test]
fn a_backend_that_is_down_beyond_the_deadline_is_named_as_the_cause() {
    check(
        abort_late(holding()).verdict(Verdict::Error("errors: prometheus does not answer in time".to_owned())).after(3660),
        "
        state   RollingBack #1 v1>v2 since +3660s, StepDeadline
        event   rollout.aborted StepDeadline #1 v1>v2 0%: revision v2 aborted: no Pass at 25% in time: errors: prometheus does not answer in time; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: no Pass at 25% in time: errors: prometheus does not answer in time
        ",
    );
}

#[test]
fn a_pass_at_the_deadline_still_counts() {
    check(
        holding().passing().after(3660),
        "
        state   Stepping #1 v1>v2 50%, waiting since +3660s, held 0s
        event   step.started Passed #1 v1>v2 50%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; next is 50%
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
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
        holding().wants(crate::given::v3()).passing().after(60),
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

fn steps(weights: &[u32]) -> Vec<Step> {
    weights.iter().map(|w| Step { weight: weight(*w), hold: TimeDelta::minutes(1) }).collect()
}

#[test]
fn a_canary_deployment_that_somebody_deleted_is_made_again() {
    check(
        holding().sees(|seen| drop(seen.children.remove(&v2()))).after(20),
        "
        state   Stepping #1 v1>v2 25%, waiting since +20s, held 20s
        event   none
        changes create v2 2
        wake    +620s; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
}

#[test]
fn a_stable_deployment_that_somebody_deleted_is_waited_for() {
    check(
        holding().sees(|seen| drop(seen.children.remove(&v1()))).after(20),
        "
        state   Stepping #1 v1>v2 25%, waiting since +20s, held 20s
        event   none
        changes none
        wake    +620s; ShareExceeded: the canary has 100% of the available pods, its step grants 20%; waiting for stable pods
        ",
    );
}

#[test]
fn a_clock_that_was_set_back_ends_no_hold() {
    let clock = Clock::Running { since: after(3600), held: TimeDelta::seconds(10) };
    let state = State::Stepping(Stepping { attempt: attempt(), step: weight(25), clock });
    check(
        holding().stands(state).passing(),
        "
        state   Stepping #1 v1>v2 25%, running since +3600s, held 10s
        event   none
        changes none
        wake    +50s; Holding: the step holds until 12:00:50 UTC
        ",
    );
}
