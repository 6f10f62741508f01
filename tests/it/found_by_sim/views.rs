//! What is known of the world, and how long does it count?

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serin::analysis::{Evidence, due, judge};
use serin::api::Status;
use serin::cluster::{Deployment, Index, Item, Kind, Listed};
use serin::controller::{Seen, decide};
use serin::rollout::{Change, Child, Direction, Edited, Fence, Lifetime, Observed, Reading, Sample, Samples, Upkeep, Verdict, changes};

use super::{key, unreadable};
use crate::given::{Seeing, after, child, idle, intent, noon, rejected, seen, stepping, v1, v2, weight};

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
    assert_eq!(due(&intent(v2()), &stepping(10), &Evidence::default(), &from_the_future, now).questions.len(), 1, "it asks");
    let verdict = judge(&intent(v2()), &stepping(10), &Evidence::default(), &from_the_future, now).verdict;
    assert_eq!(verdict, Verdict::Inconclusive("errors: no sample yet".to_owned()));

    let mut samples = Samples::default();
    samples.keep(sample(3_600, 0.001), after(3_600));
    samples.keep(sample(60, 0.2), now);
    assert_eq!(samples.all(), [sample(60, 0.2)], "the clock was set back");
    samples.keep(sample(50, 0.001), now);
    assert_eq!(samples.all(), [sample(50, 0.001), sample(60, 0.2)], "a slow answer to an older question");
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

/// A stranger had edited the Deployment and deleted its record: every pass failed to read what nothing holds any more, and what could be put
/// right was not.
#[test]
fn what_nothing_stores_is_not_written_again() {
    let upkeep = Upkeep { edited_by: Some("kubectl".to_owned()), paused: true, ..Upkeep::default() };
    let repairs = |look: &Observed| -> Vec<Edited> {
        let template = |change: &Change| if let Change::Repair { template, .. } = change { Some(*template) } else { None };
        changes(&intent(v2()), &rejected(), look).iter().filter_map(template).collect()
    };
    let mut look = seen().with(v1(), Child { upkeep, ..child(10, 10) });
    assert_eq!(repairs(&look), [Edited::Yes]);
    look.records.clear();
    assert_eq!(repairs(&look), [Edited::No], "it is only unpaused");
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
