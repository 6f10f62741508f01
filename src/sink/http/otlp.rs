//! How does an OpenTelemetry collector take an event? One log record, in OTLP's binary form: the one that every collector reads.

use super::answer::{Answer, by_status};
use super::call::Outgoing;
use super::protobuf::{Field, Message, fields};
use crate::audit::format::Scale;
use crate::sink::Delivery;
use crate::sink::letter::Letter;

/// What is posted.
pub(super) fn request(letter: &Letter<'_>) -> Outgoing {
    let (record, body) = (letter.told.record, &letter.told.body);
    let scale = Scale::of(letter.told.severity);
    let nanos = letter.told.at.timestamp_nanos_opt().and_then(|nanos| u64::try_from(nanos).ok()).unwrap_or_default();
    let seq = record.seq.to_string();
    let attributes = [
        ("serin.event.id", record.id.as_str()),
        ("serin.event.stream", &record.stream),
        ("serin.event.seq", &seq),
        ("serin.event.hash", &record.hash),
        ("k8s.namespace.name", body.rollout.as_ref().map_or("", |rollout| &rollout.namespace)),
        ("serin.rollout.name", body.rollout.as_ref().map_or("", |rollout| &rollout.name)),
    ];
    let log = Message::default()
        .fixed64(1, nanos)
        .varint(2, scale.otel.into())
        .text(3, scale.otel_text)
        .message(5, &Message::default().text(1, &letter.text));
    let log =
        attributes.into_iter().filter(|(_, value)| !value.is_empty()).fold(log, |log, (key, value)| log.message(6, &attribute(key, value)));
    let log = log.fixed64(11, nanos).text(12, &body.kind);
    let scope = Message::default().text(1, "serin.dev/audit").text(2, env!("CARGO_PKG_VERSION"));
    let resource = [
        ("service.name", "serin"),
        ("k8s.cluster.name", &body.cluster.name),
        ("k8s.cluster.uid", body.cluster.uid.as_deref().unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .fold(Message::default(), |resource, (key, value)| resource.message(1, &attribute(key, value)));
    let logs = Message::default().message(1, &resource).message(2, &Message::default().message(1, &scope).message(2, &log));
    Outgoing::new("application/x-protobuf", Message::default().message(1, &logs).into_bytes())
}

/// 200 alone is not enough: the answer may say that the record was not taken.
pub(super) fn meaning(answer: &Answer) -> Delivery {
    if answer.status != 200 {
        return by_status(answer);
    }
    let Some(said) = fields(&answer.body) else {
        return Delivery::Retry("answered 200 with something else than OTLP; correct the sink's url".to_owned());
    };
    let partial = said.into_iter().find_map(|(field, value)| match (field, value) {
        (1, Field::Bytes(bytes)) => fields(bytes),
        (_, Field::Bytes(_) | Field::Number(_)) => None,
    });
    let partial = partial.unwrap_or_default();
    let rejected = partial.iter().any(|(field, value)| *field == 1 && matches!(value, Field::Number(count) if *count > 0));
    let why = partial.iter().find_map(|(field, value)| match value {
        Field::Bytes(text) if *field == 2 => Some(String::from_utf8_lossy(text)),
        Field::Bytes(_) | Field::Number(_) => None,
    });
    if rejected { Delivery::Refused(format!("the record was rejected: {}", why.unwrap_or_default())) } else { Delivery::Delivered }
}

fn attribute(key: &str, value: &str) -> Message {
    Message::default().text(1, key).message(2, &Message::default().text(1, value))
}
