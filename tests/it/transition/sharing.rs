//! Shares of pods that are not the shares that were asked for: a warning, or no beginning.

use serin::rollout::{ServiceView, Sharing, Skew, Verb};

use super::check;
use super::commands_in_flight::holding;
use super::commands_refused::said;
use super::idle::{after_an_abort, settled};
use crate::given::{Given, action, child, given, installing, v1, v2};

fn skewed(given: Given) -> Given {
    given.service(ServiceView::Skewed(vec![Skew::SessionAffinity]))
}

fn strict(given: Given) -> Given {
    given.spec(|intent| intent.sharing = Sharing::Strict)
}

/// Four pods, of which ten percent are one in four.
fn small(given: Given) -> Given {
    given.spec(|intent| (intent.replicas, intent.capacity.surge) = (4, 1)).with(v1(), child(4, 4)).remembers(v1(), "installed", 0)
}

/// v1 serves and the spec has v2, which the API server accepts.
fn new_template() -> Given {
    settled().wants(v2()).accepting(v2())
}

#[test]
fn a_skewed_service_carries_a_rollout_that_takes_shares_as_near_as_they_come() {
    check(
        skewed(settled()),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
    check(
        skewed(new_template()),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes record v2 #1, create v2 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
    check(
        skewed(given(installing()).accepting(v1())),
        "
        state   Installing v1 since +0s
        event   none
        changes record v1 #0, create v1 10
        wake    +600s; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn a_skewed_service_begins_nothing_where_shares_have_to_be_exact() {
    check(
        skewed(strict(settled())),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Service: shares of pods are not shares of requests: the Service has sessionAffinity ClientIP, so that a client keeps its pod; change that, or unset spec.traffic.replicas.strict
        ",
    );
    check(
        skewed(strict(new_template())),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Service: shares of pods are not shares of requests: the Service has sessionAffinity ClientIP, so that a client keeps its pod; change that, or unset spec.traffic.replicas.strict
        ",
    );
    check(
        skewed(strict(given(installing()).accepting(v1()))),
        "
        state   Installing v1 since +0s
        event   none
        changes none
        wake    +600s; Service: shares of pods are not shares of requests: the Service has sessionAffinity ClientIP, so that a client keeps its pod; change that, or unset spec.traffic.replicas.strict
        ",
    );
}

#[test]
fn what_is_in_flight_goes_on_beside_a_service_that_was_skewed_meanwhile() {
    check(
        skewed(strict(holding())).passing().after(60),
        "
        state   Stepping #1 v1>v2 50%, waiting since +60s, held 0s
        event   step.started Passed #1 v1>v2 50%: revision v2 passed at 25% (20% of the pods): errors is 0.001, at most 0.01; next is 50%
        changes scale v2 5!
        wake    at once; WaitingForPods: the canary gets 50%
        ",
    );
}

#[test]
fn a_rollout_without_a_service_begins_like_any_other() {
    check(
        new_template().service(ServiceView::None),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes record v2 #1, create v2 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
    check(
        strict(given(installing()).accepting(v1()).service(ServiceView::None)),
        "
        state   Installing v1 since +0s
        event   none
        changes record v1 #0, create v1 10
        wake    +600s; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn steps_that_whole_pods_cannot_give_begin_nothing_where_shares_have_to_be_exact() {
    check(
        small(new_template()),
        "
        state   Stepping #1 v1>v2 10%, waiting since +0s, held 0s
        event   rollout.started NewTemplate #1 v1>v2 10%: attempt 1: revision v2 may replace revision v1, beginning with 10%
        changes record v2 #1, create v2 1
        wake    at once; WaitingForPods: the canary gets its first 10%
        ",
    );
    check(
        strict(small(new_template())),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; StepsUnattainable: with 4 replicas 10% becomes 25%; use other weights, more replicas or more surge, or unset spec.traffic.replicas.strict
        ",
    );
    check(
        strict(small(settled())),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; StepsUnattainable: with 4 replicas 10% becomes 25%; use other weights, more replicas or more surge, or unset spec.traffic.replicas.strict
        ",
    );
    check(
        strict(small(settled())).service(ServiceView::None),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; StepsUnattainable: with 4 replicas 10% becomes 25%; use other weights, more replicas or more surge, or unset spec.traffic.replicas.strict
        ",
    );
}

#[test]
fn steps_of_nothing_are_not_far_from_anything() {
    check(
        strict(settled()).spec(|intent| intent.replicas = 0).with(v1(), child(0, 0)).remembers(v1(), "installed", 0),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes none
        wake    never; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn no_command_begins_what_shares_keep_from_beginning() {
    for verb in [Verb::Retry, Verb::Promote] {
        let text = said(&skewed(strict(after_an_abort())).asked(action(verb)));
        let why = "shares of pods are not shares of requests: the Service has sessionAffinity ClientIP, so that a client keeps its pod; \
                   change that, or unset spec.traffic.replicas.strict";
        assert_eq!(text, why, "{verb}");
    }
}
