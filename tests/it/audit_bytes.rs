//! The canonical bytes, ids and hashes of events: dear to change.

use insta::assert_snapshot;
use proptest::prelude::*;
use serin::audit::{About, MAX_EVENT_BYTES, NAMESPACE, NO_PREV, Origin, Outbox, Record, Respec, Step};
use serin::rollout::{Author, Event, EventKind, Failure, Revision, Weight};
use uuid::Uuid;

use crate::audit_given::{aborted, created, event, noon, records, started, subject, teller, told};

fn shown(record: &Record) -> String {
    format!("{}\nid   {}\nhash {}", record.text, record.id, record.hash)
}

#[test]
fn the_canonical_bytes_of_a_rollout_s_life_never_change() {
    let life = records(&told([&created(), &started(), &aborted()]));
    assert_snapshot!(shown(&life[0]), @r#"
    {"actor":{"type":"unknown"},"cluster":{"name":"prod-eu1","uid":"0b6f5c1e-2a9d-4c58-8f11-5d2f0a7e9c34"},"id":"db172f94-6848-5d66-b7fb-2d9f501cea91","message":"revision 5d0c9f3b21 is being installed","outcome":"unknown","prev":"sha256:0000000000000000000000000000000000000000000000000000000000000000","reason":"FirstRevision","revision":"5d0c9f3b21","rollout":{"generation":7,"name":"checkout","namespace":"shop","uid":"7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11"},"seq":1,"severity":"info","stream":"7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11","time":"2026-11-23T12:00:00.123Z","type":"rollout.created","v":1}
    id   db172f94-6848-5d66-b7fb-2d9f501cea91
    hash sha256:c970aa3705f78aa1c257d288734d14ae4777154d1d1c7d2ff8934d2c6f157fd0
    "#);
    assert_snapshot!(shown(&life[1]), @r#"
    {"actor":{"name":"system:serviceaccount:serin:serin","type":"controller"},"attempt":3,"cluster":{"name":"prod-eu1","uid":"0b6f5c1e-2a9d-4c58-8f11-5d2f0a7e9c34"},"id":"75306162-6164-5a2e-9074-a420fd9d803c","message":"attempt 3 of revision 5d0c9f3b21 begins at 10%","outcome":"unknown","prev":"sha256:c970aa3705f78aa1c257d288734d14ae4777154d1d1c7d2ff8934d2c6f157fd0","reason":"NewRevision","revision":"5d0c9f3b21","rollout":{"generation":7,"name":"checkout","namespace":"shop","uid":"7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11"},"seq":2,"severity":"info","stable":"a17be04c66","stream":"7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11","time":"2026-11-23T12:01:00.123Z","type":"rollout.started","v":1,"weight":10}
    id   75306162-6164-5a2e-9074-a420fd9d803c
    hash sha256:d926b6542fad8b72b262e56c6780f7524e61c9d05500f21a790373950eacbbc9
    "#);
    assert_snapshot!(shown(&life[2]), @r#"
    {"actor":{"name":"system:serviceaccount:serin:serin","type":"controller"},"analysis":{"check":"errors","limit":"max 0.01","value":"0.041"},"attempt":3,"cluster":{"name":"prod-eu1","uid":"0b6f5c1e-2a9d-4c58-8f11-5d2f0a7e9c34"},"id":"76219f00-a702-5df6-b7a8-23b604eaaa14","message":"check errors failed: 0.041 is above its max 0.01","outcome":"failure","prev":"sha256:d926b6542fad8b72b262e56c6780f7524e61c9d05500f21a790373950eacbbc9","reason":"CheckFailed","revision":"5d0c9f3b21","rollout":{"generation":7,"name":"checkout","namespace":"shop","uid":"7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11"},"seq":3,"severity":"high","stable":"a17be04c66","stream":"7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11","time":"2026-11-23T12:02:00.123Z","type":"rollout.aborted","v":1,"weight":0}
    id   76219f00-a702-5df6-b7a8-23b604eaaa14
    hash sha256:232f8241012a7c6668be25265f21424766cafb63557952f622bc8fdef8508f5a
    "#);
}

#[test]
fn the_first_event_has_no_predecessor_and_every_other_one_names_it() {
    let life = records(&told([&created(), &started(), &aborted()]));
    assert_eq!(life[0].prev, NO_PREV);
    assert_eq!(life[1].prev, life[0].hash);
    assert_eq!(life[2].prev, life[1].hash);
}

#[test]
fn ids_are_made_in_the_namespace_of_serin_dev() {
    assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"serin.dev"));
}

#[test]
fn the_same_number_with_another_body_has_another_id() {
    let one = records(&told([&created()]));
    let other = records(&told([&started()]));
    assert_eq!(one[0].seq, other[0].seq);
    assert_ne!(one[0].id, other[0].id);
}

#[test]
fn who_edited_a_rollout_is_not_guessed() {
    let actor = |event: &Event| records(&told([event]))[0].body().expect("our own format").actor;
    let somebody = [
        EventKind::Created,
        EventKind::SpecChanged,
        EventKind::Resumed,
        EventKind::Superseded,
        EventKind::Deleted,
        EventKind::ApprovalGranted,
        EventKind::StepSkipped,
        EventKind::PromotionForced,
        EventKind::Undone,
        EventKind::Restarted,
        EventKind::HandBackStarted,
        EventKind::ActionRefused,
        EventKind::ActionSuperseded,
    ];
    for kind in EventKind::ALL {
        let known = matches!(actor(&event(kind, "")), serin::audit::Actor::Controller { .. });
        assert_eq!(known, !somebody.contains(&kind), "{}", kind.name());
    }
    let by_hand = Event { reason: "PausedBySpec", ..event(EventKind::Paused, "spec.paused is set") };
    assert_eq!(actor(&by_hand), serin::audit::Actor::Unknown);
    let deleted = Event { reason: "Deleted", ..event(EventKind::Aborted, "the Rollout was deleted") };
    assert_eq!(actor(&deleted), serin::audit::Actor::Unknown);
}

#[test]
fn who_asked_by_an_action_is_named_as_the_api_server_knows_them_and_so_is_why() {
    let by = |name: Option<&str>| {
        let author = Author { name: name.map(str::to_owned), on_behalf_of: None, reason: Some("checkout is slow".to_owned()) };
        let aborted = Event { author: Some(author), ..event(EventKind::Aborted, "aborted") };
        records(&told([&aborted]))[0].body().expect("our own format")
    };
    assert_eq!(by(Some("alice")).actor, serin::audit::Actor::User { name: "alice".to_owned() });
    assert_eq!(by(Some("alice")).comment.as_deref(), Some("checkout is slow"));
    assert_eq!(by(None).actor, serin::audit::Actor::Unknown, "nothing verified it");
}

#[test]
fn every_event_stays_in_its_bound_and_says_that_it_was_cut() {
    for kind in EventKind::ALL {
        for text in ["x".repeat(10_240), "\n\u{1}\"\\".repeat(2_560), "a\u{2028}é€😀\r".repeat(1_000)] {
            let record = &records(&told([&Event { reason: "R", ..event(kind, &text) }]))[0];
            assert!(record.text.len() <= MAX_EVENT_BYTES, "{} has {}", kind.name(), record.text.len());
            assert!(record.text.len() > MAX_EVENT_BYTES - 24, "{} wastes room: {}", kind.name(), record.text.len());
            assert!(!record.text.contains('\n'));
            let body = record.body().expect("our own format");
            assert!(body.truncated && text.starts_with(&body.message));
        }
    }
}

#[test]
fn a_message_that_just_fits_is_kept_whole() {
    let room =
        (1..MAX_EVENT_BYTES).find(|n| records(&told([&event(EventKind::Started, &"x".repeat(*n))]))[0].body().expect("ours").truncated);
    let most = "x".repeat(room.expect("some length is too long") - 1);
    let record = &records(&told([&event(EventKind::Started, &most)]))[0];
    assert_eq!((record.text.len(), record.body().expect("ours").message), (MAX_EVENT_BYTES, most));
}

#[test]
fn oversized_names_are_cut_before_they_crowd_out_the_message() {
    let long = "\u{1}".repeat(5_000);
    let mut outbox = Outbox::default();
    let (mut teller, mut subject) = (teller(), subject());
    teller.controller.clone_from(&long);
    teller.cluster.name.clone_from(&long);
    teller.cluster.uid = Some(long.clone());
    subject.namespace.clone_from(&long);
    subject.name.clone_from(&long);
    subject.uid.clone_from(&long);
    subject.generation = i64::MAX;
    let number = || Some(long.clone());
    let failure = Failure { check: long.clone(), message: String::new(), value: number(), limit: number(), evidence: number() };
    let author = Author { name: Some(long.clone()), on_behalf_of: Some(long.clone()), reason: Some(long.clone()) };
    let event = Event {
        revision: Revision::new(long.clone()),
        stable: Some(Revision::new(long.clone())),
        attempt: u32::MAX,
        weight: Weight::new(100),
        reason: "AnExtraordinarilyLongReasonThatNobodyWouldEverWriteDown",
        failure: Some(failure),
        author: Some(author),
        ..event(EventKind::InstallFailed, &"m".repeat(5_000))
    };
    let origin = Origin { images: vec![long.clone()], requested_by: None };
    let step = Some(Step { number: u32::MAX, of: u32::MAX, weight: 100 });
    let spec = Respec { changed: vec!["x".repeat(500); 100], from: i64::MIN, to: i64::MAX };
    outbox.append(&event, &teller, &About { subject, origin, step, spec: Some(spec) }, noon());
    let record = &records(&outbox)[0];
    let body = record.body().expect("our own format");
    assert!(record.text.len() <= MAX_EVENT_BYTES && body.truncated);
    assert_eq!(body.images, Vec::<String>::new());
    assert!(body.message.len() > 50, "only {} bytes are left for the message", body.message.len());
}

#[test]
fn images_are_told_whole_and_leave_room_for_the_message() {
    let told = |images: &[String], message: &str| {
        let mut outbox = Outbox::default();
        let origin = Origin { images: images.to_vec(), requested_by: None };
        outbox.append(&event(EventKind::Started, message), &teller(), &About { origin, ..subject().into() }, noon());
        records(&outbox)[0].body().expect("our own format")
    };
    let image = |number: usize| format!("registry.example/shop/checkout@sha256:{number:064}");
    let two: Vec<String> = (0..2).map(image).collect();
    let body = told(&two, &"m".repeat(350));
    assert_eq!((body.images, body.message.len(), body.truncated), (two, 350, false));
    let many: Vec<String> = (0..20).map(image).collect();
    let body = told(&many, &"m".repeat(350));
    assert_eq!((&body.images[..], body.message.len(), body.truncated), (&many[..body.images.len()], 350, true));
    assert!((2..20).contains(&body.images.len()), "{} images", body.images.len());
}

#[test]
fn whom_something_is_asked_for_is_a_claim_that_says_so() {
    let claimed = |event: &Event| {
        let mut outbox = Outbox::default();
        let origin = Origin { images: Vec::new(), requested_by: Some("carol".to_owned()) };
        outbox.append(event, &teller(), &About { origin, ..subject().into() }, noon());
        records(&outbox)[0].body().expect("our own format").on_behalf_of
    };
    let by = |name: &str| Some(serin::audit::Claim { name: name.to_owned(), verified: false });
    assert_eq!(claimed(&created()), by("carol"), "somebody edited the Rollout");
    assert_eq!(claimed(&started()), by("carol"), "the edit is what began the attempt");
    assert_eq!(claimed(&aborted()), None, "a check decided");
    let author = |claim: Option<&str>| Some(Author { name: Some("ci".to_owned()), on_behalf_of: claim.map(str::to_owned), reason: None });
    let asked = |claim| Event { author: author(claim), ..event(EventKind::Aborted, "aborted") };
    assert_eq!(claimed(&asked(Some("bob"))), by("bob"), "the command says so");
    assert_eq!(claimed(&asked(None)), None, "what the Rollout says is not the command's");
}

proptest! {
    #[test]
    fn any_message_is_told_whole_or_marked_as_cut(message in "\\PC{0,400}|[\\x00-\\x7f]{0,2000}") {
        let record = &records(&told([&event(EventKind::Paused, &message)]))[0];
        let body = record.body().expect("our own format");
        prop_assert!(record.text.len() <= MAX_EVENT_BYTES);
        prop_assert_eq!(body.truncated, body.message != message);
        prop_assert!(message.starts_with(&body.message));
        prop_assert_eq!(serin::audit::verify([record.text.as_str()]), Ok(()));
    }
}
