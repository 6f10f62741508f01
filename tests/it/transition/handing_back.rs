//! A Deployment that was taken over is given back with the end of its Rollout.

use serin::rollout::{Adoptee, HandingBack, Next, State, Workload};

use super::decide;
use super::table::check;
use crate::given::{child, given, held, idle, noon, v1, v2};

pub(super) fn handing_back() -> State {
    State::HandingBack(HandingBack { stable: v1(), since: noon(), alias: None })
}

#[test]
fn a_deleted_rollout_gives_back_what_still_has_the_same_template() {
    check(
        given(idle()).with(v1(), child(10, 10)).sees(|seen| seen.workload = Workload::There(held(0))).deleting(),
        "
        state   HandingBack v1 since +0s
        event   hand-back.started Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment that it had taken over serves revision v1 again
        changes unpause
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

#[test]
fn it_is_let_go_once_it_has_everything() {
    let back =
        |desired| given(handing_back()).sees(|seen| seen.workload = Workload::There(Adoptee { paused: false, ..held(desired) })).deleting();
    check(
        back(9),
        "
        state   HandingBack v1 since +0s
        event   none
        changes scale held 10
        wake    +600s; WaitingForPods: 0 pods of ours are left, 1 have to stay
        ",
    );
    check(
        back(10),
        "
        state   HandingBack v1 since +0s
        event   none
        changes let go
        wake    +600s; WaitingForPods: 0 pods of ours are left, 0 have to stay
        ",
    );
}

#[test]
fn at_its_deadline_the_end_comes_without_it() {
    let back = |seconds| {
        let adoptee = Adoptee { paused: false, ..held(9) };
        let row = given(handing_back()).with(v1(), child(1, 1)).sees(|seen| seen.workload = Workload::There(adoptee)).deleting();
        decide(&row.after(seconds))
    };
    assert!(matches!(back(599), Next::Stay { .. }));
    assert!(matches!(back(600), Next::Edge(edge) if matches!(edge.state, State::Deleted(_))));
}

#[test]
fn what_has_another_template_is_not_given_back() {
    let other = Adoptee { revision: v2(), ..held(0) };
    check(
        given(idle()).with(v1(), child(10, 10)).sees(|seen| seen.workload = Workload::There(other)).deleting(),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment of revision v1 goes on serving, and Deployment shop has another template and stays without pods
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
}

/// CI changed it before it was resumed: its pods would be of a template that nobody tried.
#[test]
fn what_gets_another_template_before_it_is_resumed_is_not_given_back() {
    let back = |adoptee| given(handing_back()).with(v1(), child(10, 10)).sees(|seen| seen.workload = Workload::There(adoptee)).deleting();
    check(
        back(Adoptee { revision: v2(), ..held(0) }),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment of revision v1 goes on serving, and Deployment shop has another template and stays without pods
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
    check(
        back(Adoptee { revision: v2(), ..held(4) }),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment of revision v1 goes on serving, and Deployment shop has another template and keeps 4 pods
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
    check(
        back(Adoptee { revision: v2(), ..held(0) }).stands(State::HandingBack(HandingBack {
            stable: v1(),
            since: noon(),
            alias: Some(v2()),
        })),
        "
        state   HandingBack v1 since +0s, means v2
        event   none
        changes unpause
        wake    +600s; WaitingForPods: 10 pods of ours are left, 10 have to stay
        ",
    );
}
