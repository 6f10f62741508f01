//! What is posted, and what is never told of it?

use std::fs;

use serin::rollout::EventKind;
use serin::sink::Delivery;

use super::{deliver, later, refused, retry, sink, understood};
use crate::audit_given::{aborted, event, records, told};
use crate::prometheus_peer::{Manner, Peer, http};

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
async fn an_event_that_the_format_has_no_word_for_is_not_sent() {
    let peer = Peer::start(Manner::Bytes(http("204 No Content", "", ""))).await;
    let sink = sink("type: webhook, url: URL, format: cdevents", &peer);
    let step = records(&told([&event(EventKind::StepStarted, "a step")])).remove(0);
    assert_eq!(sink.deliver(&step).await, Delivery::Unwanted);
    assert!(peer.requests().is_empty());
}
