//! What keeps an event on one line, and a text inside its field?

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text without control characters, which some receivers take for the end of a line, others for the end of the text.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(text.replace(char::is_control, " ")) } else { Cow::Borrowed(text) }
}

/// The longest beginning of at most `limit` bytes, between characters.
pub(super) fn beginning(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// The text as one segment of a URI's path (RFC 3986): everything but unreserved characters is written as percent and two digits.
pub(super) fn segment(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => write!(out, "%{other:02X}").expect("writing to a string cannot fail"),
        }
        out
    })
}
