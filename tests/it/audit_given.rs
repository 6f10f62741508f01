//! Events, tellers and outboxes that the audit's tests begin with.

use chrono::{DateTime, TimeDelta, Utc};
use serin::audit::{About, Cluster, Origin, Outbox, Record, Reporter, Respec, Step, Subject, Teller};
use serin::rollout::{Event, EventKind, Failure, Revision, Weight};

pub(crate) const UID: &str = "7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11";

pub(crate) fn teller() -> Teller {
    Teller {
        cluster: Cluster { name: "prod-eu1".to_owned(), uid: Some("0b6f5c1e-2a9d-4c58-8f11-5d2f0a7e9c34".to_owned()) },
        controller: "system:serviceaccount:serin:serin".to_owned(),
    }
}

/// Who brings events to sinks.
pub(crate) fn reporter() -> Reporter {
    Reporter { version: "0.1.0".to_owned(), instance: "serin-0".to_owned(), address: None }
}

pub(crate) fn subject() -> Subject {
    Subject { namespace: "shop".to_owned(), name: "checkout".to_owned(), uid: UID.to_owned(), generation: 7 }
}

/// The Rollout, with an image by digest, changed by somebody who says for whom.
pub(crate) fn about() -> About {
    let image = format!("registry.example/shop/checkout:1.4@sha256:{}", "9b1d44c0".repeat(8));
    let origin = Origin { images: vec![image, "envoy:1.35".to_owned()], requested_by: Some("carol@example.com".to_owned()) };
    let spec = Some(Respec { changed: vec!["analysis".to_owned(), "template".to_owned()], from: 5, to: 7 });
    About { subject: subject(), origin, step: Some(Step { number: 2, of: 4, weight: 25 }), spec }
}

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_795_435_200_123).expect("a time in range")
}

pub(crate) fn event(kind: EventKind, message: &str) -> Event {
    Event {
        kind,
        revision: Revision::new("5d0c9f3b21"),
        stable: Some(Revision::new("a17be04c66")),
        attempt: 3,
        weight: None,
        reason: "NewRevision",
        message: message.to_owned(),
        failure: None,
        author: None,
    }
}

pub(crate) fn created() -> Event {
    Event { stable: None, attempt: 0, reason: "FirstRevision", ..event(EventKind::Created, "revision 5d0c9f3b21 is being installed") }
}

pub(crate) fn started() -> Event {
    let message = "attempt 3 of revision 5d0c9f3b21 begins at 10%";
    Event { weight: Weight::new(10), ..event(EventKind::Started, message) }
}

pub(crate) fn aborted() -> Event {
    let message = "check errors failed: 0.041 is above its max 0.01";
    Event {
        weight: Weight::new(0),
        reason: "CheckFailed",
        failure: Some(Failure {
            check: "errors".to_owned(),
            message: message.to_owned(),
            value: Some("0.041".to_owned()),
            limit: Some("max 0.01".to_owned()),
            evidence: None,
        }),
        ..event(EventKind::Aborted, message)
    }
}

/// An outbox into which these events were told, a minute apart.
pub(crate) fn told<'a>(events: impl IntoIterator<Item = &'a Event>) -> Outbox {
    let mut outbox = Outbox::default();
    let mut now = noon();
    for event in events {
        outbox.append(event, &teller(), &subject().into(), now);
        now += TimeDelta::minutes(1);
    }
    outbox
}

/// An outbox with `count` ordinary events.
pub(crate) fn filled(count: usize) -> Outbox {
    told(std::iter::repeat_n(&started(), count))
}

pub(crate) fn records(outbox: &Outbox) -> Vec<Record> {
    outbox.pending().collect()
}
