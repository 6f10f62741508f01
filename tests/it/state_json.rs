//! Is a state that was stored the state that was decided?

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use serin::rollout::{
    Adopting, Approval, Attempt, AttemptResult, Author, Baking, Cause, Clock, Deleted, EndReason, Ended, Failure, HandingBack, Idle,
    Installing, PauseCause, Paused, Promoting, Restart, Revision, RollingBack, State, Stepping, Weight,
};

use crate::given::{after, attempt, failure, paused, rejected, rolling_back, stepping, weight};

fn revision() -> impl Strategy<Value = Revision> {
    "[0-9a-f]{10}".prop_map(Revision::new)
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4_000_000_000_i64, 0..1_000_000_000_u32).prop_map(|(s, ns)| DateTime::from_timestamp(s, ns).expect("in range"))
}

fn held() -> impl Strategy<Value = TimeDelta> {
    (0..10_000_000_000_i64).prop_map(TimeDelta::milliseconds)
}

fn an_attempt() -> impl Strategy<Value = Attempt> {
    (any::<u32>(), revision(), revision()).prop_map(|(number, stable, canary)| Attempt { number, stable, canary })
}

fn any_weight() -> impl Strategy<Value = Weight> {
    (0..=100_u32).prop_map(weight)
}

fn clock() -> impl Strategy<Value = Clock> {
    (any::<bool>(), time(), held())
        .prop_map(|(runs, since, held)| if runs { Clock::Running { since, held } } else { Clock::Waiting { since, held } })
}

fn cause() -> impl Strategy<Value = Cause> {
    let limits = (proptest::option::of(".*"), proptest::option::of(".*"));
    let failed = (".*", ".*", limits)
        .prop_map(|(check, message, (value, limit))| Cause::Failed(Failure { check, message, value, limit, evidence: None }));
    prop_oneof![
        failed,
        ".*".prop_map(Cause::Unavailable),
        ".*".prop_map(Cause::Undecided),
        revision().prop_map(Cause::Superseded),
        Just(Cause::Deleted),
        ".*".prop_map(Cause::Unapproved),
        author().prop_map(Cause::Aborted),
        author().prop_map(Cause::Undone),
    ]
}

fn author() -> impl Strategy<Value = Author> {
    let text = || proptest::option::of(".*");
    (text(), text()).prop_map(|(name, reason)| Author { name, on_behalf_of: None, reason })
}

fn ended() -> impl Strategy<Value = Ended> {
    let results = vec![
        AttemptResult::Installed,
        AttemptResult::Promoted,
        AttemptResult::Aborted,
        AttemptResult::Superseded,
        AttemptResult::Undone,
        AttemptResult::Recovered,
    ];
    (revision(), proptest::sample::select(results), ".*", time()).prop_map(|(revision, result, message, at)| Ended {
        revision,
        result,
        reason: EndReason::Passed,
        message,
        at,
    })
}

fn idle_state() -> impl Strategy<Value = State> {
    let maybe = || proptest::option::of(revision());
    let restart = proptest::option::of("[a-f0-9-]{36}".prop_map(Restart::new));
    (revision(), any::<u32>(), ended(), maybe(), maybe(), restart, proptest::option::of(time())).prop_map(
        |(stable, attempts, last, rejected, alias, restart, down)| {
            State::Idle(Idle { stable, attempts, last, rejected, alias, restart, down })
        },
    )
}

fn trial_state() -> impl Strategy<Value = State> {
    let causes = vec![PauseCause::Deadline, PauseCause::Spec, PauseCause::Action, PauseCause::Approval];
    prop_oneof![
        (an_attempt(), any_weight(), clock(), any::<bool>()).prop_map(|(attempt, step, clock, approved)| State::Stepping(Stepping {
            attempt,
            step,
            clock,
            approved
        })),
        (an_attempt(), any_weight(), held(), time()).prop_map(|(attempt, step, held, since)| State::Approval(Approval {
            attempt,
            step,
            held,
            since
        })),
        (an_attempt(), any_weight(), held(), proptest::sample::select(causes), any::<bool>()).prop_map(
            |(attempt, step, held, cause, approved)| {
                let author = (cause == PauseCause::Action).then(Author::default);
                State::Paused(Paused { attempt, step, held, cause, author, approved })
            }
        ),
        (an_attempt(), time(), any::<bool>()).prop_map(|(attempt, since, forced)| State::Promoting(Promoting { attempt, since, forced })),
        (an_attempt(), time(), any::<bool>()).prop_map(|(attempt, since, forced)| State::Baking(Baking { attempt, since, forced })),
    ]
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        (revision(), time(), any::<bool>(), any::<u32>()).prop_map(|(revision, since, overdue, attempts)| State::Installing(Installing {
            revision,
            since,
            overdue,
            attempts
        })),
        idle_state(),
        (revision(), time(), any::<bool>()).prop_map(|(revision, since, overdue)| State::Adopting(Adopting { revision, since, overdue })),
        (revision(), time(), proptest::option::of(revision())).prop_map(|(stable, since, alias)| State::HandingBack(HandingBack {
            stable,
            since,
            alias
        })),
        trial_state(),
        (an_attempt(), cause(), time(), any::<[bool; 2]>(), proptest::option::of(revision())).prop_map(
            |(attempt, cause, since, [overdue, blocked], rejected)| {
                State::RollingBack(RollingBack { attempt, cause, since, overdue, blocked, rejected })
            }
        ),
        (proptest::option::of(revision()), time()).prop_map(|(stable, since)| State::Deleted(Deleted { stable, since })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_state_comes_back_as_it_was_stored(state in state()) {
        let text = serde_json::to_string(&state).unwrap();
        prop_assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state, "{}", text);
    }

    #[test]
    fn a_state_is_an_object_with_its_name_as_the_only_key(state in state()) {
        let Value::Object(object) = serde_json::to_value(&state).unwrap() else { panic!("an object") };
        let names = ["installing", "idle", "stepping", "approval", "paused", "promoting", "baking", "rollingBack", "deleted", "adopting",
            "handingBack"];
        let keys: Vec<&String> = object.keys().collect();
        prop_assert_eq!(keys.len(), 1);
        prop_assert!(names.contains(&keys[0].as_str()), "{:?}", keys);
    }

    #[test]
    fn what_a_clock_has_held_is_stored_to_the_millisecond(clock in clock(), now in time()) {
        let held = clock.held(now);
        prop_assert_eq!(held, TimeDelta::milliseconds(held.num_milliseconds()));
    }
}

#[test]
fn states_look_like_this_in_a_status() {
    let step = json!({"stepping": {
        "attempt": {"number": 1, "stable": "1111111111", "canary": "2222222222"},
        "step": 25,
        "clock": {"running": {"since": "2027-01-15T12:00:00Z", "heldMillis": 0}},
    }});
    assert_eq!(serde_json::to_value(stepping(25)).unwrap(), step);
    let stood = json!({"paused": {
        "attempt": {"number": 1, "stable": "1111111111", "canary": "2222222222"}, "step": 25, "heldMillis": 40_000, "cause": "Spec",
    }});
    assert_eq!(serde_json::to_value(paused(25, PauseCause::Spec, 40)).unwrap(), stood);
    let back = json!({"rollingBack": {
        "attempt": {"number": 1, "stable": "1111111111", "canary": "2222222222"},
        "cause": {"failed": {"check": "errors", "message": "errors is 0.2, above 0.01", "value": "0.2", "limit": "0.01"}},
        "since": "2027-01-15T12:00:00Z",
    }});
    assert_eq!(serde_json::to_value(rolling_back(Cause::Failed(failure()))).unwrap(), back);
    let rests = json!({"idle": {
        "stable": "1111111111", "attempts": 1, "rejected": "2222222222",
        "last": {"revision": "2222222222", "result": "Aborted", "reason": "CheckFailed", "message": "errors is 0.2, above 0.01", "at": "2027-01-15T12:00:00Z"},
    }});
    assert_eq!(serde_json::to_value(rejected()).unwrap(), rests);
}

#[test]
fn a_reason_that_a_later_version_has_or_an_earlier_one_did_not_keep_is_unknown() {
    for reason in [json!("SomethingNew"), Value::Null] {
        let mut rests = serde_json::to_value(rejected()).unwrap();
        if reason.is_null() {
            rests["idle"]["last"].as_object_mut().unwrap().remove("reason");
        } else {
            rests["idle"]["last"]["reason"] = reason;
        }
        let State::Idle(idle) = serde_json::from_value(rests).unwrap() else { unreachable!() };
        assert_eq!(idle.last.reason, EndReason::Unknown);
    }
}

#[test]
fn fields_that_this_build_does_not_know_are_passed_over() {
    let newer = json!({"promoting": {
        "attempt": {"number": 1, "stable": "1111111111", "canary": "2222222222", "owner": "someone"},
        "since": "2027-01-15T12:00:05Z",
        "bake": {"for": "10m"},
    }});
    let state = State::Promoting(Promoting { attempt: attempt(), since: after(5), forced: false });
    assert_eq!(serde_json::from_value::<State>(newer).unwrap(), state);
}

#[test]
fn a_state_that_this_build_does_not_know_or_cannot_mean_is_refused() {
    assert!(serde_json::from_value::<State>(json!({"baking": {}})).is_err());
    let with = |step: u32, held: i64| {
        json!({"paused": {
            "attempt": {"number": 1, "stable": "1111111111", "canary": "2222222222"}, "step": step, "heldMillis": held, "cause": "Spec",
        }})
    };
    assert!(serde_json::from_value::<State>(with(100, 0)).is_ok());
    for (step, held) in [(101, 0), (300, 0), (25, -1), (25, i64::MAX)] {
        assert!(serde_json::from_value::<State>(with(step, held)).is_err(), "{step} {held}");
    }
}
