//! What is known of the world, and how long does it count?

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serin::analysis::{Evidence, due, judge};
use serin::api::Status;
use serin::cluster::{Deployment, Index, Item, Kind, Listed};
use serin::controller::Seen;
use serin::rollout::{
    Change, Child, Count, Counted, Counts, Deleted, DeletionPolicy, Direction, Edited, Fence, Intent, Lifetime, Newest, Observed, Reading,
    Record, Revision, Sample, Samples, State, Upkeep, Verdict, changes,
};

use super::unreadable;
use crate::given::{Seeing, after, checkout, child, decided, idle, intent, noon, rejected, seen, stepping, v1, v2, weight};

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
    assert_eq!(samples.all(now), [sample(60, 0.2)], "the clock was set back");
    samples.keep(sample(50, 0.001), now);
    assert_eq!(samples.all(now), [sample(50, 0.001), sample(60, 0.2)], "a slow answer to an older question");
}

/// A clock that was set back by three minutes made an answer pass for a new one once it was there again, three minutes late.
#[test]
fn a_sample_from_the_future_does_not_come_back() {
    let mut samples = Samples::default();
    samples.keep(sample_at(after(180)), after(180));
    assert_eq!(samples.all(after(180)).len(), 1);
    assert_eq!(samples.all(after(0)), [], "the clock was set back");
    assert_eq!(samples.all(after(181)), []);
}

/// A status was lost, and with it how many attempts there were. The answers of the fourth attempt were kept, those of the first were not, and the
/// backend was asked again at once, for ever.
#[test]
fn answers_count_for_an_attempt_with_a_lower_number_too() {
    let of = |attempt, seconds| Sample { attempt, ..sample_at(after(seconds)) };
    let mut samples = Samples::default();
    samples.keep(of(4, 10), after(10));
    samples.keep(of(1, 60), after(60));
    assert_eq!(samples.all(after(60)), [of(1, 60)]);
    samples.keep(of(4, 20), after(61));
    samples.keep(of(4, 60), after(61));
    assert_eq!(samples.all(after(61)), [of(1, 60)], "slow answers to the attempt that is over");
    samples.keep(of(2, 70), after(70));
    assert_eq!(samples.all(after(70)), [of(2, 70)]);
}

#[test]
fn of_an_answer_that_comes_twice_the_last_one_is_kept() {
    let mut samples = Samples::default();
    let value = |value| Sample { reading: Reading::Value(value), ..sample_at(after(10)) };
    samples.keep(value(0.1), after(10));
    samples.keep(value(0.2), after(10));
    assert_eq!(samples.all(after(10)), [value(0.2)]);
}

/// Twenty samples are kept in any case, counted windows for three minutes, and never more than four hundred.
#[test]
fn of_many_samples_the_newest_are_kept() {
    let kept = |number: i64, every: i64, reading: &Reading| {
        let mut samples = Samples::default();
        for at in (1..=number).map(|sample| after(sample * every)) {
            samples.keep(Sample { reading: reading.clone(), ..sample_at(at) }, at);
        }
        let all = samples.all(after(number * every));
        assert_eq!(all.last().map(|sample| sample.at), Some(after(number * every)));
        all.len()
    };
    let side = Count { total: 1.0, bad: 0.0 };
    let (counts, newest) = (Counts { canary: side, stable: side }, Newest { canary: None, stable: None });
    let counted = Reading::Counts(Box::new(Counted { from: noon(), counts, newest, scrape: None, before: Vec::new(), scraped: None }));
    assert_eq!((kept(20, 1, &Reading::NoData), kept(21, 1, &Reading::NoData)), (20, 20));
    assert_eq!((kept(40, 5, &counted), kept(40, 60, &counted)), (37, 20), "three minutes, and the one that is as old as that");
}

fn sample_at(at: DateTime<Utc>) -> Sample {
    Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at, reading: Reading::NoData }
}

/// The record of an old revision was deleted at last, long after everything was told. Nobody tells of what Serin deletes itself, so the
/// finalizer stayed until something else happened.
#[test]
fn a_deleted_rollout_is_looked_at_again_when_what_was_left_of_it_is_gone() {
    let deleted = |records: &[Revision]| {
        let records = records.iter().map(|revision| (revision.clone(), Record { number: 1, outcome: None, outcome_at: None })).collect();
        let observed = Observed { lifetime: Lifetime::Deleting, records, ..seen() };
        let state = State::Deleted(Deleted { stable: Some(v1()), since: noon() });
        let intent = Intent { deletion: DeletionPolicy::Delete, ..intent(v1()) };
        decided(&Seen { intent: Ok(intent.into()), ..unreadable(state, 0, observed) }, after(24 * 60 * 60))
    };
    let left = deleted(&[v2()]);
    assert_eq!((left.changes, left.wake), (vec![Change::Discard { revision: v2() }], Some(after(24 * 60 * 60))));
    assert_eq!(deleted(&[]).changes, vec![Change::Release]);
}

/// The process died after the first commit and before the finalizer was on; the Rollout was deleted, and its first event was never delivered.
#[test]
fn nothing_is_told_before_the_finalizer_keeps_the_rollout() {
    let look = |lifetime| Seen {
        intent: Ok(intent(v1()).into()),
        status: Ok(Status::default().into()),
        ..unreadable(idle(), 0, Observed { lifetime, ..seen() })
    };
    let decision = decided(&look(Lifetime::Unguarded), noon());
    assert_eq!((decision.status, decision.changes), (None, vec![Change::Guard]));
    let decision = decided(&look(Lifetime::Guarded), noon());
    assert_eq!(decision.status.map(|status| status.audit.seq()), Some(1));

    let mut refused = look(Lifetime::Unguarded);
    refused.observed.refused = Some("forbidden".to_owned());
    let why = decided(&refused, noon()).status.and_then(|status| status.why);
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
    let known = || index.look(&checkout()).is_some_and(|look| look.children.contains_key(&v2()));
    index.reply(created(7));
    assert!(known(), "what a reply brings is believed");

    let scale = |version: u32| Change::Scale {
        revision: v2(),
        from: 1,
        replicas: 0,
        fence: Fence { uid: "d".to_owned(), resource_version: version.to_string() },
        direction: Direction::Lower,
    };
    index.gone_part(&checkout(), &scale(6));
    assert!(known(), "what was looked at is older");
    index.gone_part(&checkout(), &scale(7));
    assert!(!known());
}

/// A Deployment had lost its labels, and got them back by a write of ours. Its reply was taken over, so what the watch told of it was no news, and
/// nobody looked at what serves there for minutes. Since then that reply is left to the watch.
#[test]
fn what_a_reply_has_told_is_no_news_to_a_watch() {
    let labels = r#""labels":{"serin.dev/rollout":"checkout","serin.dev/revision":"2222222222"}"#;
    let metadata = format!(r#"{{"name":"checkout-2222222222","uid":"d","resourceVersion":"7",{labels}}}"#);
    let labelled = || item::<Deployment>(&metadata, |d| Item::deployment(&d));
    let (heard, replied) = (Index::default(), Index::default());
    for index in [&heard, &replied] {
        index.put(item("{}", Item::rollout));
    }
    replied.reply(labelled());
    assert_eq!((heard.put(labelled()), replied.put(labelled())), (vec![checkout()], vec![]));
}

/// An object of the rollout with these members of its metadata, as a watch brings it.
fn item<T: DeserializeOwned>(metadata: &str, item: fn(T) -> Option<Item>) -> Item {
    let mut object: Value = serde_json::from_str(&format!(r#"{{"metadata":{metadata}}}"#)).expect("JSON");
    let metadata = object["metadata"].as_object_mut().expect("an object");
    metadata.insert("namespace".to_owned(), Value::from("shop"));
    metadata.entry("name").or_insert(Value::from("checkout"));
    item(serde_json::from_str(&object.to_string()).expect("an object of that kind")).expect("it is the rollout's")
}
