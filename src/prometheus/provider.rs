//! What does one provider say to one query? Sends it, bounded in time, size and number; what comes back is read in `answer`.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prometheus_http_query::Client;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Response, StatusCode};
use tokio::sync::Semaphore;

use super::SetUpError;
use super::answer::interpret;
use super::tidy::tidy;
use crate::config;
use crate::rollout::{Ask, Reading};
use crate::wire::{Secrets, cause, http_client, read_secret};

/// Requests in flight to one provider. Prometheus evaluates 20 at once by default, so more would only queue there; together
/// with the bound on bodies this bounds the memory that answers can take.
const IN_FLIGHT: usize = 32;

/// One backend that answers queries as Prometheus does.
pub struct Provider {
    client: Client,
    in_flight: Semaphore,
    timeout: Duration,
    delay: TimeDelta,
    max_body_bytes: usize,
    token_file: Option<PathBuf>,
    secrets: Secrets,
}

impl Provider {
    /// Sets the provider up without dialling it.
    ///
    /// # Errors
    /// TLS cannot be set up, as where the URL is `https` and the machine has no CA certificates.
    pub fn new(given: &config::Provider) -> Result<Self, SetUpError> {
        let builder = http_client(&given.url, IN_FLIGHT).default_headers(given.headers.clone());
        let set_up_error = |reason: String| SetUpError { provider: given.name.clone(), reason };
        let http = builder.build().map_err(|error| set_up_error(cause(&error)))?;
        let client = Client::from(http, given.url.as_str()).map_err(|error| set_up_error(cause(&error)))?;
        Ok(Self {
            client,
            in_flight: Semaphore::new(IN_FLIGHT),
            timeout: given.timeout,
            delay: TimeDelta::from_std(given.delay).unwrap_or_default(),
            max_body_bytes: given.max_body_bytes,
            token_file: given.bearer_token_file.clone(),
            secrets: Secrets::of(&given.headers),
        })
    }

    /// How long after a time what was measured until then is complete.
    pub const fn delay(&self) -> TimeDelta {
        self.delay
    }

    /// Asks that at the time `at` (with milliseconds, as precise as Prometheus keeps samples).
    ///
    /// # Guarantees
    /// There is always an answer, at most the provider's timeout later, waiting for a free slot included. Whatever is odd is its own
    /// reading, and only one finite number is a [`Reading::Value`], only series of the two sides are [`Reading::Counts`]. Texts have at most 300 characters and no credentials.
    pub async fn ask(&self, ask: &Ask, at: DateTime<Utc>) -> Reading {
        tokio::time::timeout(self.timeout, self.answer(ask, at)).await.unwrap_or(Reading::TimedOut)
    }

    async fn answer(&self, ask: &Ask, at: DateTime<Utc>) -> Reading {
        let _slot = self.in_flight.acquire().await; // never closed, so never an error
        let token = match &self.token_file {
            None => None,
            Some(file) => match read_secret(file).await {
                Ok(token) => Some(token),
                Err(error) => return Reading::Unreachable(format!("the file of the bearer token cannot be read: {error}")),
            },
        };
        let reading = self.send(ask, at, token.as_deref()).await.unwrap_or_else(|odd| odd);
        tidy(reading, &self.secrets.and_quoted(ask.query()), token.as_deref())
    }

    async fn send(&self, ask: &Ask, at: DateTime<Utc>, token: Option<&str>) -> Result<Reading, Reading> {
        // Its own timeout lets the backend give up on a query that nobody waits for any more.
        let patience = i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX);
        let mut request = self.client.query(ask.query()).query("time", unix_seconds(at)).timeout(patience);
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| Reading::Unreachable("the file of the bearer token has characters that no token has".to_owned()))?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let response = request.post_raw().await.map_err(|error| Reading::Unreachable(cause(&error)))?;
        let status = response.status();
        let body = self.read(response).await;
        // Where the status already says what is wrong, an odd body changes nothing.
        let body = if status == StatusCode::OK { body? } else { body.unwrap_or_default() };
        Ok(interpret(status.as_u16(), &body, ask, at))
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Reading> {
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Reading::Malformed(format!("the answer breaks off: {}", cause(&error))))?
        {
            if body.len() + chunk.len() > self.max_body_bytes {
                return Err(Reading::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Unix seconds with milliseconds. (The crate's own `at` has whole seconds only.)
fn unix_seconds(at: DateTime<Utc>) -> String {
    format!("{}.{:03}", at.timestamp(), at.timestamp_subsec_millis())
}
