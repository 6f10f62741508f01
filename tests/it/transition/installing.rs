//! The first revision comes up: what it waits for, what is in its way, when it is stable.

use serin::rollout::{Child, Edge, EventKind, Lifetime, PodState, ServiceView, Settled, Template, Why, begin};

use super::check;
use crate::given::{Given, child, given, installing, intent, noon, pod, seen, v1, v2};

/// v1 is being installed since noon, accepted by the API server; nothing exists yet.
pub(super) fn first() -> Given {
    given(installing()).accepting(v1())
}

fn refused() -> Template {
    Template::Refused { revision: v1(), text: "unknown field \"spec.contaners\"".to_owned(), at: noon() }
}

#[test]
fn a_new_rollout_installs_its_first_revision_and_says_so() {
    let Edge { state, event, why } = begin(&intent(v1()), &seen(), noon());
    assert_eq!(state, installing());
    assert_eq!((event.kind, event.revision, event.stable, event.attempt), (EventKind::Created, v1(), None, 0));
    assert_eq!(why, Why::WaitingForPods("0 of 10 pods are available".to_owned()));
}

#[test]
fn a_rollout_without_our_finalizer_gets_it_before_anything_else_is_written() {
    check(
        first().sees(|seen| seen.lifetime = Lifetime::Unguarded),
        "
        state   Installing v1 since +0s
        event   none
        changes guard
        wake    +600s; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn an_accepted_first_template_is_recorded_and_made() {
    check(
        first(),
        "
        state   Installing v1 since +0s
        event   none
        changes record v1 #0, create v1 10
        wake    +600s; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn a_template_that_is_recorded_already_is_only_made() {
    check(
        first().with(v1(), child(0, 0)).sees(|seen| seen.children.clear()),
        "
        state   Installing v1 since +0s
        event   none
        changes create v1 10
        wake    +600s; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn nothing_is_written_before_the_template_was_checked() {
    check(
        given(installing()),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn an_answer_about_another_template_is_no_answer() {
    check(
        given(installing()).accepting(v2()),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; CheckingTemplate: the template is being checked
        ",
    );
}

#[test]
fn a_refused_first_template_is_stuck_in_the_words_of_the_api_server() {
    check(
        first().sees(|seen| seen.template = refused()),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; InvalidTemplate: the API server refuses the template: unknown field \"spec.contaners\"
        ",
    );
}

#[test]
fn a_template_that_nobody_can_check_waits() {
    let unknown = Template::Unknown { revision: v1(), text: "no answer in 10 s".to_owned(), at: noon() };
    check(
        first().sees(|seen| seen.template = unknown),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; TemplateUnknown: the template could not be checked yet: no answer in 10 s
        ",
    );
}

#[test]
fn without_its_service_nothing_is_made() {
    check(
        first().service(ServiceView::Missing),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; Service: the Service does not exist; create it, or correct spec.service
        ",
    );
}

#[test]
fn a_service_that_cannot_carry_the_rollout_says_why() {
    check(
        first().service(ServiceView::Unfit("the selector app=web matches no label of the template".to_owned())),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; Service: the selector app=web matches no label of the template
        ",
    );
}

#[test]
fn a_service_that_belongs_to_another_rollout_is_refused_by_name() {
    check(
        first().service(ServiceView::Taken { by: "web".to_owned() }),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; Service: the Service already belongs to Rollout web; give this Rollout a Service of its own
        ",
    );
}

#[test]
fn a_full_audit_backlog_does_not_stop_the_first_revision() {
    check(
        first().brake(Why::AuditBacklog(512)),
        "
        state   Installing v1 since +0s
        event   none
        changes record v1 #0, create v1 10
        wake    +600s; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn a_first_spec_that_can_no_longer_be_read_is_named() {
    check(
        first().brake(Why::InvalidSpec("spec.steps: weights must increase".to_owned())),
        "
        state   Installing v1 since +0s
        event   none
        changes record v1 #0, create v1 10
        wake    +600s; InvalidSpec: spec.steps: weights must increase
        ",
    );
}

#[test]
fn pods_on_their_way_are_counted() {
    check(
        first().with(v1(), child(10, 4)).after(30),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 4 of 10 first pods are available
        ",
    );
}

#[test]
fn a_first_revision_that_lost_a_scale_is_scaled() {
    check(
        first().with(v1(), child(4, 4)).after(30),
        "
        state   Installing v1 since +0s
        event   none
        changes scale v1 10
        wake    +600s; WaitingForPods: 4 of 10 first pods are available
        ",
    );
}

#[test]
fn a_first_revision_that_is_available_is_stable() {
    check(
        first().with(v1(), child(10, 10)).after(30),
        "
        state   Idle v1, attempts 0, v1 installed
        event   rollout.installed Available #0 v1>v1 100%: revision v1 is available and stable
        changes mark v1 installed
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn one_pod_in_ten_may_be_missing_when_the_first_revision_becomes_stable() {
    check(
        first().with(v1(), child(10, 9)).after(30),
        "
        state   Idle v1, attempts 0, v1 installed
        event   rollout.installed Available #0 v1>v1 100%: revision v1 is available and stable
        changes mark v1 installed
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn two_pods_in_ten_may_not() {
    check(
        first().with(v1(), child(10, 8)).after(30),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 8 of 10 first pods are available
        ",
    );
}

#[test]
fn below_five_replicas_no_pod_may_be_missing() {
    check(
        first().spec(|intent| intent.replicas = 4).with(v1(), child(4, 3)).after(30),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 3 of 4 first pods are available
        ",
    );
}

#[test]
fn a_status_that_does_not_speak_of_the_newest_spec_does_not_count() {
    let stale = Child { settled: Settled::No, ..child(10, 10) };
    check(
        first().with(v1(), stale).after(30),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; WaitingForPods: 10 first pods are wanted and the Deployment is still busy
        ",
    );
}

#[test]
fn no_replicas_are_installed_only_once_the_deployment_exists() {
    check(
        first().spec(|intent| intent.replicas = 0),
        "
        state   Installing v1 since +0s
        event   none
        changes record v1 #0, create v1 0
        wake    +600s; WaitingForPods: the Deployment does not exist yet
        ",
    );
    check(
        first().spec(|intent| intent.replicas = 0).with(v1(), child(0, 0)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   rollout.installed Available #0 v1>v1 100%: revision v1 is available and stable
        changes mark v1 installed
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn a_pod_that_crashes_is_named_before_the_deadline() {
    let mut broken = child(10, 0);
    broken.pods = vec![pod(0, PodState::Starting), pod(1, PodState::Crashing { reason: "CrashLoopBackOff: exit code 1".to_owned() })];
    check(
        first().with(v1(), broken).after(30),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; InstallFailed: 0 of 10 first pods are available: pod pod-1: CrashLoopBackOff: exit code 1
        ",
    );
}
