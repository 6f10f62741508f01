//! Rollouts whose events are told now: a log store keeps nothing that is old.

use chrono::{DateTime, TimeDelta, Utc};
use serin::audit::{Cluster, Outbox, Subject, Teller};
use serin::rollout::{Event, EventKind, Revision, Weight};

/// What happens in each rollout, in this order.
const LIFE: [EventKind; 12] = [
    EventKind::Created,
    EventKind::Installed,
    EventKind::Started,
    EventKind::StepStarted,
    EventKind::Paused,
    EventKind::Resumed,
    EventKind::PromotionStarted,
    EventKind::Promoted,
    EventKind::Started,
    EventKind::Aborted,
    EventKind::RolledBack,
    EventKind::Deleted,
];

/// How many events each rollout has.
pub(crate) const EVENTS: usize = LIFE.len();

/// A rollout's uid.
pub(crate) fn uid(rollout: usize) -> String {
    format!("7f0c1c9e-8f2b-4f0e-9a53-{rollout:012}")
}

/// A rollout's whole life as it waits to be told.
pub(crate) fn outbox(rollout: usize, now: DateTime<Utc>) -> Outbox {
    let teller = Teller {
        cluster: Cluster { name: "prod-eu1".to_owned(), uid: Some("0b6f5c1e-2a9d-4c58-8f11-5d2f0a7e9c34".to_owned()) },
        controller: "system:serviceaccount:serin:serin".to_owned(),
    };
    let subject = Subject { namespace: "shop".to_owned(), name: format!("checkout-{rollout}"), uid: uid(rollout), generation: 7 };
    let mut outbox = Outbox::default();
    let about = subject.into();
    for (kind, minutes) in LIFE.into_iter().zip(0..) {
        let event = Event {
            kind,
            revision: Revision::new("5d0c9f3b21"),
            stable: None,
            attempt: 3,
            weight: Weight::new(10),
            reason: "NewRevision",
            message: format!("a message with \"quotes\", a \\ and [brackets] about {}", kind.name()),
            failure: None,
            author: None,
        };
        outbox.append(&event, &teller, &about, now - TimeDelta::hours(1) + TimeDelta::minutes(minutes));
    }
    outbox
}
