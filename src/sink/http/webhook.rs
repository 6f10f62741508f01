//! How does a webhook prove that an event is ours? By the headers of Standard Webhooks.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderName;

use super::call::Outgoing;
use crate::sink::letter::Letter;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
/// Has a word for each secret.
pub(super) const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What signs a request: its body is signed as it is sent, because a receiver knows no other one before it believes it.
pub(super) struct Seal {
    keys: Vec<hmac::Key>,
    id: String,
    timestamp: i64,
}

/// Without a signature. The id is the same at each try, the time is that of this one.
pub(super) fn plain(letter: &Letter<'_>, now: DateTime<Utc>) -> Outgoing {
    let headers = vec![(ID, letter.told.record.id.clone()), (TIMESTAMP, now.timestamp().to_string())];
    Outgoing { headers, ..Outgoing::new(letter.content_type, letter.text.clone().into_bytes()) }
}

/// With one signature for each secret: while a secret is rotated both stand in the file.
///
/// # Errors
/// One of the words is no secret.
pub(super) fn signed(letter: &Letter<'_>, now: DateTime<Utc>, secrets: &str) -> Result<Outgoing, String> {
    let seal = Seal { keys: keys(secrets)?, id: letter.told.record.id.clone(), timestamp: now.timestamp() };
    Ok(Outgoing { seal: Some(seal), ..plain(letter, now) })
}

fn keys(secrets: &str) -> Result<Vec<hmac::Key>, String> {
    let odd = || "the secretFile holds something else than secrets like whsec_ and base64".to_owned();
    let key = |secret: &str| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").ok_or_else(odd)?).map_err(|_| odd())?;
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &key))
    };
    secrets.split_whitespace().map(key).collect()
}

impl Seal {
    /// The header's value for these bytes.
    pub(super) fn of(&self, body: &[u8]) -> String {
        let signed = [format!("{}.{}.", self.id, self.timestamp).as_bytes(), body].concat();
        let words = self.keys.iter().map(|key| format!("v1,{}", STANDARD.encode(hmac::sign(key, &signed))));
        words.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        let keys = keys("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        let seal = Seal { keys, id: "084f21c5-ef82-57c5-9767-1c1d96efc888".to_owned(), timestamp: 1_795_420_800 };
        assert_eq!(seal.of(br#"{"type":"rollout.aborted"}"#), "v1,GaRWfw/yOKpa2bjotBd4qZZ5QXvAJ/tINtV5fsV2B5M=");
        assert!(super::keys("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").is_err());
    }
}
