//! The first revision does not come up in time: it is told, it heals, it is replaced.

use serin::rollout::{ServiceView, State};

use super::check;
use super::installing::first;
use crate::given::{Given, child, v1, v2};

fn overdue() -> Given {
    let mut given = first().after(700);
    if let State::Installing(at) = &mut given.state {
        at.overdue = true;
    }
    given
}

#[test]
fn a_first_revision_waits_until_a_second_before_its_deadline() {
    check(
        first().with(v1(), child(10, 0)).after(599),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn a_first_revision_that_is_not_available_at_its_deadline_failed_to_install() {
    check(
        first().with(v1(), child(10, 0)).after(600),
        "
        state   Installing v1 since +0s, overdue
        event   rollout.install-failed Unavailable #0 ->v1 -: revision v1 did not become available in time: 0 of 10 first pods are available
        changes none
        wake    at once; InstallFailed: not available in time: 0 of 10 first pods are available; fix the template
        ",
    );
}

#[test]
fn a_service_that_is_missing_at_the_deadline_is_told_as_the_cause() {
    check(
        first().service(ServiceView::Missing).after(600),
        "
        state   Installing v1 since +0s, overdue
        event   rollout.install-failed Unavailable #0 ->v1 -: revision v1 did not become available in time: 0 of 10 first pods are available: the Service does not exist; create it, or correct spec.service
        changes none
        wake    at once; Service: the Service does not exist; create it, or correct spec.service
        ",
    );
}

#[test]
fn an_overdue_installation_goes_on_and_is_told_once() {
    check(
        overdue().with(v1(), child(10, 0)),
        "
        state   Installing v1 since +0s, overdue
        event   none
        changes none
        wake    never; InstallFailed: not available in time: 0 of 10 first pods are available; fix the template
        ",
    );
}

#[test]
fn an_overdue_installation_still_names_what_is_in_the_way() {
    check(
        overdue().service(ServiceView::Missing),
        "
        state   Installing v1 since +0s, overdue
        event   none
        changes none
        wake    never; Service: the Service does not exist; create it, or correct spec.service
        ",
    );
}

#[test]
fn an_overdue_installation_begins_once_its_service_appears() {
    check(
        overdue(),
        "
        state   Installing v1 since +0s, overdue
        event   none
        changes record v1 #0, create v1 10
        wake    never; InstallFailed: not available in time: 0 of 10 first pods are available; fix the template
        ",
    );
}

#[test]
fn an_overdue_installation_that_heals_is_stable() {
    check(
        overdue().with(v1(), child(10, 10)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   rollout.installed Available #0 v1>v1 100%: revision v1 is available and stable
        changes mark v1 installed
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_fixed_template_installs_at_once_and_the_broken_one_goes() {
    check(
        overdue().wants(v2()).accepting(v2()).with(v1(), child(10, 0)),
        "
        state   Installing v2 since +700s
        event   rollout.superseded Superseded #0 ->v2 -: revision v1 never became stable; revision v2 is being installed instead
        changes record v2 #0, create v2 10, scale v1 0!
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
}

#[test]
fn pods_of_the_replaced_first_revision_serve_until_the_new_ones_do() {
    check(
        first().wants(v2()).accepting(v2()).with(v1(), child(10, 4)).after(30),
        "
        state   Installing v2 since +30s
        event   rollout.superseded Superseded #0 ->v2 -: revision v1 never became stable; revision v2 is being installed instead
        changes record v2 #0, create v2 10, scale v1 4!
        wake    at once; WaitingForPods: 0 of 10 pods are available
        ",
    );
}
