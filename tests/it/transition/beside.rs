//! Young pods of v1 (yv1) stand beside v2: they come last, wait for nobody, and are gone after the steps.

use serin::rollout::{Baseline, Cause, OnStep, PauseCause};

use super::check;
use crate::given::{Given, baking, child, compared, failure, given, idle, paused, promoting, reaching, rolling_back, stepping, v1, v2};

/// Ten pods, three more at most; at 25 % stable has eight, two of them young.
fn beside(given: Given) -> Given {
    given.spec(|intent| (intent.baseline, intent.checks) = (Baseline::Pods, vec![compared("errors")]))
}

#[test]
fn they_come_once_the_canary_has_the_pods_that_it_asks_for() {
    check(
        beside(given(reaching(25))).pods(10, 0),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v2 2!
        wake    +600s; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
    check(
        beside(given(reaching(25))).with(v1(), child(8, 8)).with(v2(), child(2, 0)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes create yv1 2
        wake    +600s; WaitingForPods: 0 of 2 canary pods are available
        ",
    );
}

#[test]
fn an_old_pod_goes_for_each_young_one_that_is_ready() {
    check(
        beside(given(stepping(25))).pods(8, 2).with(v1().baseline(), child(2, 1)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v1 7!
        wake    +600s; WaitingForPods: 8 stable pods have to become 7
        ",
    );
    check(
        beside(given(stepping(25))).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(2, 2)),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn an_old_pod_comes_for_each_young_one_that_is_lost() {
    check(
        beside(given(stepping(25))).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(2, 1)),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v1 7
        wake    +600s; WaitingForPods: 6 of 7 stable pods are available
        ",
    );
}

#[test]
fn young_pods_that_never_get_ready_hold_the_step_until_its_deadline_and_abort_nothing() {
    let never = || beside(given(stepping(25))).pods(8, 2).with(v1().baseline(), child(2, 0));
    check(
        never().after(60),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +3660s; Inconclusive: errors: no sample yet
        ",
    );
    check(
        never().after(60 + 3_600),
        "
        state   Paused #1 v1>v2 25%, held 3660s, by Deadline
        event   rollout.paused StepDeadline #1 v1>v2 25%: revision v2 stays at 25%: errors: no sample yet
        changes none
        wake    at once; PausedByDeadline: the step's deadline passed: errors: no sample yet; resume it, or change the template
        ",
    );
    check(
        never().spec(|intent| intent.deadlines.on_step = OnStep::Abort).after(60 + 3_600),
        "
        state   RollingBack #1 v1>v2 since +3660s, StepDeadline
        event   rollout.aborted StepDeadline #1 v1>v2 0%: revision v2 aborted: no Pass at 25% in time: errors: no sample yet; revision v1 comes back
        changes scale v1 10, scale yv1 0!
        wake    at once; RollingBack: rolling back: no Pass at 25% in time: errors: no sample yet
        ",
    );
}

#[test]
fn they_stay_while_it_is_paused_and_go_when_nothing_is_compared_any_more() {
    let divided = |state| beside(given(state)).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(2, 2));
    check(
        divided(paused(25, PauseCause::Action, 0)),
        "
        state   Paused #1 v1>v2 25%, held 0s, by Action
        event   none
        changes none
        wake    never; PausedByAction: paused by ana: it is time; resume it, or change the template
        ",
    );
    check(
        divided(stepping(25)).spec(|intent| intent.baseline = Baseline::Stable),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v1 8
        wake    +600s; WaitingForPods: 6 of 8 stable pods are available
        ",
    );
    check(
        divided(stepping(25)).spec(|intent| intent.checks.clear()),
        "
        state   Stepping #1 v1>v2 25%, waiting since +0s, held 0s
        event   none
        changes scale v1 8
        wake    +600s; WaitingForPods: 6 of 8 stable pods are available
        ",
    );
}

#[test]
fn a_promotion_waits_until_they_are_gone_and_a_bake_has_none() {
    check(
        beside(given(promoting())).with(v1(), child(0, 0)).with(v2(), child(10, 10)).with(v1().baseline(), child(1, 1)),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale yv1 0!
        wake    +600s; WaitingForPods: 1 baseline pods have to become 0
        ",
    );
    check(
        beside(given(promoting())).with(v1(), child(0, 0)).with(v2(), child(10, 10)).with(v1().baseline(), child(0, 0)),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted, prune yv1
        wake    at once; Settled: the spec's revision is stable
        ",
    );
    check(
        beside(given(baking())).baked().with(v1(), child(2, 2)).with(v2(), child(10, 10)).with(v1().baseline(), child(1, 1)),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes scale yv1 0!, mark v2 promoted
        wake    +600s; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn in_a_rollback_the_canary_goes_first_and_they_go_once_stable_has_everything() {
    let back = |stable| beside(given(rolling_back(Cause::Failed(failure())))).with(v1(), stable).with(v1().baseline(), child(2, 2));
    check(
        back(child(6, 6)).with(v2(), child(2, 2)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale v1 10, scale v2 0
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (6 of 10 stable pods are available)
        ",
    );
    check(
        back(child(10, 8)).with(v2(), child(0, 0)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale yv1 1!
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (8 of 10 stable pods are available)
        ",
    );
    check(
        back(child(10, 10)).with(v2(), child(0, 0)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   none
        changes scale yv1 0!
        wake    +30s; RollingBack: rolling back: errors is 0.2, above 0.01 (2 baseline pods have to become 0)
        ",
    );
}

#[test]
fn a_new_attempt_waits_for_those_of_an_earlier_one_only_while_they_can_go() {
    let left = |stable| {
        let idle = beside(given(idle())).wants(v2()).accepting(v2()).with(v1(), stable).with(v1().baseline(), child(2, 2));
        idle.remembers(v1(), "installed", 0)
    };
    check(
        left(child(10, 10)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale yv1 0!
        wake    never; WaitingForPods: 2 baseline pods have to become 0
        ",
    );
    check(
        left(child(10, 9)),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes record v2 #1, create v2 1, scale yv1 1!
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn nothing_of_them_is_left_where_the_rollout_goes() {
    check(
        beside(given(idle())).deleting().with(v1(), child(10, 10)).with(v1().baseline(), child(2, 2)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale yv1 0!, mark v1 installed
        wake    never; Deleting: the last events are being delivered
        ",
    );
    check(
        beside(given(idle())).deleting().with(v1(), child(10, 10)).with(v1().baseline(), child(0, 0)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes mark v1 installed, prune yv1
        wake    never; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn what_somebody_else_makes_of_them_is_put_right_and_told() {
    let divided = || beside(given(stepping(25))).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(4, 4));
    check(
        divided().child(&v1().baseline(), |child| child.upkeep.scaled_by = Some("kubectl".to_owned())),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   drift.corrected Scaled #1 v1>v1 -: the baseline of revision v1 was scaled to 4 by kubectl; it is put right
        changes scale yv1 2!
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
    check(
        divided().child(&v1().baseline(), |child| child.upkeep.paused = true),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   drift.corrected Paused #1 v1>v1 -: the baseline of revision v1 was paused by somebody else; it is put right
        changes scale yv1 2!, repair yv1
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}
