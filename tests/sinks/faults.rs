//! What is lost, doubled or out of order where requests meet trouble on the way? The store is real, the trouble is a stand-in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use serin_dev::{LogStore, Tenant};

use crate::flow::Flow;
use crate::proxy::{self, Fate, Request};

const ROLLOUTS: usize = 8;

/// Nearly every second request passes. The store ignores the id of a document, so each request without an answer leaves known duplicates.
fn trouble(number: usize) -> Fate {
    match number % 12 {
        1 | 5 => Fate::Broken,
        3 => Fate::CutOff,
        4 => Fate::Torn,
        7 => Fate::Unanswered,
        10 => Fate::Half,
        9 if number < 30 => Fate::Hangs,
        11 if number < 40 => Fate::Busy,
        _ => Fate::Passes,
    }
}

/// Twenty errors in a row: the sink rests in between.
fn storm(number: usize) -> Fate {
    if (2..22).contains(&number) { Fate::Broken } else { Fate::Passes }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_trouble_and_what_comes_twice_has_the_same_id() {
    survives("trouble", "gzip: true", trouble).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_a_storm_of_errors() {
    survives("storm", "gzip: false", storm).await;
}

async fn survives(name: &str, packing: &str, fate: fn(usize) -> Fate) {
    let store = LogStore::start(&format!("sinks-{name}")).await.unwrap();
    let (url, seen) = proxy::start(store.url(), fate).await;
    let path = "insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message";
    let mut flow = Flow::start(&format!(
        "- {{name: bulk, type: elasticsearch, url: '{url}/{path}', timeout: 500ms, {packing}, headers: {{AccountID: 7}}}}"
    ));
    let sent = flow.offer(ROLLOUTS);
    flow.until_delivered(sent.len()).await;
    let rows = store.query(Tenant(7), "*").await.unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row["event.id"].as_str().unwrap()).collect();
    let (distinct, expected): (BTreeSet<&str>, BTreeSet<&str>) =
        (ids.iter().copied().collect(), sent.iter().map(|record| record.id.as_str()).collect());
    assert_eq!(distinct, expected);
    let seen = seen.lock().unwrap();
    let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();
    for request in seen.iter() {
        *fates.entry(request.fate).or_default() += 1;
    }
    let doubled = ids.len() - distinct.len();
    let (packed, bytes): (Vec<usize>, Vec<usize>) = seen.iter().map(|request| (request.bytes, request.body.len())).unzip();
    println!("{name}: {packing}, {} of {} bytes on the way", packed.iter().sum::<usize>(), bytes.iter().sum::<usize>());
    println!("{name}: {} sent, {} requests {fates:?}, {} received, {doubled} duplicated, 0 lost", sent.len(), seen.len(), ids.len());
    let unheard = |request: &Request| match request.fate {
        Fate::Unanswered => events(&request.body).len(),
        Fate::Torn => events(&request.body).len() / 2,
        Fate::Passes | Fate::Busy | Fate::Broken | Fate::Hangs | Fate::CutOff | Fate::Half => 0,
    };
    let unheard: usize = seen.iter().map(unheard).sum();
    assert_eq!(doubled, unheard, "a duplicate comes from an answer that was lost, and from nothing else");
    in_order(seen.iter().filter(|request| matches!(request.fate, Fate::Passes | Fate::Unanswered | Fate::Half | Fate::Torn)));
}

/// The stream and the number of each event of a bulk request.
fn events(body: &str) -> Vec<(String, u64)> {
    let documents = body.lines().skip(1).step_by(2).map(|line| serde_json::from_str::<Value>(line).unwrap());
    documents
        .map(|document| {
            let original: Value = serde_json::from_str(document["event.original"].as_str().unwrap()).unwrap();
            (original["stream"].as_str().unwrap().to_owned(), original["seq"].as_u64().unwrap())
        })
        .collect()
}

/// What reached the store of one rollout has no hole and never goes back, but to the first event of a request that had no answer.
fn in_order<'a>(requests: impl Iterator<Item = &'a Request>) {
    let mut next: BTreeMap<String, u64> = BTreeMap::new();
    for Request { fate, body, bytes: _ } in requests {
        let mut events = events(body);
        let stream = events[0].0.clone();
        if matches!(fate, Fate::Half | Fate::Torn) {
            events.truncate(events.len() / 2);
        }
        let expected = next.get(&stream).copied().unwrap_or(1);
        for ((of, seq), place) in events.iter().zip(expected..) {
            assert_eq!((of, *seq), (&stream, place), "events of one rollout, each after the one before");
        }
        if !matches!(fate, Fate::Unanswered | Fate::Torn) {
            next.insert(stream, expected + events.len() as u64);
        }
    }
}
