//! How long may the API server be silent, and what is sent to it at all?

use std::sync::Arc;
use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderValue, Request};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tower::filter::FilterLayer;
use tower::timeout::TimeoutLayer;

use super::lead::Lead;

/// How long the API server may take to begin its answer. Without a limit a silent one holds a call for ever; a watch only has to begin in time.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for the controller: it never waits for ever, says who it is, and changes nothing without the lease.
///
/// # Errors
/// The certificates or credentials in the configuration cannot be used.
pub fn client(config: Config, identity: &str, lead: &Arc<Lead>) -> Result<Client, kube::Error> {
    let lead = Arc::clone(lead);
    // As near to the wire as can be: what waited in a queue while this process slept is not sent when it wakes up.
    let gate = FilterLayer::new(move |request: Request<Body>| lead.pass(request));
    let builder = ClientBuilder::try_from(patient(config, identity, CONNECT))?;
    Ok(builder.with_layer(&gate).with_layer(&TimeoutLayer::new(ANSWER)).build())
}

/// A client for the lease alone, with connections of its own: a renewal waits neither behind other calls nor longer than it may.
///
/// # Errors
/// As with [`client`].
pub fn lease_client(config: Config, identity: &str, call: Duration) -> Result<Client, kube::Error> {
    let builder = ClientBuilder::try_from(patient(config, identity, call))?;
    Ok(builder.with_layer(&TimeoutLayer::new(call)).build())
}

fn patient(mut config: Config, identity: &str, connect: Duration) -> Config {
    // What is tried again is tried again from a fresh look: a write that waits in a queue of retries speaks of the past.
    config.default_retry = false;
    config.connect_timeout = Some(connect);
    // An identity is made of a host's name: what cannot stand in a header is left out.
    let agent = HeaderValue::from_str(&format!("serin/{} ({identity})", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, agent.unwrap_or_else(|_| HeaderValue::from_static(concat!("serin/", env!("CARGO_PKG_VERSION"))))));
    config
}
