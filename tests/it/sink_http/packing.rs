//! When is a body sent compressed, and what becomes of an event whose receiver cannot read that?

use std::fs;
use std::io::Read as _;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serin::sink::Delivery;

use super::{deliver, refused, sink};
use crate::audit_given::{aborted, records, told};
use crate::prometheus_peer::{Manner, Peer, http};

/// A request: its head, and its body as it was sent.
fn parts(request: &[u8]) -> (String, Vec<u8>) {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8(request[..end].to_vec()).unwrap(), request[end + 4..].to_vec())
}

fn unpacked(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(body).read_to_end(&mut bytes).map(|_| bytes).unwrap()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn every_kind_packs_what_is_worth_it_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "0123").unwrap();
    let splunk = format!("type: splunkHec, url: URL, tokenFile: {}", token.display());
    let created = r#"{"items":[{"create":{"status":201}},{"create":{"status":201}},{"create":{"status":201}}]}"#;
    let three = records(&told([&aborted(), &aborted(), &aborted()]));
    for (keys, answer) in [
        (splunk.as_str(), r#"{"text":"Success","code":0}"#),
        ("type: sumo, url: URL", ""),
        ("type: otlp, url: URL", ""),
        ("type: elasticsearch, url: URL", created),
        ("type: webhook, url: URL", ""),
    ] {
        let bodies = async |keys: &str| {
            let peer = Peer::start(Manner::Bytes(http("200 OK", "", answer))).await;
            let deliveries = sink(keys, &peer).deliver_all(&three.iter().collect::<Vec<_>>()).await;
            assert_eq!(deliveries, vec![Delivery::Delivered; 3], "{keys}");
            peer.exact_requests().iter().map(|request| parts(request)).collect::<Vec<_>>()
        };
        let plain = bodies(keys).await;
        let packed = bodies(&format!("{keys}, gzip: true")).await;
        assert_eq!(plain.len(), packed.len(), "{keys}");
        for ((plain_head, plain), (head, packed)) in plain.iter().zip(&packed) {
            assert_eq!((header(plain_head, "content-encoding"), header(head, "content-encoding")), (None, Some("gzip")), "{keys}");
            assert_eq!(header(plain_head, "content-type"), header(head, "content-type"), "{keys}");
            assert_eq!(&unpacked(packed), plain, "{keys}");
            assert!(packed.len() < plain.len(), "{keys}: {} of {} bytes", packed.len(), plain.len());
        }
    }
}

#[tokio::test]
async fn what_is_short_is_sent_as_it_is() {
    let peer = Peer::start(Manner::Bytes(http("204 No Content", "", ""))).await;
    let sink = sink("type: webhook, url: URL, format: leef, gzip: true", &peer);
    assert_eq!(deliver(&sink).await, Delivery::Delivered);
    let (head, body) = parts(&peer.exact_requests()[0]);
    assert!(header(&head, "content-encoding").is_none() && body.len() < 1024 && body.starts_with(b"LEEF:2.0|"), "{head}");
}

#[tokio::test]
async fn an_event_is_refused_only_by_somebody_who_could_read_it() {
    for (status, expect, encodings) in [
        ("415 Unsupported Media Type", refused("answered 415"), vec![Some("gzip"), None]),
        ("400 Bad Request", refused("answered 400"), vec![Some("gzip"), None]),
        ("422 Unprocessable Content", refused("answered 422"), vec![Some("gzip"), None]),
        ("413 Content Too Large", refused("answered 413"), vec![Some("gzip")]),
        ("204 No Content", Delivery::Delivered, vec![Some("gzip")]),
    ] {
        let peer = Peer::start(Manner::Bytes(http(status, "", ""))).await;
        assert_eq!(deliver(&sink("type: webhook, url: URL, gzip: true", &peer)).await, expect, "{status}");
        let heads: Vec<String> = peer.exact_requests().iter().map(|request| parts(request).0).collect();
        assert_eq!(heads.iter().map(|head| header(head, "content-encoding")).collect::<Vec<_>>(), encodings, "{status}");
    }
}

#[tokio::test]
async fn a_signature_is_over_the_bytes_that_are_sent() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap());
    // Who cannot unpack gets it again as it is: each of the two is signed as it is sent.
    let peer = Peer::start(Manner::Bytes(http("415 Unsupported Media Type", "", ""))).await;
    deliver(&sink(&format!("type: webhook, url: URL, gzip: true, secretFile: {}", file.display()), &peer)).await;
    let requests = peer.exact_requests();
    assert_eq!(requests.len(), 2);
    for request in &requests {
        let (head, body) = parts(request);
        let begin = format!("{}.{}.", header(&head, "webhook-id").unwrap(), header(&head, "webhook-timestamp").unwrap());
        let tag = STANDARD.decode(header(&head, "webhook-signature").unwrap().strip_prefix("v1,").unwrap()).unwrap();
        assert!(hmac::verify(&key, &[begin.as_bytes(), &body].concat(), &tag).is_ok(), "{head}");
    }
    let (packed, plain) = (parts(&requests[0]).1, parts(&requests[1]).1);
    assert_eq!(unpacked(&packed), plain);
}
