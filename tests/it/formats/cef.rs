//! The Common Event Format: a parser of its grammar, and what its dictionary says of the keys that Serin uses.

use std::collections::BTreeMap;

use serin::audit::Format;

use super::{one_of_each, rendered};

/// A line taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cef {
    pub(super) header: Vec<String>,
    pub(super) fields: BTreeMap<String, String>,
}

/// A key of the dictionary, and the length of its values.
const KEYS: &[(&str, usize)] = &[
    ("rt", 63),
    ("externalId", 40),
    ("outcome", 63),
    ("act", 63),
    ("reason", 1023),
    ("suser", 1023),
    ("dvchost", 100),
    ("dvc", 45),
    ("destinationServiceName", 1023),
    ("cs1", 4000),
    ("cs2", 4000),
    ("cs3", 4000),
    ("cs4", 4000),
    ("cs5", 4000),
    ("cs6", 4000),
    ("flexString1", 1023),
    ("flexString2", 1023),
    ("cn1", 20),
    ("cn2", 20),
    ("cn3", 20),
    ("msg", 1023),
];

/// Reads a line as the format's own document says: seven pipes end the header; an equals sign without a backslash ends a key, and the
/// key begins after the last space before it.
pub(super) fn parse(line: &str) -> Option<Cef> {
    let mut header = vec![String::new()];
    let mut letters = line.strip_prefix("CEF:")?.char_indices();
    let mut rest = "";
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => header.last_mut()?.push(letters.next().filter(|(_, escaped)| matches!(escaped, '\\' | '|'))?.1),
            '|' if header.len() == 7 => {
                rest = &line["CEF:".len() + at + 1..];
                break;
            }
            '|' => header.push(String::new()),
            other => header.last_mut()?.push(other),
        }
    }
    if header.len() != 7 {
        return None;
    }
    let mut fields = BTreeMap::new();
    let mut equals = unescaped_equals(rest);
    equals.push(rest.len());
    for pair in equals.windows(2) {
        let [at, next] = *pair else { return None };
        let key = rest[..at].rsplit(' ').next()?;
        let end = if next == rest.len() { next } else { rest[..next].rfind(' ')? };
        let fresh = fields.insert(key.to_owned(), unescape(&rest[at + 1..end])?).is_none();
        if !fresh {
            return None;
        }
    }
    Some(Cef { header, fields })
}

fn unescaped_equals(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '=' => found.push(at),
            _ => {}
        }
    }
    found
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        out.push(match letter {
            '\\' => match letters.next()? {
                'n' => '\n',
                'r' => '\r',
                same @ ('\\' | '=') => same,
                _ => return None,
            },
            other => other,
        });
    }
    Some(out)
}

/// What the dictionary has against a line.
pub(super) fn violations(cef: &Cef) -> Vec<String> {
    let mut found = Vec::new();
    if cef.header[0] != "0" || !cef.header[6].parse().is_ok_and(|severity: u8| severity <= 10) {
        found.push(format!("odd header {:?}", cef.header));
    }
    for (key, value) in &cef.fields {
        let labelled = key.strip_suffix("Label");
        match KEYS.iter().find(|(known, _)| *known == labelled.unwrap_or(key)) {
            None => found.push(format!("{key} is unknown")),
            Some((_, most)) if labelled.is_none() && value.len() > *most => found.push(format!("{key} is longer than {most}")),
            Some(_) => {}
        }
        let needs_label = ["cs", "cn", "flexString"].iter().any(|prefix| key.starts_with(prefix)) && labelled.is_none();
        if needs_label && !cef.fields.contains_key(&format!("{key}Label")) {
            found.push(format!("{key} has no label"));
        }
        if key.starts_with("cn") && labelled.is_none() && value.parse::<i64>().is_err() {
            found.push(format!("{key} is no number"));
        }
    }
    found
}

#[test]
fn every_line_is_as_the_format_wants_it() {
    for record in one_of_each() {
        let line = rendered(Format::Cef, &record);
        let cef = parse(&line).unwrap_or_else(|| panic!("cannot read {line}"));
        assert_eq!(violations(&cef), Vec::<String>::new(), "{line}");
        assert_eq!(cef.fields["externalId"], record.id);
    }
}

#[test]
fn the_parser_reads_the_format_s_own_examples() {
    let cef =
        parse(r"CEF:0|security|threatmanager|1.0|100|detected a \| in message|10|src=10.0.0.1 act=blocked a \= dst=1.1.1.1").expect("CEF");
    assert_eq!(cef.header[5], "detected a | in message");
    assert_eq!(cef.fields["act"], "blocked a =");
    assert_eq!(cef.fields["dst"], "1.1.1.1");
    assert_eq!(parse(r"CEF:0|a|b|c|d|e|5|msg=one msg=two"), None, "a key that is given twice");
    assert_eq!(parse("CEF:0|a|b|c|d|e"), None, "a header that is cut");
}
