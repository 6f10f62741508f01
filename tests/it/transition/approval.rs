//! A step passed and somebody has to approve: asking, granting early and late, and nobody who does.

use chrono::TimeDelta;
use serin::rollout::{Approval, Attempt, Clock, OnStep, State, Stepping, Verb};

use super::check;
use crate::given::{Given, action, approval, attempt, child, given, noon, stepping, v1, v3, weight};

/// v2 holds 25 % since noon, and that step asks for an approval.
fn gated() -> Given {
    given(stepping(25)).pods(8, 2).gated(OnStep::Abort)
}

/// v2 passed at 25 % and waits for an approval since noon.
pub(super) fn waiting() -> Given {
    given(approval(25)).pods(8, 2).gated(OnStep::Abort)
}

#[test]
fn a_gate_is_no_reason_to_end_a_step_early() {
    check(
        gated().passing().after(59),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn a_step_that_passed_asks_for_its_approval_and_tells_that_once() {
    check(
        gated().passing().after(60),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +60s
        event   approval.requested Passed #1 v1>v2 25%: revision v2 passed at 25% and waits for an approval: errors is 0.001, at most 0.01
        changes none
        wake    at once; WaitingForApproval: the step passed and waits for an approval until 2027-01-15 13:01:00 UTC
        ",
    );
    check(
        waiting().passing().after(10),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +0s
        event   none
        changes none
        wake    +3600s; WaitingForApproval: the step passed and waits for an approval until 2027-01-15 13:00:00 UTC
        ",
    );
}

#[test]
fn only_the_step_that_says_so_asks() {
    check(
        gated().spec(|spec| spec.steps[1].approval = None).passing().after(60),
        "
        state   Stepping #1 v1>v2 50%, waiting since +60s, held 0s
        event   step.started Passed #1 v1>v2 50%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; next is 50%
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
}

#[test]
fn the_last_step_asks_before_the_promotion() {
    check(
        given(stepping(50)).pods(5, 5).gated(OnStep::Abort).passing().after(60),
        "
        state   Approval #1 v1>v2 50%, held 60s, since +60s
        event   approval.requested Passed #1 v1>v2 50%: revision v2 passed at 50% and waits for an approval: errors is 0.001, at most 0.01
        changes none
        wake    at once; WaitingForApproval: the step passed and waits for an approval until 2027-01-15 13:01:00 UTC
        ",
    );
    check(
        given(approval(50)).pods(5, 5).gated(OnStep::Abort).passing().asked(action(Verb::Approve)),
        "
        state   Promoting #1 v1>v2 since +0s
        event   promotion.started Approved #1 v1>v2 100%: the step at 50% is approved by ana: it is time; it replaces revision v1 <approve: Done>
        changes scale v2 8!
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
}

#[test]
fn an_approval_opens_the_way_where_the_checks_pass() {
    check(
        waiting().passing().asked(action(Verb::Approve)).after(10),
        "
        state   Stepping #1 v1>v2 50%, waiting since +10s, held 0s
        event   step.started Approved #1 v1>v2 50%: the step at 25% is approved by ana: it is time; next is 50% <approve: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
}

#[test]
fn an_approval_replaces_no_pass() {
    check(
        waiting().asked(action(Verb::Approve)).after(10),
        "
        state   Stepping #1 v1>v2 25%, waiting since +10s, held 60s, approved
        event   approval.granted Approved #1 v1>v2 25%: the step at 25% is approved by ana: it is time; it ends with the next Pass <approve: Done>
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
}

#[test]
fn an_approval_replaces_no_pod() {
    check(
        waiting().passing().with(v1(), child(8, 1)).asked(action(Verb::Approve)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 60s, approved
        event   approval.granted Approved #1 v1>v2 25%: the step at 25% is approved by ana: it is time; it ends with the next Pass <approve: Done>
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
}

#[test]
fn an_approval_may_be_given_before_the_step_passed() {
    check(
        gated().asked(action(Verb::Approve)).after(10),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s, approved
        event   approval.granted Approved #1 v1>v2 25%: the step at 25% is approved by ana: it is time; it ends with its Pass <approve: Done>
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
}

#[test]
fn a_step_that_was_approved_early_asks_nobody_when_it_passes() {
    check(
        approved_early().passing().after(60),
        "
        state   Stepping #1 v1>v2 50%, waiting since +60s, held 0s
        event   step.started Passed #1 v1>v2 50%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; next is 50%
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
    check(
        approved_early().after(60),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s, approved
        event   none
        changes none
        wake    +3660s; Inconclusive: errors: no sample yet
        ",
    );
}

#[test]
fn a_step_is_approved_once() {
    check(
        approved_early().asked(action(Verb::Approve)).after(10),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s, approved
        event   action.refused Refused #1 v1>v2 -: Approve is not done: the step at 25% is approved already (asked by ana: it is time) <approve: Refused>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

/// Somebody approved the step at 25 % in the middle of its hold.
fn approved_early() -> Given {
    let clock = Clock::Running { since: noon(), held: TimeDelta::zero() };
    gated().stands(State::Stepping(Stepping { attempt: attempt(), step: weight(25), clock, approved: true }))
}

#[test]
fn a_second_before_its_deadline_an_approval_is_waited_for() {
    check(
        waiting().passing().after(3599),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +0s
        event   none
        changes none
        wake    +3600s; WaitingForApproval: the step passed and waits for an approval until 2027-01-15 13:00:00 UTC
        ",
    );
}

#[test]
fn nobody_who_approves_in_time_ends_the_attempt() {
    check(
        waiting().passing().after(3600),
        "
        state   RollingBack #1 v1>v2 since +3600s, ApprovalTimeout
        event   rollout.aborted ApprovalTimeout #1 v1>v2 0%: revision v2 aborted: nobody approved at 25% in time; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: nobody approved at 25% in time
        ",
    );
}

#[test]
fn nobody_who_approves_in_time_keeps_the_exposure_where_the_spec_says_so() {
    check(
        given(approval(25)).pods(8, 2).gated(OnStep::Pause).passing().after(3600),
        "
        state   Paused #1 v1>v2 25%, held 60s, by Approval
        event   rollout.paused ApprovalTimeout #1 v1>v2 25%: revision v2 stays at 25%: nobody approved at 25% in time
        changes none
        wake    at once; ApprovalTimeout: nobody approved in time; resume it to ask again, or change the template
        ",
    );
}

#[test]
fn an_approval_that_comes_with_the_deadline_counts() {
    check(
        waiting().passing().asked(action(Verb::Approve)).after(3600),
        "
        state   Stepping #1 v1>v2 50%, waiting since +3600s, held 0s
        event   step.started Approved #1 v1>v2 50%: the step at 25% is approved by ana: it is time; next is 50% <approve: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
}

#[test]
fn a_gate_that_is_taken_out_of_the_spec_lets_the_step_go_on() {
    check(
        given(approval(25)).pods(8, 2).passing().after(10),
        "
        state   Stepping #1 v1>v2 25%, waiting since +10s, held 60s, approved
        event   rollout.resumed GateRemoved #1 v1>v2 25%: the step at 25% asks for no approval any more
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
}

#[test]
fn a_pause_is_taken_while_an_approval_is_waited_for() {
    check(
        waiting().paused().after(10),
        "
        state   Paused #1 v1>v2 25%, held 60s, by Spec
        event   rollout.paused PausedBySpec #1 v1>v2 25%: revision v2 stays at 25%: spec.paused is set
        changes none
        wake    at once; PausedBySpec: spec.paused is set
        ",
    );
    check(
        waiting().asked(action(Verb::Pause)).after(10),
        "
        state   Paused #1 v1>v2 25%, held 60s, by Action
        event   rollout.paused PausedByAction #1 v1>v2 25%: revision v2 stays at 25%: paused by ana: it is time <pause: Done>
        changes none
        wake    at once; PausedByAction: paused by ana: it is time; resume it, or change the template
        ",
    );
}

#[test]
fn harm_and_a_new_template_do_not_wait_for_an_approval() {
    check(
        waiting().failing(),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
    check(
        waiting().wants(v3()),
        "
        state   RollingBack #1 v1>v2 since +0s, Superseded by v3
        event   rollout.superseded Superseded #1 v1>v2 0%: revision v2 superseded: the template changed to revision v3; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the template changed to revision v3
        ",
    );
}

#[test]
fn the_fleet_follows_its_replicas_while_an_approval_is_waited_for() {
    check(
        waiting().spec(|intent| intent.replicas = 20),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +0s
        event   none
        changes scale v1 15
        wake    +3600s; WaitingForApproval: the step passed and waits for an approval until 2027-01-15 13:00:00 UTC
        ",
    );
}

#[test]
fn what_is_late_for_a_pass_is_not_held_against_a_step_that_was_approved() {
    let late = Approval { attempt: attempt(), step: weight(25), held: TimeDelta::minutes(59), since: noon() };
    check(
        waiting().stands(State::Approval(late)).asked(action(Verb::Approve)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 60s, approved
        event   approval.granted Approved #1 v1>v2 25%: the step at 25% is approved by ana: it is time; it ends with the next Pass <approve: Done>
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
}

#[test]
fn nobody_is_late_who_could_not_approve() {
    check(
        waiting().passing().backlogged().after(10),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +0s
        event   none
        changes none
        wake    +3600s; AuditBacklog: 32 events wait for their sinks; exposure does not grow until they are delivered
        ",
    );
    check(
        waiting().passing().backlogged().after(3600),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +3600s
        event   none
        changes none
        wake    +7200s; AuditBacklog: 32 events wait for their sinks; exposure does not grow until they are delivered
        ",
    );
    check(
        waiting().passing().unreadable().after(3600),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +0s
        event   none
        changes none
        wake    never; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

#[test]
fn an_approval_for_a_canary_that_is_gone_is_not_taken_for_the_next_one() {
    let next = Attempt { canary: v3(), number: 2, ..attempt() };
    let state = State::Approval(Approval { attempt: next, step: weight(25), held: TimeDelta::minutes(1), since: noon() });
    let row = given(state).gated(OnStep::Abort).passing().with(v1(), child(8, 8)).with(v3(), child(2, 2));
    check(
        row.asked(action(Verb::Approve)),
        "
        state   Approval #2 v1>v3 25%, held 60s, since +0s
        event   action.superseded Superseded #2 v1>v2 -: Approve is not done: it is meant for revision v2, and now it is about revision v3 (asked by ana: it is time) <approve: Superseded>
        changes none
        wake    at once; WaitingForApproval: the step passed and waits for an approval until 2027-01-15 13:00:00 UTC
        ",
    );
}
