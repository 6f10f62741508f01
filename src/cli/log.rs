//! Where do log lines go? To standard error: standard output carries the events.

use tracing_subscriber::EnvFilter;

use super::command::Logging;
use super::failure::Failure;

/// Takes what `--log` may be, so that a misspelt level is found before anything starts.
pub(super) fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Log lines are written from now on.
pub(super) fn begin(logging: &Logging) -> Result<(), Failure> {
    let (Logging::Text { filter } | Logging::Json { filter }) = logging;
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_writer(std::io::stderr).with_ansi(false);
    let begun = match logging {
        Logging::Text { .. } => lines.try_init(),
        Logging::Json { .. } => lines.json().flatten_event(true).try_init(),
    };
    begun.map_err(|error| Failure::new(format!("cannot begin to log: {error}"), "this is a bug in Serin; please report it"))
}
