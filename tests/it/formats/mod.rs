//! What an event looks like in the formats that SIEMs read, and that nothing in it breaks out of its field.
//!
//! What the formats demand stands here as tables and parsers of our own, written from their specifications and apart from the renderers.

mod cef;
mod cloud;
mod ecs;
mod goldens;
mod hostile;
mod leef;
mod notices;
mod ocsf;
mod page;
mod syslog;

use chrono::TimeDelta;
use serde_json::Value;
use serin::audit::format::syslog as rfc5424;
use serin::audit::{Body, Format, Journal, Outbox, Own, OwnKind, Process, Record, Reporter, SinkName};
use serin::rollout::{Author, Event, EventKind, REMOVED, Weight};

use crate::audit_given::{aborted, about, event, filled, noon, records, teller};

pub(crate) fn reporter() -> Reporter {
    Reporter { version: "0.1.0".to_owned(), instance: "serin-7d9f5c".to_owned(), address: Some("10.2.3.4".to_owned()) }
}

/// One event of each kind, the rollout's and the controller's in a stream of each, and the event of a gap.
pub(crate) fn one_of_each() -> Vec<Record> {
    let mut outbox = Outbox::default();
    for (minute, kind) in (0..).zip(EventKind::ALL) {
        outbox.append(&ordinary(kind), &teller(), &about(), noon() + TimeDelta::minutes(minute));
    }
    let mut records = records(&outbox);
    records.extend(own());
    let gap = filled(65).pending().find(|record| record.text.contains("audit.gap"));
    records.push(gap.expect("more events than an outbox keeps leave a gap"));
    records
}

/// What the controller tells of itself, with as much in it as it may have.
pub(crate) fn own() -> Vec<Record> {
    let process = Process { name: "serin-7d9f5c_1f".to_owned(), version: "0.1.0".to_owned(), epoch: 7 };
    let mut outbox = Outbox::default();
    for (minute, kind) in (0..).zip(OwnKind::ALL) {
        let message = "what happened to the controller".to_owned();
        let sink = match kind {
            OwnKind::Started | OwnKind::Elected | OwnKind::ConfigChanged | OwnKind::PermissionLost => None,
            OwnKind::SinkFailing | OwnKind::SinkRecovered | OwnKind::Backlog | OwnKind::Refused => Some(SinkName::new("splunk")),
        };
        let own = Own { kind, reason: "SinkAway", message, sink, count: Some(3) };
        let stream = Journal::stream_of(&teller().cluster, None);
        outbox.append_own(&own, &process, &teller(), &stream, noon() + TimeDelta::minutes(minute));
    }
    crate::audit_given::records(&outbox)
}

/// An event of this kind with as much in it as it may have.
fn ordinary(kind: EventKind) -> Event {
    let author = Some(Author {
        name: Some("alice@example.com".to_owned()),
        on_behalf_of: Some("bob@example.com".to_owned()),
        reason: Some("checkout is slow".to_owned()),
    });
    match kind {
        EventKind::Aborted => aborted(),
        EventKind::ApprovalGranted | EventKind::StepSkipped | EventKind::PromotionForced | EventKind::Undone | EventKind::ActionRefused => {
            Event { author, reason: "Asked", ..event(kind, "alice@example.com asked for it: checkout is slow") }
        }
        EventKind::Started | EventKind::StepStarted => {
            Event { weight: Weight::new(10), ..event(kind, "attempt 3 of revision 5d0c9f3b21 begins at 10%") }
        }
        EventKind::Created => {
            Event { stable: None, attempt: 0, reason: "FirstRevision", ..event(kind, "revision 5d0c9f3b21 is being installed") }
        }
        EventKind::Deleted => {
            Event { reason: REMOVED, attempt: 0, ..event(kind, "the Rollout was deleted, and its Deployments go with it") }
        }
        EventKind::Installed
        | EventKind::InstallFailed
        | EventKind::SpecChanged
        | EventKind::Paused
        | EventKind::Resumed
        | EventKind::PromotionStarted
        | EventKind::Promoted
        | EventKind::Superseded
        | EventKind::RolledBack
        | EventKind::RollbackOverdue
        | EventKind::ApprovalRequested
        | EventKind::Baked
        | EventKind::Restarted
        | EventKind::Recovered
        | EventKind::Reinstalled
        | EventKind::DriftCorrected
        | EventKind::Adopted
        | EventKind::HandBackStarted
        | EventKind::RollbackBlocked
        | EventKind::ActionSuperseded
        | EventKind::ProviderSilent
        | EventKind::ProviderAnswers => event(kind, "what happened to revision 5d0c9f3b21"),
    }
}

/// The event in a format that has a word for every event.
pub(crate) fn rendered(format: Format, record: &Record) -> String {
    format.render(record, &reporter()).expect("our own words").expect("the format has a word for it")
}

/// The event as one JSON object.
fn object(format: Format, record: &Record) -> Value {
    serde_json::from_str(&rendered(format, record)).expect("one JSON object")
}

/// A sealed event that says what `body` says, however impossible.
fn record_of(body: &Body) -> Record {
    let mut members = serde_json::to_value(body).expect("a body is JSON");
    members["id"] = Value::from("084f21c5-ef82-57c5-9767-1c1d96efc888");
    Record::read(&members.to_string()).expect("an event")
}

fn syslog(record: &Record, body: Format) -> String {
    rfc5424::message(record, &reporter(), body).expect("our own words").expect("the format has a word for it")
}
