//! How a metrics backend is asked: the request, its credentials, how many at once.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use chrono::TimeDelta;
use serin::config;
use serin::prometheus::Providers;
use serin::rollout::{Ask, Bad, By, Counting, Pattern, Reading, Ready, Revision, Shape, Sides, Targets, Young};

use crate::prometheus_odd::{ask, at, provider};
use crate::prometheus_peer::{Manner, Peer, http, number};

/// Asked of somebody who never answers.
static HANGS: LazyLock<Ask> = LazyLock::new(up);

fn up() -> Ask {
    Ask::Number("up".to_owned())
}

#[tokio::test]
async fn a_request_has_the_prefix_the_base_query_the_headers_and_the_time_with_milliseconds() {
    let peer = Peer::start(Manner::Bytes(number("1"))).await;
    let url = format!("http://{}/prom/", peer.address);
    let asked = provider(&format!("url: {url}?tenant=a\ntimeout: 20s\nheaders: {{X-Scope-OrgID: team-a}}"));
    assert_eq!(asked.ask(&Ask::Number("sum(up{a=\"b\"}) + 1".to_owned()), at()).await, Reading::Value(1.0));

    let request = peer.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /prom/api/v1/query?tenant=a HTTP/1.1\r\n"), "{head}");
    for header in ["x-scope-orgid: team-a", "user-agent: serin", "content-type: application/x-www-form-urlencoded"] {
        assert!(head.lines().any(|line| line == header), "no `{header}` in {head}");
    }
    assert!(!head.contains("authorization"), "{head}");
    assert_eq!(body, "query=sum%28up%7Ba%3D%22b%22%7D%29+%2B+1&time=1732312345.678&timeout=20000ms");
}

/// The question of one window, in which these pods were ready all the time.
fn requests(canary: &str, stable: &str) -> Ask {
    let bad = Bad::Values { label: "code".to_owned(), values: Pattern::new("5..").unwrap() };
    let (rollout, label) = ("web".to_owned(), "pod".to_owned());
    let sides =
        Sides { rollout, stable: Revision::new("1111111111"), canary: Revision::new("2222222222"), by: Some(By::Pod(label.clone())) };
    let ready = Ready { canary: BTreeSet::from([canary.to_owned()]), stable: BTreeSet::from([stable.to_owned()]) };
    Ask::Counts(Box::new(Counting {
        query: "requests".to_owned(),
        from: at() - TimeDelta::seconds(10),
        shape: Shape::Samples(bad),
        sides,
        before: None,
        past: None,
        young: Young::All,
        targets: Some(Targets { ready, label, query: "targets".to_owned() }),
    }))
}

#[tokio::test]
async fn which_pods_are_up_is_asked_only_where_some_have_no_samples() {
    let (canary, other, stable) = ("web-2222222222-a-b", "web-2222222222-a-c", "web-1111111111-a-b");
    let now = at().timestamp();
    let series = [
        format!(r#"{{"metric":{{"pod":"{canary}","code":"200"}},"value":[{now},"5"]}}"#),
        format!(r#"{{"metric":{{"pod":"{stable}","code":"200"}},"value":[{now},"5"]}}"#),
        // Samples of long ago, as the first answer; as the second one that both are up, and one of them has series.
        format!(r#"{{"metric":{{"pod":"{other}","serin_counts":"value"}},"value":[1,"1"]}}"#),
        format!(r#"{{"metric":{{"pod":"{stable}","serin_counts":"value"}},"value":[1,"1"]}}"#),
        format!(r#"{{"metric":{{"pod":"{stable}","serin_counts":"all"}},"value":[1,"1"]}}"#),
    ];
    let body = format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, series.join(","));
    let peer = Peer::start(Manner::Bytes(http("200 OK", "", &body))).await;
    let asked = provider(&format!("url: http://{}\ntimeout: 20s", peer.address));
    let queries = || {
        let query = |request: &String| request.split("query=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        peer.requests().iter().map(query).collect::<Vec<_>>()
    };
    let scraped = |reading: Reading| {
        let Reading::Counts(counted) = reading else { panic!("no counts: {reading:?}") };
        counted.scraped.map(|scraped| (scraped.canary.scraped, scraped.stable.scraped))
    };
    assert_eq!(scraped(asked.ask(&requests(canary, stable), at()).await), Some((1, 1)));
    assert_eq!(queries(), ["requests"]);
    assert_eq!(scraped(asked.ask(&requests(other, stable), at()).await), Some((1, 1)), "it is up, and did nothing yet");
    assert_eq!(queries(), ["requests", "requests", "targets"]);
    assert_eq!(scraped(asked.ask(&requests("web-2222222222-a-d", stable), at()).await), Some((0, 1)));
}

#[tokio::test]
async fn where_nobody_tells_which_pods_are_up_nothing_is_known_of_those_without_samples() {
    let stable = "web-1111111111-a-b";
    let series = format!(r#"{{"metric":{{"pod":"{stable}","code":"200"}},"value":[{},"5"]}}"#, at().timestamp());
    let body = format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{series}]}}}}"#);
    let peer = Peer::start(Manner::Bytes(http("200 OK", "", &body))).await;
    let asked = provider(&format!("url: http://{}\ntimeout: 20s", peer.address));
    let Reading::Counts(counted) = asked.ask(&requests("web-2222222222-a-b", stable), at()).await else { panic!("no counts") };
    assert_eq!((counted.scraped, peer.requests().len()), (None, 2));
}

#[tokio::test]
async fn a_token_is_read_from_its_file_at_each_question() {
    let peer = Peer::start(Manner::Bytes(number("1"))).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let provider = provider(&format!("url: http://{}\nbearerTokenFile: {}", peer.address, file.display()));
    for token in ["first\n", "  second  "] {
        fs::write(&file, token).unwrap();
        assert_eq!(ask(&provider).await, Reading::Value(1.0));
    }
    let sent: Vec<String> =
        peer.requests().iter().filter_map(|one| one.lines().find(|l| l.starts_with("authorization")).map(str::to_owned)).collect();
    assert_eq!(sent, ["authorization: Bearer first", "authorization: Bearer second"]);
}

#[tokio::test]
async fn without_its_token_nothing_is_sent() {
    let peer = Peer::start(Manner::Bytes(number("1"))).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    let provider = provider(&format!("url: http://{}\nbearerTokenFile: {}", peer.address, file.display()));
    let unreadable = |why: &str| Reading::Unreachable(format!("the bearerTokenFile cannot be read: {why}"));
    assert_eq!(ask(&provider).await, unreadable("No such file or directory (os error 2)"));
    for (content, expect) in [
        (" \n".to_owned(), unreadable("it is empty")),
        ("x".repeat(70_000), unreadable("it has more than 65536 bytes")),
        ("a\nb".to_owned(), Reading::Unreachable("the bearerTokenFile has characters that no header has".to_owned())),
    ] {
        fs::write(&file, content).unwrap();
        assert_eq!(ask(&provider).await, expect);
    }
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn a_backend_that_repeats_credentials_does_not_get_them_shown() {
    let echo = r#"{"status":"error","errorType":"bad_data","error":"no access with Bearer s3cr3t-t0ken or key-0123456789"}"#;
    let peer = Peer::start(Manner::Bytes(http("400 Bad Request", "", echo))).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    fs::write(&file, "s3cr3t-t0ken").unwrap();
    let lines = format!("url: http://{}\nbearerTokenFile: {}\nheaders: {{X-Api-Key: key-0123456789}}", peer.address, file.display());
    assert_eq!(ask(&provider(&lines)).await, Reading::BadQuery("no access with Bearer [concealed] or [concealed]".to_owned()));
}

#[tokio::test]
async fn at_most_32_requests_are_in_flight_and_the_others_wait_their_turn() {
    let peer = Peer::start(Manner::Together(32)).await;
    let provider = provider(&format!("url: http://{}\ntimeout: 20s", peer.address));
    let readings = futures::future::join_all((0..80).map(|_| ask(&provider))).await;
    assert!(readings.iter().all(|reading| *reading == Reading::Value(1.0)), "{readings:?}");
    assert_eq!(peer.most_inside(), 32);
}

#[tokio::test]
async fn a_provider_that_hangs_holds_up_nobody_who_asks_another_one() {
    let (hanging, quick) = (Peer::start(Manner::Silence).await, Peer::start(Manner::Bytes(number("0.5"))).await);
    let text = format!(
        "metrics:\n  default: quick\n  providers:\n  - {{name: quick, url: 'http://{}'}}\n  - {{name: hanging, url: 'http://{}', timeout: 20s}}\n",
        quick.address, hanging.address
    );
    let providers = Providers::new(&config::parse(&text).unwrap().metrics);
    // More than may be in flight at once, so that the last ones only wait for the others.
    let slow = futures::future::select_all((0..40).map(|_| Box::pin(providers.ask("hanging", &HANGS, at()))));
    let question = up();
    let fast = async {
        for _ in 0..50 {
            assert_eq!(providers.ask("quick", &question, at()).await, Reading::Value(0.5));
        }
    };
    tokio::select! {
        biased;
        (reading, ..) = slow => panic!("the one that hangs was first: {reading:?}"),
        () = fast => {}
    }
}

#[tokio::test]
async fn providers_are_asked_by_name_and_one_that_is_down_is_no_error_at_the_start() {
    let peer = Peer::start(Manner::Bytes(number("0.5"))).await;
    let text = format!(
        "metrics:\n  default: up\n  providers:\n  - {{name: up, url: 'http://{}'}}\n  - {{name: down, url: 'http://127.0.0.1:1'}}\n",
        peer.address
    );
    let providers = Providers::new(&config::parse(&text).unwrap().metrics);
    assert_eq!((providers.default_name(), providers.delays().map(|(name, _)| name).collect::<Vec<_>>()), (Some("up"), vec!["down", "up"]));
    assert_eq!(providers.ask("up", &up(), at()).await, Reading::Value(0.5));
    assert!(matches!(providers.ask("down", &up(), at()).await, Reading::Unreachable(_)));
    let unknown = Reading::Unreachable("the configuration has no provider `other`".to_owned());
    assert_eq!(providers.ask("other", &up(), at()).await, unknown);
}
