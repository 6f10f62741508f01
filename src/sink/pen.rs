//! Who writes lines where a write may hang? A thread that nothing else waits for: neither the async runtime nor the end of the process.

use std::io;
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::Delivery;

/// A thread that writes one line after the other.
#[derive(Clone, Debug)]
pub(super) struct Pen {
    lines: mpsc::Sender<Job>,
}

#[derive(Debug)]
struct Job {
    line: String,
    done: oneshot::Sender<io::Result<()>>,
}

impl Pen {
    /// A thread of this name, which writes by `write`.
    pub(super) fn new(name: &str, mut write: impl FnMut(&str) -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let (lines, mut jobs) = mpsc::channel(1);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(Job { line, done }) = jobs.blocking_recv() {
                // Nobody waits any more when the controller stops; the event is delivered again after the restart.
                let _ = done.send(write(&line));
            }
        })?;
        Ok(Self { lines })
    }

    /// Delivered means written. `what` names the place in a reason.
    pub(super) async fn write(&self, line: String, what: &str) -> Delivery {
        let ended = || Delivery::Retry(format!("the thread that writes {what} ended"));
        let (done, written) = oneshot::channel();
        if self.lines.send(Job { line, done }).await.is_err() {
            return ended();
        }
        match written.await {
            Ok(Ok(())) => Delivery::Delivered,
            Ok(Err(error)) => Delivery::Retry(format!("{what} cannot be written: {error}")),
            Err(_) => ended(),
        }
    }
}
