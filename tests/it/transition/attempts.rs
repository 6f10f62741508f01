//! A new template: what starts an attempt, what is in its way, what stays rejected.

use serin::rollout::{Meaning, Restart, ServiceView, State, Template, Why};

use super::check;
use super::idle::{after_an_abort, settled};
use crate::given::{Given, child, noon, rejected, v1, v2, v3};

/// v1 serves and the spec has v2, which the API server accepts.
fn new_template() -> Given {
    settled().wants(v2()).accepting(v2())
}

fn refused() -> Template {
    Template::Refused { revision: v2(), text: "unknown field \"spec.contaners\"".to_owned(), at: noon() }
}

#[test]
fn no_attempt_starts_while_the_stable_deployment_is_gone() {
    check(
        new_template().sees(|seen| seen.children.clear()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Deleted #0 v1>v1 -: the Deployment of revision v1 was deleted by somebody else; it is put right
        changes create v1 10
        wake    at once; WaitingForPods: stable's Deployment is made again
        ",
    );
}

#[test]
fn a_new_template_starts_an_attempt_at_the_first_step() {
    check(
        new_template(),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes record v2 #1, create v2 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn a_new_template_without_steps_is_promoted_at_once() {
    check(
        new_template().spec(|intent| intent.steps.clear()),
        "
        state   Promoting #1 v1>v2 since +0s
        event   rollout.started NewTemplate #1 v1>v2 100%: attempt 1: revision v2 may replace revision v1
        changes record v2 #1, create v2 3
        wake    at once; WaitingForPods: the canary gets all traffic
        ",
    );
}

#[test]
fn an_old_template_is_scaled_up_again_without_asking() {
    check(
        settled().wants(v2()).with(v2(), child(0, 0)),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes scale v2 1!
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn a_new_template_is_checked_first() {
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
fn a_refused_new_template_starts_nothing() {
    check(
        new_template().sees(|seen| seen.template = refused()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; InvalidTemplate: the API server refuses the template: unknown field \"spec.contaners\"
        ",
    );
}

#[test]
fn a_new_template_that_nobody_can_check_starts_nothing() {
    let unknown = Template::Unknown { revision: v2(), text: "no answer in 10 s".to_owned(), at: noon() };
    check(
        new_template().sees(|seen| seen.template = unknown),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; TemplateUnknown: the template could not be checked yet: no answer in 10 s
        ",
    );
}

#[test]
fn a_new_template_without_its_service_starts_nothing() {
    check(
        new_template().service(ServiceView::Taken { by: "web".to_owned() }),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Service: the Service already belongs to Rollout web; give this Rollout a Service of its own
        ",
    );
}

#[test]
fn a_paused_spec_starts_nothing() {
    check(
        new_template().paused(),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; PausedBySpec: spec.paused is set
        ",
    );
}

#[test]
fn a_full_audit_backlog_starts_nothing() {
    check(
        new_template().brake(Why::AuditBacklog(512)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; AuditBacklog: 512 events wait for their sinks; exposure does not grow until they are delivered
        ",
    );
}

#[test]
fn a_rejected_template_stays_rejected() {
    check(
        after_an_abort().accepting(v2()).passing(),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   none
        changes none
        wake    never; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
}

#[test]
fn another_template_starts_the_next_attempt() {
    check(
        after_an_abort().wants(v3()).accepting(v3()),
        "
        state   Stepping #2 v1>v3 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #2 v1>v3 10%: attempt 2: revision v3 may replace revision v1, beginning with 10%
        changes record v3 #2, create v3 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn going_back_to_stable_clears_the_rejection() {
    check(
        after_an_abort().wants(v1()),
        "
        state   Idle v1, attempts 1, v2 aborted
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_template_that_comes_back_after_that_is_tried_again_from_the_first_step() {
    let State::Idle(mut at) = rejected() else { panic!("idle") };
    at.rejected = None;
    check(
        after_an_abort().wants(v2()).sees(|_| ()).stands(State::Idle(at)),
        "
        state   Stepping #2 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #2 v1>v2 10%: attempt 2: revision v2 may replace revision v1, beginning with 10%
        changes scale v2 1!
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}

#[test]
fn a_spec_that_cannot_be_read_does_not_clear_the_rejection() {
    check(
        after_an_abort().wants(v1()).brake(Why::InvalidSpec("spec.steps: weights must increase".to_owned())),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   none
        changes none
        wake    never; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

#[test]
fn what_was_said_of_another_template_says_nothing_of_this_one() {
    let text = || "unknown field \"spec.contaners\"".to_owned();
    for told in [
        Template::Refused { revision: v3(), text: text(), at: noon() },
        Template::Unknown { revision: v3(), text: text(), at: noon() },
        Template::Accepted { revision: v3(), meaning: Meaning::new(v1().as_str()) },
    ] {
        check(
            new_template().sees(|seen| seen.template = told),
            "
            state   Idle v1, attempts 0, v1 installed
            event   none
            changes none
            wake    never; CheckingTemplate: the template is being checked
            ",
        );
    }
}

#[test]
fn a_restart_that_is_written_keeps_no_attempt_from_beginning() {
    let again = || Some(Restart::new("again"));
    check(
        new_template().rests(|idle| idle.restart = again()).child(&v1(), |child| child.restart = again()),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes record v2 #1, create v2 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
}
