//! Where events go: sinks, and the dispatcher that brings each of them every event, in order, at least once.

mod dispatcher;
mod kubernetes;
mod lanes;
mod stdout;

pub use dispatcher::{Dispatcher, Offers};
pub use kubernetes::{kubernetes_event, post};
pub use lanes::{Lanes, Order, Report};
pub use stdout::{MAX_LINE_BYTES, Stdout, line};

use crate::audit::{Record, SinkName};

/// A place where events go.
#[derive(Clone, Debug)]
pub enum Sink {
    /// The controller's standard output, one JSON object a line.
    Stdout(Stdout),
}

/// How one attempt to deliver one event ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The sink has it.
    Delivered,
    /// The sink may take it later; the text says what went wrong.
    Retry(String),
    /// The sink will never take it; the text says why.
    Refused(String),
}

impl Sink {
    /// The name under which `status.audit.acked` keeps how far this sink is.
    pub fn name(&self) -> SinkName {
        match self {
            Self::Stdout(_) => SinkName::new("stdout"),
        }
    }

    /// Brings one event to the sink. The same event may come again; its id tells.
    pub async fn deliver(&self, record: &Record) -> Delivery {
        match self {
            Self::Stdout(stdout) => stdout.deliver(record).await,
        }
    }
}
