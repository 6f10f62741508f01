//! Whatever a metrics backend answers becomes a reading of its own, and only a finite number becomes a value.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on has failed its test")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use serin::config;
use serin::prometheus::Provider;
use serin::rollout::{Ask, Reading};

use crate::prometheus_peer::{Manner, Peer, http, number};

/// Generous: no test waits for it unless something hangs.
const TOO_LONG: Duration = Duration::from_secs(30);

/// The provider `p` with these lines more.
pub(crate) fn provider(lines: &str) -> Provider {
    let lines = lines.lines().fold(String::new(), |all, line| all + "    " + line + "\n");
    let config = config::parse(&format!("metrics:\n  providers:\n  - name: p\n{lines}")).unwrap();
    Provider::new(config.metrics.providers()[0].clone())
}

pub(crate) fn at() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_732_312_345_678).unwrap()
}

pub(crate) async fn ask(provider: &Provider) -> Reading {
    tokio::time::timeout(TOO_LONG, provider.ask(&Ask::Number("up".to_owned()), at()))
        .await
        .expect("an answer within the provider's timeout")
}

/// Asks a peer of that manner, with the shortest timeout that a busy machine keeps for those that never answer.
async fn ask_one(manner: Manner) -> Reading {
    let timeout = match manner {
        Manner::Drip(_) | Manner::Silence => "300ms",
        Manner::Bytes(_) | Manner::HangUp | Manner::Blurt(_) | Manner::Together(_) => "20s",
    };
    let peer = Peer::start(manner).await;
    ask(&provider(&format!("url: http://{}\ntimeout: {timeout}", peer.address))).await
}

fn ok(body: &str) -> Vec<u8> {
    http("200 OK", "content-type: application/json\r\n", body)
}

fn data(kind: &str, result: &str) -> Vec<u8> {
    ok(&format!(r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}}}"#))
}

fn error(status: &str, kind: &str) -> Vec<u8> {
    http(status, "", &format!(r#"{{"status":"error","errorType":"{kind}","error":"why"}}"#))
}

#[tokio::test]
async fn every_odd_answer_is_a_reading_of_its_own() {
    let html = "<!DOCTYPE html><html>sign in</html>";
    let malformed = |text: &str| Reading::Malformed(text.to_owned());
    for (answer, expect) in [
        (number("NaN"), Reading::NotANumber),
        (number("+Inf"), Reading::Infinite),
        (data("vector", "[]"), Reading::NoData),
        (data("vector", r#"[{"value":[1,"1"]},{"value":[1,"2"]}]"#), Reading::SeveralSeries(2)),
        (data("string", r#"[1,"0.01"]"#), Reading::WrongType("a string".to_owned())),
        (data("matrix", r#"[{"values":[[1,"0"]]}]"#), Reading::WrongType("a range of values".to_owned())),
        (data("vector", r#"[{"histogram":[1,{"count":"1"}]}]"#), Reading::WrongType("a histogram".to_owned())),
        (
            ok(r#"{"status":"success","warnings":["no store"],"data":{"resultType":"vector","result":[]}}"#),
            Reading::Partial("no store".into()),
        ),
        (ok(html), malformed("it is a page in HTML; does a login page stand before the API?")),
        (ok(r#"{"status":"succ"#), malformed("not the JSON of the API: EOF while parsing a string at line 1 column 15")),
        (ok(""), malformed("it is empty")),
        (error("400 Bad Request", "bad_data"), Reading::BadQuery("why".to_owned())),
        (error("422 Unprocessable Entity", "execution"), Reading::QueryFailed("execution: why".to_owned())),
        (error("503 Service Unavailable", "canceled"), Reading::QueryFailed("canceled: why".to_owned())),
        (error("503 Service Unavailable", "timeout"), Reading::TimedOut),
        (http("401 Unauthorized", "", r#"{"message":"who?"}"#), Reading::Unauthorized(401)),
        (http("403 Forbidden", "", html), Reading::Unauthorized(403)),
        (http("429 Too Many Requests", "retry-after: 5\r\n", "slow down"), Reading::Throttled),
        (http("500 Internal Server Error", "", "oops"), Reading::Unavailable(500)),
        (http("503 Service Unavailable", "", html), Reading::Unavailable(503)),
        (http("404 Not Found", "", "404 page not found"), Reading::HttpStatus(404)),
        (http("204 No Content", "", ""), Reading::HttpStatus(204)),
    ] {
        let shown = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(ask_one(Manner::Bytes(answer)).await, expect, "{shown}");
    }
}

#[tokio::test]
async fn a_finite_number_is_a_value_as_a_series_and_as_a_scalar() {
    assert_eq!(ask_one(Manner::Bytes(number("0.0123"))).await, Reading::Value(0.0123));
    assert_eq!(ask_one(Manner::Bytes(data("scalar", r#"[1,"7"]"#))).await, Reading::Value(7.0));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_malformed() {
    let mut cut = number("0.01");
    cut.truncate(cut.len() - 10);
    let reading = ask_one(Manner::Bytes(cut)).await;
    assert!(matches!(&reading, Reading::Malformed(text) if text.starts_with("the answer breaks off: ")), "{reading:?}");
}

#[tokio::test]
async fn a_backend_that_never_ends_its_answer_is_given_up_at_the_timeout() {
    for manner in [Manner::Drip(number("0.01")), Manner::Silence, Manner::Drip(ok(&" ".repeat(10_000)))] {
        assert_eq!(ask_one(manner).await, Reading::TimedOut);
    }
}

#[tokio::test]
async fn a_backend_that_hangs_up_or_is_not_there_is_unreachable() {
    let reading = ask_one(Manner::HangUp).await;
    assert_eq!(reading, Reading::Unreachable("connection closed before message completed".to_owned()));

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap();
    drop(listener);
    let reading = ask(&provider(&format!("url: http://{nobody}"))).await;
    assert_eq!(reading, Reading::Unreachable("Connection refused (os error 111)".to_owned()));
}

#[tokio::test]
async fn what_does_not_speak_http_or_tls_is_unreachable() {
    let ssh = b"SSH-2.0-OpenSSH\r\n".to_vec();
    let reading = ask_one(Manner::Bytes(ssh.clone())).await;
    assert_eq!(reading, Reading::Unreachable("invalid HTTP version parsed".to_owned()));

    let peer = Peer::start(Manner::Blurt(ssh)).await;
    // Only https needs the machine's CA certificates, and a machine without any is told so.
    let reading = ask(&provider(&format!("url: https://{}\ntimeout: 20s", peer.address))).await;
    let Reading::Unreachable(told) = reading else { panic!("another reading: {reading:?}") };
    // Only https needs the machine's CA certificates, and a machine without any is told so.
    let expect = ["received corrupt message of type InvalidContentType", "check the machine's CA certificates"];
    assert!(expect.iter().any(|text| told.contains(text)), "{told}");
}

#[tokio::test]
async fn a_body_of_20_mib_is_too_large_and_is_not_read_to_its_end() {
    let whole = ok(&" ".repeat(20 << 20));
    let length = whole.len();
    let chunked = [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1400000\r\n".to_vec(), vec![b' '; 20 << 20]].concat();
    for answer in [whole, chunked] {
        let peer = Peer::start(Manner::Bytes(answer)).await;
        let provider = provider(&format!("url: http://{}", peer.address));
        assert_eq!(ask(&provider).await, Reading::TooLarge);
        assert!(peer.written() < length, "the peer could write everything");
    }
}

#[tokio::test]
async fn a_bound_on_the_body_is_exact_and_an_error_says_its_status_whatever_its_size() {
    let body = " ".repeat(1024);
    for (answer, expect) in [
        (ok(&body), Reading::Malformed("it is empty".to_owned())),
        (ok(&format!("{body} ")), Reading::TooLarge),
        (http("401 Unauthorized", "", &body.repeat(64)), Reading::Unauthorized(401)),
        (http("502 Bad Gateway", "", &body.repeat(64)), Reading::Unavailable(502)),
    ] {
        let peer = Peer::start(Manner::Bytes(answer)).await;
        assert_eq!(ask(&provider(&format!("url: http://{}\nmaxBodyBytes: 1024", peer.address))).await, expect);
    }
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let other = Peer::start(Manner::Bytes(number("1"))).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        let code = status[..3].parse().unwrap();
        let answer = http(status, &format!("location: http://{}/\r\n", other.address), "");
        assert_eq!(ask_one(Manner::Bytes(answer)).await, Reading::HttpStatus(code));
    }
    assert!(other.requests().is_empty());
}
