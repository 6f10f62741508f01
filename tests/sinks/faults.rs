//! What is lost, doubled or out of order where requests meet trouble on the way? The store is real, the trouble is a stand-in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use serin_dev::{LogStore, Tenant};

use crate::flow::Flow;
use crate::proxy::{self, Fate};

const ROLLOUTS: usize = 8;

/// Every second request passes. The store ignores the id of a document, so each answer that is lost leaves a known duplicate.
fn trouble(number: usize) -> Fate {
    match number % 12 {
        1 | 5 => Fate::Broken,
        3 => Fate::CutOff,
        7 => Fate::Unanswered,
        9 if number < 30 => Fate::Hangs,
        11 if number < 40 => Fate::Busy,
        _ => Fate::Passes,
    }
}

/// Twenty errors in a row: the sink rests in between.
fn storm(number: usize) -> Fate {
    if (10..30).contains(&number) { Fate::Broken } else { Fate::Passes }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_trouble_and_what_comes_twice_has_the_same_id() {
    survives("trouble", trouble).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_in_a_storm_of_errors() {
    survives("storm", storm).await;
}

async fn survives(name: &str, fate: fn(usize) -> Fate) {
    let store = LogStore::start(&format!("sinks-{name}")).await.unwrap();
    let (url, seen) = proxy::start(store.url(), fate).await;
    let path = "insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message";
    let mut flow =
        Flow::start(&format!("- {{name: bulk, type: elasticsearch, url: '{url}/{path}', timeout: 500ms, headers: {{AccountID: 7}}}}"));
    let sent = flow.offer(ROLLOUTS);
    flow.until_delivered(sent.len()).await;
    let rows = store.query(Tenant(7), "*").await.unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row["event.id"].as_str().unwrap()).collect();
    let (distinct, expected): (BTreeSet<&str>, BTreeSet<&str>) =
        (ids.iter().copied().collect(), sent.iter().map(|record| record.id.as_str()).collect());
    assert_eq!(distinct, expected);
    let seen = seen.lock().unwrap();
    let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();
    for (fate, _) in seen.iter() {
        *fates.entry(*fate).or_default() += 1;
    }
    let doubled = ids.len() - distinct.len();
    println!("{name}: {} sent, {} requests {fates:?}, {} received, {doubled} duplicated, 0 lost", sent.len(), seen.len(), ids.len());
    assert_eq!(
        doubled,
        fates.get(&Fate::Unanswered).copied().unwrap_or(0),
        "a duplicate comes from an answer that was lost, and from nothing else"
    );
    in_order(seen.iter().filter(|(fate, _)| matches!(fate, Fate::Passes | Fate::Unanswered)).map(|(_, body)| body));
}

/// What reached the store of one rollout never goes back, but for the same event again.
fn in_order<'a>(bodies: impl Iterator<Item = &'a String>) {
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for body in bodies {
        let document: Value = serde_json::from_str(body.lines().nth(1).unwrap()).unwrap();
        let original: Value = serde_json::from_str(document["event.original"].as_str().unwrap()).unwrap();
        let (stream, seq) = (original["stream"].as_str().unwrap().to_owned(), original["seq"].as_u64().unwrap());
        let before = last.insert(stream.clone(), seq).unwrap_or(0);
        assert!(seq == before || seq == before + 1, "{stream}: {seq} after {before}");
    }
}
