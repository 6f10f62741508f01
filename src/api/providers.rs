//! Which metrics providers may a rollout name?

use std::collections::BTreeMap;

use chrono::TimeDelta;

/// The providers of the controller's configuration, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Providers {
    /// All names, and how long after a time what was measured until then is complete there.
    pub delays: BTreeMap<String, TimeDelta>,
    /// The one that is asked where a check names none.
    pub default: String,
}

impl Providers {
    /// Those of a configuration. Without a default there is no provider at all.
    pub fn new<'a>(delays: impl Iterator<Item = (&'a str, TimeDelta)>, default: Option<&str>) -> Self {
        let delays = delays.map(|(name, delay)| (name.to_owned(), delay)).collect();
        Self { delays, default: default.unwrap_or_default().to_owned() }
    }

    /// What there is to choose from, as part of a sentence.
    pub(super) fn known(&self) -> String {
        if self.delays.is_empty() {
            return "it has none: add a provider there, or write analysis: {none: {}}".to_owned();
        }
        let names: Vec<&str> = self.delays.keys().map(String::as_str).collect();
        format!("name one of: {}", names.join(", "))
    }
}
