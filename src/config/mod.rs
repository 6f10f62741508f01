//! What does the administrator want of the controller? Its configuration file, parsed and checked.

mod filter;
mod lease;
mod metrics;
mod parts;
mod sinks;
mod target;
mod written;

pub use filter::Filter;
pub use lease::Lease;
pub use metrics::{DELAY, Login, MAX_BODY_BYTES, MAX_PROVIDERS, Metrics, Provider, TIMEOUT};
pub use sinks::{MAX_SINKS, Need, SINK_TIMEOUT, Sink, Sinks};
pub use target::{Acknowledged, Address, Dialect, FileTarget, HttpTarget, Packing, SyslogTarget, Target, Tls};

use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;
use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};

use parts::LISTEN;

/// The configuration file. An empty one is valid: every key has a default.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Config {
    /// The cluster that this controller works for.
    #[serde(deserialize_with = "parts::section")]
    pub cluster: Cluster,
    /// Where health and metrics are served: an address and a port.
    #[serde(deserialize_with = "parts::listen")]
    pub listen: SocketAddr,
    /// The lease of whoever writes.
    #[serde(deserialize_with = "parts::section")]
    pub lease: Lease,
    /// Who answers the checks of rollouts.
    #[serde(deserialize_with = "parts::section")]
    pub metrics: Metrics,
    /// Where events go.
    #[serde(deserialize_with = "parts::section")]
    pub sinks: Sinks,
}

/// The cluster that the controller works for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Cluster {
    /// How events name the cluster: 1 to 253 visible ASCII characters.
    #[serde(deserialize_with = "parts::cluster_name")]
    pub name: String,
}

/// The file cannot be used; the text says where, why and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}{message}")]
pub struct ConfigError {
    place: String,
    message: String,
}

/// Parses the text of a configuration file. Unknown keys and keys given twice are refused, so that a misspelt key is found at once.
///
/// # Errors
/// The text is no YAML, has an unknown key, or a value that is out of its range. The error has the line, never the file's text (which may
/// hold a secret header).
pub fn parse(text: &str) -> Result<Config, ConfigError> {
    match serde_saphyr::from_str::<Option<Config>>(text) {
        Ok(config) => Ok(config.unwrap_or_default()),
        Err(error) => Err(ConfigError::new(&error)),
    }
}

impl ConfigError {
    fn new(error: &serde_saphyr::Error) -> Self {
        let place = error.location().map_or_else(String::new, |at| format!("line {}, column {}: ", at.line(), at.column()));
        // The snippet would repeat lines of the file, secrets included.
        Self { place, message: UserMessageFormatter.format_message(error.without_snippet()).into_owned() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cluster: Cluster::default(),
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, LISTEN)),
            lease: Lease::default(),
            metrics: Metrics::default(),
            sinks: Sinks::default(),
        }
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self { name: "kubernetes".to_owned() }
    }
}
