//! How an event becomes a line on standard output.

use std::io::{self, Write};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::Delivery;
use crate::audit::Record;

/// Longer lines are split by container runtimes, and half a line is no event.
pub const MAX_LINE_BYTES: usize = 16 * 1024;

/// One line for an event: an envelope that log shippers can select by, around the exact bytes that the hash is of.
///
/// # Errors
/// The bytes do not fit on one line; the text says why.
pub fn line(record: &Record) -> Result<String, String> {
    let Record { hash, text, .. } = record;
    if text.bytes().any(|byte| byte < b' ') {
        return Err("the event has control characters outside of its strings".to_owned());
    }
    let line = format!("{{\"log\":\"audit\",\"hash\":\"{hash}\",\"event\":{text}}}\n");
    if line.len() > MAX_LINE_BYTES {
        return Err(format!("the line would have {} bytes, and container runtimes split lines above {MAX_LINE_BYTES}", line.len()));
    }
    Ok(line)
}

/// A thread that writes lines. Whoever reads our output may stop reading; then this thread waits, and nothing else does:
/// neither the async runtime nor the end of the process.
#[derive(Clone, Debug)]
pub struct Stdout {
    lines: mpsc::Sender<Job>,
}

#[derive(Debug)]
struct Job {
    line: String,
    done: oneshot::Sender<io::Result<()>>,
}

impl Stdout {
    /// Writes to this process's standard output.
    ///
    /// # Errors
    /// The operating system gives us no thread.
    pub fn new() -> io::Result<Self> {
        Self::to(io::stdout())
    }

    /// Writes to `out`.
    ///
    /// # Errors
    /// The operating system gives us no thread.
    pub fn to(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, jobs) = mpsc::channel(1);
        thread::Builder::new().name("stdout".to_owned()).spawn(move || write(out, jobs))?;
        Ok(Self { lines })
    }

    /// Delivered means written and flushed: the pipe has it. What the reader does with it is not ours to know.
    pub(super) async fn deliver(&self, record: &Record) -> Delivery {
        let line = match line(record) {
            Ok(line) => line,
            Err(reason) => return Delivery::Refused(reason),
        };
        let (done, written) = oneshot::channel();
        if self.lines.send(Job { line, done }).await.is_err() {
            return Delivery::Retry("the thread that writes standard output ended".to_owned());
        }
        match written.await {
            Ok(Ok(())) => Delivery::Delivered,
            Ok(Err(error)) => Delivery::Retry(format!("standard output cannot be written: {error}")),
            Err(_) => Delivery::Retry("the thread that writes standard output ended".to_owned()),
        }
    }
}

fn write(mut out: impl Write, mut jobs: mpsc::Receiver<Job>) {
    // A line that was cut short must not swallow the next one.
    let mut lead = "";
    while let Some(Job { line, done }) = jobs.blocking_recv() {
        let result = out.write_all(lead.as_bytes()).and_then(|()| out.write_all(line.as_bytes())).and_then(|()| out.flush());
        lead = if result.is_ok() { "" } else { "\n" };
        // Nobody waits any more when the controller stops; the event is delivered again after the restart.
        let _ = done.send(result);
    }
}
