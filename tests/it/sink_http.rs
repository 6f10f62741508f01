//! What is posted to each kind of sink, and what each answer means. The receivers are stand-ins on a real socket; those of `tests/sinks` are real.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serin::config::parse;
use serin::rollout::EventKind;
use serin::sink::{Delivery, Sink};
use serin_dev::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::audit_given::{aborted, event, records, reporter, told};
use crate::prometheus_peer::{Manner, Peer, http};
use crate::syslog_receiver::mutual;

/// A sink that the configuration describes so; `URL` stands for the peer's.
fn sink(keys: &str, peer: &Peer) -> Sink {
    let keys = keys.replace("URL", &format!("http://{}/in", peer.address));
    let config = parse(&format!("sinks: [{{name: siem, {keys}}}]")).unwrap();
    Sink::new(&config.sinks.all()[0], &reporter()).unwrap()
}

async fn deliver(sink: &Sink) -> Delivery {
    sink.deliver(&records(&told([&aborted()]))[0]).await
}

/// How a sink of this kind understands this answer.
async fn understood(keys: &str, answer: Vec<u8>) -> Delivery {
    let peer = Peer::start(Manner::Bytes(answer)).await;
    deliver(&sink(keys, &peer)).await
}

fn retry(text: &str) -> Delivery {
    Delivery::Retry(text.to_owned())
}

fn refused(text: &str) -> Delivery {
    Delivery::Refused(text.to_owned())
}

fn later(text: &str, seconds: u64) -> Delivery {
    Delivery::Later(text.to_owned(), Duration::from_secs(seconds))
}

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

#[tokio::test]
async fn what_is_posted_has_the_exact_bytes_the_id_and_the_credential_of_now() {
    let record = records(&told([&aborted()])).remove(0);
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    for (kind, scheme) in
        [("webhook", "Bearer"), ("splunkHec", "Splunk"), ("elasticsearch", "ApiKey"), ("otlp", "Bearer"), ("sumo", "Bearer")]
    {
        let peer = Peer::start(Manner::Bytes(http("200 OK", "", ""))).await;
        let sink = sink(&format!("type: {kind}, url: URL, headers: {{X-Team: shop}}, tokenFile: {}", token.display()), &peer);
        for value in ["first-token", "second-token", "Basic dXNlcjpwYXNz"] {
            fs::write(&token, value).unwrap();
            sink.deliver(&record).await;
            let request = peer.requests().pop().unwrap();
            let expect = if value.contains(' ') { value.to_owned() } else { format!("{scheme} {value}") };
            assert!(request.contains(&format!("authorization: {expect}\r\n")), "{request}");
            assert!(request.starts_with("POST /in HTTP/1.1\r\n") && request.contains("x-team: shop\r\n"), "{request}");
            let quoted = serde_json::to_string(&record.text).unwrap();
            assert!(request.contains(&record.text) || request.contains(&quoted), "{request}");
            assert!(request.contains(&record.id), "{request}");
        }
    }
}

#[tokio::test]
async fn people_are_told_by_a_post_and_pagerduty_s_key_stands_in_the_body_alone() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "r0uting-key\n").unwrap();
    let pager = format!("type: pagerDuty, delivery: required, url: URL, tokenFile: {}", key.display());
    for (keys, part) in [
        ("type: slack, delivery: required, url: URL", r#""type":"plain_text""#),
        (
            "type: teams, delivery: required, url: URL, runbooks: 'https://pages.example/serin'",
            "https://pages.example/serin/rollout-aborted",
        ),
        (&pager, r#""routing_key":"r0uting-key""#),
    ] {
        let peer = Peer::start(Manner::Bytes(http("202 Accepted", "", ""))).await;
        assert_eq!(deliver(&sink(keys, &peer)).await, Delivery::Delivered, "{keys}");
        let request = peer.requests().remove(0);
        assert!(request.contains(part) && request.contains("content-type: application/json\r\n"), "{request}");
        assert!(!request.contains("authorization:"), "{request}");
        let peer = Peer::start(Manner::Bytes(http("200 OK", "", ""))).await;
        let started = told([&event(EventKind::Started, "attempt 3 begins")]);
        assert_eq!(sink(keys, &peer).deliver(&records(&started)[0]).await, Delivery::Unwanted, "{keys}");
        assert_eq!(peer.requests(), Vec::<String>::new());
    }
    let echo = http("400 Bad Request", "", "the key r0uting-key is wrong");
    assert_eq!(understood(&pager, echo).await, refused("answered 400: the key [concealed] is wrong"));
    assert_eq!(
        understood("type: slack, delivery: required, url: URL", http("429 Too Many Requests", "retry-after: 1\r\n", "")).await,
        later("answered 429", 1)
    );
}

#[tokio::test]
async fn a_webhook_is_signed_by_every_secret_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    let peer = Peer::start(Manner::Bytes(http("204 No Content", "", ""))).await;
    let sink = sink(&format!("type: webhook, url: URL, secretFile: {}", file.display()), &peer);
    fs::write(&file, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD\nwhsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
    assert_eq!(deliver(&sink).await, Delivery::Delivered);
    let request = peer.requests().remove(0);
    let header = |name: &str| request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default().to_owned();
    assert_eq!(header("webhook-id"), records(&told([&aborted()]))[0].id);
    assert!(header("webhook-timestamp").parse::<i64>().is_ok_and(|seconds| seconds > 1_700_000_000));
    assert_eq!(header("webhook-signature").split(' ').filter(|one| one.starts_with("v1,")).count(), 2);
    fs::write(&file, "not a secret").unwrap();
    assert_eq!(deliver(&sink).await, retry("the secretFile holds something else than secrets like whsec_ and base64"));
}

#[tokio::test]
async fn neither_a_credential_nor_a_url_that_is_one_shows_in_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let (url, token) = (folder.path().join("url"), folder.path().join("token"));
    let peer = Peer::start(Manner::Bytes(http("400 Bad Request", "", "you sent t0ps3cret-token to /receiver/v1/http/ZaVnC4dhaV2=="))).await;
    fs::write(&url, format!("http://{}/receiver/v1/http/ZaVnC4dhaV2==\n", peer.address)).unwrap();
    fs::write(&token, "t0ps3cret-token").unwrap();
    let sink = sink(&format!("type: sumo, urlFile: {}, tokenFile: {}", url.display(), token.display()), &peer);
    assert_eq!(deliver(&sink).await, refused("answered 400: you sent [concealed] to [concealed]"));
    assert!(peer.requests()[0].starts_with("POST /receiver/v1/http/ZaVnC4dhaV2== HTTP/1.1"));
    fs::write(&url, "nonsense").unwrap();
    assert_eq!(deliver(&sink).await, retry("the urlFile holds no URL that begins with http:// or https://"));
    fs::remove_file(&url).unwrap();
    assert_eq!(deliver(&sink).await, retry("the urlFile cannot be read: No such file or directory (os error 2)"));
}

#[tokio::test]
async fn a_sink_gets_only_what_it_is_to_get() {
    for (filter, expect) in [
        ("types: [rollout.aborted]", Delivery::Delivered),
        ("types: [rollout.*]", Delivery::Delivered),
        ("types: [step.*, audit.gap]", Delivery::Unwanted),
        ("severity: high", Delivery::Delivered),
        ("severity: critical", Delivery::Unwanted),
        ("namespaces: [shop]", Delivery::Delivered),
        ("namespaces: [bank]", Delivery::Unwanted),
        ("types: [rollout.*], severity: high, namespaces: [bank]", Delivery::Unwanted),
    ] {
        let peer = Peer::start(Manner::Bytes(http("200 OK", "", ""))).await;
        assert_eq!(deliver(&sink(&format!("type: webhook, url: URL, only: {{{filter}}}"), &peer)).await, expect, "{filter}");
        assert_eq!(peer.requests().len(), usize::from(expect == Delivery::Delivered), "{filter}");
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named_and_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start(Manner::Bytes(http("204 No Content", "", ""))).await;
    let ca = folder.path().join("ca.crt");
    let sink = sink(&format!("type: webhook, url: URL, caFile: {}", ca.display()), &peer);
    assert_eq!(deliver(&sink).await, retry("the caFile cannot be read: No such file or directory (os error 2)"));
    fs::write(&ca, "nonsense").unwrap();
    assert_eq!(deliver(&sink).await, retry("the caFile holds no certificate in PEM"));
    let authority = Authority::new(folder.path()).unwrap();
    assert_eq!(authority.certificate(), ca);
    assert_eq!(deliver(&sink).await, Delivery::Delivered);
}

#[tokio::test]
async fn an_event_that_the_format_has_no_word_for_is_not_sent() {
    let peer = Peer::start(Manner::Bytes(http("204 No Content", "", ""))).await;
    let sink = sink("type: webhook, url: URL, format: cdevents", &peer);
    let step = records(&told([&crate::audit_given::event(serin::rollout::EventKind::StepStarted, "a step")])).remove(0);
    assert_eq!(sink.deliver(&step).await, Delivery::Unwanted);
    assert!(peer.requests().is_empty());
}

/// A receiver with TLS that answers so to whatever comes from somebody with a certificate of this authority.
pub(crate) async fn secure(authority: &Authority, port: u16, answer: Vec<u8>) -> (u16, JoinHandle<()>) {
    let config = mutual(&authority.server().unwrap(), authority);
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let running = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await else { continue };
            let mut bytes = [0; 16 << 10];
            // One request is one read or two; the answer does not wait for the second, and the connection ends with it.
            if stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (port, running)
}

#[tokio::test]
async fn with_mutual_tls_both_sides_prove_who_they_are_and_rotated_certificates_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let mount = |authority: &Authority| {
        let us = authority.user("serin", "controllers").unwrap();
        for (from, to) in [(authority.certificate(), "ca.crt"), (us.certificate, "tls.crt"), (us.key, "tls.key")] {
            fs::copy(from, file(to)).unwrap();
        }
    };
    let (first, next) = (Authority::new(&file("first")).unwrap(), Authority::new(&file("second")).unwrap());
    let (port, running) = secure(&first, 0, http("204 No Content", "", "")).await;
    mount(&first);
    let keys =
        |more: &str| format!("type: webhook, url: 'https://localhost:{port}/', timeout: 5s, caFile: {}{more}", file("ca.crt").display());
    let ours = format!(", clientCertFile: {}, clientKeyFile: {}", file("tls.crt").display(), file("tls.key").display());
    let nobody = Peer::start(Manner::Silence).await;
    let (anonymous, known) = (sink(&keys(""), &nobody), sink(&keys(&ours), &nobody));
    assert!(matches!(deliver(&anonymous).await, Delivery::Retry(_)), "nobody without a certificate");
    assert_eq!(deliver(&known).await, Delivery::Delivered);
    running.abort();
    let _ = running.await;

    let (_, running) = secure(&next, port, http("204 No Content", "", "")).await;
    assert!(matches!(deliver(&known).await, Delivery::Retry(_)), "not with the old certificates");
    mount(&next);
    assert_eq!(deliver(&known).await, Delivery::Delivered);
    running.abort();
}

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
