//! Where do events go? The sinks of the configuration file.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::Deserialize;

use super::filter::Filter;
use super::target::Target;
use super::written::Written;
use crate::audit::{Format, SinkName};

/// How long a sink's whole answer may take unless the file says otherwise.
pub const SINK_TIMEOUT: Duration = Duration::from_secs(15);
/// Sinks in one file. Each keeps a place in the status of every Rollout, and its own connections.
pub const MAX_SINKS: usize = 16;
/// Below, a file would be turned over at every few events; above, nobody can open it.
pub(super) const FILE_BYTES: RangeInclusive<u64> = 64 << 10..=10 << 30;
/// Of none, turning over would delete what was just written.
pub(super) const FILES: RangeInclusive<u32> = 1..=100;

/// Whether events wait for a sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Need {
    /// An event is kept until this sink has it.
    #[default]
    Required,
    /// It gets what it can get; nothing waits for it.
    BestEffort,
}

/// All sinks. There is always one that is required.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Vec<Sink>")]
pub struct Sinks(Vec<Sink>);

/// One place where events go.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Sink {
    /// How events' status, metrics and logs name it: unique.
    pub name: SinkName,
    /// Whether events wait for it.
    pub need: Need,
    /// Which events it gets.
    pub only: Filter,
    /// In which words.
    pub format: Format,
    /// How long one delivery may take.
    pub timeout: Duration,
    /// What and where it is.
    pub target: Target,
}

impl Sinks {
    /// All sinks, in the order of the file.
    pub fn all(&self) -> &[Sink] {
        &self.0
    }
}

/// Without a word in the file, events go to standard output.
impl Default for Sinks {
    fn default() -> Self {
        Self(vec![Sink::stdout()])
    }
}

impl Sink {
    /// Standard output, required, with every event.
    pub fn stdout() -> Self {
        let name = SinkName::new("stdout");
        Self { name, need: Need::Required, only: Filter::default(), format: Format::Json, timeout: SINK_TIMEOUT, target: Target::Stdout }
    }
}

impl TryFrom<Vec<Sink>> for Sinks {
    type Error = String;

    fn try_from(sinks: Vec<Sink>) -> Result<Self, String> {
        if sinks.is_empty() {
            return Ok(Self::default());
        }
        if sinks.len() > MAX_SINKS {
            return Err(format!("{} sinks; at most {MAX_SINKS} are allowed", sinks.len()));
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = sinks.iter().find(|sink| !names.insert(&sink.name)) {
            return Err(format!("two sinks are named `{}`; give each its own name", twice.name));
        }
        if sinks.iter().filter(|sink| sink.target == Target::Stdout).count() > 1 {
            return Err("two sinks are standard output; keep one of them".to_owned());
        }
        if sinks.iter().all(|sink| sink.need == Need::BestEffort) {
            return Err("every sink is bestEffort, so no event would wait until it has arrived; make one of them required".to_owned());
        }
        Ok(Self(sinks))
    }
}
