//! What a log store gives back is checked whatever it put around the events, and in whatever order they come.

use std::collections::BTreeSet;

use serin::audit::{Break, Export, Findings, Format, Outbox, Record, format};
use serin::rollout::EventKind;
use serin::sink::line;

use crate::audit_given::{UID, aborted, created, event, filled, noon, records, started, subject, teller, told};
use crate::formats::{rendered, reporter};

fn life() -> Vec<Record> {
    records(&told([&created(), &started(), &aborted()]))
}

/// The events of another Rollout.
fn other() -> Vec<Record> {
    let mut outbox = Outbox::default();
    let mut subject = subject();
    "00000000-0000-4000-8000-000000000000".clone_into(&mut subject.uid);
    "cart".clone_into(&mut subject.name);
    let about = subject.into();
    for _ in 0..2 {
        outbox.append(&started(), &teller(), &about, noon());
    }
    records(&outbox)
}

fn examine(lines: impl IntoIterator<Item = String>) -> Findings {
    expecting(lines, &[])
}

fn expecting(lines: impl IntoIterator<Item = String>, heads: &[&str]) -> Findings {
    let mut export = Export::default();
    lines.into_iter().for_each(|line| export.read(&line));
    export.examine(&heads.iter().map(|head| (*head).to_owned()).collect::<BTreeSet<_>>())
}

fn texts(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| record.text.clone()).collect()
}

fn broken(findings: &Findings) -> Vec<&Break> {
    findings.streams.iter().filter_map(|stream| stream.broken.as_ref()).collect()
}

#[test]
fn a_whole_stream_is_whole_in_any_order() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let life = life();
        let found = examine(order.map(|at| life[at].text.clone()));
        let stream = &found.streams[0];
        assert_eq!((stream.uid.as_str(), stream.rollout.as_deref()), (UID, Some("shop/checkout")));
        assert_eq!((stream.events, stream.from, stream.to, stream.repeated), (3, 1, 3, 0));
        assert_eq!((&stream.head, &stream.broken, found.without), (&life[2].hash, &None, 0));
    }
}

/// What a store puts around an event.
type Wrap = fn(&Record) -> String;

#[test]
fn events_are_found_in_every_format_that_has_their_bytes() {
    let wrapped: [(&str, Wrap); 9] = [
        ("the lines of standard output", |record| line(record).expect("an event fits")),
        ("ocsf", |record| rendered(Format::Ocsf, record)),
        ("ecs", |record| rendered(Format::Ecs, record)),
        ("cloudevents", |record| rendered(Format::CloudEvents, record)),
        ("syslog around json", |record| syslog(record, Format::Json)),
        ("syslog around ocsf", |record| syslog(record, Format::Ocsf)),
        ("what Splunk exports", |record| format!(r#"{{"preview":false,"result":{{"_raw":{}}}}}"#, quoted(&rendered(Format::Ocsf, record)))),
        ("what Elasticsearch exports", |record| format!(r#"{{"_index":"logs","_source":{}}}"#, rendered(Format::Ecs, record))),
        ("HEC's envelope", |record| format!(r#"{{"time":1,"event":{}}}"#, record.text)),
    ];
    for (name, wrap) in wrapped {
        let life = life();
        let found = examine(life.iter().map(wrap));
        assert_eq!((found.without, found.streams.len(), broken(&found)), (0, 1, vec![]), "{name}");
        assert_eq!((found.streams[0].events, &found.streams[0].head), (3, &life[2].hash), "{name}");
        let edited = examine(life.iter().map(|record| wrap(record).replace("begins at 10%", "begins at 11%")));
        assert_eq!(broken(&edited), [&Break::Edited { line: 2, seq: 2 }], "{name}");
    }
}

fn syslog(record: &Record, body: Format) -> String {
    format::syslog::message(record, &reporter(), body).expect("our own words").expect("a word")
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text")
}

#[test]
fn streams_that_are_mixed_are_told_apart() {
    let (life, other) = (life(), other());
    let mixed = [&life[0], &other[0], &life[1], &life[2], &other[1]].map(|record| record.text.clone());
    let found = examine(mixed);
    let names: Vec<_> = found.streams.iter().map(|stream| (stream.rollout.clone().unwrap_or_default(), stream.events)).collect();
    assert_eq!(names, [("shop/cart".to_owned(), 2), ("shop/checkout".to_owned(), 3)]);
    assert_eq!(broken(&found), Vec::<&Break>::new());
}

#[test]
fn a_repetition_is_counted_and_a_forgery_is_named() {
    let life = texts(&life());
    let again = examine([&life[..], &life[1..]].concat());
    assert_eq!((again.streams[0].repeated, broken(&again)), (2, vec![]));
    let nothing = event(EventKind::Started, "nothing to see here");
    let forged = records(&told([&created(), &nothing])).remove(1).text;
    let found = examine([&life[..], &[forged]].concat());
    assert_eq!(broken(&found), [&Break::Twice { line: 4, seq: 2 }]);
}

#[test]
fn a_hole_is_found_and_a_gap_that_the_stream_admits_is_none() {
    let mut life = texts(&life());
    life.remove(1);
    assert_eq!(broken(&examine(life)), [&Break::Missing { line: 2, from: 2, to: 2 }]);
    let mut full = filled(65);
    full.append(&aborted(), &teller(), &subject().into(), noon());
    let kept = texts(&records(&full));
    let before = texts(&records(&filled(3)));
    assert_eq!(broken(&examine([before[..1].to_vec(), kept].concat())), [&Break::Missing { line: 2, from: 2, to: 16 }][..0]);
}

#[test]
fn what_is_cut_off_at_the_end_is_missed_only_where_its_head_is_known() {
    let life = life();
    let cut = texts(&life[..2]);
    assert_eq!(broken(&examine(cut.clone())), Vec::<&Break>::new());
    assert_eq!(expecting(cut, &[&life[2].hash]).missing, [life[2].hash.clone()]);
    assert_eq!(expecting(texts(&life), &[&life[2].hash, &life[0].hash]).missing, Vec::<String>::new());
}

#[test]
fn lines_without_an_event_are_counted_and_none_stops_the_check() {
    let life = life();
    let odd = [
        "",
        "  ",
        "no json",
        "{",
        "[1,2]",
        "{\"id\":1,\"stream\":2,\"seq\":3,\"prev\":4}",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}",
    ];
    let lines = odd.iter().map(|text| (*text).to_owned()).chain(texts(&life)).chain([rendered(Format::Cef, &life[0])]);
    let found = examine(lines);
    assert_eq!((found.without, found.streams.len(), broken(&found)), (6, 1, vec![]));
}
