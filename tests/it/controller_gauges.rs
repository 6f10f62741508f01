//! What do the gauges say of each rollout? Read from its status alone, so that a restart changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use serin::analysis::Evidence;
use serin::api::{Object, Status, View};
use serin::audit::Outbox;
use serin::controller::rollout_gauges;
use serin::rollout::{Baking, Cause, EndReason, Ended, Idle, Intent, Memo, PauseCause, Promoting, RollingBack, State, Why};

use super::given::{
    Seeing as _, after, baking, checkout, child, failure, given, idle, noon, paused, promoting, rejected, rolling_back, seen, stepping, v1,
    v2,
};

/// What is told a minute after a rollout came to stand so at noon, without the place that all of it is about.
fn told(state: &State, wanted: serin::rollout::Revision, why: &Why) -> Vec<String> {
    let intent = Intent { revision: wanted, ..given(state.clone()).intent };
    let observed = seen().with(v1(), child(8, 8)).with(v2(), child(2, 2));
    let (state, evidence) = (Some(state), &Evidence::default());
    let view = View {
        name: "checkout",
        generation: 7,
        intent: &intent,
        state,
        why,
        observed: &observed,
        evidence,
        shared: &serin::api::Shared::default(),
        now: noon(),
    };
    of(&Status::default().render(&view, Memo::default(), Outbox::default()))
}

fn of(status: &Status) -> Vec<String> {
    let metadata = json!({"name": "checkout", "namespace": "shop"});
    let object: Object = serde_json::from_value(json!({"metadata": metadata, "spec": {}, "status": status})).unwrap();
    let key = checkout();
    let text = rollout_gauges(&BTreeMap::from([(key, Arc::new(object))]), after(60));
    let place = r#"rollout_namespace="shop",rollout="checkout""#;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.replace("serin_rollout_", "").replace(&format!("{{{place}}}"), "").replace(&format!("{place},"), "")).collect()
}

fn forced(state: State) -> State {
    match state {
        State::Promoting(at) => State::Promoting(Promoting { forced: true, ..at }),
        State::Baking(at) => State::Baking(Baking { forced: true, ..at }),
        other => other,
    }
}

#[test]
fn a_rollout_in_flight_says_where_it_stands_and_nothing_of_an_end() {
    let expect = [
        r#"phase{phase="Stepping"} 1"#,
        "phase_seconds 60",
        r#"why{reason="Holding"} 1"#,
        "stalled_seconds 0",
        "rollback_failing 0",
        "forced 0",
    ];
    assert_eq!(told(&stepping(25), v2(), &Why::Holding(after(90))), expect);
}

#[test]
fn an_abort_says_why_while_stable_comes_back_and_after() {
    let going = told(&rolling_back(Cause::Failed(failure())), v2(), &Why::RollingBack(String::new()));
    assert!(going.contains(&r#"outcome{outcome="Aborted",reason="CheckFailed"} 1"#.to_owned()), "{going:#?}");
    let gone = told(&rejected(), v2(), &Why::Rejected(v2(), String::new()));
    let expect = [
        r#"phase{phase="Idle"} 1"#,
        "phase_seconds 60",
        r#"why{reason="Rejected"} 1"#,
        "stalled_seconds 60",
        r#"outcome{outcome="Aborted",reason="CheckFailed"} 1"#,
        "outcome_seconds 60",
        "rollback_failing 0",
        "forced 0",
    ];
    assert_eq!(gone, expect);
}

#[test]
fn a_template_that_was_set_back_ends_the_abort() {
    let told = told(&rejected(), v1(), &Why::Settled);
    assert!(told.contains(&r#"outcome{outcome="Promoted",reason="Stable"} 1"#.to_owned()), "{told:#?}");
}

#[test]
fn a_rollback_that_is_late_or_blocked_fails() {
    for (overdue, blocked, expect) in [(false, false, "0"), (true, false, "1"), (false, true, "1")] {
        let State::RollingBack(at) = rolling_back(Cause::Failed(failure())) else { unreachable!() };
        let told = told(&State::RollingBack(RollingBack { overdue, blocked, ..at }), v2(), &Why::RollingBack(String::new()));
        assert!(told.contains(&format!("rollback_failing {expect}")), "{told:#?}");
    }
}

#[test]
fn what_was_forced_is_told_from_the_promotion_on() {
    let last = Ended {
        revision: v2(),
        result: serin::rollout::AttemptResult::Promoted,
        reason: EndReason::Forced,
        message: String::new(),
        at: noon(),
    };
    let settled = State::Idle(Idle::new(v2(), 1, last));
    for state in &[forced(promoting()), forced(baking()), settled] {
        let told = told(state, v2(), &Why::Settled);
        assert!(told.contains(&"forced 1".to_owned()), "{told:#?}");
    }
    for state in &[promoting(), baking(), idle()] {
        let told = told(state, v2(), &Why::Settled);
        assert!(told.contains(&"forced 0".to_owned()), "{told:#?}");
    }
}

#[test]
fn what_waits_for_somebody_counts_the_seconds() {
    let told = told(&paused(25, PauseCause::Deadline, 10), v2(), &Why::Paused(PauseCause::Deadline, String::new()));
    assert!(
        told.contains(&"stalled_seconds 60".to_owned()) && told.contains(&r#"why{reason="PausedByDeadline"} 1"#.to_owned()),
        "{told:#?}"
    );
}

#[test]
fn a_rollout_that_nobody_looked_at_yet_tells_nothing() {
    assert_eq!(of(&Status::default()), Vec::<String>::new());
}

#[test]
fn a_word_that_somebody_wrote_into_the_status_is_no_label() {
    let why = Some(serin::api::Reason { reason: "Whatever\"} 1".to_owned(), message: String::new() });
    let status = Status { state: Some(idle()), why, ..Status::default() };
    assert!(!of(&status).iter().any(|line| line.starts_with("why")));
}
