//! The share is reached: the hold, the verdict, and the deadline for a Pass.

use chrono::TimeDelta;
use serin::rollout::{Clock, OnStep, State, Stepping, Verdict};

use super::check;
use crate::given::{Given, after, attempt, child, given, noon, reaching, stepping, v1, weight};

/// v2 holds 25 % since noon with all pods: 8 and 2.
pub(super) fn holding() -> Given {
    given(stepping(25)).pods(8, 2)
}

/// v2 was given 25 % at noon; its pods come from 10 %.
pub(super) fn growing() -> Given {
    given(reaching(25)).pods(9, 1)
}

/// 25 %, held for so long before, waiting since noon.
pub(super) fn stopped(held: i64) -> State {
    State::Stepping(Stepping {
        attempt: attempt(),
        step: weight(25),
        clock: Clock::Waiting { since: noon(), held: TimeDelta::seconds(held) },
        approved: false,
    })
}

pub(super) fn abort_late(given: Given) -> Given {
    given.spec(|intent| intent.deadlines.on_step = OnStep::Abort)
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
        wake    at once; PausedByDeadline: the step's deadline passed: errors: no sample yet; resume it, or change the template
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
fn a_clock_that_was_set_back_ends_no_hold() {
    let clock = Clock::Running { since: after(3600), held: TimeDelta::seconds(10) };
    let state = State::Stepping(Stepping { attempt: attempt(), step: weight(25), clock, approved: false });
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
