//! Whatever texts an event has: no format lets one end its field, begin another one, or break the line.
//!
//! Random cases stand for a fuzzer: the texts are made of what each format's grammar is made of. `PROPTEST_CASES=100000` tries as many.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use serin::audit::{Actor, Body, Claim, Format, Record, Reporter};

use crate::audit_schema::violations;

use super::{cef, cloud, ecs, leef, notices, object, ocsf, one_of_each, record_of, rendered, syslog};

/// What the grammars of all formats are made of, and what is hard to write in any of them.
const NASTY: &str =
    r#"(\PC|[\x00-\x1f\x7f-\x9f]|\\|=|\||\^|"|\]|\[|%| |\r\n|\n|😀|\x{2028}|\x{feff}| act=| sev=9|\^sev=9|\]|" actor="|\\n|"\},\{"){0,24}"#;

static ABORTED: LazyLock<Body> = LazyLock::new(|| {
    let aborted = one_of_each().into_iter().find(|record| record.text.contains("rollout.aborted")).expect("it is one of the kinds");
    aborted.body().expect("our own format")
});

fn body() -> impl Strategy<Value = Body> {
    prop::collection::vec(NASTY, 16).prop_map(|texts| hostile(&texts))
}

/// An aborted attempt in which every text is another one.
fn hostile(texts: &[String]) -> Body {
    let mut body = ABORTED.clone();
    let mut texts = texts.iter().cloned();
    let mut next = || texts.next().unwrap_or_default();
    body.reason = next();
    body.message = next();
    body.actor = Actor::User { name: next() };
    body.comment = Some(next());
    body.on_behalf_of = Some(Claim { name: next(), verified: false });
    body.images = vec![format!("registry.example/{0}@{0}", next())];
    body.cluster.name = next();
    body.cluster.uid = Some(next());
    let rollout = body.rollout.as_mut().expect("it is about a Rollout");
    (rollout.namespace, rollout.name, rollout.uid) = (next(), next(), next());
    body.stream = next();
    body.revision = Some(next());
    body.stable = Some(next());
    let analysis = body.analysis.as_mut().expect("a check failed");
    analysis.check = next();
    analysis.value = Some(next());
    body
}

fn spaced(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// All that must hold of one event, however odd.
fn check(body: &Body) {
    let record = record_of(body);
    for format in Format::ALL {
        let reporter = super::reporter();
        let Some(line) = format.render(&record, &reporter).expect("our own words") else { continue };
        assert!(!line.bytes().any(|byte| byte < b' '), "{} breaks its line: {line:?}", format.name());
    }
    assert_eq!(violations(&record.text), Vec::<String>::new());
    check_json(body, &record);
    check_cef(body, &record);
    check_leef(body, &record);
    check_syslog(body, &record);
    notices::check(&record);
}

fn check_json(body: &Body, record: &Record) {
    let event = object(Format::Ocsf, record);
    assert_eq!(ocsf::violations(&event), Vec::<String>::new());
    assert_eq!(event["raw_data"], record.text.as_str());
    assert_eq!(event["message"], body.message.as_str());
    let document = object(Format::Ecs, record);
    assert_eq!(ecs::violations(&document), Vec::<String>::new());
    assert_eq!(document["event.reason"], body.reason.as_str());
    let event = object(Format::CloudEvents, record);
    assert_eq!(cloud::cloud_violations(&event), Vec::<String>::new());
    let source = event["source"].as_str().unwrap_or_default();
    assert_eq!(source.split('/').count(), 6, "{source}");
    let event: Value = serde_json::from_str(&rendered(Format::CdEvents, record)).expect("one JSON object");
    assert_eq!(cloud::cd_violations(&event), Vec::<String>::new());
}

fn check_cef(body: &Body, record: &Record) {
    let line = rendered(Format::Cef, record);
    let read = cef::parse(&line).unwrap_or_else(|| panic!("cannot read {line:?}"));
    assert_eq!(cef::violations(&read), Vec::<String>::new());
    assert_eq!(read.fields.len(), 32, "{line}");
    // Ends of lines have an escape, other control characters do not.
    let told = |text: &str| text.replace(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\r'), " ");
    let msg = &told(&body.message);
    assert!(msg.starts_with(&read.fields["msg"]) && (msg.len() == read.fields["msg"].len() || read.fields["msg"].len() > 1000), "{line}");
    for (key, text) in [("cs1", &body.revision), ("cs2", &body.stable), ("flexString2", &body.comment)] {
        let text = told(text.as_deref().unwrap_or_default());
        assert!(text == read.fields[key] || (text.len() > 1000 && text.starts_with(&read.fields[key])), "{key} of {line}");
    }
}

fn check_leef(body: &Body, record: &Record) {
    let line = rendered(Format::Leef, record);
    let read = leef::parse(&line).unwrap_or_else(|| panic!("cannot read {line:?}"));
    assert_eq!(leef::violations(&read), Vec::<String>::new());
    assert_eq!(read.fields.len(), 27, "{line}");
    // The format has no escape: its delimiter is taken out.
    let told = |text: &str| spaced(text).replace('^', " ");
    assert_eq!(read.fields["msg"], told(&body.message));
    assert_eq!(read.fields["reason"], told(&body.reason));
    assert_eq!(read.fields["cluster"], told(&body.cluster.name));
}

fn check_syslog(body: &Body, record: &Record) {
    let message = syslog(record, Format::Json);
    let read = syslog::parse(&message).unwrap_or_else(|| panic!("cannot read {message:?}"));
    assert_eq!(read.body, record.text);
    assert_eq!(read.data.len(), 9, "{message}");
    assert_eq!(read.data["reason"], spaced(&body.reason));
    assert_eq!(read.data["cluster"], spaced(&body.cluster.name));
    assert_eq!(read.data["rollout"], spaced(&body.rollout.as_ref().expect("a Rollout").place()));
}

proptest! {
    #[test]
    fn no_text_breaks_out_of_its_field(body in body()) {
        check(&body);
    }

    #[test]
    fn no_name_of_the_reporter_breaks_out_of_its_field(instance in NASTY, version in NASTY) {
        let record = one_of_each().remove(0);
        let reporter = Reporter { version: version.clone(), instance: instance.clone(), address: None };
        let line = |format: Format| format.render(&record, &reporter).expect("our own words").expect("a word");
        let read = cef::parse(&line(Format::Cef)).expect("a line of CEF");
        prop_assert_eq!(&read.header[3], &spaced(&version));
        let read = leef::parse(&line(Format::Leef)).expect("a line of LEEF");
        prop_assert_eq!(&read.header[2], &spaced(&version).replace('|', " "));
        let message = serin::audit::format::syslog::message(&record, &reporter, Format::Json).expect("our own words").expect("a word");
        prop_assert!(syslog::parse(&message).is_some(), "{}", message);
    }
}

#[test]
fn names_of_64_kib_stay_in_their_fields() {
    for text in ["x".repeat(65_536), "😀".repeat(16_384), "=|\\\"]^\n\u{0}".repeat(8_192), "^sev=9 act=none".repeat(4_400)] {
        check(&hostile(&vec![text; 16]));
    }
}

#[test]
fn the_attacks_that_are_known_stay_in_their_fields() {
    for text in [
        "ok\nCEF:0|serin.dev|serin|0.1.0|rollout.promoted|forged|2|",
        "ok act=promoted outcome=success",
        "ok\\ act=promoted",
        "ok^outcome=success",
        "ok\"] forged",
        "ok\\\"] forged",
        "ok\",\"outcome\":\"success",
        "../../../other?x=1#y",
        "\u{1b}[2J\u{7}\u{0}",
        "",
        " ",
        "\\",
        "ends in a pipe|",
    ] {
        check(&hostile(&vec![text.to_owned(); 16]));
    }
}
