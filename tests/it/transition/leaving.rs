//! deletionPolicy: Delete. Everything that was made goes with the Rollout, from every state, and old records go when history has no room.

use serin::rollout::{Cause, Deleted, DeletionPolicy, PauseCause, Record, Revision, State};

use super::approval::waiting;
use super::baking::watched;
use super::check;
use super::idle::settled;
use crate::given::{Given, child, failure, given, installing, noon, paused, promoting, record, rolling_back, stepping, v1, v2, v3};

fn all(given: Given) -> Given {
    given.spec(|intent| intent.deletion = DeletionPolicy::Delete).deleting()
}

#[test]
fn a_rollout_that_takes_its_deployments_with_it_goes_at_once() {
    check(
        all(settled()),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted DeploymentsDeleted #0 v1>v1 -: the Rollout was deleted, and its Deployments go with it
        changes prune v1
        wake    at once; Deleting: the last events are being delivered
        ",
    );
    check(
        all(given(installing()).with(v1(), child(10, 2))),
        "
        state   Deleted since +0s, nothing serves
        event   rollout.deleted DeploymentsDeleted #0 ->v1 -: the Rollout was deleted, and its Deployments go with it
        changes prune v1
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn it_brings_nothing_back_from_an_attempt_first() {
    let in_flight = [
        given(stepping(25)).pods(8, 2),
        waiting(),
        given(paused(25, PauseCause::Spec, 40)).pods(8, 2),
        given(promoting()).pods(5, 5),
        given(rolling_back(Cause::Failed(failure()))).pods(8, 2),
    ];
    for row in in_flight {
        check(
            all(row),
            "
            state   Deleted since +0s, v1 serves
            event   rollout.deleted DeploymentsDeleted #0 v1>v1 -: the Rollout was deleted, and its Deployments go with it
            changes prune v1, prune v2
            wake    at once; Deleting: the last events are being delivered
            ",
        );
    }
    check(
        all(watched()),
        "
        state   Deleted since +0s, v2 serves
        event   rollout.deleted DeploymentsDeleted #0 v2>v2 -: the Rollout was deleted, and its Deployments go with it
        changes prune v1, prune v2
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn what_is_left_goes_before_the_rollout_does() {
    let gone = || all(given(State::Deleted(Deleted { stable: Some(v1()), since: noon() })));
    check(
        gone().pods(8, 2).after(1),
        "
        state   Deleted since +0s, v1 serves
        event   none
        changes prune v1, prune v2
        wake    +600s; Deleting: the last events are being delivered
        ",
    );
    check(
        gone().sees(|seen| drop(seen.records.insert(v3(), record()))).after(1),
        "
        state   Deleted since +0s, v1 serves
        event   none
        changes discard v3
        wake    +600s; Deleting: the last events are being delivered
        ",
    );
    check(
        gone().after(1),
        "
        state   Deleted since +0s, v1 serves
        event   none
        changes none
        wake    +600s; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn a_rollout_that_is_not_deleted_takes_nothing_with_it() {
    check(
        settled().spec(|intent| intent.deletion = DeletionPolicy::Delete),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

/// That many records of old revisions whose Deployments are gone, r0 the oldest.
fn bare(count: u32) -> Given {
    settled().sees(|seen| {
        seen.records.extend((0..count).map(|number| (Revision::new(format!("r{number}")), Record { number, ..record() })));
    })
}

#[test]
fn records_without_a_deployment_go_where_the_history_has_no_room_for_them() {
    check(
        bare(3).spec(|intent| intent.history_limit = 2),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes discard r0
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        bare(3).spec(|intent| intent.history_limit = 0),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes discard r0, discard r1, discard r2
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        bare(3),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn the_records_of_stable_and_of_the_spec_stay() {
    let row = bare(1).spec(|intent| intent.history_limit = 0).sees(|seen| drop(seen.records.insert(v2(), record())));
    check(
        row.wants(v2()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes discard r0
        wake    never; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_record_stays_as_long_as_its_deployment() {
    check(
        bare(2).spec(|intent| intent.history_limit = 1).with(Revision::new("r0"), child(0, 0)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}
