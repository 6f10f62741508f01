//! The Log Event Extended Format 2.0: a parser of its grammar, and what its document says of the keys that Serin uses.

use std::collections::BTreeMap;

use serin::audit::Format;

use super::{one_of_each, rendered};

/// A line taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leef {
    pub(super) header: Vec<String>,
    pub(super) fields: BTreeMap<String, String>,
}

/// Reads a line: five pipes, the delimiter, a pipe; then keys up to their first equals sign, each once.
pub(super) fn parse(line: &str) -> Option<Leef> {
    let mut parts = line.strip_prefix("LEEF:2.0|")?.splitn(6, '|');
    let header: Vec<String> = parts.by_ref().take(4).map(str::to_owned).collect();
    let mut delimiter = parts.next()?.chars();
    let (delimiter, None) = (delimiter.next()?, delimiter.next()) else { return None };
    let mut fields = BTreeMap::new();
    for field in parts.next()?.split(delimiter) {
        let (key, value) = field.split_once('=')?;
        let is_word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_word || fields.insert(key.to_owned(), value.to_owned()).is_some() {
            return None;
        }
    }
    Some(Leef { header, fields })
}

/// What the format's document has against a line.
pub(super) fn violations(leef: &Leef) -> Vec<String> {
    let fits = |key: &str, fits: fn(&str) -> bool| leef.fields.get(key).is_none_or(|value| fits(value));
    let mut found = Vec::new();
    if !leef.fields.contains_key("cat") || !fits("sev", |value| value.parse().is_ok_and(|sev: u8| (1..=10).contains(&sev))) {
        found.push("odd category or severity".to_owned());
    }
    if !fits("devTime", |value| value.len() == 13 && value.bytes().all(|byte| byte.is_ascii_digit())) {
        found.push("devTime needs milliseconds since 1970".to_owned());
    }
    if leef.header.len() != 4 || leef.header.iter().any(|field| field.len() > 255) {
        found.push(format!("odd header {:?}", leef.header));
    }
    found
}

#[test]
fn every_line_is_as_the_format_wants_it() {
    for record in one_of_each() {
        let line = rendered(Format::Leef, &record);
        let leef = parse(&line).unwrap_or_else(|| panic!("cannot read {line}"));
        assert_eq!(violations(&leef), Vec::<String>::new(), "{line}");
        assert_eq!(leef.fields["eventUid"], record.id);
        assert_eq!(leef.header[3], record.body().expect("our own format").kind);
    }
}

#[test]
fn the_parser_refuses_what_is_no_line_of_the_format() {
    assert!(parse("LEEF:2.0|a|b|c|d|^|sev=5^msg=a=b").is_some());
    assert_eq!(parse("LEEF:2.0|a|b|c|d|^|sev=5^sev=6"), None, "a key that is given twice");
    assert_eq!(parse("LEEF:2.0|a|b|c|d|^|sev=5^lost"), None, "a field without a key");
}
