//! How long may the API server be silent?

use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::client::ClientBuilder;
use kube::{Client, Config};
use tower::timeout::TimeoutLayer;

/// How long the API server may take to begin its answer. Without a limit a silent one holds a call for ever; a watch only has to begin in time.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for the controller: it never waits for ever, and says who it is.
///
/// # Errors
/// The certificates or credentials in the configuration cannot be used.
pub fn client(mut config: Config) -> Result<Client, kube::Error> {
    // What is tried again is tried again from a fresh look: a write that waits in a queue of retries speaks of the past.
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT);
    config.headers.push((USER_AGENT, HeaderValue::from_static(concat!("serin/", env!("CARGO_PKG_VERSION")))));
    Ok(ClientBuilder::try_from(config)?.with_layer(&TimeoutLayer::new(ANSWER)).build())
}
