//! Nothing is in flight: keeping size, naming what is gone, keeping history.

use chrono::TimeDelta;
use serin::rollout::{AttemptResult, Child, EndReason, Ended, Record, Revision, ServiceView, Settled, State, Why};

use super::check;
use crate::given::{Given, after, child, given, idle, noon, record, rejected, v1, v2, v3};

/// v1 serves with all its pods.
pub(super) fn settled() -> Given {
    given(idle()).with(v1(), child(10, 10)).sees(|seen| drop(seen.records.insert(v1(), marked("installed"))))
}

/// v2 was aborted and is still in the spec.
pub(super) fn after_an_abort() -> Given {
    let given = given(rejected()).wants(v2()).pods(10, 0);
    given.sees(|seen| drop(seen.records.insert(v2(), marked("aborted"))))
}

pub(super) fn marked(outcome: &str) -> Record {
    Record { outcome: Some(outcome.to_owned()), ..record() }
}

#[test]
fn a_settled_rollout_does_nothing() {
    check(
        settled(),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_larger_spec_scales_stable_up() {
    check(
        settled().spec(|intent| intent.replicas = 12),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v1 12
        wake    never; WaitingForPods: 10 of 12 stable pods are available
        ",
    );
}

#[test]
fn a_smaller_spec_scales_stable_down() {
    check(
        settled().spec(|intent| intent.replicas = 8),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v1 8!
        wake    never; WaitingForPods: 10 stable pods have to become 8
        ",
    );
}

#[test]
fn no_replicas_are_settled_too() {
    check(
        settled().spec(|intent| intent.replicas = 0).with(v1(), child(0, 0)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes mark v1 installed
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_stable_deployment_that_is_gone_is_made_again_from_the_spec() {
    check(
        settled().sees(|seen| seen.children.clear()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Deleted #0 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 10
        wake    at once; WaitingForPods: 0 of 10 stable pods are available
        ",
    );
}

#[test]
fn a_stable_deployment_that_is_gone_while_the_spec_has_a_rejected_template_is_named() {
    check(
        after_an_abort().sees(|seen| drop(seen.children.remove(&v1()))),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   drift.corrected Deleted #0 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 10
        wake    at once; WaitingForPods: stable's Deployment is made again
        ",
    );
}

#[test]
fn a_settled_rollout_whose_service_is_gone_is_stuck() {
    check(
        settled().service(ServiceView::Missing),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Service: the Service does not exist; create it, or correct spec.service
        ",
    );
}

#[test]
fn what_still_serves_beside_stable_goes_as_far_as_stable_is_available() {
    check(
        settled().with(v1(), child(10, 7)).with(v2(), child(5, 5)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v2 3!, mark v1 installed
        wake    never; WaitingForPods: 7 of 10 stable pods are available
        ",
    );
}

#[test]
fn a_paused_spec_still_follows_its_replicas() {
    check(
        settled().paused().spec(|intent| intent.replicas = 12),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v1 12
        wake    never; WaitingForPods: 10 of 12 stable pods are available
        ",
    );
}

#[test]
fn a_settled_rollout_whose_spec_cannot_be_read_says_so() {
    check(
        settled().brake(Why::InvalidSpec("spec.steps: weights must increase".to_owned())),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

#[test]
fn the_outcome_of_the_last_attempt_is_written_on_its_record() {
    check(
        after_an_abort().sees(|seen| drop(seen.records.insert(v2(), record()))),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   none
        changes mark v2 aborted
        wake    +0s; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn an_outcome_of_an_earlier_attempt_is_written_over() {
    let last =
        Ended { revision: v1(), result: AttemptResult::Promoted, reason: EndReason::Passed, message: "replaced".to_owned(), at: noon() };
    let State::Idle(mut at) = idle() else { panic!("idle") };
    at.last = last;
    check(
        settled().stands(State::Idle(at)).sees(|seen| drop(seen.records.insert(v1(), marked("aborted")))),
        "
        state   Idle v1, attempts 0, v1 promoted
        event   none
        changes mark v1 promoted
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

/// An undo goes by that time. It is stored in whole seconds.
#[test]
fn a_revision_that_became_stable_again_is_marked_with_the_new_time() {
    let again = |written| settled().remembers(v1(), "installed", written);
    check(
        again(-1),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes mark v1 installed
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        again(0),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_revision_without_a_record_is_not_marked() {
    check(
        settled().sees(|seen| seen.records.clear()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn old_revisions_beyond_the_history_limit_go_oldest_first() {
    let old = |seconds| Child { created: after(seconds), ..child(0, 0) };
    let given = settled().spec(|intent| intent.history_limit = 1);
    check(
        given.with(Revision::new("a"), old(-10)).with(Revision::new("b"), old(-30)).with(Revision::new("c"), old(-20)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes prune b, prune c
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_revision_that_is_wanted_or_still_has_pods_is_never_pruned() {
    let old = Child { created: noon() - TimeDelta::days(1), ..child(0, 0) };
    let serving = Child { settled: Settled::No, ..child(1, 1) };
    check(
        after_an_abort().spec(|intent| intent.history_limit = 0).with(v2(), old).with(v3(), serving),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   none
        changes scale v3 0!, mark v2 aborted
        wake    +0s; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}
