//! RFC 5424: a parser of its grammar.

use std::collections::BTreeMap;

use chrono::DateTime;
use serin::audit::Format;

use super::{one_of_each, rendered, syslog};

/// A message taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) priority: u8,
    /// Host, application, process and type of message.
    pub(super) header: [String; 4],
    pub(super) data_id: String,
    pub(super) data: BTreeMap<String, String>,
    pub(super) body: String,
}

/// Reads a message with one element of structured data, as section 6 of the RFC writes it.
pub(super) fn parse(message: &str) -> Option<Message> {
    let (priority, rest) = message.strip_prefix('<')?.split_once(">1 ")?;
    let priority = priority.parse().ok().filter(|priority| *priority <= 191)?;
    let mut parts = rest.splitn(6, ' ');
    DateTime::parse_from_rfc3339(parts.next()?).ok()?;
    let mut header = [const { String::new() }; 4];
    for (field, most) in header.iter_mut().zip([255, 48, 128, 32]) {
        let part = parts.next()?;
        if part.is_empty() || part.len() > most || !part.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        part.clone_into(field);
    }
    let element = parts.next()?.strip_prefix('[')?;
    let (data_id, mut rest) = element.split_once(' ')?;
    let mut data = BTreeMap::new();
    loop {
        let (name, value) = rest.split_once("=\"")?;
        let (value, after) = quoted(value)?;
        if name.is_empty()
            || name.len() > 32
            || !name.bytes().all(|b| b.is_ascii_graphic())
            || data.insert(name.to_owned(), value).is_some()
        {
            return None;
        }
        match after.strip_prefix(' ') {
            Some(next) => rest = next,
            None => {
                let body = after.strip_prefix("] ")?.to_owned();
                return Some(Message { priority, header, data_id: data_id.to_owned(), data, body });
            }
        }
    }
}

/// A value up to its closing quote, and what follows. Quote, backslash and bracket stand in it with a backslash only.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(letters.next().filter(|(_, escaped)| matches!(escaped, '"' | '\\' | ']'))?.1),
            ']' => return None,
            other => value.push(other),
        }
    }
    None
}

#[test]
fn every_message_is_as_the_rfc_wants_it_around_every_body() {
    for record in one_of_each() {
        for format in [Format::Json, Format::Ocsf, Format::Ecs, Format::Cef, Format::Leef, Format::CloudEvents] {
            let message = syslog(&record, format);
            let read = parse(&message).unwrap_or_else(|| panic!("cannot read {message}"));
            assert_eq!(read.priority / 8, 13, "log audit");
            assert_eq!(read.data_id, "serin@32473");
            assert_eq!(read.data["id"], record.id);
            assert_eq!(read.body, rendered(format, &record));
        }
    }
}

#[test]
fn an_event_for_which_the_body_s_format_has_no_word_is_no_message() {
    let created = one_of_each().remove(0);
    let message = serin::audit::format::syslog::message(&created, &super::reporter(), Format::CdEvents);
    assert_eq!(message.expect("our own words"), None);
}

#[test]
fn a_host_without_a_visible_name_is_a_dash() {
    let record = one_of_each().remove(0);
    let nameless = serin::audit::Reporter { instance: "\u{1} é".to_owned(), ..super::reporter() };
    let message = serin::audit::format::syslog::message(&record, &nameless, Format::Json).expect("our own words").expect("a word");
    assert_eq!(parse(&message).expect("a message").header[0], "-");
}
