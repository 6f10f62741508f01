//! Prints a Rollout's events as they are told.

use super::ask;
use super::command::{Output, Question};
use super::failure::Failure;
use super::follow;
use crate::api::Object;
use crate::audit::{Outbox, Record};

/// Prints the events that wait for their sinks, and each that is told from now on, until Ctrl-C or until the Rollout is gone.
pub(super) fn follow(question: &Question) -> Result<(), Failure> {
    super::runtime()?.block_on(async {
        let place = ask::rollout(&question.target).await?.place;
        let mut seen = None;
        follow::until_stopped(&place, async |object: Option<Object>| {
            let Some(object) = object else { return Ok(Some(())) };
            let status = object.status.map_err(ask::unreadable)?;
            for line in news(&mut seen, &status.audit, question.output) {
                super::data(&line)?;
            }
            Ok(None)
        })
        .await
    })
}

/// What is new in an outbox since the last look, one line each. Events come and go in writes of their own, so that a watch sees each; where it broke
/// in between, a line says what it did not see.
fn news(seen: &mut Option<u64>, outbox: &Outbox, output: Output) -> Vec<String> {
    // A stream that began anew counts from 1 again.
    let last = seen.filter(|last| *last <= outbox.seq());
    let records: Vec<Record> = outbox.pending().filter(|record| last.is_none_or(|last| record.seq > last)).collect();
    let first = records.first().map_or(outbox.seq() + 1, |record| record.seq);
    let missed = last.filter(|last| last + 1 < first).map(|last| missed(last + 1, first - 1, output));
    *seen = Some(outbox.seq());
    missed.into_iter().chain(records.iter().map(|record| line(record, output))).collect()
}

fn missed(from: u64, to: u64, output: Output) -> String {
    match output {
        Output::Text => format!("events {from} to {to} were not seen here; the sinks have them"),
        Output::Json => format!("{{\"missed\":{{\"from\":{from},\"to\":{to}}}}}"),
    }
}

fn line(record: &Record, output: Output) -> String {
    match (output, record.body()) {
        (Output::Text, Ok(body)) => format!("{}  {}  {:<8}  {}: {}", body.time, record.seq, body.severity, body.kind, body.message),
        // What a later version told is shown as it is.
        (Output::Text, Err(_)) | (Output::Json, _) => record.text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::audit::{Cluster, Subject, Teller};
    use crate::rollout::{Event, EventKind, Revision};

    fn told(outbox: &mut Outbox, message: &str) {
        let event = Event {
            kind: EventKind::Paused,
            revision: Revision::new("5d0c9f3b21"),
            stable: None,
            attempt: 1,
            weight: None,
            reason: "PausedBySpec",
            message: message.to_owned(),
            failure: None,
            author: None,
        };
        let text = |text: &str| text.to_owned();
        let teller = Teller { cluster: Cluster { name: text("prod"), uid: None }, controller: text("serin") };
        let subject = Subject { namespace: text("shop"), name: text("checkout"), uid: text("uid"), generation: 1 };
        outbox.append(&event, &teller, &subject.into(), DateTime::UNIX_EPOCH);
    }

    #[test]
    fn each_event_is_printed_once_and_what_was_not_seen_is_said() {
        let mut outbox = Outbox::default();
        let mut seen = None;
        told(&mut outbox, "one");
        assert_eq!(news(&mut seen, &outbox, Output::Text), ["1970-01-01T00:00:00.000Z  1  warning   rollout.paused: one"]);
        assert!(news(&mut seen, &outbox, Output::Text).is_empty());
        told(&mut outbox, "two");
        let two = outbox.pending().last().map(|record| record.text).unwrap();
        assert_eq!(news(&mut seen, &outbox, Output::Json), [two]);
        told(&mut outbox, "three");
        outbox.acknowledge(&[].into(), &[].into());
        told(&mut outbox, "four");
        let four = "1970-01-01T00:00:00.000Z  4  warning   rollout.paused: four";
        assert_eq!(news(&mut seen, &outbox, Output::Text), ["events 3 to 3 were not seen here; the sinks have them", four]);
        let mut anew = Outbox::default();
        told(&mut anew, "anew");
        assert_eq!(news(&mut seen, &anew, Output::Text).len(), 1);
    }
}
