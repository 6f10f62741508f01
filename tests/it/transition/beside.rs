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
    check(beside(given(reaching(25))).pods(10, 0), "");
    check(beside(given(reaching(25))).with(v1(), child(8, 8)).with(v2(), child(2, 0)), "");
}

#[test]
fn an_old_pod_goes_for_each_young_one_that_is_ready() {
    check(beside(given(stepping(25))).pods(8, 2).with(v1().baseline(), child(2, 1)), "");
    check(beside(given(stepping(25))).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(2, 2)), "");
}

#[test]
fn an_old_pod_comes_for_each_young_one_that_is_lost() {
    check(beside(given(stepping(25))).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(2, 1)), "");
}

#[test]
fn young_pods_that_never_get_ready_hold_the_step_until_its_deadline_and_abort_nothing() {
    let never = || beside(given(stepping(25))).pods(8, 2).with(v1().baseline(), child(2, 0));
    check(never().after(60), "");
    check(never().after(60 + 3_600), "");
    check(never().spec(|intent| intent.deadlines.on_step = OnStep::Abort).after(60 + 3_600), "");
}

#[test]
fn they_stay_while_it_is_paused_and_go_when_nothing_is_compared_any_more() {
    let divided = |state| beside(given(state)).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(2, 2));
    check(divided(paused(25, PauseCause::Action, 0)), "");
    check(divided(stepping(25)).spec(|intent| intent.baseline = Baseline::Stable), "");
    check(divided(stepping(25)).spec(|intent| intent.checks.clear()), "");
}

#[test]
fn a_promotion_waits_until_they_are_gone_and_a_bake_has_none() {
    check(beside(given(promoting())).with(v1(), child(0, 0)).with(v2(), child(10, 10)).with(v1().baseline(), child(1, 1)), "");
    check(beside(given(promoting())).with(v1(), child(0, 0)).with(v2(), child(10, 10)).with(v1().baseline(), child(0, 0)), "");
    check(beside(given(baking())).baked().with(v1(), child(2, 2)).with(v2(), child(10, 10)).with(v1().baseline(), child(1, 1)), "");
}

#[test]
fn in_a_rollback_the_canary_goes_first_and_they_go_once_stable_has_everything() {
    let back = |stable| beside(given(rolling_back(Cause::Failed(failure())))).with(v1(), stable).with(v1().baseline(), child(2, 2));
    check(back(child(6, 6)).with(v2(), child(2, 2)), "");
    check(back(child(10, 8)).with(v2(), child(0, 0)), "");
    check(back(child(10, 10)).with(v2(), child(0, 0)), "");
}

#[test]
fn a_new_attempt_waits_for_those_of_an_earlier_one_only_while_they_can_go() {
    let left = |stable| beside(given(idle())).wants(v2()).accepting(v2()).with(v1(), stable).with(v1().baseline(), child(2, 2));
    check(left(child(10, 10)), "");
    check(left(child(10, 9)), "");
}

#[test]
fn nothing_of_them_is_left_where_the_rollout_goes() {
    check(beside(given(idle())).deleting().with(v1(), child(10, 10)).with(v1().baseline(), child(2, 2)), "");
    check(beside(given(idle())).deleting().with(v1(), child(10, 10)).with(v1().baseline(), child(0, 0)), "");
}

#[test]
fn what_somebody_else_makes_of_them_is_put_right_and_told() {
    let divided = || beside(given(stepping(25))).with(v1(), child(6, 6)).with(v2(), child(2, 2)).with(v1().baseline(), child(4, 4));
    check(divided().child(&v1().baseline(), |child| child.upkeep.scaled_by = Some("kubectl".to_owned())), "");
    check(divided().child(&v1().baseline(), |child| child.upkeep.paused = true), "");
}
