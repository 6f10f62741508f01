//! Exposure stands still: who stopped it decides what lets it go on; harm and new templates do not wait.

use serin::rollout::{PauseCause, Why};

use super::check;
use crate::given::{Given, child, given, paused, v1, v2, v3};

/// Stopped at 25 % by `spec.paused` after 40 s.
fn by_spec() -> Given {
    given(paused(25, PauseCause::Spec, 40)).pods(8, 2).paused()
}

/// Stopped at 25 % by the step's deadline: a minute of hold and an hour of waiting.
fn by_deadline() -> Given {
    given(paused(25, PauseCause::Deadline, 3660)).pods(8, 2)
}

#[test]
fn a_paused_rollout_stands_still_whatever_the_checks_say() {
    check(
        by_spec().passing().after(86_400),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Spec
        event   none
        changes none
        wake    never; PausedBySpec: spec.paused is set
        ",
    );
}

#[test]
fn a_paused_rollout_follows_its_replicas_and_keeps_the_ratio() {
    check(
        by_spec().spec(|intent| intent.replicas = 20),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Spec
        event   none
        changes scale v1 15
        wake    never; PausedBySpec: spec.paused is set
        ",
    );
}

#[test]
fn a_failed_check_rolls_back_a_paused_rollout() {
    check(
        by_spec().failing(),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
    check(
        by_deadline().failing(),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn a_new_template_ends_a_pause() {
    check(
        by_spec().wants(v3()),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3
        event   rollout.superseded Superseded #1 v1>v2 0%: revision v2 superseded: the template changed to revision v3; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the template changed to revision v3
        ",
    );
    check(
        by_deadline().wants(v1()),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v1
        event   rollout.superseded Superseded #1 v1>v2 0%: revision v2 superseded: the template changed to revision v1; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the template changed to revision v1
        ",
    );
}

#[test]
fn unsetting_the_pause_goes_on_with_what_was_held() {
    check(
        by_spec().spec(|intent| intent.pausing = serin::rollout::Pausing::Off).after(300),
        "
        state   Stepping #1 v1>v2 25%, waiting since +300s, held 40s
        event   rollout.resumed ResumedBySpec #1 v1>v2 25%: revision v2 goes on at 25%
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
}

#[test]
fn a_pause_by_deadline_does_not_end_because_evidence_returns() {
    check(
        by_deadline().passing(),
        "
        state   Paused #1 v1>v2 25%, held 3660s, by Deadline
        event   none
        changes none
        wake    never; PausedByDeadline: the step's deadline passed: the checks pass now (errors is 0.001, at most 0.01); resume it, or change the template
        ",
    );
}

#[test]
fn a_pause_by_deadline_says_what_is_missing() {
    check(
        by_deadline(),
        "
        state   Paused #1 v1>v2 25%, held 3660s, by Deadline
        event   none
        changes none
        wake    never; PausedByDeadline: the step's deadline passed: errors: no sample yet; resume it, or change the template
        ",
    );
}

#[test]
fn setting_the_pause_takes_a_pause_by_deadline_over_and_forgives_the_time_that_was_waited() {
    check(
        by_deadline().paused(),
        "
        state   Paused #1 v1>v2 25%, held 60s, by Spec
        event   none
        changes none
        wake    never; PausedBySpec: spec.paused is set
        ",
    );
}

#[test]
fn a_spec_that_cannot_be_read_resumes_nothing() {
    let unread = Why::InvalidSpec("spec.steps: weights must increase".to_owned());
    check(
        given(paused(25, PauseCause::Spec, 40)).pods(8, 2).brake(unread),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Spec
        event   none
        changes none
        wake    never; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

#[test]
fn a_full_audit_backlog_does_not_keep_a_step_from_going_on_where_it_stood() {
    check(
        by_spec().spec(|intent| intent.pausing = serin::rollout::Pausing::Off).brake(Why::AuditBacklog(512)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 40s
        event   rollout.resumed ResumedBySpec #1 v1>v2 25%: revision v2 goes on at 25%
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
}

#[test]
fn pods_that_are_missing_during_a_pause_do_not_run_into_a_deadline() {
    check(
        by_spec().with(v2(), child(2, 0)).after(86_400),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Spec
        event   none
        changes none
        wake    never; PausedBySpec: spec.paused is set
        ",
    );
}
