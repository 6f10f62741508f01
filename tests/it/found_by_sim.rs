//! What the simulator found, once more as tables: each of these was a run that broke a promise.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serin::analysis::{due, judge};
use serin::api::{Invalid, Status};
use serin::audit::{Cluster, Teller};
use serin::cluster::{Deployment, Index, Item, Kind, Listed};
use serin::controller::{Key, Seen, decide};
use serin::rollout::{
    Cause, Change, Child, Direction, Fence, Lifetime, Observed, PodState, Reading, Revision, Sample, Samples, Settled, State, Verdict,
    changes,
};

use crate::given::{Seeing, after, child, failure, idle, intent, noon, promoting, rolling_back, seen, stepping, v1, v2, weight};

/// Which revision gets how many replicas.
fn scales(changes: &[Change]) -> Vec<(&Revision, u32)> {
    changes.iter().filter_map(scale).collect()
}

fn scale(change: &Change) -> Option<(&Revision, u32)> {
    match change {
        Change::Scale { revision, replicas, .. } => Some((revision, *replicas)),
        Change::Guard
        | Change::Record { .. }
        | Change::Create { .. }
        | Change::Mark { .. }
        | Change::Repair { .. }
        | Change::Restart { .. }
        | Change::Prune { .. }
        | Change::Discard { .. }
        | Change::Hold { .. }
        | Change::Unpause { .. }
        | Change::ScaleHeld { .. }
        | Change::LetGo { .. }
        | Change::Answer(_)
        | Change::Forget { .. }
        | Change::Release => None,
    }
}

/// Scaled a moment ago: the status still speaks of the pods of an older spec.
fn just_scaled(desired: u32, available: u32) -> Child {
    Child { settled: Settled::Unseen, ..child(desired, available) }
}

/// Stable had been scaled to zero, a check failed, stable was scaled up again: the zero pods that were left counted as ten, the canary went,
/// and nothing served.
#[test]
fn pods_that_an_older_spec_has_taken_away_carry_no_rollback() {
    let state = rolling_back(Cause::Failed(failure()));
    let look = |stable| seen().with(v1(), stable).with(v2(), child(10, 10));
    assert_eq!(scales(&changes(&intent(v2()), &state, &look(just_scaled(10, 10)))), [(&v2(), 8)]);
    assert_eq!(scales(&changes(&intent(v2()), &state, &look(child(10, 10)))), [(&v2(), 0)]);
}

/// The same the other way round: stable went while nobody knew how many pods the canary had.
#[test]
fn pods_that_an_older_spec_has_taken_away_carry_no_promotion() {
    let look = |canary| seen().with(v1(), child(5, 5)).with(v2(), canary);
    assert_eq!(scales(&changes(&intent(v2()), &promoting(), &look(just_scaled(10, 10)))), []);
    assert_eq!(scales(&changes(&intent(v2()), &promoting(), &look(child(10, 10)))), [(&v1(), 0)]);
}

/// The Deployment's status may be older than what is known of its pods.
#[test]
fn only_pods_that_are_ready_carry_a_rollback() {
    let mut stable = child(10, 10);
    for pod in stable.pods.iter_mut().skip(3) {
        pod.state = PodState::Leaving;
    }
    let look = seen().with(v1(), stable).with(v2(), child(10, 10));
    let state = rolling_back(Cause::Failed(failure()));
    assert_eq!(scales(&changes(&intent(v2()), &state, &look)), [(&v2(), 5)], "a floor of 8 less the 3 that are ready");
}

/// A clock that was set back by an hour left a sample from the future. It was the newest for an hour: no answer counted, each of them
/// asked the backend again at once, and what was measured before stood for what is.
#[test]
fn a_sample_from_the_future_says_nothing_and_keeps_nobody_from_asking() {
    let sample = |seconds, value| Sample { reading: Reading::Value(value), ..sample_at(after(seconds)) };
    let look = |samples: Vec<Sample>| {
        let seen = seen().with(v1(), child(9, 9)).with(v2(), child(1, 1));
        Observed { samples, ..seen }
    };
    let now = after(60);
    let from_the_future = look(vec![sample(3_600, 0.001)]);
    assert_eq!(due(&intent(v2()), &stepping(10), "checkout", &from_the_future, now).questions.len(), 1, "it asks");
    let verdict = judge(&intent(v2()), &stepping(10), &from_the_future, now);
    assert_eq!(verdict, Verdict::Inconclusive("errors: no sample yet".to_owned()));

    let mut samples = Samples::default();
    samples.keep(sample(3_600, 0.001), after(3_600));
    samples.keep(sample(60, 0.2), now);
    assert_eq!(samples.all(), [sample(60, 0.2)], "the clock was set back");
    samples.keep(sample(50, 0.001), now);
    assert_eq!(samples.all(), [sample(60, 0.2)], "a slow answer to an older question");
}

fn sample_at(at: DateTime<Utc>) -> Sample {
    Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at, reading: Reading::NoData }
}

/// The process died after the first commit and before the finalizer was on; the Rollout was deleted, and its first event was never delivered.
#[test]
fn nothing_is_told_before_the_finalizer_keeps_the_rollout() {
    let look = |lifetime| Seen {
        intent: Ok(intent(v1())),
        status: Ok(Status::default()),
        ..unreadable(idle(), 0, Observed { lifetime, ..seen() })
    };
    let decision = decide(&key(), &look(Lifetime::Unguarded), noon());
    assert_eq!((decision.status, decision.changes), (None, vec![Change::Guard]));
    let decision = decide(&key(), &look(Lifetime::Guarded), noon());
    assert_eq!(decision.status.map(|status| status.audit.seq()), Some(1));

    let mut refused = look(Lifetime::Unguarded);
    refused.observed.refused = Some("forbidden".to_owned());
    let why = decide(&key(), &refused, noon()).status.and_then(|status| status.why);
    assert_eq!(why.map(|why| why.reason).as_deref(), Some("WriteRefused"), "why it cannot is told");
}

/// Somebody scaled the canary down below what a rollback wanted in its first step; the write was tried again on what was there by then, and
/// brought canary pods back. Whoever tries again knows what the decision was about, not what the watch has brought since.
#[test]
fn a_scale_says_which_replicas_were_looked_at() {
    let look = seen().with(v1(), just_scaled(0, 0)).with(v2(), child(10, 10));
    let changes = changes(&intent(v2()), &rolling_back(Cause::Failed(failure())), &look);
    let from = |change: &Change| if let Change::Scale { from, replicas, .. } = change { Some((*from, *replicas)) } else { None };
    assert_eq!(changes.iter().filter_map(from).collect::<Vec<_>>(), [(0, 10), (10, 8)]);
}

/// The reply to a creation came after the news that somebody had deleted what it made: a Deployment that does not exist stayed known for
/// ever, and every rollback waited for it to go.
#[test]
fn what_the_api_server_says_is_gone_is_forgotten() {
    let index = Index::default();
    for kind in Kind::ALL {
        index.list_done(kind, &Listed::default());
    }
    index.put(item("{}", Item::rollout));
    let labels = r#""labels":{"serin.dev/rollout":"checkout","serin.dev/revision":"2222222222"}"#;
    let created = |version: u32| {
        item::<Deployment>(&format!(r#"{{"name":"checkout-2222222222","uid":"d","resourceVersion":"{version}",{labels}}}"#), |d| {
            Item::deployment(&d)
        })
    };
    let known = || index.look(&key()).is_some_and(|look| look.children.contains_key(&v2()));
    index.remove(&created(8));
    index.reply(created(7));
    assert!(known(), "what a reply brings is believed");

    let scale = |version: u32| Change::Scale {
        revision: v2(),
        from: 1,
        replicas: 0,
        fence: Fence { uid: "d".to_owned(), resource_version: version.to_string() },
        direction: Direction::Lower,
    };
    index.gone_part(&key(), &scale(6));
    assert!(known(), "what was looked at is older");
    index.gone_part(&key(), &scale(7));
    assert!(!known());
}

/// An object of the rollout with these members of its metadata, as a watch brings it.
fn item<T: DeserializeOwned>(metadata: &str, item: fn(T) -> Option<Item>) -> Item {
    let mut object: Value = serde_json::from_str(&format!(r#"{{"metadata":{metadata}}}"#)).expect("JSON");
    let metadata = object["metadata"].as_object_mut().expect("an object");
    metadata.insert("namespace".to_owned(), Value::from("shop"));
    metadata.entry("name").or_insert(Value::from("checkout"));
    item(serde_json::from_str(&object.to_string()).expect("an object of that kind")).expect("it is the rollout's")
}

fn unreadable(state: State, replicas: i64, observed: Observed) -> Seen {
    Seen {
        version: "7".to_owned(),
        generation: 3,
        uid: "uid".to_owned(),
        intent: Err(Invalid::NoRoom),
        replicas: None,
        status: Ok(Status { state: Some(state), replicas, ..Status::default() }),
        observed,
        sinks: BTreeMap::new(),
        teller: Teller { cluster: Cluster { name: "test".to_owned(), uid: None }, controller: "serin".to_owned() },
    }
}

fn key() -> Key {
    Key { namespace: "shop".to_owned(), name: "checkout".to_owned() }
}

/// Stable grew by the canary's pods in every pass: what was there was taken for what was wanted.
#[test]
fn a_rollback_whose_spec_cannot_be_read_asks_for_what_was_asked_for_last() {
    for (stable, canary) in [(7, 3), (10, 3), (10, 1)] {
        let look = seen().with(v1(), child(stable, stable)).with(v2(), child(canary, canary));
        let decision = decide(&key(), &unreadable(rolling_back(Cause::Failed(failure())), 10, look), after(1));
        let most = scales(&decision.changes).into_iter().filter(|(revision, _)| **revision == v1()).map(|(_, replicas)| replicas).max();
        assert!(most.is_none_or(|most| most == 10), "{stable} and {canary}: {:?}", decision.changes);
    }
}

/// A status whose columns were lost says nothing of replicas: then no side grows above what one side has.
#[test]
fn a_rollback_that_knows_no_replicas_at_all_keeps_the_larger_side() {
    let look = seen().with(v1(), child(4, 4)).with(v2(), child(6, 6));
    let decision = decide(&key(), &unreadable(rolling_back(Cause::Failed(failure())), 0, look), after(1));
    assert_eq!(scales(&decision.changes).first(), Some(&(&v1(), 6)));
}

/// A spec that could not be read for a while made a rejected revision be tried again.
#[test]
fn a_spec_that_cannot_be_read_forgets_no_rejected_revision() {
    let State::Idle(mut at) = idle() else { unreachable!("idle is idle") };
    at.rejected = Some(v2());
    let state = State::Idle(at);
    let decision = decide(&key(), &unreadable(state.clone(), 10, seen().with(v1(), child(10, 10))), noon());
    assert_eq!(decision.status.and_then(|status| status.state), Some(state));
}
