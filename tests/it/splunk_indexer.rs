//! Indexer acknowledgment: does an event count only when Splunk's indexer has it?
//!
//! There is no Splunk to ask, so this is a stand-in, after Splunk's documentation: a request without a channel is refused (code 10); what is taken gets a number,
//! counted for each channel; `/services/collector/ack` says of each number whether an indexer wrote it, and false of one that it does not know.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use serin::config::parse;
use serin::sink::{Delivery, Sink};
use tokio::net::TcpListener;

use crate::audit_given::{aborted, records, reporter, told};

/// How the stand-in behaves.
#[derive(Clone, Copy)]
enum Manner {
    /// An indexer writes an event after it was asked for so many times.
    WritesAfter(usize),
    /// No indexer ever writes.
    NeverWrites,
    /// The token has no acknowledgment: nothing is numbered.
    NumbersNothing,
    /// The question is refused.
    RefusesToSay,
}

#[derive(Default)]
struct Seen {
    /// The ids of the events that came, with the channel of each.
    events: Vec<(String, String)>,
    /// How often each channel asked.
    asked: BTreeMap<String, usize>,
}

struct Splunk {
    url: String,
    seen: Arc<Mutex<Seen>>,
}

type Shared = (Arc<Mutex<Seen>>, Manner);

impl Splunk {
    async fn start(manner: Manner) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let router = Router::new()
            .route("/services/collector/event", post(take))
            .route("/services/collector/ack", post(say))
            .with_state((Arc::clone(&seen), manner));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/services/collector/event", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    fn sink(&self, token: &std::path::Path, timeout: &str) -> Sink {
        let keys =
            format!("type: splunkHec, url: '{}', tokenFile: {}, acknowledgment: indexer, timeout: {timeout}", self.url, token.display());
        let config = parse(&format!("sinks: [{{name: siem, {keys}}}]")).unwrap();
        Sink::new(&config.sinks.all()[0], &reporter()).unwrap()
    }
}

fn channel(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("x-splunk-request-channel")?.to_str().ok()?.to_owned())
}

async fn take(State((seen, manner)): State<Shared>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let Some(channel) = channel(&headers) else {
        return (StatusCode::BAD_REQUEST, json!({"text": "Data channel is missing", "code": 10}).to_string());
    };
    let event: Value = serde_json::from_str(&body).unwrap();
    let mut seen = seen.lock().unwrap();
    seen.events.push((event["fields"]["event_id"].as_str().unwrap().to_owned(), channel.clone()));
    let number = seen.events.iter().filter(|(_, known)| *known == channel).count() - 1;
    match manner {
        Manner::NumbersNothing => (StatusCode::OK, json!({"text": "Success", "code": 0}).to_string()),
        Manner::WritesAfter(_) | Manner::NeverWrites | Manner::RefusesToSay => {
            (StatusCode::OK, json!({"text": "Success", "code": 0, "ackId": number}).to_string())
        }
    }
}

async fn say(State((seen, manner)): State<Shared>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let question: Value = serde_json::from_str(&body).unwrap();
    let mut seen = seen.lock().unwrap();
    let asked = seen.asked.entry(channel(&headers).unwrap_or_default()).or_default();
    *asked += 1;
    let there = match manner {
        Manner::WritesAfter(times) => *asked >= times,
        Manner::NeverWrites | Manner::NumbersNothing => false,
        Manner::RefusesToSay => return (StatusCode::BAD_REQUEST, json!({"text": "ACK is disabled", "code": 14}).to_string()),
    };
    let acks: BTreeMap<String, bool> = question["acks"].as_array().unwrap().iter().map(|number| (number.to_string(), there)).collect();
    (StatusCode::OK, json!({ "acks": acks }).to_string())
}

/// Delivers one event by a sink that is set up for it.
async fn deliver(splunk: &Splunk, timeout: &str) -> Delivery {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "5b1cafe0-0000\n").unwrap();
    splunk.sink(&token, timeout).deliver(&records(&told([&aborted()]))[0]).await
}

#[tokio::test]
async fn an_event_counts_when_the_indexer_has_it_and_not_before() {
    let splunk = Splunk::start(Manner::WritesAfter(3)).await;
    assert_eq!(deliver(&splunk, "15s").await, Delivery::Delivered);
    let seen = splunk.seen.lock().unwrap();
    assert_eq!(seen.events.len(), 1);
    assert_eq!(seen.asked.values().copied().collect::<Vec<_>>(), [3], "asked in the channel in which it was sent");
    assert_eq!(seen.asked.keys().next(), Some(&seen.events[0].1));
}

#[tokio::test]
async fn what_is_not_acknowledged_in_time_comes_again_with_the_same_id() {
    let splunk = Splunk::start(Manner::NeverWrites).await;
    for _ in 0..2 {
        assert_eq!(deliver(&splunk, "300ms").await, Delivery::Retry("no answer within 300ms".to_owned()));
    }
    let seen = splunk.seen.lock().unwrap();
    assert_eq!(seen.events[0].0, seen.events[1].0, "the same event");
    assert_ne!(seen.events[0].1, seen.events[1].1, "a sink that was set up anew has another channel: the old numbers mean nothing");
}

#[tokio::test]
async fn a_token_without_acknowledgment_is_told_and_is_no_delivery() {
    for (manner, expect) in [
        (
            Manner::NumbersNothing,
            r#"answered 200: {"code":0,"text":"Success"}, without an ackId; take a token with indexer acknowledgment"#,
        ),
        (Manner::RefusesToSay, r#"answered 400: {"code":14,"text":"ACK is disabled"} to the question for an acknowledgment"#),
    ] {
        let splunk = Splunk::start(manner).await;
        let began = tokio::time::Instant::now();
        assert_eq!(deliver(&splunk, "15s").await, Delivery::Retry(expect.to_owned()));
        assert!(began.elapsed() < Duration::from_secs(10), "it does not wait for what cannot come");
    }
}
