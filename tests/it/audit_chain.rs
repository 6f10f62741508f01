//! What the hash chain proves: edits, deletions and reordering are seen, honest repetitions and admitted gaps are not blamed.

use serin::audit::{Break, Outbox, verify};
use serin::rollout::EventKind;

use crate::audit_given::{created, event, filled, records, started, subject, teller, told};

fn five() -> Vec<String> {
    lines(&filled(5))
}

fn lines(outbox: &Outbox) -> Vec<String> {
    outbox.pending().map(|record| record.text).collect()
}

fn check(lines: &[String]) -> Result<(), Break> {
    verify(lines.iter().map(String::as_str))
}

#[test]
fn an_honest_chain_holds_from_wherever_it_is_read() {
    let lines = five();
    assert_eq!(check(&lines), Ok(()));
    assert_eq!(check(&lines[2..]), Ok(()));
    assert_eq!(check(&[]), Ok(()));
}

#[test]
fn an_edit_is_seen_even_in_the_last_event() {
    for at in 0..5 {
        let mut lines = five();
        lines[at] = lines[at].replace("begins at 10%", "begins at 11%");
        assert_eq!(check(&lines), Err(Break::Edited { line: at + 1, seq: at as u64 + 1 }));
    }
}

#[test]
fn another_spelling_of_the_same_json_is_an_edit() {
    let mut lines = five();
    lines[4] = lines[4].replacen("{\"actor\"", "{ \"actor\"", 1);
    assert_eq!(check(&lines), Err(Break::Edited { line: 5, seq: 5 }));
}

#[test]
fn a_well_forged_event_does_not_fit_its_successor() {
    let mut lines = five();
    let forged = lines_of(5, 2);
    lines[2].clone_from(&forged[2]);
    assert_eq!(check(&lines), Err(Break::Unlinked { line: 4, seq: 4 }));
}

/// As many events, of which the one at `odd` says something else.
fn lines_of(count: usize, odd: usize) -> Vec<String> {
    let other = event(EventKind::Started, "nothing to see here");
    let started = started();
    lines(&told((0..count).map(|at| if at == odd { &other } else { &started })))
}

#[test]
fn a_deleted_event_is_missed() {
    let mut lines = five();
    lines.drain(1..3);
    assert_eq!(check(&lines), Err(Break::Missing { line: 2, from: 2, to: 3 }));
}

#[test]
fn events_in_another_order_are_seen() {
    let mut lines = five();
    lines.swap(1, 2);
    assert_eq!(check(&lines), Err(Break::Missing { line: 2, from: 2, to: 2 }));
    let lines = five();
    assert_eq!(check(&[lines[3].clone(), lines[1].clone()]), Err(Break::Late { line: 2, seq: 2 }));
}

#[test]
fn exact_repetitions_are_fine() {
    let lines = five();
    let again = [&lines[..3], &lines[1..]].concat();
    assert_eq!(check(&again), Ok(()));
}

#[test]
fn a_stream_that_begins_anew_is_not_taken_for_the_old_one() {
    let old = five();
    let new = lines(&told([&created()]));
    assert_eq!(check(&[old, new].concat()), Err(Break::Twice { line: 6, seq: 1 }));
}

#[test]
fn another_rollout_s_event_and_what_is_no_event_are_named() {
    let mut stranger = subject();
    stranger.uid = "00000000-0000-4000-8000-000000000000".to_owned();
    let mut outbox = Outbox::default();
    outbox.append(&created(), &teller(), &stranger.into(), crate::audit_given::noon());
    assert_eq!(check(&[five(), lines(&outbox)].concat()), Err(Break::OtherStream { line: 6 }));
    assert_eq!(check(&["{}".to_owned()]), Err(Break::Unreadable { line: 1 }));
}

#[test]
fn a_first_event_must_say_that_it_has_no_predecessor() {
    let second = records(&filled(2)).remove(1);
    let first = second.text.replacen("\"seq\":2", "\"seq\":1", 1);
    assert!(matches!(check(&[first]), Err(Break::Edited { line: 1, seq: 1 })));
}
