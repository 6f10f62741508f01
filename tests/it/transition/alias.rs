//! A template that means the same as stable's to the API server, though it is written another way, needs no attempt.

use serin::rollout::{Meaning, Template};

use super::check;
use super::idle::{after_an_abort, settled};
use crate::given::{Given, child, v1, v2, v3};

/// v1 serves and the spec has v2, of which the API server makes the same pods.
fn same() -> Given {
    let meaning = Meaning::new(v1().as_str());
    settled().wants(v2()).sees(|seen| seen.template = Template::Accepted { revision: v2(), meaning })
}

/// That is known.
fn aliased() -> Given {
    settled().wants(v2()).rests(|idle| idle.alias = Some(v2()))
}

#[test]
fn a_template_that_means_the_same_starts_no_attempt() {
    check(
        same(),
        "
        state   Idle v1, attempts 0, v1 installed, means v2
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn an_old_deployment_of_the_same_meaning_is_not_needed_either() {
    check(
        settled().wants(v2()).with(v2(), child(0, 0)).child(&v2(), |child| child.meaning = Meaning::new(v1().as_str())),
        "
        state   Idle v1, attempts 0, v1 installed, means v2
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn nothing_is_asked_about_an_alias_and_stable_is_what_the_spec_wants() {
    check(
        aliased(),
        "
        state   Idle v1, attempts 0, v1 installed, means v2
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        aliased().spec(|intent| intent.replicas = 12),
        "
        state   Idle v1, attempts 0, v1 installed, means v2
        event   none
        changes scale v1 12
        wake    never; WaitingForPods: 10 of 12 stable pods are available
        ",
    );
}

#[test]
fn a_stable_deployment_that_is_gone_is_made_again_from_its_own_record() {
    check(
        aliased().without(&v1()),
        "
        state   Idle v1, attempts 0, v1 installed, means v2
        event   drift.corrected Deleted #0 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 10
        wake    at once; WaitingForPods: 0 of 10 stable pods are available
        ",
    );
}

#[test]
fn an_alias_lasts_until_the_template_is_stables_own_again() {
    check(
        aliased().wants(v1()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        aliased().wants(v3()).accepting(v3()),
        "
        state   Stepping #1 v1>v3 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v3 10%: attempt 1: revision v3 may replace revision v1, beginning with 10%
        changes record v3 #1, create v3 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
    check(
        aliased().wants(v3()),
        "
        state   Idle v1, attempts 0, v1 installed, means v2
        event   none
        changes none
        wake    never; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn another_meaning_starts_an_attempt() {
    check(
        settled().wants(v2()).accepting(v2()),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes record v2 #1, create v2 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn whether_it_means_the_same_waits_for_the_dry_run() {
    check(
        settled().wants(v2()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_rejected_template_is_not_asked_about() {
    check(
        after_an_abort().child(&v2(), |child| child.meaning = Meaning::new(v1().as_str())),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   none
        changes none
        wake    never; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}
