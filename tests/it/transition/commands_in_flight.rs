//! What does a command do while a canary is on trial? It is done, or it is refused in words.

use serin::rollout::{Action, PauseCause, Verb};

use super::approval::waiting;
use super::check;
use crate::given::{Given, action, given, paused, stepping, v1, v3};

/// v2 holds 25 % since noon.
pub(super) fn holding() -> Given {
    given(stepping(25)).pods(8, 2)
}

/// v2 stands still at 25 %, of which it held 40 s.
pub(super) fn stopped(cause: PauseCause) -> Given {
    given(paused(25, cause, 40)).pods(8, 2)
}

#[test]
fn an_abort_brings_stable_back_from_wherever_the_attempt_is() {
    check(
        holding().asked(action(Verb::Abort)),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
    check(
        waiting().asked(action(Verb::Abort)),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
    check(
        stopped(PauseCause::Action).asked(action(Verb::Abort)),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
    check(
        stopped(PauseCause::Spec).paused().asked(action(Verb::Abort)),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
}

#[test]
fn an_abort_needs_to_name_nothing() {
    check(
        holding().asked(Action { revision: None, ..action(Verb::Abort) }),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
}

#[test]
fn an_undo_in_flight_takes_the_attempt_back() {
    check(
        holding().asked(Action { revision: None, ..action(Verb::Undo) }),
        "
        state   RollingBack #1 v1>v2 since +0s, Undone
        event   rollout.aborted Undone #1 v1>v2 0%: revision v2 is undone by ana: it is time; revision v1 comes back <undo: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
    check(
        holding().asked(Action { to: Some(v1()), ..action(Verb::Undo) }),
        "
        state   RollingBack #1 v1>v2 since +0s, Undone
        event   rollout.aborted Undone #1 v1>v2 0%: revision v2 is undone by ana: it is time; revision v1 comes back <undo: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
}

#[test]
fn an_undo_in_flight_leads_to_no_other_revision() {
    check(
        holding().remembers(v3(), "promoted", -900).asked(Action { to: Some(v3()), ..action(Verb::Undo) }),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   action.refused Refused #1 v1>v2 -: Undo is not done: revision v2 is in flight and goes back to revision v1 only (asked by ana: it is time) <undo: Refused>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn a_pause_keeps_the_exposure_and_says_who_asked() {
    check(
        holding().asked(action(Verb::Pause)).after(40),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Action
        event   rollout.paused PausedByAction #1 v1>v2 25%: revision v2 stays at 25%: paused by ana: it is time <pause: Done>
        changes none
        wake    at once; PausedByAction: paused by ana: it is time; resume it, or change the template
        ",
    );
}

#[test]
fn what_is_paused_is_not_paused_again() {
    check(
        stopped(PauseCause::Spec).paused().asked(action(Verb::Pause)),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Spec
        event   action.refused Refused #1 v1>v2 -: Pause is not done: it is paused already (asked by ana: it is time) <pause: Refused>
        changes none
        wake    at once; PausedBySpec: spec.paused is set
        ",
    );
}

#[test]
fn a_resume_ends_every_pause_but_that_of_the_spec() {
    check(
        stopped(PauseCause::Action).asked(action(Verb::Resume)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 40s
        event   rollout.resumed ResumedByAction #1 v1>v2 25%: revision v2 goes on at 25% <resume: Done>
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
    check(
        stopped(PauseCause::Deadline).asked(action(Verb::Resume)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 40s
        event   rollout.resumed ResumedByAction #1 v1>v2 25%: revision v2 goes on at 25% <resume: Done>
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
    check(
        stopped(PauseCause::Approval).asked(action(Verb::Resume)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 40s
        event   rollout.resumed ResumedByAction #1 v1>v2 25%: revision v2 goes on at 25% <resume: Done>
        changes none
        wake    at once; WaitingForPods: the canary has 25%
        ",
    );
    check(
        stopped(PauseCause::Spec).paused().asked(action(Verb::Resume)),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Spec
        event   action.refused Refused #1 v1>v2 -: Resume is not done: spec.paused is set; unset it first (asked by ana: it is time) <resume: Refused>
        changes none
        wake    at once; PausedBySpec: spec.paused is set
        ",
    );
}

#[test]
fn what_is_not_paused_is_not_resumed() {
    check(
        holding().asked(action(Verb::Resume)),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   action.refused Refused #1 v1>v2 -: Resume is not done: it is not paused (asked by ana: it is time) <resume: Refused>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn a_promotion_can_be_forced_without_a_pass() {
    check(
        holding().asked(action(Verb::Promote)).after(10),
        "
        state   Promoting #1 v1>v2 since +10s, forced
        event   promotion.forced Forced #1 v1>v2 100%: revision v2 is promoted without a Pass by ana: it is time; it replaces revision v1 <promote: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
    check(
        waiting().asked(action(Verb::Promote)),
        "
        state   Promoting #1 v1>v2 since +0s, forced
        event   promotion.forced Forced #1 v1>v2 100%: revision v2 is promoted without a Pass by ana: it is time; it replaces revision v1 <promote: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
    check(
        stopped(PauseCause::Deadline).asked(action(Verb::Promote)),
        "
        state   Promoting #1 v1>v2 since +0s, forced
        event   promotion.forced Forced #1 v1>v2 100%: revision v2 is promoted without a Pass by ana: it is time; it replaces revision v1 <promote: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
}

#[test]
fn a_failed_check_counts_for_more_than_a_forced_promotion() {
    check(
        holding().failing().asked(action(Verb::Promote)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 0
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn a_skip_begins_the_next_step_at_once() {
    check(
        holding().asked(action(Verb::Skip)).after(10),
        "
        state   Stepping #1 v1>v2 50%, waiting since +10s, held 0s
        event   step.skipped Skipped #1 v1>v2 50%: the step at 25% is skipped by ana: it is time; next is 50% <skip: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
    check(
        waiting().asked(action(Verb::Skip)),
        "
        state   Stepping #1 v1>v2 50%, waiting since +0s, held 0s
        event   step.skipped Skipped #1 v1>v2 50%: the step at 25% is skipped by ana: it is time; next is 50% <skip: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
    check(
        stopped(PauseCause::Deadline).asked(action(Verb::Skip)),
        "
        state   Stepping #1 v1>v2 50%, waiting since +0s, held 0s
        event   step.skipped Skipped #1 v1>v2 50%: the step at 25% is skipped by ana: it is time; next is 50% <skip: Done>
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
}

#[test]
fn the_last_step_is_not_skipped_into_a_promotion() {
    check(
        given(stepping(50)).pods(5, 5).asked(action(Verb::Skip)),
        "
        state   Stepping #1 v1>v2 50%, running since +0s, held 0s
        event   action.refused Refused #1 v1>v2 -: Skip is not done: the step at 50% is the last one; promote the revision instead (asked by ana: it is time) <skip: Refused>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn an_approval_that_nobody_asked_for_is_refused() {
    check(
        holding().asked(action(Verb::Approve)),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   action.refused Refused #1 v1>v2 -: Approve is not done: the step at 25% asks for no approval (asked by ana: it is time) <approve: Refused>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
    check(
        stopped(PauseCause::Action).asked(action(Verb::Approve)),
        "
        state   Paused #1 v1>v2 25%, held 40s, by Action
        event   action.refused Refused #1 v1>v2 -: Approve is not done: it is paused; resume it first (asked by ana: it is time) <approve: Refused>
        changes none
        wake    at once; PausedByAction: paused by ana: it is time; resume it, or change the template
        ",
    );
}

#[test]
fn what_is_on_trial_is_not_tried_again_and_nothing_is_restarted_beside_it() {
    check(
        holding().asked(action(Verb::Retry)),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   action.refused Refused #1 v1>v2 -: Retry is not done: revision v2 is on trial already (asked by ana: it is time) <retry: Refused>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
    check(
        holding().asked(action(Verb::Restart)),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   action.refused Refused #1 v1>v2 -: Restart is not done: an attempt is in flight; restart when it is over (asked by ana: it is time) <restart: Refused>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}
