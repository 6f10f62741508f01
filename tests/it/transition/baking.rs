//! What was promoted is watched for a while, and a part of the old pods stays as the way back.

use serin::rollout::{Child, Promoting, Settled, State, Verb};

use super::check;
use crate::given::{Given, action, attempt, baking, child, given, noon, promoting, reaching, v1, v2, v3};

/// v2 is promoted since noon; three pods of v1 are kept for ten minutes.
pub(super) fn watched() -> Given {
    given(baking()).pods(3, 10).baked().remembers(v2(), "promoted", 0)
}

#[test]
fn a_promotion_with_a_bake_keeps_old_pods() {
    check(
        given(promoting()).pods(5, 8).baked().passing(),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v1 3!
        wake    +600s; WaitingForPods: 8 of 10 canary pods are available
        ",
    );
    check(
        given(promoting()).pods(3, 10).baked().passing(),
        "
        state   Baking #1 v1>v2 since +0s
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted
        wake    at once; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn old_pods_come_back_where_the_last_step_left_fewer_than_the_bake_keeps() {
    check(
        given(promoting()).pods(1, 10).baked().passing(),
        "
        state   Baking #1 v1>v2 since +0s
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes scale v1 3, mark v2 promoted
        wake    at once; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn a_step_has_its_own_share_whatever_a_bake_keeps() {
    check(
        given(reaching(10)).baked().with(v1(), child(10, 10)),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   none
        changes record v2 #1, create v2 1
        wake    +600s; WaitingForPods: 0 of 1 canary pods are available
        ",
    );
}

#[test]
fn a_promotion_does_not_wait_for_the_health_of_the_old_pods() {
    check(
        given(promoting()).baked().with(v1(), child(3, 0)).with(v2(), child(5, 5)).passing(),
        "
        state   Promoting #1 v1>v2 since +0s
        event   none
        changes scale v2 10!
        wake    +600s; WaitingForPods: 5 of 10 canary pods are available
        ",
    );
    check(
        given(promoting()).baked().with(v1(), Child { settled: Settled::No, ..child(3, 0) }).with(v2(), child(10, 10)).passing(),
        "
        state   Baking #1 v1>v2 since +0s
        event   rollout.promoted Passed #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted
        wake    at once; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn a_forced_promotion_is_watched_as_a_forced_one() {
    let forced = State::Promoting(Promoting { attempt: attempt(), since: noon(), forced: true });
    check(
        given(forced).pods(3, 10).baked(),
        "
        state   Baking #1 v1>v2 since +0s, forced
        event   rollout.promoted Forced #1 v2>v2 100%: revision v2 replaced revision v1
        changes mark v2 promoted
        wake    at once; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn the_outcome_is_on_its_record_before_the_bake_ends() {
    check(
        watched().remembers(v2(), "aborted", -100).after(1),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes mark v2 promoted
        wake    +600s; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn a_bake_holds_until_its_time_is_over_whatever_the_checks_say() {
    check(
        watched().passing().after(599),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes none
        wake    +600s; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
    check(
        watched().after(599),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes none
        wake    +600s; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn a_bake_ends_without_a_pass_and_the_old_pods_go() {
    check(
        watched().after(600),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.baked Baked #1 v2>v2 100%: revision v2 is no longer watched beside revision v1: it did well for the whole bake
        changes scale v1 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_failed_check_during_a_bake_brings_back_what_served_before() {
    check(
        watched().failing().after(10),
        "
        state   RollingBack #1 v1>v2 since +10s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 5
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn a_paused_spec_goes_on_watching() {
    check(
        watched().paused().after(600),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes none
        wake    never; PausedBySpec: spec.paused is set
        ",
    );
    check(
        watched().paused().failing().after(600),
        "
        state   RollingBack #1 v1>v2 since +600s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 5
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
}

#[test]
fn a_new_template_ends_a_bake_and_what_was_promoted_is_the_way_back() {
    check(
        watched().wants(v3()).after(10),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.baked Superseded #1 v2>v2 100%: revision v2 is no longer watched beside revision v1: the template changed to revision v3
        changes scale v1 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
    check(
        watched().wants(v1()).after(10),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.baked Superseded #1 v2>v2 100%: revision v2 is no longer watched beside revision v1: the template changed to revision v1
        changes scale v1 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_bake_that_is_taken_out_of_the_spec_ends() {
    check(
        given(baking()).pods(3, 10).remembers(v2(), "promoted", 0).after(1),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.baked BakeRemoved #1 v2>v2 100%: revision v2 is no longer watched beside revision v1: the spec asks for that no more
        changes scale v1 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn deleting_ends_a_bake_before_the_rollout_goes() {
    check(
        watched().deleting().failing().after(10),
        "
        state   RollingBack #1 v1>v2 since +10s, CheckFailed
        event   rollout.aborted CheckFailed #1 v1>v2 0%: revision v2 aborted: errors is 0.2, above 0.01; revision v1 comes back [errors Some(\"0.2\") Some(\"0.01\")]
        changes scale v1 10, scale v2 5
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01
        ",
    );
    check(
        watched().deleting().after(10),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.baked Deleted #1 v2>v2 100%: revision v2 is no longer watched beside revision v1: the Rollout was deleted
        changes scale v1 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_brake_keeps_a_bake_going() {
    check(
        watched().backlogged().after(600),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes none
        wake    never; AuditBacklog: 32 events wait for their sinks; exposure does not grow until they are delivered
        ",
    );
    check(
        watched().unreadable().after(600),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes none
        wake    never; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

#[test]
fn nothing_waits_for_the_old_pods_of_a_bake() {
    check(
        watched().with(v1(), child(3, 0)).after(600),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.baked Baked #1 v2>v2 100%: revision v2 is no longer watched beside revision v1: it did well for the whole bake
        changes scale v1 0!
        wake    at once; Settled: the spec's revision is stable
        ",
    );
    check(
        watched().without(&v1()).after(600),
        "
        state   Idle v2, attempts 1, v2 promoted
        event   rollout.baked Baked #1 v2>v2 100%: revision v2 is no longer watched beside revision v1: it did well for the whole bake
        changes none
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_fleet_that_is_scaled_during_a_bake_keeps_what_is_promoted_whole() {
    check(
        watched().spec(|intent| intent.replicas = 12),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes scale v2 12!
        wake    +600s; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
    check(
        watched().spec(|intent| intent.replicas = 8),
        "
        state   Baking #1 v1>v2 since +0s
        event   none
        changes scale v2 8
        wake    +600s; Baking: the promoted revision is watched until 12:10:00 UTC
        ",
    );
}

#[test]
fn what_is_baked_can_be_taken_back_by_hand() {
    check(
        watched().asked(action(Verb::Abort)).after(10),
        "
        state   RollingBack #1 v1>v2 since +10s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10, scale v2 7
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
    check(
        watched().asked(action(Verb::Undo)).after(10),
        "
        state   RollingBack #1 v1>v2 since +10s, Undone
        event   rollout.aborted Undone #1 v1>v2 0%: revision v2 is undone by ana: it is time; revision v1 comes back <undo: Done>
        changes scale v1 10, scale v2 7
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
}
