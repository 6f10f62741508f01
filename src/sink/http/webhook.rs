//! How does a webhook prove that an event is ours? By the headers of Standard Webhooks.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use reqwest::header::HeaderName;

use super::Outgoing;
use crate::sink::letter::Letter;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Without a signature. The id is the same at each try, the time is that of this one.
pub(super) fn plain(letter: &Letter<'_>, now: DateTime<Utc>) -> Outgoing {
    let content_type = letter.content_type;
    let headers = vec![(ID, letter.told.record.id.clone()), (TIMESTAMP, now.timestamp().to_string())];
    Outgoing { content_type, headers, body: letter.text.clone().into_bytes() }
}

/// With one signature for each secret: while a secret is rotated both stand in the file.
///
/// # Errors
/// One of the words is no secret.
pub(super) fn signed(letter: &Letter<'_>, now: DateTime<Utc>, secrets: &str) -> Result<Outgoing, String> {
    let signatures: Result<Vec<String>, String> =
        secrets.split_whitespace().map(|secret| signature(secret, &letter.told.record.id, now.timestamp(), &letter.text)).collect();
    let mut outgoing = plain(letter, now);
    outgoing.headers.push((SIGNATURE, signatures?.join(" ")));
    Ok(outgoing)
}

fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Result<String, String> {
    let odd = || "the secretFile holds something else than secrets like whsec_ and base64".to_owned();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").ok_or_else(odd)?).map_err(|_| odd())?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let tag = hmac::sign(&key, format!("{id}.{timestamp}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let id = "084f21c5-ef82-57c5-9767-1c1d96efc888";
        let signed = signature(secret, id, 1_795_420_800, r#"{"type":"rollout.aborted"}"#);
        assert_eq!(signed.as_deref(), Ok("v1,GaRWfw/yOKpa2bjotBd4qZZ5QXvAJ/tINtV5fsV2B5M="));
        assert!(signature("C2FVsBQIhrscChlQIMV+b5sSYspob7oD", id, 0, "").is_err());
    }
}
