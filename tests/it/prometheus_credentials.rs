//! As whom a metrics backend is asked: what its files say at each question.

use std::fs;

use serin::rollout::Reading;
use serin_dev::Authority;

use crate::prometheus_odd::{ask, provider};
use crate::prometheus_peer::{Manner, Peer, http, number};
use crate::sink_http::secure;

/// The value of a header in each request.
fn sent(peer: &Peer, header: &str) -> Vec<String> {
    let of = |request: &String| request.lines().find_map(|line| line.strip_prefix(header)?.strip_prefix(": ").map(str::to_owned));
    peer.requests().iter().filter_map(of).collect()
}

#[tokio::test]
async fn a_name_a_password_and_a_tenant_are_read_from_their_files_at_each_question() {
    let peer = Peer::start(Manner::Bytes(number("1"))).await;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| fs::write(dir.path().join(name), content).unwrap();
    let at = dir.path().display();
    let asked = provider(&format!(
        "url: http://{}\nusernameFile: {at}/username\npasswordFile: {at}/password\nheaderFiles: {{X-Scope-OrgID: {at}/tenant}}",
        peer.address
    ));
    let unread = Reading::Unreachable("the usernameFile cannot be read: No such file or directory (os error 2)".to_owned());
    assert_eq!(ask(&asked).await, unread);
    file("username", "serin\n");
    file("tenant", "team-a\n");
    for password in ["first\n", "se:cond"] {
        file("password", password);
        assert_eq!(ask(&asked).await, Reading::Value(1.0));
    }
    // base64 of serin:first and of serin:se:cond
    assert_eq!(sent(&peer, "authorization"), ["Basic c2VyaW46Zmlyc3Q=", "Basic c2VyaW46c2U6Y29uZA=="]);
    assert_eq!(sent(&peer, "x-scope-orgid"), ["team-a", "team-a"]);
    file("username", "a:b");
    assert_eq!(ask(&asked).await, Reading::Unreachable("the usernameFile holds a colon, which no name may have".to_owned()));
    assert_eq!(peer.requests().len(), 2, "nothing is sent without credentials");
}

#[tokio::test]
async fn a_backend_that_repeats_what_stands_in_the_files_does_not_get_it_shown() {
    let echo = r#"{"status":"error","errorType":"bad_data","error":"no c2VyaW46aHVudGVyMg== or hunter2 of team-a"}"#;
    let peer = Peer::start(Manner::Bytes(http("400 Bad Request", "", echo))).await;
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [("username", "serin"), ("password", "hunter2"), ("tenant", "team-a")] {
        fs::write(dir.path().join(name), content).unwrap();
    }
    let at = dir.path().display();
    let lines = format!(
        "url: http://{}\nusernameFile: {at}/username\npasswordFile: {at}/password\nheaderFiles: {{X-Scope-OrgID: {at}/tenant}}",
        peer.address
    );
    assert_eq!(ask(&provider(&lines)).await, Reading::BadQuery("no [concealed] or [concealed] of [concealed]".to_owned()));
}

#[tokio::test]
async fn with_mutual_tls_a_backend_is_asked_with_the_certificates_of_now() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    let mount = |authority: &Authority| {
        let us = authority.user("serin", "controllers").unwrap();
        for (from, to) in [(authority.certificate(), "ca.crt"), (us.certificate, "tls.crt"), (us.key, "tls.key")] {
            fs::copy(from, file(to)).unwrap();
        }
    };
    let (first, next) = (Authority::new(&file("first")).unwrap(), Authority::new(&file("second")).unwrap());
    let (port, running) = secure(&first, 0, number("0.5")).await;
    let at = dir.path().display();
    let trusting = format!("url: https://localhost:{port}\ntimeout: 5s\ncaFile: {at}/ca.crt");
    let (anonymous, known) =
        (provider(&trusting), provider(&format!("{trusting}\nclientCertFile: {at}/tls.crt\nclientKeyFile: {at}/tls.key")));
    let unread = Reading::Unreachable("the caFile cannot be read: No such file or directory (os error 2)".to_owned());
    assert_eq!(ask(&known).await, unread);
    mount(&first);
    assert!(matches!(ask(&anonymous).await, Reading::Unreachable(_)), "nobody without a certificate");
    assert_eq!(ask(&known).await, Reading::Value(0.5));
    running.abort();
    let _ = running.await;

    let (_, running) = secure(&next, port, number("0.7")).await;
    assert!(matches!(ask(&known).await, Reading::Unreachable(_)), "not with the old certificates");
    mount(&next);
    assert_eq!(ask(&known).await, Reading::Value(0.7));
    running.abort();
}
