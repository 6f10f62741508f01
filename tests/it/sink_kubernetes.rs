//! The courtesy copies as Kubernetes Events.

use insta::assert_json_snapshot;
use serin::audit::{Cluster, Outbox, Record, Subject, Teller};
use serin::rollout::{Event, EventKind, Revision};
use serin::sink::kubernetes_event;

use crate::audit_given::{aborted, event, noon, records, started, told};

#[test]
fn an_abort_is_a_warning_with_the_numbers() {
    let record = &records(&told([&aborted()]))[0];
    let event = kubernetes_event(record, "serin-5f7c9d-x2x4z").expect("an abort is shown");
    assert_json_snapshot!(event, @r#"
    {
      "apiVersion": "events.k8s.io/v1",
      "kind": "Event",
      "action": "Abort",
      "eventTime": "2026-11-23T12:00:00.123000Z",
      "metadata": {
        "annotations": {
          "serin.dev/event-id": "2ff43fc4-f2c5-5388-adaf-956ab173537b"
        },
        "name": "checkout.2ff43fc4f2c5",
        "namespace": "shop"
      },
      "note": "check errors failed: 0.041 is above its max 0.01",
      "reason": "Aborted",
      "regarding": {
        "apiVersion": "serin.dev/v1alpha1",
        "kind": "Rollout",
        "name": "checkout",
        "namespace": "shop",
        "uid": "7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11"
      },
      "reportingController": "serin.dev/serin",
      "reportingInstance": "serin-5f7c9d-x2x4z",
      "type": "Warning"
    }
    "#);
}

#[test]
fn the_same_record_has_the_same_name_and_another_one_has_another() {
    let name = |record: &Record| kubernetes_event(record, "serin-0").and_then(|event| event.metadata.name);
    let two = records(&told([&started(), &started()]));
    assert_eq!(name(&two[0]), name(&two[0].clone()));
    assert_ne!(name(&two[0]), name(&two[1]));
}

#[test]
fn only_start_promotion_and_abort_are_shown() {
    let shown = |kind| kubernetes_event(&records(&told([&event(kind, "")]))[0], "serin-0").is_some();
    let kinds: Vec<EventKind> = EventKind::ALL.into_iter().filter(|kind| shown(*kind)).collect();
    assert_eq!(kinds, [EventKind::Started, EventKind::Promoted, EventKind::Aborted]);
}

#[test]
fn what_the_api_server_would_find_too_long_is_cut() {
    let mut outbox = Outbox::default();
    let teller = Teller { cluster: Cluster { name: String::new(), uid: None }, controller: String::new() };
    let subject = Subject { namespace: String::new(), name: String::new(), uid: String::new(), generation: 0 };
    let bare = Event { stable: None, attempt: 0, reason: "", revision: Revision::new(""), ..event(EventKind::Aborted, &"x".repeat(2_000)) };
    outbox.append(&bare, &teller, &subject.into(), noon());
    let event = kubernetes_event(&records(&outbox)[0], &"i".repeat(500)).expect("an abort is shown");
    assert!(event.note.is_some_and(|note| note.len() == 1024));
    assert_eq!(event.reporting_instance.map(|instance| instance.len()), Some(128));
}
