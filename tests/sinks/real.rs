//! What does the store have of what was sent to each of its interfaces?

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use serin::audit::{Record, verify};
use serin_dev::{LogStore, Tenant};
use tokio::time::Instant;

use crate::flow::Flow;
use crate::given::EVENTS;

const ROLLOUTS: usize = 5;

/// An interface of the store: whose logs, what the sink is called, and in which fields an event's id and its exact bytes are found.
const INTERFACES: [(Tenant, &str, &str, &str); 4] = [
    (Tenant(1), "splunk", "fields.event_id", "event.raw_data"),
    (Tenant(2), "elasticsearch", "event.id", "event.original"),
    (Tenant(3), "otlp", "serin.event.id", "_msg"),
    (Tenant::SYSLOG, "syslog", "serin@32473.id", "_msg"),
];

/// The store collects what comes by syslog for about a second.
const COLLECTED_WITHIN: Duration = Duration::from_secs(30);

/// Sinks for all interfaces of a store, those over HTTP with these keys besides.
fn sinks(store: &LogStore, token: &Path, keys: &str) -> String {
    format!(
        "\
- {{name: splunk, type: splunkHec, url: '{url}/insert/splunk/services/collector/event', tokenFile: {token}, {keys}, headers: {{AccountID: 1}}}}
- {{name: elasticsearch, type: elasticsearch, url: '{url}/insert/elasticsearch/_bulk?_time_field=@timestamp&_msg_field=message', {keys}, headers: {{AccountID: 2}}}}
- {{name: otlp, type: otlp, url: '{url}/insert/opentelemetry/v1/logs', {keys}, headers: {{AccountID: 3}}}}
- {{name: syslog, type: syslog, url: 'tcp://{syslog}'}}
",
        url = store.url(),
        token = token.display(),
        syslog = store.syslog_address(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_interface_has_every_event_once_with_its_exact_bytes() {
    all_arrive("sinks-real", "gzip: false").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_interface_takes_what_is_packed() {
    all_arrive("sinks-packed", "gzip: true").await;
}

async fn all_arrive(name: &str, keys: &str) {
    let store = LogStore::start(name).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "any").unwrap();
    let mut flow = Flow::start(&sinks(&store, &token, keys));
    let sent = flow.offer(ROLLOUTS);
    flow.until_delivered(sent.len() * INTERFACES.len()).await;
    for interface in INTERFACES {
        has_all_once(&store, interface, &sent).await;
    }
    println!("{keys}: {} rollouts, {} events, {} interfaces: every event is there once", ROLLOUTS, sent.len(), INTERFACES.len());
    assert_eq!(sent.len(), ROLLOUTS * EVENTS);
}

async fn has_all_once(store: &LogStore, (tenant, name, id, bytes): (Tenant, &str, &str, &str), sent: &[Record]) {
    let begun = Instant::now();
    let mut rows = store.query(tenant, "*").await.unwrap();
    while rows.len() < sent.len() && begun.elapsed() < COLLECTED_WITHIN {
        tokio::time::sleep(Duration::from_millis(50)).await;
        rows = store.query(tenant, "*").await.unwrap();
    }
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_else(|| panic!("{name}: no {field} in {row:#}")).to_owned();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        found.entry(text(&row, id)).or_default().push(text(&row, bytes));
    }
    let expected: BTreeMap<String, Vec<String>> = sent.iter().map(|record| (record.id.clone(), vec![record.text.clone()])).collect();
    assert_eq!(found, expected, "{name}");
    // What the store has is enough to prove that nothing is missing and nothing was changed.
    let mut chain: Vec<Record> = found.values().map(|texts| Record::read(&texts[0]).unwrap()).collect();
    chain.sort_by(|one, other| (&one.stream, one.seq).cmp(&(&other.stream, other.seq)));
    for stream in chain.chunk_by(|one, other| one.stream == other.stream) {
        let lines: Vec<&str> = stream.iter().map(|record| record.text.as_str()).collect();
        verify(lines).unwrap_or_else(|broken| panic!("{name}: {broken}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_for_a_whole_rollout_has_everything_once_it_is_back() {
    let mut store = LogStore::start("sinks-away").await.unwrap();
    store.kill();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "any").unwrap();
    let mut flow = Flow::start(&sinks(&store, &token, "gzip: false"));
    let sent = flow.offer(ROLLOUTS);
    flow.until("every sink failed several times", |heard| {
        INTERFACES.iter().all(|(_, name, ..)| heard.iter().filter(|report| report.sink.as_str() == *name).count() >= 10)
    })
    .await;
    store.go_on().await.unwrap();
    flow.until_delivered(sent.len() * INTERFACES.len()).await;
    for interface in INTERFACES {
        has_all_once(&store, interface, &sent).await;
    }
    println!("{} attempts failed, {} deliveries arrived once, 0 lost", flow.failed(), sent.len() * INTERFACES.len());
}
