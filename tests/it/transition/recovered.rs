//! A Rollout has no state: it is new, or its status was lost. What serves is found again.

use serin::rollout::{Edge, State, begin};

use super::table::begins;
use crate::given::{Given, child, given, idle, noon, v1, v2, v3};

/// Begins what the row sees, whatever its state is, and compares what follows.
#[track_caller]
fn check(row: &Given, expected: &str) {
    begins(row, &begin(&row.intent, &row.seen, noon()), expected);
}

/// Nothing is known but what the cluster has.
fn lost() -> Given {
    given(idle())
}

/// v1 was installed long ago and serves; v2 was promoted after it and serves nothing.
fn history() -> Given {
    lost().with(v1(), child(10, 10)).with(v2(), child(0, 0)).remembers(v1(), "installed", -900).remembers(v2(), "promoted", -600)
}

#[test]
fn a_new_rollout_is_installed() {
    check(
        &lost().accepting(v1()),
        "
        state   Installing v1 since +0s
        event   rollout.created Created #0 ->v1 -: revision v1 is being installed
        changes record v1 #0, create v1 10
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
}

#[test]
fn a_deployment_that_was_never_stable_is_no_way_back() {
    check(
        &lost().with(v1(), child(10, 10)),
        "
        state   Installing v1 since +0s
        event   rollout.created Created #0 ->v1 -: revision v1 is being installed
        changes none
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
    check(
        &lost().with(v1(), child(10, 10)).remembers(v1(), "aborted", -900),
        "
        state   Installing v1 since +0s
        event   rollout.created Created #0 ->v1 -: revision v1 is being installed
        changes none
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
}

#[test]
fn what_serves_is_found_by_its_pods() {
    check(
        &history(),
        "
        state   Idle v1, attempts 0, v1 recovered
        event   rollout.recovered StatusLost #0 v1>v1 -: revision v1 is stable; it was found again after the status was lost
        changes none
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
    check(
        &history().wants(v2()),
        "
        state   Idle v1, attempts 0, v1 recovered
        event   rollout.recovered StatusLost #0 v1>v1 -: revision v1 is stable; it was found again after the status was lost
        changes none
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn where_both_serve_alike_the_one_that_was_stable_last_is_found() {
    check(
        &history().with(v1(), child(3, 3)).with(v2(), child(3, 3)).remembers(v1(), "installed", -900).remembers(v2(), "promoted", -600),
        "
        state   Idle v2, attempts 0, v2 recovered
        event   rollout.recovered StatusLost #0 v2>v2 -: revision v2 is stable; it was found again after the status was lost
        changes scale v2 10
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn where_nothing_serves_the_one_that_was_stable_last_is_made_again() {
    check(
        &history().sees(|seen| seen.children.clear()),
        "
        state   Idle v2, attempts 0, v2 recovered
        event   rollout.recovered StatusLost #0 v2>v2 -: revision v2 is stable; it was found again after the status was lost
        changes create v2 10
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_canary_in_flight_is_not_taken_for_stable_and_is_tried_again() {
    check(
        &history().with(v3(), child(8, 8)).wants(v3()).accepting(v3()),
        "
        state   Idle v1, attempts 0, v1 recovered
        event   rollout.recovered StatusLost #0 v1>v1 -: revision v1 is stable; it was found again after the status was lost
        changes scale v3 0!
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_template_that_was_given_up_is_not_tried_again_because_the_status_was_lost() {
    for outcome in ["aborted", "undone"] {
        let Edge { state, .. } = begin(&lost_with(outcome).intent, &lost_with(outcome).seen, noon());
        let State::Idle(at) = state else { panic!("{state:?}") };
        assert_eq!((at.stable, at.rejected), (v1(), Some(v3())), "{outcome}");
    }
    check(
        &lost_with("aborted"),
        "
        state   Idle v1, attempts 0, v1 recovered, rejects v3
        event   rollout.recovered StatusLost #0 v1>v1 -: revision v1 is stable; it was found again after the status was lost
        changes none
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
    check(
        &lost_with("superseded"),
        "
        state   Idle v1, attempts 0, v1 recovered
        event   rollout.recovered StatusLost #0 v1>v1 -: revision v1 is stable; it was found again after the status was lost
        changes none
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

/// The spec's revision ended so.
fn lost_with(outcome: &str) -> Given {
    history().with(v3(), child(0, 0)).remembers(v3(), outcome, -100).wants(v3())
}

#[test]
fn attempts_are_counted_on_from_the_highest_that_was_stored() {
    check(
        &history().sees(|seen| seen.records.get_mut(&v2()).expect("stored").number = 7),
        "
        state   Idle v1, attempts 7, v1 recovered
        event   rollout.recovered StatusLost #0 v1>v1 -: revision v1 is stable; it was found again after the status was lost
        changes none
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_template_that_was_never_stored_is_tried_after_the_status_was_lost() {
    check(
        &history().wants(v3()).accepting(v3()),
        "
        state   Idle v1, attempts 0, v1 recovered
        event   rollout.recovered StatusLost #0 v1>v1 -: revision v1 is stable; it was found again after the status was lost
        changes none
        wake    at once; CheckingTemplate: the template is being checked
        ",
    );
}
