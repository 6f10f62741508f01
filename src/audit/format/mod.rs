//! In which words does a sink want an event? One pure function for each format that SIEMs read.
//!
//! An event stays what its canonical bytes say; a format only lays them out. What comes out is one line of text without a newline inside,
//! whatever the names and messages of a rollout hold. `docs/formats.md` shows an example of each.

mod cdevents;
mod cef;
mod cloudevents;
mod ecs;
mod leef;
mod line;
mod ocsf;
mod scale;
pub mod syslog;
mod told;
mod words;

use serde::Deserialize;

pub use scale::Scale;
pub use told::{Told, Unreadable};

use super::record::{Record, canonical};

/// Who makes Serin, as formats with a field for it are told.
const VENDOR: &str = "serin.dev";

/// What reports the events.
const PRODUCT: &str = "serin";

/// How an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The canonical bytes, as they were hashed.
    Json,
    /// OCSF 1.8.0, class 6003 API Activity; carries the canonical bytes.
    Ocsf,
    /// Elastic Common Schema 9.4; carries the canonical bytes.
    Ecs,
    /// Common Event Format, version 0.
    Cef,
    /// Log Event Extended Format 2.0.
    Leef,
    /// CloudEvents 1.0.2 in structured mode; the canonical event is its data.
    CloudEvents,
    /// CDEvents 0.5.1; it has words for a few events only.
    CdEvents,
}

/// The process that brings an event to a sink. The event itself says which cluster it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reporter {
    /// The version of Serin.
    pub version: String,
    /// The pod, or the host where it runs in none.
    pub instance: String,
    /// The IP address, where it is known.
    pub address: Option<String>,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] = [Self::Json, Self::Ocsf, Self::Ecs, Self::Cef, Self::Leef, Self::CloudEvents, Self::CdEvents];

    /// The format's name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ocsf => "ocsf",
            Self::Ecs => "ecs",
            Self::Cef => "cef",
            Self::Leef => "leef",
            Self::CloudEvents => "cloudevents",
            Self::CdEvents => "cdevents",
        }
    }

    /// One event in this format; `None` where the format has no word for it.
    ///
    /// # Guarantees
    /// One line: no byte below a space is in it. No text of the event ends its field early or begins another one.
    ///
    /// # Errors
    /// A later version of Serin told the event, with words that this one does not know.
    pub fn render(self, record: &Record, reporter: &Reporter) -> Result<Option<String>, Unreadable> {
        Ok(self.write(&Told::of(record)?, reporter))
    }

    /// The same of an event that was read back already.
    pub(crate) fn write(self, told: &Told<'_>, reporter: &Reporter) -> Option<String> {
        match self {
            Self::Json => Some(told.record.text.clone()),
            Self::Ocsf => Some(canonical(&ocsf::event(told, reporter))),
            Self::Ecs => Some(canonical(&ecs::document(told, reporter))),
            Self::Cef => Some(cef::line(told, reporter)),
            Self::Leef => Some(leef::line(told, reporter)),
            Self::CloudEvents => Some(canonical(&cloudevents::event(told))),
            Self::CdEvents => cdevents::event(told).map(|event| canonical(&event)),
        }
    }
}
