//! Who is asked which query, and what did it answer? The metric providers of the configuration, asked over HTTP.

mod answer;
mod counter;
mod counts;
mod identity;
mod provider;
mod targets;
mod tidy;

pub use counter::{Birth, increase};
pub use provider::Provider;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::config;
use crate::rollout::{Ask, Reading};

/// All metric providers, by name.
pub struct Providers {
    by_name: BTreeMap<String, Provider>,
    default: Option<String>,
}

impl Providers {
    /// Sets all providers up. Nothing is dialled: a backend that is down is no error here, its answers will say so.
    pub fn new(metrics: &config::Metrics) -> Self {
        let each = metrics.providers().iter().map(|given| (given.name.clone(), Provider::new(given.clone())));
        Self { by_name: each.collect(), default: metrics.default_name().map(str::to_owned) }
    }

    /// The provider of a check that names none. There is one whenever there is any provider.
    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// All names, in order, and how long after a time what was measured until then is complete there.
    pub fn delays(&self) -> impl Iterator<Item = (&str, TimeDelta)> {
        self.by_name.iter().map(|(name, provider)| (name.as_str(), provider.delay()))
    }

    /// Asks the named provider; see [`Provider::ask`]. A name that is not known is a reading too, for a rollout that was parsed with another file.
    pub async fn ask(&self, name: &str, ask: &Ask, at: DateTime<Utc>) -> Reading {
        match self.by_name.get(name) {
            Some(provider) => provider.ask(ask, at).await,
            None => Reading::Unreachable(format!("the configuration has no provider `{name}`")),
        }
    }
}
