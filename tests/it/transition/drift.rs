//! Somebody else changed what Serin holds in place: it is put right, and told where it was somebody else.

use chrono::TimeDelta;
use serin::rollout::{Cause, Child, Clock, PauseCause, State, Stepping};

use super::approval::waiting;
use super::baking::watched;
use super::check;
use super::commands_in_flight::holding;
use super::idle::{after_an_abort, settled};
use crate::given::{attempt, child, failure, given, noon, paused, promoting, reaching, rolling_back, v1, v2, v3, weight};

/// Somebody scaled it to so many.
fn scaled(child: &mut Child, desired: u32) {
    child.desired = desired;
    child.upkeep.scaled_by = Some("kubectl".to_owned());
}

fn edited(child: &mut Child) {
    child.upkeep.edited_by = Some("kubectl-edit".to_owned());
}

#[test]
fn a_deployment_that_somebody_else_scales_gets_its_replicas_back() {
    check(
        settled().child(&v1(), |child| scaled(child, 3)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Scaled #0 v1>v1 -: the Deployment of revision v1 was scaled to 3 by kubectl; it is put right
        changes scale v1 10
        wake    at once; WaitingForPods: 3 of 10 stable pods are available
        ",
    );
    check(
        settled().child(&v1(), |child| scaled(child, 30)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Scaled #0 v1>v1 -: the Deployment of revision v1 was scaled to 30 by kubectl; it is put right
        changes scale v1 10!
        wake    at once; WaitingForPods: 30 stable pods have to become 10
        ",
    );
    check(
        holding().child(&v2(), |child| scaled(child, 9)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   drift.corrected Scaled #1 v1>v2 -: the Deployment of revision v2 was scaled to 9 by kubectl; it is put right
        changes scale v2 2
        wake    at once; WaitingForPods: 9 canary pods have to become 2
        ",
    );
}

#[test]
fn an_old_revision_that_somebody_scales_up_goes_again() {
    check(
        settled().with(v3(), child(0, 0)).child(&v3(), |child| scaled(child, 4)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Scaled #0 v1>v3 -: the Deployment of revision v3 was scaled to 4 by kubectl; it is put right
        changes scale v3 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_template_that_somebody_else_edits_is_written_again() {
    check(
        settled().child(&v1(), edited),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Edited #0 v1>v1 -: the Deployment of revision v1 was changed by kubectl-edit; it is put right
        changes repair v1 template
        wake    at once; Settled: the spec's revision is stable
        ",
    );
    check(
        holding().child(&v2(), edited),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   drift.corrected Edited #1 v1>v2 -: the Deployment of revision v2 was changed by kubectl-edit; it is put right
        changes repair v2 template
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn a_deployment_that_somebody_pauses_goes_on() {
    check(
        settled().child(&v1(), |child| child.upkeep.paused = true),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Paused #0 v1>v1 -: the Deployment of revision v1 was paused by somebody else; it is put right
        changes repair v1
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_deployment_that_somebody_deletes_is_made_again() {
    check(
        settled().without(&v1()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Deleted #0 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 10
        wake    at once; WaitingForPods: 0 of 10 stable pods are available
        ",
    );
    check(
        holding().without(&v1()),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   drift.corrected Deleted #1 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 8
        wake    at once; ShareExceeded: the canary has 100% of the available pods, its step grants 20%; waiting for stable pods
        ",
    );
    check(
        holding().without(&v2()),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes create v2 2
        wake    +600s; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
    check(
        waiting().without(&v2()),
        "
        state   Approval #1 v1>v2 25%, held 60s, since +0s
        event   drift.corrected Deleted #1 v1>v2 -: the Deployment of revision v2 was deleted by somebody else; it is put right
        changes create v2 2
        wake    at once; WaitingForApproval: the step passed and waits for an approval until 2027-01-15 13:00:00 UTC
        ",
    );
    check(
        watched().without(&v2()),
        "
        state   Baking #1 v1>v2 since +0s
        event   drift.corrected Deleted #1 v2>v2 -: the Deployment of revision v2 was deleted by somebody else; it is put right
        changes create v2 10
        wake    at once; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
    check(
        given(paused(25, PauseCause::Action, 40)).pods(8, 2).without(&v1()),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Action
        event   drift.corrected Deleted #1 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 8
        wake    at once; PausedByAction: paused by ana: it is time; resume it, or change the template
        ",
    );
    check(
        given(promoting()).pods(5, 5).without(&v1()).baked(),
        "
        state   Promoting #1 v1>v2 since +0s
        event   drift.corrected Deleted #1 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 3, scale v2 10!
        wake    at once; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
}

#[test]
fn what_serin_does_by_itself_is_no_drift() {
    check(
        settled().spec(|intent| intent.replicas = 12),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v1 12
        wake    never; WaitingForPods: 10 of 12 stable pods are available
        ",
    );
    check(
        settled().spec(|intent| intent.min_ready_seconds = Some(5)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes repair v1
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        given(reaching(10)).with(v1(), child(10, 10)),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   none
        changes record v2 #1, create v2 1
        wake    +600s; WaitingForPods: 0 of 1 canary pods are available
        ",
    );
    check(
        given(promoting()).pods(5, 5),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 8!
        wake    +600s; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
}

#[test]
fn a_canary_that_was_never_there_was_not_deleted() {
    check(
        given(reaching(25)).with(v1(), child(8, 8)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes record v2 #1, create v2 2
        wake    +600s; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
    let clock = Clock::Waiting { since: noon(), held: TimeDelta::seconds(5) };
    let held = State::Stepping(Stepping { attempt: attempt(), step: weight(25), clock, approved: false });
    check(
        given(held).with(v1(), child(8, 8)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 5s
        event   drift.corrected Deleted #1 v1>v2 -: the Deployment of revision v2 was deleted by somebody else; it is put right
        changes record v2 #1, create v2 2
        wake    at once; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
}

#[test]
fn where_a_rollback_goes_to_may_have_been_pruned_long_ago() {
    check(
        given(rolling_back(Cause::Failed(failure()))).with(v2(), child(5, 5)).without(&v1()).remembers(v1(), "installed", -900),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes create v1 10
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (0 of 10 stable pods are available)
        ",
    );
}

#[test]
fn nothing_is_told_of_what_is_not_put_right() {
    check(
        settled().child(&v1(), edited).unreadable(),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes repair v1 template
        wake    never; InvalidSpec: spec.steps: weights must increase
        ",
    );
    check(
        settled().with(v3(), child(0, 0)).child(&v3(), edited),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn an_edge_comes_first_and_drift_is_told_after_it() {
    check(
        holding().passing().after(60).child(&v1(), edited),
        "
        state   Stepping #1 v1>v2 50%, waiting since +60s, held 0s
        event   step.started Passed #1 v1>v2 50%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; next is 50%
        changes scale v2 5!, repair v1 template
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
    check(
        holding().failing().child(&v1(), edited),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0, repair v1 template
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn drift_keeps_the_reason_for_which_nothing_moves() {
    check(
        after_an_abort().child(&v1(), |child| scaled(child, 3)),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   drift.corrected Scaled #0 v1>v1 -: the Deployment of revision v1 was scaled to 3 by kubectl; it is put right
        changes scale v1 10
        wake    at once; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn drift_is_told_during_a_rollback_too() {
    check(
        given(rolling_back(Cause::Failed(failure()))).pods(10, 2).child(&v1(), edited),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   drift.corrected Edited #1 v1>v1 -: the Deployment of revision v1 was changed by kubectl-edit; it is put right
        changes scale v2 0, repair v1 template
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (2 canary pods have to become 0)
        ",
    );
}
