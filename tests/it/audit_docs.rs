//! What `docs/events.md` promises is what the code does.

use std::process::Command;

use serin::rollout::{Event, EventKind};
use serin::sink::line;

use crate::audit_given::{UID, aborted, created, records, started, told};

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/events.md")).expect("the page is there")
}

/// The first code block after a marker.
fn block(page: &str, marker: &str) -> String {
    let rest = page.split_once(&format!("<!-- {marker} -->")).expect("the marker is there").1;
    let code = rest.split_once("```").and_then(|(_, rest)| rest.split_once('\n')).expect("a code block follows").1;
    code.split_once("```").expect("the block ends").0.to_owned()
}

fn log() -> Vec<String> {
    let life: Vec<Event> = vec![created(), started(), aborted()];
    records(&told(&life)).iter().map(|record| line(record).expect("an event fits")).collect()
}

/// Runs the page's check on these lines: whether it was content, and what it said.
fn check(lines: &[String]) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("serin.log"), lines.concat()).expect("a log");
    let script = block(&page(), "check");
    let out = Command::new("sh").args(["-c", &script]).env("STREAM", UID).current_dir(folder.path()).output().expect("a shell");
    (out.status.success(), String::from_utf8(out.stdout).expect("text").trim().to_owned())
}

#[test]
fn the_example_is_what_serin_writes() {
    assert_eq!(block(&page(), "example"), log()[2]);
}

#[test]
fn every_type_is_explained_as_it_is() {
    let page = page();
    for kind in EventKind::ALL {
        let body = records(&told([&crate::audit_given::event(kind, "")]))[0].body().expect("our own format");
        let row = format!("| `{}` | {} | {} |", body.kind, body.severity, body.outcome);
        assert!(page.contains(&row), "no row {row}");
    }
    for record in crate::formats::own() {
        let body = record.body().expect("our own format");
        let row = format!("| `{}` | {} | {} |", body.kind, body.severity, body.outcome);
        assert!(page.contains(&row), "no row {row}");
    }
}

#[test]
fn every_member_is_explained() {
    let page = page();
    let event: serde_json::Value = serde_json::from_str(&records(&told([&aborted()]))[0].text).expect("JSON");
    let members = event.as_object().expect("an object").keys().map(String::as_str).chain([
        "comment",
        "on_behalf_of",
        "images",
        "step",
        "spec",
        "process",
        "sink",
        "count",
        "gap",
        "truncated",
    ]);
    for member in members {
        assert!(page.contains(&format!("\n| `{member}` |")), "no row for {member}");
    }
}

#[test]
fn the_check_by_hand_finds_the_head_of_an_honest_log() {
    let log = log();
    let head = records(&told([&created(), &started(), &aborted()])).remove(2).hash;
    assert_eq!(check(&log), (true, head.clone()));
    let repeated = [&log[..2], &["some other line\n".to_owned()], &log[1..]].concat();
    assert_eq!(check(&repeated), (true, head));
}

#[test]
fn the_check_by_hand_finds_an_edit_and_a_deletion() {
    let mut edited = log();
    edited[1] = edited[1].replace("begins at 10%", "begins at 11%");
    assert_eq!(check(&edited), (false, "broken before event 3".to_owned()));
    let mut deleted = log();
    deleted.remove(1);
    assert_eq!(check(&deleted), (false, "broken before event 3".to_owned()));
}
