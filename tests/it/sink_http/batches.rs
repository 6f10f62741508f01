//! How do several events go in one request, and what became of each?

use std::fs;

use serin::sink::Delivery;

use super::{refused, retry, sink};
use crate::audit_given::{aborted, records, told};
use crate::prometheus_peer::{Manner, Peer, http};

/// Three events of one rollout, and how a sink of this kind ends with each of them; how many requests it took.
async fn three(keys: &str, answer: Vec<u8>) -> (Vec<Delivery>, Vec<String>) {
    let peer = Peer::start(Manner::Bytes(answer)).await;
    let sink = sink(keys, &peer);
    assert_eq!(sink.route().batch, 64, "{keys}");
    let records = records(&told([&aborted(), &aborted(), &aborted()]));
    let deliveries = sink.deliver_all(&records.iter().collect::<Vec<_>>()).await;
    (deliveries, peer.requests())
}

#[tokio::test]
async fn events_that_wait_go_in_one_request_where_the_receiver_takes_many() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "0123").unwrap();
    let splunk = format!("type: splunkHec, url: URL, tokenFile: {}", token.display());
    let created = r#"{"items":[{"create":{"status":201}},{"create":{"status":409}},{"create":{"status":201}}]}"#;
    for (keys, answer) in [
        (splunk.as_str(), r#"{"text":"Success","code":0}"#),
        ("type: sumo, url: URL", ""),
        ("type: otlp, url: URL", ""),
        ("type: elasticsearch, url: URL", created),
    ] {
        let (deliveries, requests) = three(keys, http("200 OK", "", answer)).await;
        assert_eq!(deliveries, vec![Delivery::Delivered; 3], "{keys}");
        assert_eq!(requests.len(), 1, "{keys}");
        for record in records(&told([&aborted(), &aborted(), &aborted()])) {
            assert!(requests[0].contains(&record.id), "{keys} lacks event {}", record.seq);
        }
    }
}

#[tokio::test]
async fn a_bulk_request_that_was_taken_in_part_says_so_of_each_event() {
    let items = |statuses: [u16; 3]| {
        let items: Vec<String> =
            statuses.iter().map(|status| format!(r#"{{"create":{{"status":{status},"error":{{"reason":"x"}}}}}}"#)).collect();
        http("200 OK", "", &format!(r#"{{"errors":true,"items":[{}]}}"#, items.join(",")))
    };
    let said = |deliveries: Vec<Delivery>| -> Vec<&'static str> {
        let word = |delivery: &Delivery| match delivery {
            Delivery::Delivered => "there",
            Delivery::Unwanted => "unwanted",
            Delivery::Retry(_) | Delivery::Later(..) => "again",
            Delivery::Refused(_) => "never",
        };
        deliveries.iter().map(word).collect()
    };
    for (statuses, expect) in [
        ([201, 201, 201], ["there", "there", "there"]),
        ([201, 429, 201], ["there", "again", "there"]),
        ([409, 400, 201], ["there", "never", "there"]),
        ([503, 503, 503], ["again", "again", "again"]),
    ] {
        let (deliveries, requests) = three("type: elasticsearch, url: URL", items(statuses)).await;
        assert_eq!((said(deliveries), requests.len()), (expect.to_vec(), 1), "{statuses:?}");
    }
    let short = http("200 OK", "", r#"{"items":[{"create":{"status":201}}]}"#);
    assert_eq!(said(three("type: elasticsearch, url: URL", short).await.0), ["there", "again"], "an answer that was cut off");
}

#[tokio::test]
async fn a_request_of_many_that_is_refused_for_good_is_sent_again_one_by_one() {
    let (deliveries, requests) = three("type: sumo, url: URL", http("400 Bad Request", "", "one of them")).await;
    assert_eq!((deliveries, requests.len()), (vec![refused("answered 400: one of them"); 3], 4));
    let (deliveries, requests) = three("type: sumo, url: URL", http("503 Service Unavailable", "", "")).await;
    assert_eq!((deliveries, requests.len()), (vec![retry("answered 503")], 1));
}
