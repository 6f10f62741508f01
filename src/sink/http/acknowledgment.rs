//! Has Splunk's indexer the event, and not only its collector? Whoever wants to know asks for it again and again.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::HeaderName;
use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::answer::{Answer, by_status};
use super::{Unready, now};
use crate::audit::NAMESPACE;
use crate::sink::Delivery;

/// Names those who ask: acknowledgments are numbered for each channel.
pub(super) const CHANNEL: HeaderName = HeaderName::from_static("x-splunk-request-channel");

/// How long to wait before asking again. Indexers write every few seconds; to ask more often brings nothing.
pub(super) const PAUSE: Duration = Duration::from_millis(500);

/// Where the collector is asked, in every URL of its.
const COLLECTOR: &str = "/services/collector";

#[derive(Deserialize)]
struct Taken {
    #[serde(rename = "ackId")]
    id: Option<u64>,
}

#[derive(Deserialize)]
struct Said {
    acks: BTreeMap<String, bool>,
}

/// What one look at an acknowledgment says.
pub(super) enum Look {
    /// The indexer has it.
    There,
    /// Not yet, or never: that is the same word.
    NotYet,
    /// The question was not answered.
    Failed(Delivery),
}

/// A channel that no process had before: numbers of an earlier one mean nothing.
pub(super) fn channel() -> String {
    let name = format!("{}/{}", std::process::id(), now().timestamp_nanos_opt().unwrap_or_default());
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}

/// The number under which the collector took the event.
pub(super) fn number(answer: &Answer) -> Result<u64, Delivery> {
    let taken = serde_json::from_slice::<Taken>(&answer.body).ok().and_then(|taken| taken.id);
    // Not to be told when the indexer has it is no reason to believe that it has.
    taken.ok_or_else(|| Delivery::Retry(format!("{}, without an ackId; take a token with indexer acknowledgment", answer.told())))
}

/// Where to ask.
pub(super) fn url(events: &Url) -> Result<Url, Unready> {
    let at = events
        .path()
        .find(COLLECTOR)
        .ok_or_else(|| Unready(format!("the url has no {COLLECTOR}, so nobody can be asked for acknowledgments")))?;
    let mut url = events.clone();
    url.set_path(&format!("{}{COLLECTOR}/ack", &events.path()[..at]));
    Ok(url)
}

/// What to ask.
pub(super) fn question(number: u64) -> Vec<u8> {
    json!({ "acks": [number] }).to_string().into_bytes()
}

/// What the answer means.
pub(super) fn look(answer: &Answer, number: u64) -> Look {
    match serde_json::from_slice::<Said>(&answer.body) {
        Ok(said) if answer.status == 200 && said.acks.get(&number.to_string()) == Some(&true) => Look::There,
        Ok(_) if answer.status == 200 => Look::NotYet,
        Ok(_) | Err(_) => Look::Failed(match by_status(answer) {
            // The event is not to blame for a question.
            Delivery::Delivered | Delivery::Unwanted | Delivery::Refused(_) => {
                Delivery::Retry(format!("{} to the question for an acknowledgment", answer.told()))
            }
            later @ (Delivery::Retry(_) | Delivery::Later(..)) => later,
        }),
    }
}
