//! How does Elasticsearch take an event, so that it has it once?

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::answer::{Answer, by_status};
use super::call::Outgoing;
use crate::sink::Delivery;
use crate::sink::letter::Letter;

/// A document for events whose own form has no `@timestamp`.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: &'a str,
    message: &'a str,
    event: Event<'a>,
}

/// The names are those of ECS; `original` and `hash` are its pair to show that nothing was changed.
#[derive(Serialize)]
struct Event<'a> {
    id: &'a str,
    code: &'a str,
    sequence: u64,
    original: &'a str,
    hash: &'a str,
}

#[derive(Deserialize)]
struct Said {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    create: Created,
}

#[derive(Deserialize)]
struct Created {
    status: u16,
    error: Option<Box<RawValue>>,
}

/// What is posted: `create` and not `index`, so that an event that comes again is told to be there and changes nothing.
pub(super) fn request(letter: &Letter<'_>, index: &str) -> Outgoing {
    let (record, body) = (letter.told.record, &letter.told.body);
    let action = json!({"create": {"_index": index, "_id": record.id}});
    let event = Event {
        id: &record.id,
        code: &body.kind,
        sequence: record.seq,
        original: &letter.text,
        hash: record.hash.trim_start_matches("sha256:"),
    };
    let document = Document { timestamp: &body.time, message: &body.message, event };
    let document = match letter.object().filter(|object| object.get().contains("\"@timestamp\":")) {
        Some(object) => object.get().to_owned(),
        // Strings and numbers can always be written.
        None => serde_json::to_string(&document).unwrap_or_default(),
    };
    Outgoing::new("application/x-ndjson", format!("{action}\n{document}\n").into_bytes())
}

/// 200 says only that the request was read; what became of each of so many events stands in its item.
pub(super) fn meanings(answer: &Answer, count: usize) -> Vec<Delivery> {
    let items = serde_json::from_slice::<Said>(&answer.body).map(|said| said.items).unwrap_or_default();
    let missing = (items.len() < count).then(|| Delivery::Retry(format!("{}, without an item; correct the sink's url", answer.told())));
    items.into_iter().take(count).map(|item| meaning(answer, item)).chain(missing).collect()
}

fn meaning(answer: &Answer, Item { create }: Item) -> Delivery {
    match create.status {
        // It is there already: an earlier try arrived, and its answer did not.
        409 => Delivery::Delivered,
        status => {
            let body = create.error.map(|error| error.get().as_bytes().to_vec()).unwrap_or_default();
            by_status(&Answer { status, pause: answer.pause, body })
        }
    }
}
