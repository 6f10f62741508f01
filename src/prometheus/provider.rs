//! What does one provider say to one query? Sends it, bounded in time, size and number; what comes back is read in `answer`.

use chrono::{DateTime, TimeDelta, Utc};
use prometheus_http_query::Client;
use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use tokio::sync::Semaphore;

use super::answer::{complete, interpret};
use super::identity::Identity;
use super::targets::doubtful;
use super::tidy::tidy;
use crate::config;
use crate::rollout::{Ask, Reading};
use crate::wire::{Clients, Unready, cause, shorten};

/// Requests in flight to one provider. Prometheus evaluates 20 at once by default, so more would only queue there; together
/// with the bound on bodies this bounds the memory that answers can take.
const IN_FLIGHT: usize = 32;

/// One backend that answers queries as Prometheus does.
pub struct Provider {
    given: config::Provider,
    clients: Clients,
    in_flight: Semaphore,
}

impl Provider {
    /// Sets the provider up. No file is read and nothing is dialled: what is wrong with one provider is told by its answers, and holds nobody else up.
    pub fn new(given: config::Provider) -> Self {
        Self { given, clients: Clients::new(IN_FLIGHT), in_flight: Semaphore::new(IN_FLIGHT) }
    }

    /// How long after a time what was measured until then is complete.
    pub fn delay(&self) -> TimeDelta {
        TimeDelta::from_std(self.given.delay).unwrap_or_default()
    }

    /// Asks that at the time `at` (with milliseconds, as precise as Prometheus keeps samples).
    ///
    /// # Guarantees
    /// There is always an answer, at most the provider's timeout later, waiting for a free slot included. Whatever is odd is its own
    /// reading, and only one finite number is a [`Reading::Value`], only series of the two sides are [`Reading::Counts`]. Texts have at most 300 characters and no credentials.
    pub async fn ask(&self, ask: &Ask, at: DateTime<Utc>) -> Reading {
        tokio::time::timeout(self.given.timeout, self.answer(ask, at)).await.unwrap_or(Reading::TimedOut)
    }

    async fn answer(&self, ask: &Ask, at: DateTime<Utc>) -> Reading {
        let _slot = self.in_flight.acquire().await; // never closed, so never an error
        let Identity { headers, secrets } = match Identity::read(&self.given).await {
            Ok(identity) => identity,
            Err(Unready(reason)) => return Reading::Unreachable(shorten(&reason)),
        };
        let reading = self.told(ask, at, &headers).await.unwrap_or_else(|odd| odd);
        tidy(reading, &secrets.and_quoted(ask.query()))
    }

    /// What comes of one question, and of a second one where the first leaves open whether pods were scraped.
    async fn told(&self, ask: &Ask, at: DateTime<Utc>, headers: &HeaderMap) -> Result<Reading, Reading> {
        let (status, body) = self.send(ask.query(), at, headers).await?;
        let reading = interpret(status, &body, ask, at);
        let Some(targets) = doubtful(ask, &reading) else { return Ok(reading) };
        let (status, body) = self.send(&targets.query, at, headers).await?;
        Ok(complete(status, &body, targets, reading))
    }

    async fn send(&self, query: &str, at: DateTime<Utc>, headers: &HeaderMap) -> Result<(u16, Vec<u8>), Reading> {
        let config::Provider { url, tls, timeout, .. } = &self.given;
        let http = self.clients.get(url, tls).await.map_err(|Unready(reason)| Reading::Unreachable(reason))?;
        let client = Client::from(http, url.as_str()).map_err(|error| Reading::Unreachable(cause(&error)))?;
        // Its own timeout lets the backend give up on a query that nobody waits for any more.
        let patience = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        let mut request = client.query(query).query("time", unix_seconds(at)).timeout(patience);
        for (name, value) in headers {
            request = request.header(name, value.clone());
        }
        let response = request.post_raw().await.map_err(|error| Reading::Unreachable(cause(&error)))?;
        let status = response.status();
        let body = self.read(response).await;
        // Where the status already says what is wrong, an odd body changes nothing.
        let body = if status == StatusCode::OK { body? } else { body.unwrap_or_default() };
        Ok((status.as_u16(), body))
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Reading> {
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Reading::Malformed(format!("the answer breaks off: {}", cause(&error))))?
        {
            if body.len() + chunk.len() > self.given.max_body_bytes {
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
