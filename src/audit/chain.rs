//! Whether told events are the events that were told: nothing edited, nothing missing, nothing moved.

use std::collections::BTreeMap;

use super::parts::Gap;
use super::record::{NO_PREV, Record};

/// Where a chain breaks. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// The line is no event.
    #[error("line {line} is not an event; pass the canonical bytes of one event a line")]
    Unreadable {
        /// Which line.
        line: usize,
    },
    /// The bytes are not those that the id was made for.
    #[error("line {line}: event {seq} was changed after it was told; its id is not the id of its bytes")]
    Edited {
        /// Which line.
        line: usize,
        /// The event's number.
        seq: u64,
    },
    /// Another Rollout's event.
    #[error("line {line} belongs to another stream; check one stream at a time")]
    OtherStream {
        /// Which line.
        line: usize,
    },
    /// Events are missing, or come later.
    #[error("line {line}: events {from} to {to} are missing before it, and no audit.gap names them")]
    Missing {
        /// Which line.
        line: usize,
        /// The first one that is missing.
        from: u64,
        /// The last one that is missing.
        to: u64,
    },
    /// The event names another predecessor than the one that was given.
    #[error("line {line}: event {seq} was not told after the event before it; one of the two was replaced")]
    Unlinked {
        /// Which line.
        line: usize,
        /// The event's number.
        seq: u64,
    },
    /// An older event that was not given before.
    #[error("line {line}: event {seq} comes after a newer one; put the lines in the order of seq")]
    Late {
        /// Which line.
        line: usize,
        /// The event's number.
        seq: u64,
    },
    /// The number was told before, with other bytes.
    #[error("line {line}: event {seq} was told before with other content; the stream began anew or was forged")]
    Twice {
        /// Which line.
        line: usize,
        /// The event's number.
        seq: u64,
    },
}

/// Checks the canonical bytes of one stream's events, one a line, in the order in which a sink got them.
///
/// The first line may be any event (older ones may have been rotated away). An exact repetition is fine: delivery is
/// at-least-once. A hole is fine where an `audit.gap` names it.
///
/// # Caveats
/// What was cut off at the end cannot be seen from the lines; compare the last hash with `status.audit.head`.
///
/// # Errors
/// The first [`Break`].
pub fn verify<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<(), Break> {
    let mut records = Vec::new();
    for (line, text) in (1..).zip(lines) {
        records.push((line, Record::read(text).ok_or(Break::Unreadable { line })?));
    }
    check(&records)
}

/// Checks one stream's events, each with the number of its line.
pub(super) fn check(records: &[(usize, Record)]) -> Result<(), Break> {
    let gaps = gaps(records);
    let mut told: BTreeMap<u64, &str> = BTreeMap::new();
    let mut last: Option<&Record> = None;
    for (line, record) in records {
        let (line, seq) = (*line, record.seq);
        if !record.is_genuine() {
            return Err(Break::Edited { line, seq });
        }
        if last.is_some_and(|last| last.stream != record.stream) {
            return Err(Break::OtherStream { line });
        }
        match (told.get(&seq), last) {
            (Some(hash), _) if *hash == record.hash => continue,
            (Some(_), _) => return Err(Break::Twice { line, seq }),
            (None, None) => first(record, line)?,
            (None, Some(last)) => follows(record, last, line, &gaps)?,
        }
        told.insert(seq, &record.hash);
        last = Some(record);
    }
    Ok(())
}

/// The first line starts anywhere, but number 1 has no predecessor and no other number has none.
fn first(record: &Record, line: usize) -> Result<(), Break> {
    if (record.seq == 1) == (record.prev == NO_PREV) { Ok(()) } else { Err(Break::Unlinked { line, seq: record.seq }) }
}

fn follows(record: &Record, last: &Record, line: usize, gaps: &[Gap]) -> Result<(), Break> {
    let seq = record.seq;
    let next = last.seq + 1;
    if seq < next {
        return Err(Break::Late { line, seq });
    }
    if seq == next {
        return if record.prev == last.hash { Ok(()) } else { Err(Break::Unlinked { line, seq }) };
    }
    // The gaps come in order, so that one walk covers a hole that several of them name together.
    let mut from = next;
    for gap in gaps {
        if gap.from <= from && from <= gap.to {
            from = gap.to + 1;
        }
    }
    if from >= seq { Ok(()) } else { Err(Break::Missing { line, from, to: seq - 1 }) }
}

/// All holes that the stream itself admits.
fn gaps(records: &[(usize, Record)]) -> Vec<Gap> {
    records.iter().filter_map(|(_, record)| record.body().ok()?.gap).collect()
}
