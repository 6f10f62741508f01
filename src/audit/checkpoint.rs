//! How far was each stream at a time? A signed list of heads, which shows later what was cut off.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use chrono::{DateTime, SecondsFormat, Utc};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::record::canonical;

/// The version of the format.
const VERSION: u32 = 1;

/// What tells a checkpoint from an event.
const TYPE: &str = "audit.checkpoint";

/// What a public key begins with, as text.
const ALGORITHM: &str = "ed25519:";

/// The heads of streams, as they were at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    v: u32,
    #[serde(rename = "type")]
    kind: String,
    /// When they were read.
    pub time: String,
    /// One for each stream.
    pub heads: Vec<Head>,
}

/// The newest event of one stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The Rollout's uid.
    pub stream: String,
    /// The Rollout, or the object that keeps a controller's own events, as people write it.
    pub rollout: String,
    /// The event's number.
    pub seq: u64,
    /// The event's hash.
    pub head: String,
}

/// What signs checkpoints.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

/// What proves them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

/// A checkpoint that proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The line is none.
    #[error("it is no checkpoint; pass a line that `serin audit checkpoint` printed")]
    Unreadable,
    /// The signature is not of this text by this key.
    #[error("its signature is not by that key, or it was changed afterwards")]
    Forged,
}

/// A key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no Ed25519 key in PKCS#8 PEM; make one: openssl genpkey -algorithm ed25519")]
pub struct UnusableKey;

impl Checkpoint {
    /// The heads at this time.
    pub fn new(heads: Vec<Head>, now: DateTime<Utc>) -> Self {
        Self { v: VERSION, kind: TYPE.to_owned(), time: now.to_rfc3339_opts(SecondsFormat::Millis, true), heads }
    }

    /// One line of RFC 8785 JSON; the signature is of the same line without the member `signature`.
    pub fn sign(&self, key: &SigningKey) -> String {
        let Self { v, kind, time, heads } = self;
        let mut line = json!({ "v": v, "type": kind, "time": time, "heads": heads, "key": key.public().to_string() });
        line["signature"] = Value::String(hex(key.0.sign(canonical(&line).as_bytes()).as_ref()));
        canonical(&line)
    }

    /// Reads a signed line back.
    ///
    /// # Errors
    /// It is no checkpoint, or that key did not sign it.
    pub fn read(line: &str, key: &PublicKey) -> Result<Self, Doubt> {
        let mut members: Map<String, Value> = serde_json::from_str(line).map_err(|_| Doubt::Unreadable)?;
        let signature = members.remove("signature").and_then(|signature| bytes(signature.as_str()?)).ok_or(Doubt::Unreadable)?;
        let text = canonical(&members);
        UnparsedPublicKey::new(&ED25519, &key.0).verify(text.as_bytes(), &signature).map_err(|_| Doubt::Forged)?;
        let read: Self = serde_json::from_str(&text).map_err(|_| Doubt::Unreadable)?;
        if read.kind == TYPE && read.v == VERSION { Ok(read) } else { Err(Doubt::Unreadable) }
    }
}

impl SigningKey {
    /// Reads a key as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// It is another key, or none.
    pub fn read(pem: &[u8]) -> Result<Self, UnusableKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| UnusableKey)?;
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map(Self).map_err(|_| UnusableKey)
    }

    /// What proves its signatures; no secret.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public_key().as_ref().to_vec())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}{}", hex(&self.0))
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = text.strip_prefix(ALGORITHM).and_then(bytes).filter(|bytes| bytes.len() == 32);
        key.map(Self).ok_or_else(|| format!("a public key is `{ALGORITHM}` and 64 hex digits, as `serin audit key` prints it"))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}
