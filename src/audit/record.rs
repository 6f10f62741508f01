//! One sealed event: its exact bytes, and what can be known of it without reading the rest.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::{Uuid, uuid};

use super::body::Body;

/// The namespace of event ids: the `UUIDv5` of the DNS name `serin.dev`.
pub const NAMESPACE: Uuid = uuid!("ee7e4686-682c-58a7-abee-abd39c9320c6");

/// What the first event of a stream names as its predecessor.
pub const NO_PREV: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// What `"id":"<36>",` takes.
pub(super) const ID_BYTES: usize = 44;

/// One event as it is kept, delivered and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The Rollout's uid, or the name of a controller's own.
    pub stream: String,
    /// Its place in the stream, from 1 on.
    pub seq: u64,
    /// The same however often it is delivered; another body has another id.
    pub id: String,
    /// The hash of its predecessor, or [`NO_PREV`].
    pub prev: String,
    /// `sha256:` and the hex digest of `text`.
    pub hash: String,
    /// The exact bytes: one line of RFC 8785 JSON.
    pub text: String,
}

/// The members that make a record; everything else is the renderers' business.
#[derive(Deserialize)]
struct Link {
    stream: String,
    seq: u64,
    id: String,
    prev: String,
}

impl Record {
    /// Gives a body its id and its final bytes.
    pub(super) fn seal(body: &Body) -> Self {
        let text = canonical(body);
        let id = id(&body.stream, body.seq, &text);
        let quoted = RawValue::from_string(format!("\"{id}\"")).expect("a UUID between quotes is JSON");
        let mut members = members(&text).expect("what was just written is a JSON object");
        members.insert("id", &quoted);
        let text = joined(&members);
        Self { stream: body.stream.clone(), seq: body.seq, id, prev: body.prev.clone(), hash: digest(&text), text }
    }

    /// Reads sealed bytes back; `None` where they are no event.
    pub fn read(text: &str) -> Option<Self> {
        let Link { stream, seq, id, prev } = serde_json::from_str(text).ok()?;
        Some(Self { stream, seq, id, prev, hash: digest(text), text: text.to_owned() })
    }

    /// What the event says, for those who tell it in another format.
    ///
    /// # Errors
    /// A later version of Serin wrote it, in a format that this one does not know.
    pub fn body(&self) -> Result<Body, serde_json::Error> {
        serde_json::from_str(&self.text)
    }

    /// Whether the bytes are canonical and the id is theirs: false after any edit.
    pub(super) fn is_genuine(&self) -> bool {
        let untouched = serde_json::from_str::<Value>(&self.text).is_ok_and(|event| canonical(&event) == self.text);
        let Ok(mut members) = members(&self.text) else { return false };
        members.remove("id");
        untouched && id(&self.stream, self.seq, &joined(&members)) == self.id
    }
}

/// The members of a canonical object, each as it stands there: no name of ours needs an escape.
fn members(text: &str) -> Result<BTreeMap<&str, &RawValue>, serde_json::Error> {
    serde_json::from_str(text)
}

/// The canonical object of these members: names of ASCII letters have the same order here and there.
fn joined(members: &BTreeMap<&str, &RawValue>) -> String {
    serde_json::to_string(members).expect("JSON can be written again")
}

/// `sha256:` and the hex digest of these bytes.
pub fn digest(text: &str) -> String {
    let mut out = String::with_capacity(NO_PREV.len());
    out.push_str("sha256:");
    push_hex(&mut out, text);
    out
}

fn id(stream: &str, seq: u64, body: &str) -> String {
    let mut name = format!("{stream}/{seq}/");
    push_hex(&mut name, body);
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}

fn push_hex(out: &mut String, text: &str) {
    write!(out, "{:x}", Sha256::digest(text)).expect("writing to a string cannot fail");
}

/// Plain data as RFC 8785 writes it: on one line, with sorted members, so that the same data is always the same text.
pub(super) fn canonical(data: &impl Serialize) -> String {
    serde_json_canonicalizer::to_string(data).expect("plain data can always be written as JSON")
}
