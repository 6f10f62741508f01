//! Whom does a sink trust, and how does it prove who it is?

use std::fs;
use std::sync::Arc;

use serin::sink::Delivery;
use serin_dev::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::{deliver, retry, sink};
use crate::prometheus_peer::{Manner, Peer, http};
use crate::syslog_receiver::mutual;

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
