//! Is what came back from a log store what was told? Lines of any of our formats, of several streams, in any order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::chain::{Break, check};
use super::record::{Record, canonical};

/// How deep an event may be wrapped: an export, a collector's envelope, a format, and the event in it.
const MAX_DEPTH: usize = 6;

/// Lines as they are read, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Export {
    streams: BTreeMap<String, Vec<(usize, Record)>>,
    lines: usize,
    without: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Each stream, by its name.
    pub streams: Vec<Stream>,
    /// Lines that carry no event's bytes.
    pub without: usize,
    /// Of the hashes that had to be there, those that are not.
    pub missing: Vec<String>,
}

/// One stream, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The Rollout's uid, or the name of a controller's own.
    pub uid: String,
    /// The Rollout, as its last event names it, or the controller; nothing where that cannot be read.
    pub rollout: Option<String>,
    /// How many different events there are.
    pub events: usize,
    /// How many lines repeat one of them exactly: delivery is at-least-once.
    pub repeated: usize,
    /// The number of the first event.
    pub from: u64,
    /// The number of the last event.
    pub to: u64,
    /// The hash of the last event.
    pub head: String,
    /// The first place where the chain breaks.
    pub broken: Option<Break>,
}

impl Export {
    /// Takes the next line.
    pub fn read(&mut self, line: &str) {
        self.lines += 1;
        match event(line) {
            Some(record) => self.streams.entry(record.stream.clone()).or_default().push((self.lines, record)),
            None if line.trim().is_empty() => {}
            None => self.without += 1,
        }
    }

    /// The events so far, stream by stream, as their lines came. Whether they are whole is another question.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.streams.values().flatten().map(|(_, record)| record)
    }

    /// Checks every stream, and whether the events with these hashes are there.
    ///
    /// # Guarantees
    /// Lines may come in any order, since the chain proves the events' own. An exact repetition is no finding; the same number with another content is one.
    pub fn examine(self, expected: &BTreeSet<String>) -> Findings {
        let known = |hash: &&String| !self.streams.values().flatten().any(|(_, record)| record.hash == **hash);
        let missing = expected.iter().filter(known).cloned().collect();
        let without = self.without;
        let streams = self.streams.into_iter().filter_map(|(uid, records)| stream(uid, records)).collect();
        Findings { streams, without, missing }
    }
}

fn stream(uid: String, mut records: Vec<(usize, Record)>) -> Option<Stream> {
    let lines = records.len();
    records.sort_by(|(line, one), (other, two)| (one.seq, &one.hash, line).cmp(&(two.seq, &two.hash, other)));
    records.dedup_by(|(_, later), (_, earlier)| later.hash == earlier.hash);
    // Of two events with one number the one that was read first is the one that was told.
    records.sort_by_key(|(line, record)| (record.seq, *line));
    let (_, first) = records.first()?;
    let (_, last) = records.last()?;
    Some(Stream {
        uid,
        rollout: last.body().ok().map(|body| body.rollout.map_or_else(|| "the controller".to_owned(), |rollout| rollout.place())),
        events: records.len(),
        repeated: lines - records.len(),
        from: first.seq,
        to: last.seq,
        head: last.hash.clone(),
        broken: check(&records).err(),
    })
}

/// The event that a line carries, wherever it stands in it: alone, in an envelope, in a format that has its bytes, after a syslog header.
fn event(line: &str) -> Option<Record> {
    let line = line.trim();
    line.match_indices('{').take(MAX_DEPTH).find_map(|(at, _)| found(&line[at..], MAX_DEPTH))
}

/// The text's event. One that stands in a text of its own is taken byte for byte.
fn found(text: &str, depth: usize) -> Option<Record> {
    if let Some(record) = Record::read(text) {
        return Some(record);
    }
    inside(&serde_json::from_str(text).ok()?, depth)
}

fn inside(value: &Value, depth: usize) -> Option<Record> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::String(text) if text.starts_with('{') => found(text, depth),
        Value::Object(members) => {
            let own = ["id", "stream", "seq", "prev"].iter().all(|member| members.contains_key(*member));
            if own { Record::read(&canonical(value)) } else { members.values().find_map(|member| inside(member, depth)) }
        }
        Value::Array(items) => items.iter().find_map(|item| inside(item, depth)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
