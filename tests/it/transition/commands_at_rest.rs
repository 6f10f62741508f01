//! What does a command do while nothing is in flight? Retry, Promote and Restart; the others are for attempts.

use serin::rollout::{Action, Meaning, Restart, ServiceView, Template, Verb};

use super::check;
use super::commands_refused::said;
use super::idle::{after_an_abort, settled};
use crate::given::{Given, action, noon, v1, v2};

/// v1 serves and the spec has v2, about which the API server has not spoken yet.
fn unchecked() -> Given {
    settled().wants(v2())
}

/// Somebody asked for a restart of stable's pods.
fn restarting(given: Given) -> Given {
    given.rests(|idle| idle.restart = Some(Restart::new("again")))
}

pub(super) fn for_stable(verb: Verb) -> Action {
    Action { revision: Some(v1()), ..action(verb) }
}

#[test]
fn without_an_attempt_there_is_nothing_to_approve_abort_pause_resume_or_skip() {
    for verb in [Verb::Approve, Verb::Abort, Verb::Pause, Verb::Resume, Verb::Skip] {
        assert_eq!(said(&settled().asked(action(verb))), "no attempt is in flight", "{verb}");
    }
}

#[test]
fn what_was_meant_for_the_attempt_that_just_ended_is_superseded() {
    for verb in [Verb::Approve, Verb::Resume, Verb::Skip] {
        assert_eq!(said(&after_an_abort().asked(action(verb))), "the attempt at revision v2 is over", "{verb}");
    }
}

#[test]
fn a_retry_tries_a_rejected_revision_again_from_its_first_step() {
    check(
        after_an_abort().asked(action(Verb::Retry)),
        "
        state   Stepping #2 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started Retried #2 v1>v2 10%: attempt 2: revision v2 may replace revision v1, beginning with 10% <retry: Done>
        changes scale v2 1!
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn a_retry_names_the_attempt_that_it_is_about_or_none() {
    check(
        after_an_abort().asked(Action { attempt: Some(1), ..action(Verb::Retry) }),
        "
        state   Stepping #2 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started Retried #2 v1>v2 10%: attempt 2: revision v2 may replace revision v1, beginning with 10% <retry: Done>
        changes scale v2 1!
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
    assert_eq!(
        said(&after_an_abort().asked(Action { attempt: Some(2), ..action(Verb::Retry) })),
        "it is meant for attempt 2, and now it is attempt 1"
    );
}

#[test]
fn what_was_not_rejected_is_not_retried() {
    assert_eq!(said(&unchecked().asked(action(Verb::Retry))), "revision v2 was not rejected; its attempt begins by itself");
    assert_eq!(said(&settled().asked(for_stable(Verb::Retry))), "revision v1 is stable already");
    assert_eq!(
        said(&settled().asked(action(Verb::Retry))),
        "it is meant for revision v2, and now it is about revision v1",
        "the template went back meanwhile"
    );
}

#[test]
fn a_retry_needs_the_template_as_the_api_server_took_it() {
    let pruned = after_an_abort().without(&v2());
    assert_eq!(said(&pruned.asked(action(Verb::Retry))), "revision v2 is no longer stored; change the template and back");
}

#[test]
fn a_retry_and_a_promotion_wait_for_what_has_to_be_written_first() {
    check(
        restarting(after_an_abort()).asked(action(Verb::Retry)),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2, restart again
        event   none
        changes restart v1 again
        wake    never; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
    check(
        after_an_abort().remembers(v2(), "superseded", -100).asked(action(Verb::Promote)),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   none
        changes mark v2 aborted
        wake    +0s; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn a_retry_and_a_promotion_are_refused_where_the_attempt_could_not_begin() {
    let service = |given: Given| given.service(ServiceView::Missing);
    for verb in [Verb::Retry, Verb::Promote] {
        let row = |given: Given| said(&given.asked(action(verb)));
        assert_eq!(row(after_an_abort().paused()), "spec.paused is set; unset it first");
        assert_eq!(row(service(after_an_abort())), "the Service does not exist; create it, or correct spec.service");
        assert_eq!(row(after_an_abort().without(&v1())), "stable's Deployment is made again");
    }
}

#[test]
fn a_promotion_at_rest_skips_every_step() {
    check(
        after_an_abort().asked(action(Verb::Promote)),
        "
        state   Promoting #2 v1>v2 since +0s, forced
        event   promotion.forced Forced #2 v1>v2 100%: revision v2 is promoted without a Pass by ana: it is time; it replaces revision v1 <promote: Done>
        changes scale v2 3!
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
    check(
        unchecked().accepting(v2()).asked(action(Verb::Promote)),
        "
        state   Promoting #1 v1>v2 since +0s, forced
        event   promotion.forced Forced #1 v1>v2 100%: revision v2 is promoted without a Pass by ana: it is time; it replaces revision v1 <promote: Done>
        changes record v2 #1, create v2 3
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
}

#[test]
fn a_promotion_waits_for_the_dry_run_of_its_template() {
    check(
        unchecked().asked(action(Verb::Promote)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; CheckingTemplate: the template is being checked
        ",
    );
    let refused = Template::Refused { revision: v2(), text: "unknown field \"spec.contaners\"".to_owned(), at: noon() };
    check(
        unchecked().sees(|seen| seen.template = refused).asked(action(Verb::Promote)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   action.refused Refused #0 v1>v2 -: Promote is not done: the API server refuses the template: unknown field \"spec.contaners\" (asked by ana: it is time) <promote: Refused>
        changes none
        wake    at once; InvalidTemplate: the API server refuses the template: unknown field \"spec.contaners\"
        ",
    );
}

#[test]
fn what_waits_is_not_overtaken_by_what_was_asked_later() {
    check(
        unchecked().asked(action(Verb::Promote)).asked(for_stable(Verb::Restart)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn what_means_the_same_as_stable_is_not_promoted() {
    let same = Meaning::new(v1().as_str());
    let row = unchecked().sees(|seen| seen.template = Template::Accepted { revision: v2(), meaning: same });
    assert_eq!(said(&row.asked(action(Verb::Promote))), "revision v2 means the same as revision v1");
}

#[test]
fn a_restart_is_written_on_the_template_of_stable() {
    check(
        settled().asked(for_stable(Verb::Restart)),
        "
        state   Idle v1, attempts 0, v1 installed, restart uid-of-Restart
        event   rollout.restarted Restarted #0 v1>v1 -: the pods of revision v1 are replaced by new ones, for ana: it is time <restart: Done>
        changes restart v1 uid-of-Restart
        wake    at once; WaitingForPods: stable's pods are being restarted
        ",
    );
    check(
        settled().asked(Action { revision: None, ..action(Verb::Restart) }),
        "
        state   Idle v1, attempts 0, v1 installed, restart uid-of-Restart
        event   rollout.restarted Restarted #0 v1>v1 -: the pods of revision v1 are replaced by new ones, for ana: it is time <restart: Done>
        changes restart v1 uid-of-Restart
        wake    at once; WaitingForPods: stable's pods are being restarted
        ",
    );
}

#[test]
fn a_restart_that_is_written_is_done_once() {
    check(
        restarting(settled()).child(&v1(), |child| child.restart = Some(Restart::new("again"))),
        "
        state   Idle v1, attempts 0, v1 installed, restart again
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        restarting(settled()).wants(v2()).accepting(v2()),
        "
        state   Idle v1, attempts 0, v1 installed, restart again
        event   none
        changes restart v1 again
        wake    never; WaitingForPods: stable's pods are being restarted
        ",
    );
}

#[test]
fn a_restart_needs_a_deployment_and_a_spec_that_can_be_read() {
    assert_eq!(said(&settled().without(&v1()).asked(for_stable(Verb::Restart))), "stable has no Deployment now");
    assert_eq!(said(&settled().unreadable().asked(for_stable(Verb::Restart))), "spec.steps: weights must increase");
    assert_eq!(said(&settled().asked(action(Verb::Restart))), "it is meant for revision v2, and now it is about revision v1");
}
