//! Syslog over TCP and mutual TLS. The receiver is the tests' own; `tests/sinks` has a real one without TLS.

use std::fs;
use std::time::Duration;

use serin::audit::Record;
use serin::config::parse;
use serin::sink::{Delivery, Dispatcher, Sink};
use serin_dev::Authority;
use tokio::sync::mpsc;

use crate::audit_given::{UID, filled, records, reporter};
use crate::syslog_receiver::{Receiver, mutual};

fn sink(keys: &str) -> Sink {
    let config = parse(&format!("sinks: [{{name: siem, type: syslog, timeout: 5s, {keys}}}]")).unwrap();
    Sink::new(&config.sinks.all()[0], &reporter()).unwrap()
}

fn tcp(port: u16) -> Sink {
    sink(&format!("url: 'tcp://127.0.0.1:{port}'"))
}

/// The numbers of the events in these messages.
fn seqs(messages: &[String]) -> Vec<u64> {
    messages.iter().map(|message| Record::read(&message[message.find("{\"").unwrap()..]).unwrap().seq).collect()
}

#[tokio::test]
async fn each_event_is_one_message_whose_bytes_are_counted() {
    let receiver = Receiver::start(0, None).await;
    let sink = tcp(receiver.port);
    for record in records(&filled(3)) {
        assert_eq!(sink.deliver(&record).await, Delivery::Delivered);
    }
    assert_eq!(seqs(&receiver.stop().await), [1, 2, 3]);
}

#[tokio::test]
async fn what_was_not_proven_when_the_receiver_hung_up_comes_again_over_a_new_connection() {
    let receiver = Receiver::start(0, None).await;
    let (offers, dispatcher) = Dispatcher::new(vec![tcp(receiver.port)], || std::iter::repeat(Duration::from_millis(20)));
    let (tell, mut told) = mpsc::unbounded_channel();
    let run = tokio::spawn(dispatcher.run(move |report| drop(tell.send(report))));
    offers.offer((), UID, &filled(4));
    let (mut delivered, mut failed) = (Vec::new(), 0);
    while delivered.len() < 4 {
        let heard = receiver.heard().len();
        if heard == 2 && failed == 0 {
            receiver.hang_up();
        }
        let Ok(report) = tokio::time::timeout(Duration::from_millis(10), told.recv()).await else { continue };
        let report = report.unwrap();
        match report.delivery {
            Delivery::Delivered => delivered.push(report.record.seq),
            Delivery::Retry(_) => failed += 1,
            Delivery::Unwanted | Delivery::Later(..) | Delivery::Refused(_) => panic!("{report:?}"),
        }
    }
    run.abort();
    assert_eq!((delivered, failed), (vec![1, 2, 3, 4], 1));
    assert_eq!(seqs(&receiver.stop().await), [1, 2, 2, 3, 4], "the second one comes twice, with the same id");
}

#[tokio::test]
async fn a_receiver_that_restarts_is_found_again() {
    let receiver = Receiver::start(0, None).await;
    let (port, records) = (receiver.port, records(&filled(2)));
    let sink = tcp(port);
    assert_eq!(sink.deliver(&records[0]).await, Delivery::Delivered);
    assert_eq!(seqs(&receiver.stop().await), [1]);
    assert!(matches!(sink.deliver(&records[1]).await, Delivery::Retry(_)));
    let receiver = Receiver::start(port, None).await;
    while sink.deliver(&records[1]).await != Delivery::Delivered {}
    assert_eq!(seqs(&receiver.stop().await).last(), Some(&2));
}

#[tokio::test]
async fn with_mutual_tls_both_sides_prove_who_they_are_and_rotated_certificates_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(&folder.path().join("first")).unwrap();
    let (server, us) = (authority.server().unwrap(), authority.user("serin", "controllers").unwrap());
    let receiver = Receiver::start(0, Some(mutual(&server, &authority))).await;
    let (ca, certificate, key) = (folder.path().join("ca.crt"), folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let mount = |authority: &Authority, us: &serin_dev::Identity| {
        fs::copy(authority.certificate(), &ca).unwrap();
        fs::copy(&us.certificate, &certificate).unwrap();
        fs::copy(&us.key, &key).unwrap();
    };
    mount(&authority, &us);
    let (records, port) = (records(&filled(3)), receiver.port);
    let url = format!("url: 'tls://localhost:{port}', caFile: {}", ca.display());
    let ours = format!("{url}, clientCertFile: {}, clientKeyFile: {}", certificate.display(), key.display());
    let (anonymous, known) = (sink(&url), sink(&ours));
    assert!(matches!(anonymous.deliver(&records[0]).await, Delivery::Retry(_)), "nobody without a certificate");
    assert_eq!(known.deliver(&records[0]).await, Delivery::Delivered);
    assert_eq!(seqs(&receiver.stop().await), [1]);

    let next = Authority::new(&folder.path().join("second")).unwrap();
    let (server, us) = (next.server().unwrap(), next.user("serin", "controllers").unwrap());
    let receiver = Receiver::start(port, Some(mutual(&server, &next))).await;
    assert!(matches!(known.deliver(&records[1]).await, Delivery::Retry(_)), "not with the old certificates");
    mount(&next, &us);
    assert_eq!(known.deliver(&records[1]).await, Delivery::Delivered);
    assert_eq!(seqs(&receiver.stop().await), [2]);
}
