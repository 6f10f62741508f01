//! What of a Deployment is held in place besides its replicas: template, pause, minReadySeconds, and a restart.

use serin::rollout::{Change, Edited, Restart, changes};

use super::check;
use super::idle::settled;
use crate::given::{Given, child, given, idle, installing, stepping, v1, v2, v3};

fn restarted(given: Given) -> Given {
    given.rests(|idle| idle.restart = Some(Restart::new("again")))
}

fn edited(given: Given) -> Given {
    given.child(&v1(), |child| child.upkeep.edited_by = Some("kubectl-edit".to_owned()))
}

#[test]
fn another_min_ready_seconds_is_written_on_both_sides_of_an_attempt() {
    check(
        given(stepping(25)).pods(8, 2).spec(|intent| intent.min_ready_seconds = Some(5)),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes repair v1, repair v2
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
    check(
        given(installing()).accepting(v1()).with(v1(), child(10, 4)).spec(|intent| intent.min_ready_seconds = Some(5)),
        "
        state   Installing v1 since +0s
        event   none
        changes repair v1
        wake    +600s; WaitingForPods: 4 of 10 first pods are available
        ",
    );
}

#[test]
fn old_revisions_are_left_as_they_are() {
    check(
        settled().with(v3(), child(0, 0)).spec(|intent| intent.min_ready_seconds = Some(5)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes repair v1
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_min_ready_seconds_that_cannot_be_read_stays() {
    let row = given(idle()).with(v1(), child(10, 10)).child(&v1(), |child| child.upkeep.min_ready_seconds = 7);
    check(
        row.spec(|intent| intent.min_ready_seconds = None),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes mark v1 installed
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_repair_comes_before_a_restart() {
    check(
        restarted(edited(settled())),
        "
        state   Idle v1, attempts 0, v1 installed, restart again
        event   drift.corrected Edited #0 v1>v1 -: the Deployment of revision v1 was changed by kubectl-edit; it is put right
        changes repair v1 template
        wake    at once; Settled: the spec's revision is stable
        ",
    );
    check(
        restarted(settled()),
        "
        state   Idle v1, attempts 0, v1 installed, restart again
        event   none
        changes restart v1 again
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_restart_that_stands_on_the_template_stays_there_when_it_is_repaired() {
    let row = edited(settled()).child(&v1(), |child| child.restart = Some(Restart::new("again")));
    let repaired = changes(&row.intent, &row.state, &row.seen).into_iter().find_map(|change| match change {
        Change::Repair { restart, template, .. } => Some((restart, template)),
        _ => None,
    });
    assert_eq!(repaired, Some((Some(Restart::new("again")), Edited::Yes)));
}

#[test]
fn a_restart_is_for_stable_alone() {
    check(
        restarted(settled()).child(&v1(), |child| child.restart = Some(Restart::new("again"))).with(v2(), child(0, 0)),
        "
        state   Idle v1, attempts 0, v1 installed, restart again
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn nothing_is_repaired_while_the_rollout_goes() {
    check(
        edited(settled()).with(v2(), child(2, 2)).deleting(),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v2 0!
        wake    never; Deleting: the last events are being delivered
        ",
    );
}
