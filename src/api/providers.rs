//! Which metrics providers may a rollout name?

use std::collections::BTreeSet;

/// The providers of the controller's configuration, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Providers {
    /// All names.
    pub names: BTreeSet<String>,
    /// The one that is asked where a check names none.
    pub default: String,
}

impl Providers {
    /// What there is to choose from, as part of a sentence.
    pub(super) fn known(&self) -> String {
        if self.names.is_empty() {
            return "it has none: add a provider there, or write analysis: {none: {}}".to_owned();
        }
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        format!("name one of: {}", names.join(", "))
    }
}
