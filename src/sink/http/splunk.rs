//! How does Splunk's HTTP Event Collector take an event, and what do its codes mean?

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::answer::{Answer, by_status};
use super::call::Outgoing;
use crate::config::Acknowledged;
use crate::sink::Delivery;
use crate::sink::letter::Letter;

#[derive(Serialize)]
struct Envelope<'a> {
    /// Seconds with milliseconds.
    time: Box<RawValue>,
    host: &'a str,
    source: &'static str,
    sourcetype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<&'a str>,
    event: Told<'a>,
    fields: Fields<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Told<'a> {
    Object(&'a RawValue),
    Text(&'a str),
}

/// Indexed, so that duplicates and gaps are found without reading events: `| dedup event_id`.
#[derive(Serialize)]
struct Fields<'a> {
    event_id: &'a str,
    event_type: &'a str,
    stream: &'a str,
    seq: String,
    hash: &'a str,
}

#[derive(Deserialize)]
struct Said {
    code: u32,
}

/// What is posted.
pub(super) fn request(letter: &Letter<'_>, index: Option<&str>) -> Outgoing {
    let (record, body, time) = (letter.told.record, &letter.told.body, letter.told.at);
    let seconds = format!("{}.{:03}", time.timestamp(), time.timestamp_subsec_millis());
    let envelope = Envelope {
        time: RawValue::from_string(seconds).unwrap_or_default(),
        host: &body.cluster.name,
        source: "serin",
        sourcetype: "serin:audit",
        index,
        event: letter.object().map_or(Told::Text(&letter.text), Told::Object),
        fields: Fields {
            event_id: &record.id,
            event_type: &body.kind,
            stream: &record.stream,
            seq: record.seq.to_string(),
            hash: &record.hash,
        },
    };
    // Strings and raw JSON can always be written.
    Outgoing::new("application/json", serde_json::to_vec(&envelope).unwrap_or_default())
}

/// The code counts where there is one. What is wrong with the token, the index or the channel is no fault of the event.
pub(super) fn meaning(answer: &Answer, acknowledged: Acknowledged) -> Delivery {
    let token = match acknowledged {
        Acknowledged::ByCollector => "without",
        Acknowledged::ByIndexer => "with",
    };
    let told = answer.told();
    let later = |told: String| match answer.pause {
        Some(pause) => Delivery::Later(told, pause),
        None => Delivery::Retry(told),
    };
    match serde_json::from_slice::<Said>(&answer.body).map(|said| said.code) {
        Ok(0 | 17) if (200..300).contains(&answer.status) => Delivery::Delivered,
        Ok(1 | 2 | 3 | 4 | 16 | 21 | 22) => Delivery::Retry(format!("{told}; correct the sink's token")),
        Ok(7) => Delivery::Retry(format!("{told}; correct the sink's index")),
        Ok(10 | 11 | 14) => Delivery::Retry(format!("{told}; take a token {token} indexer acknowledgment")),
        Ok(5 | 6 | 12 | 13 | 15) => Delivery::Refused(told),
        Ok(_) => later(told),
        Err(_) if answer.status < 300 => Delivery::Retry(format!("{told}, without a code; correct the sink's url")),
        Err(_) => by_status(answer),
    }
}
