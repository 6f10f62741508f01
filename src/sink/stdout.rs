//! How an event becomes a line on standard output.

use std::io::{self, Write};

use super::Delivery;
use super::pen::Pen;
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
    whole(format!("{{\"log\":\"audit\",\"hash\":\"{hash}\",\"event\":{text}}}\n"))
}

/// The line, if nobody will split it.
pub(super) fn whole(line: String) -> Result<String, String> {
    if line.len() > MAX_LINE_BYTES {
        return Err(format!("the line would have {} bytes, and container runtimes split lines above {MAX_LINE_BYTES}", line.len()));
    }
    Ok(line)
}

/// Whoever reads our output may stop reading; then a thread of its own waits, and nothing else does.
#[derive(Clone, Debug)]
pub struct Stdout(Pen);

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
    pub fn to(mut out: impl Write + Send + 'static) -> io::Result<Self> {
        // A line that was cut short must not swallow the next one.
        let mut lead = "";
        let pen = Pen::new("stdout", move |line| {
            let result = out.write_all(lead.as_bytes()).and_then(|()| out.write_all(line.as_bytes())).and_then(|()| out.flush());
            lead = if result.is_ok() { "" } else { "\n" };
            result
        });
        Ok(Self(pen?))
    }

    /// Delivered means written and flushed: the pipe has it. What the reader does with it is not ours to know.
    pub(super) async fn deliver(&self, line: String) -> Delivery {
        self.0.write(line, "standard output").await
    }
}
