//! Does a real rsyslog have every event over mutual TLS? `make test-rsyslog`; it needs Debian's package rsyslog-gnutls.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../sinks/flow.rs"]
mod flow;
#[path = "../sinks/given.rs"]
mod given;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serin_dev::{Authority, Identity};
use tokio::time::Instant;

use flow::Flow;
use given::EVENTS;

const ROLLOUTS: usize = 5;
/// Its queue is empty within moments; a busy machine is slower.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);

/// A running rsyslog.
struct Rsyslog(Child);

impl Rsyslog {
    /// Takes messages at this port from whoever has a certificate of this authority, and writes each one's type and text to the file `out`.
    fn start(folder: &Path, port: u16, authority: &Authority) -> Self {
        let (server, dir) = (authority.server().unwrap(), folder.display());
        let (ca, certificate, key) = (authority.certificate(), server.certificate, server.key);
        let configuration = format!(
            "\
global(workDirectory=\"{dir}\" maxMessageSize=\"16k\" defaultNetstreamDriver=\"gtls\" defaultNetstreamDriverCAFile=\"{}\"
  defaultNetstreamDriverCertFile=\"{}\" defaultNetstreamDriverKeyFile=\"{}\")
module(load=\"imtcp\" StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"x509/certvalid\")
template(name=\"exact\" type=\"string\" string=\"%msgid% %msg%\\n\")
input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\")
if $programname == \"serin\" then action(type=\"omfile\" file=\"{dir}/out\" template=\"exact\")
",
            ca.display(),
            certificate.display(),
            key.display()
        );
        fs::write(folder.join("rsyslog.conf"), configuration).unwrap();
        let mut rsyslog = Command::new("/usr/sbin/rsyslogd");
        rsyslog.arg("-n").arg("-f").arg(folder.join("rsyslog.conf")).arg("-i").arg(folder.join("pid"));
        let running = rsyslog.stdin(Stdio::null()).spawn();
        Self(running.unwrap_or_else(|error| panic!("no rsyslog ({error}): apt-get install --no-install-recommends rsyslog-gnutls")))
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_rsyslog_has_every_event_once_over_mutual_tls_and_nothing_of_strangers() {
    let folder = tempfile::tempdir().unwrap();
    let (known, other) = (Authority::new(&folder.path().join("known")).unwrap(), Authority::new(&folder.path().join("other")).unwrap());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let _rsyslog = Rsyslog::start(folder.path(), port, &known);
    let sink = |us: &Identity| {
        let files = [known.certificate(), us.certificate.clone(), us.key.clone()].map(|file| file.display().to_string());
        let [ca, certificate, key] = files;
        format!(
            "- {{name: rsyslog, type: syslog, url: 'tls://localhost:{port}', caFile: {ca}, clientCertFile: {certificate}, clientKeyFile: {key}}}"
        )
    };
    let mut flow = Flow::start(&sink(&known.user("serin", "controllers").unwrap()));
    let sent = flow.offer(ROLLOUTS);
    flow.until_delivered(sent.len()).await;
    let mut stranger = Flow::start(&sink(&other.user("stranger", "controllers").unwrap()));
    stranger.offer(1);
    stranger.until("it was turned away", |heard| heard.len() >= 5).await;
    assert_eq!(stranger.failed(), stranger.heard.len());

    let read = || fs::read_to_string(folder.path().join("out")).unwrap_or_default();
    let begun = Instant::now();
    while read().lines().count() < sent.len() && begun.elapsed() < WRITTEN_WITHIN {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let out = read();
    let mut expected: Vec<String> = sent.iter().map(|record| format!("{} {}", record.body().unwrap().kind, record.text)).collect();
    let mut found: Vec<&str> = out.lines().collect();
    expected.sort();
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(sent.len(), ROLLOUTS * EVENTS);
    println!(
        "{} events sent, {} received, 0 duplicated, 0 lost; {} attempts failed before it listened",
        sent.len(),
        found.len(),
        flow.failed()
    );
}
