//! Standard output and the dispatcher in front of it.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serin::audit::{Record, verify};
use serin::sink::{Delivery, Dispatcher, MAX_LINE_BYTES, Report, Sink, Stdout, line};
use tokio::sync::mpsc;

use crate::audit_given::{UID, filled, records, reporter};

/// A pipe whose first writes go wrong: each number is how many bytes it takes before it fails.
#[derive(Clone, Default)]
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    faults: Arc<Mutex<Vec<usize>>>,
}

impl Pipe {
    fn failing(faults: &[usize]) -> Self {
        Self { faults: Arc::new(Mutex::new(faults.to_vec())), ..Self::default() }
    }

    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().expect("not poisoned").clone()).expect("text")
    }

    /// The events that a reader finds: lines that are whole envelopes, and the bytes inside.
    fn events(&self) -> Vec<String> {
        let text = self.text();
        text.lines().filter_map(event).map(str::to_owned).collect()
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut faults = self.faults.lock().expect("not poisoned");
        if let Some(left) = faults.first_mut() {
            if *left == 0 {
                faults.remove(0);
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let taken = bytes.len().min(*left);
            *left -= taken;
            self.bytes.lock().expect("not poisoned").extend(&bytes[..taken]);
            return Ok(taken);
        }
        self.bytes.lock().expect("not poisoned").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the docs tell readers to do: the event is what stands between the envelope's fixed words.
fn event(line: &str) -> Option<&str> {
    serde_json::from_str::<serde_json::Value>(line).ok()?;
    line.strip_prefix("{\"log\":\"audit\",\"hash\":\"sha256:")?[64..].strip_prefix("\",\"event\":")?.strip_suffix('}')
}

async fn deliver(count: usize, pipe: &Pipe) -> Vec<Report<&'static str>> {
    let sink = Sink::stdout(Stdout::to(pipe.clone()).expect("a thread"), &reporter());
    let (offers, dispatcher) = Dispatcher::new(vec![sink], || std::iter::repeat(Duration::from_millis(1)));
    let (tell, mut told) = mpsc::unbounded_channel();
    let run = tokio::spawn(dispatcher.run(move |report| tell.send(report).expect("the test listens")));
    offers.offer("shop/checkout", UID, &filled(count));
    let mut reports = Vec::new();
    while reports.last().is_none_or(|last: &Report<_>| last.record.seq < count as u64 || last.delivery != Delivery::Delivered) {
        reports.push(told.recv().await.expect("the dispatcher goes on"));
    }
    run.abort();
    reports
}

#[test]
fn a_line_holds_the_exact_bytes_and_their_hash() {
    for record in records(&filled(2)) {
        let line = line(&record).expect("an event fits");
        assert!(line.len() < MAX_LINE_BYTES && line.ends_with('\n') && line.lines().count() == 1);
        assert_eq!(event(line.trim_end()), Some(record.text.as_str()));
        assert!(line.starts_with(&format!("{{\"log\":\"audit\",\"hash\":\"{}\"", record.hash)));
    }
}

#[tokio::test]
async fn what_does_not_fit_on_a_line_is_refused() {
    let good = records(&filled(1)).remove(0);
    let stdout = Sink::stdout(Stdout::to(io::sink()).expect("a thread"), &reporter());
    for text in ["{\n}".to_owned(), format!("\"{}\"", "x".repeat(MAX_LINE_BYTES))] {
        let odd = Record { text, ..good.clone() };
        assert!(matches!(stdout.deliver(&odd).await, Delivery::Refused(_)));
    }
}

#[tokio::test]
async fn all_events_come_out_in_order() {
    let pipe = Pipe::default();
    let reports = deliver(20, &pipe).await;
    assert_eq!(reports.len(), 20);
    let events = pipe.events();
    assert_eq!(events, records(&filled(20)).into_iter().map(|record| record.text).collect::<Vec<_>>());
    assert_eq!(verify(events.iter().map(String::as_str)), Ok(()));
}

#[tokio::test]
async fn a_line_that_was_cut_short_is_written_again_and_swallows_nothing() {
    let pipe = Pipe::failing(&[0, 100, 0, 300]);
    let reports = deliver(3, &pipe).await;
    assert_eq!(reports.iter().filter(|report| report.delivery != Delivery::Delivered).count(), 4);
    assert_eq!(pipe.events(), records(&filled(3)).into_iter().map(|record| record.text).collect::<Vec<_>>());
}

/// A pipe that nobody reads: it says that it is stuck, and stays so until it is told to go on.
struct Stuck {
    stuck: mpsc::UnboundedSender<()>,
    go_on: std::sync::mpsc::Receiver<()>,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stuck.send(()).expect("the test listens");
        self.go_on.recv().expect("the test goes on");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The test's runtime has one thread: were it blocked by the write, the test could not go on.
#[tokio::test]
async fn a_reader_that_stops_reading_holds_up_no_runtime() {
    let (stuck, mut is_stuck) = mpsc::unbounded_channel();
    let (release, go_on) = std::sync::mpsc::channel();
    let sink = Sink::stdout(Stdout::to(Stuck { stuck, go_on }).expect("a thread"), &reporter());
    let (offers, dispatcher) = Dispatcher::new(vec![sink], || std::iter::repeat(Duration::from_millis(1)));
    let (tell, mut told) = mpsc::unbounded_channel();
    let run = tokio::spawn(dispatcher.run(move |report| tell.send(report).expect("the test listens")));
    let outbox = filled(1);
    offers.offer("shop/checkout", UID, &outbox);
    is_stuck.recv().await.expect("the write begins");
    assert!(told.is_empty() && offers.receipts(UID).is_empty());
    release.send(()).expect("the pipe waits");
    let report = told.recv().await.expect("the dispatcher goes on");
    assert_eq!((report.key, report.delivery), ("shop/checkout", Delivery::Delivered));
    let mut acknowledged = outbox;
    acknowledged.acknowledge(&offers.receipts(UID), &[report.sink].into());
    assert_eq!(acknowledged.pending().count(), 0);
    run.abort();
}
