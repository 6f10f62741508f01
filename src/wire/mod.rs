//! What do all have in common who speak to somebody over the network? Clients, credentials out of files, words that are fit to be shown.

mod client;
mod secret;
mod tidy;

pub use client::{Clients, Unready};
pub use secret::{MAX_SECRET_BYTES, credential, read, read_secret};
pub use tidy::{Secrets, shorten};

use std::error::Error;
use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;
use url::Url;

/// An idle connection is closed after this long: below the minute after which common load balancers forget it without a word.
const IDLE: Duration = Duration::from_secs(30);

/// The beginning of every HTTP client.
///
/// # Guarantees
/// A redirect could carry a token elsewhere, and a proxy out of the environment could read it: neither is followed.
fn http_client(url: &Url, at_once: usize) -> ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent("serin")
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(at_once);
    // Without TLS no CA certificates are needed, and an image that has none still starts.
    if url.scheme() == "http" { builder.tls_certs_only([]) } else { builder }
}

/// The innermost reason. The outer ones repeat the URL, which is nobody's business in a status or a log.
pub fn cause(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    if innermost.is::<reqwest::Error>() { "the request failed".to_owned() } else { innermost.to_string() }
}
