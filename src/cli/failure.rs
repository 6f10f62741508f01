//! Why could it not be done, and what helps?

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// An error as people see it: what could not be done, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    what: String,
    hint: String,
    ending: Ending,
}

/// How a command ended: its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// As it was wanted.
    Done,
    /// It could not be done or asked.
    Failed,
    /// The answer is no: refused, or aborted.
    Negative,
    /// Something else came first.
    Superseded,
    /// There was no answer in time.
    Late,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(match ending {
            Ending::Done => 0,
            Ending::Failed => 1,
            Ending::Negative => 2,
            Ending::Superseded => 3,
            Ending::Late => 4,
        })
    }
}

impl Failure {
    /// `what` could not be done, with its cause; `hint` says what to do.
    pub(super) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into(), ending: Ending::Failed }
    }

    /// There was no answer in time.
    pub(super) fn late(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { ending: Ending::Late, ..Self::new(what, hint) }
    }

    /// How the command ends with it.
    pub(super) fn ending(&self) -> Ending {
        self.ending
    }

    /// A file that cannot be read.
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::new(format!("cannot read {}: {}", path.display(), lower(error)), "check the path, and that you may read the file")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\nhint: {}", self.what, self.hint)
    }
}

/// An error with all its causes, on one line, beginning in lower case.
pub(super) fn lower(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
