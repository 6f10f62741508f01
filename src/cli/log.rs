//! Where do log lines go? To standard error: standard output carries the events.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

use super::command::Logging;
use super::failure::Failure;

/// Takes what `--log` may be, so that a misspelt level is found before anything starts.
pub(super) fn filter(text: &str) -> Result<String, String> {
    targets(text).map(|_| text.to_owned())
}

/// Log lines are written from now on.
pub(super) fn begin(logging: &Logging) -> Result<(), Failure> {
    started(logging).map_err(|error| Failure::new(format!("cannot begin to log: {error}"), "this is a bug in Serin; please report it"))
}

fn started(logging: &Logging) -> Result<(), String> {
    let (Logging::Text { filter } | Logging::Json { filter }) = logging;
    let lines = layer().with_writer(std::io::stderr);
    let lines = match logging {
        Logging::Text { .. } => lines.boxed(),
        Logging::Json { .. } => lines.json().flatten_event(true).boxed(),
    };
    registry().with(lines.with_filter(targets(filter)?)).try_init().map_err(|error| error.to_string())
}

fn targets(text: &str) -> Result<Targets, String> {
    text.parse::<Targets>().map_err(|error| error.to_string())
}
