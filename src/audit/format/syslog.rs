//! An event as a syslog message (RFC 5424): a header, structured data that receivers can index, and a body in any format.

use std::fmt::Write as _;

use super::super::record::Record;
use super::line::{beginning, plain};
use super::told::{Told, Unreadable};
use super::{Format, PRODUCT, Reporter, Scale};

/// Log audit, among the facilities.
const FACILITY: u8 = 13;

/// The name of our structured data. 32473 is the number that IANA keeps for examples: Serin has none of its own.
const DATA_ID: &str = "serin@32473";

/// The most bytes of a host's name, and of a message's type.
const HOST_BYTES: usize = 255;
const TYPE_BYTES: usize = 32;

/// The whole message, without a frame: whoever sends it counts its bytes, or ends it with a newline. `None` where the body's format has no
/// word for the event.
///
/// # Errors
/// A later version of Serin told the event.
pub fn message(record: &Record, reporter: &Reporter, body: Format) -> Result<Option<String>, Unreadable> {
    Ok(write(&Told::of(record)?, reporter, body))
}

/// The same of an event that was read back already.
pub(crate) fn write(told: &Told<'_>, reporter: &Reporter, body: Format) -> Option<String> {
    let text = body.write(told, reporter)?;
    let priority = FACILITY * 8 + Scale::of(told.severity).syslog;
    let (time, host, kind) = (&told.body.time, name(&reporter.instance, HOST_BYTES), name(&told.body.kind, TYPE_BYTES));
    Some(format!("<{priority}>1 {time} {host} {PRODUCT} - {kind} {} {text}", data(told)))
}

fn data(told: &Told<'_>) -> String {
    let body = &told.body;
    let known = [
        ("id", Some(told.record.id.clone())),
        ("stream", Some(body.stream.clone())),
        ("seq", Some(told.record.seq.to_string())),
        ("cluster", Some(body.cluster.name.clone())),
        ("rollout", told.rollout()),
        ("revision", body.revision.clone()),
        ("outcome", Some(body.outcome.clone())),
        ("reason", Some(body.reason.clone())),
        ("actor", told.actor().map(str::to_owned)),
    ];
    let mut data = format!("[{DATA_ID}");
    for (key, value) in known {
        if let Some(value) = value {
            let value = plain(&value).replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]");
            write!(data, " {key}=\"{value}\"").expect("writing to a string cannot fail");
        }
    }
    data.push(']');
    data
}

/// A field of the header: visible ASCII characters, and a dash where there are none.
fn name(text: &str, limit: usize) -> String {
    let visible: String = text.chars().filter(char::is_ascii_graphic).collect();
    if visible.is_empty() { "-".to_owned() } else { beginning(&visible, limit).to_owned() }
}
