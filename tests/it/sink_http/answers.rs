//! What does each kind of receiver say by its answer?

use std::fs;

use serin::config::parse;
use serin::sink::{Delivery, Sink};

use super::{deliver, later, refused, retry, sink, understood};
use crate::audit_given::reporter;
use crate::prometheus_peer::{Manner, Peer, http};

const WEBHOOK: &str = "type: webhook, url: URL";

#[tokio::test]
async fn a_webhook_has_an_event_with_any_2xx_and_refuses_it_only_where_nobody_can_mend_that() {
    for (status, headers, body, expect) in [
        ("200 OK", "", "", Delivery::Delivered),
        ("202 Accepted", "", "queued", Delivery::Delivered),
        ("204 No Content", "", "", Delivery::Delivered),
        ("400 Bad Request", "", "no such\n field", refused("answered 400: no such field")),
        ("410 Gone", "", "", refused("answered 410")),
        ("413 Content Too Large", "", "", refused("answered 413")),
        ("401 Unauthorized", "", "who?", retry("answered 401: who?; correct the sink's credentials")),
        ("403 Forbidden", "", "", retry("answered 403; correct the sink's credentials")),
        ("404 Not Found", "", "", retry("answered 404; correct the sink's url")),
        ("302 Found", "location: http://127.0.0.1:9/\r\n", "", retry("answered 302; correct the sink's url")),
        ("408 Request Timeout", "", "", retry("answered 408")),
        ("429 Too Many Requests", "", "", retry("answered 429")),
        ("429 Too Many Requests", "retry-after: 7\r\n", "slow", later("answered 429: slow", 7)),
        ("500 Internal Server Error", "", "", retry("answered 500")),
        ("503 Service Unavailable", "retry-after: 86400\r\n", "", later("answered 503", 300)),
    ] {
        assert_eq!(understood(WEBHOOK, http(status, headers, body)).await, expect, "{status} {headers}");
    }
}

#[tokio::test]
async fn the_collector_of_splunk_is_understood_by_its_codes() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "5b1cafe0-0000\n").unwrap();
    let keys = format!("type: splunkHec, url: URL, tokenFile: {}", token.display());
    let said = |code: u32| format!(r#"{{"text":"so","code":{code}}}"#);
    let told = |status: u16, code: u32| format!("answered {status}: {}", said(code));
    for (status, code, expect) in [
        ("200 OK", 0, Delivery::Delivered),
        ("403 Forbidden", 4, retry(&format!("{}; correct the sink's token", told(403, 4)))),
        ("401 Unauthorized", 2, retry(&format!("{}; correct the sink's token", told(401, 2)))),
        ("400 Bad Request", 7, retry(&format!("{}; correct the sink's index", told(400, 7)))),
        ("400 Bad Request", 10, retry(&format!("{}; take a token without indexer acknowledgment", told(400, 10)))),
        ("400 Bad Request", 6, refused(&told(400, 6))),
        ("400 Bad Request", 15, refused(&told(400, 15))),
        ("503 Service Unavailable", 9, retry(&told(503, 9))),
        ("500 Internal Server Error", 8, retry(&told(500, 8))),
    ] {
        assert_eq!(understood(&keys, http(status, "", &said(code))).await, expect, "{code}");
    }
    let busy = http("503 Service Unavailable", "retry-after: 3\r\n", &said(9));
    assert_eq!(understood(&keys, busy).await, later(&told(503, 9), 3));
    assert_eq!(understood(&keys, http("200 OK", "", "hi")).await, retry("answered 200: hi, without a code; correct the sink's url"));
    assert_eq!(understood(&keys, http("413 Content Too Large", "", "")).await, refused("answered 413"));
}

#[tokio::test]
async fn elasticsearch_has_an_event_that_it_created_or_had_already() {
    let keys = "type: elasticsearch, url: URL";
    let item = |status: u16, error: &str| format!(r#"{{"took":1,"errors":true,"items":[{{"create":{{"status":{status}{error}}}}}]}}"#);
    let why = r#","error":{"type":"x"}"#;
    for (status, error, expect) in [
        (201, "", Delivery::Delivered),
        (409, why, Delivery::Delivered),
        (429, why, retry(r#"answered 429: {"type":"x"}"#)),
        (503, "", retry("answered 503")),
        (400, why, refused(r#"answered 400: {"type":"x"}"#)),
        (403, "", retry("answered 403; correct the sink's credentials")),
    ] {
        assert_eq!(understood(keys, http("200 OK", "", &item(status, error))).await, expect, "{status}");
    }
    assert_eq!(understood(keys, http("200 OK", "", "{}")).await, retry("answered 200: {}, without an item; correct the sink's url"));
    assert_eq!(understood(keys, http("429 Too Many Requests", "", "")).await, retry("answered 429"));
}

#[tokio::test]
async fn a_collector_that_rejects_the_record_in_a_200_refuses_it() {
    let keys = "type: otlp, url: URL";
    assert_eq!(understood(keys, http("200 OK", "", "")).await, Delivery::Delivered);
    // ExportLogsServiceResponse: partial_success { rejected_log_records: 1, error_message: "no" }, and one that only warns.
    assert_eq!(understood(keys, http("200 OK", "", "\u{a}\u{6}\u{8}\u{1}\u{12}\u{2}no")).await, refused("the record was rejected: no"));
    assert_eq!(understood(keys, http("200 OK", "", "\u{a}\u{6}\u{8}\u{0}\u{12}\u{2}no")).await, Delivery::Delivered);
    let page = http("200 OK", "", "<html>");
    assert_eq!(understood(keys, page).await, retry("answered 200 with something else than OTLP; correct the sink's url"));
    assert_eq!(understood(keys, http("429 Too Many Requests", "retry-after: 1\r\n", "")).await, later("answered 429", 1));
}

#[tokio::test]
async fn sumo_logic_has_an_event_with_a_200_only() {
    let keys = "type: sumo, url: URL";
    assert_eq!(understood(keys, http("200 OK", "", "")).await, Delivery::Delivered);
    assert_eq!(understood(keys, http("202 Accepted", "", "")).await, retry("answered 202"));
}

#[tokio::test]
async fn a_sink_that_hangs_hangs_up_or_is_not_there_is_tried_again() {
    for (manner, expect) in [
        (Manner::Silence, "no answer within 200ms"),
        (Manner::HangUp, "connection closed before message completed"),
        (Manner::Blurt(b"220 mail ready\r\n".to_vec()), "received unexpected message from connection"),
    ] {
        let peer = Peer::start(manner).await;
        assert_eq!(deliver(&sink("type: webhook, url: URL, timeout: 200ms", &peer)).await, retry(expect));
    }
    let config = parse("sinks: [{name: a, type: webhook, url: 'http://127.0.0.1:9/secret-path'}]").unwrap();
    let Delivery::Retry(reason) = deliver(&Sink::new(&config.sinks.all()[0], &reporter()).unwrap()).await else {
        panic!("delivered to nobody")
    };
    assert!(reason.contains("refused") && !reason.contains("secret-path"), "{reason}");
}
