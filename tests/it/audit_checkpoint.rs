//! A signed list of heads is trusted only as it was signed, by the key that signed it.

use chrono::DateTime;
use serin::audit::{Checkpoint, Doubt, Head, PublicKey, SigningKey, UnusableKey};

use crate::audit_given::{UID, created, noon, records, started, told};

/// Made by `openssl genpkey -algorithm ed25519` for these tests; it signs nothing else.
pub(crate) const KEY: &str =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEICSzAZK38W0qvuc8bHbo5kbpS/V061I126oPkcT49T3p\n-----END PRIVATE KEY-----\n";

const OTHER: &str =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDPoPmPq2c1msIBZj62iHvBWnYUjH8YT5X+wFmN6Apem\n-----END PRIVATE KEY-----\n";

fn key(pem: &str) -> SigningKey {
    SigningKey::read(pem.as_bytes()).expect("a key")
}

/// The heads of one stream after two events.
pub(crate) fn checkpoint() -> Checkpoint {
    let last = records(&told([&created(), &started()])).remove(1);
    let head = Head { stream: UID.to_owned(), rollout: "shop/checkout".to_owned(), seq: last.seq, head: last.hash };
    Checkpoint::new(vec![head], noon())
}

#[test]
fn a_signed_checkpoint_looks_like_this_and_comes_back() {
    let line = checkpoint().sign(&key(KEY));
    insta::assert_snapshot!(line, @r#"{"heads":[{"head":"sha256:d926b6542fad8b72b262e56c6780f7524e61c9d05500f21a790373950eacbbc9","rollout":"shop/checkout","seq":2,"stream":"7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11"}],"key":"ed25519:57b7a2a60a424a32194d53532d2794aa7a8b4d7abc93fc939f5ab2446edac044","signature":"ce44f234a00c5a41a7ee582deb17544b403308d5dd957a0d95e13a7e7ec14d59bc7be1c02e6ddd6a633c8ce753d20c0bc014fbc0a257b29c21d43dffe1ae6d08","time":"2026-11-23T12:00:00.123Z","type":"audit.checkpoint","v":1}"#);
    assert_eq!(Checkpoint::read(&line, &key(KEY).public()), Ok(checkpoint()));
}

#[test]
fn whatever_is_changed_breaks_the_signature() {
    let line = checkpoint().sign(&key(KEY));
    let public = key(KEY).public();
    for (from, to) in [("\"seq\":2", "\"seq\":1"), ("shop/checkout", "shop/cart"), ("12:00", "12:01"), ("\"v\":1", "\"v\":1,\"w\":1")] {
        let changed = line.replacen(from, to, 1);
        assert_ne!(changed, line);
        assert_eq!(Checkpoint::read(&changed, &public), Err(Doubt::Forged), "{changed}");
    }
    assert_eq!(Checkpoint::read(&line, &key(OTHER).public()), Err(Doubt::Forged));
}

#[test]
fn what_is_no_checkpoint_is_none_whatever_it_is_signed_with() {
    let public = key(KEY).public();
    for text in ["", "{}", "[]", "{\"signature\":\"0x\"}", "{\"signature\":7}", "{\"signature\":\"abc\"}"] {
        assert_eq!(Checkpoint::read(text, &public), Err(Doubt::Unreadable), "{text}");
    }
}

#[test]
fn a_key_is_read_from_pem_and_nothing_else() {
    for text in ["", "no pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        assert_eq!(SigningKey::read(text.as_bytes()).err(), Some(UnusableKey), "{text}");
    }
    let text = key(KEY).public().to_string();
    assert_eq!(text.parse::<PublicKey>(), Ok(key(KEY).public()));
    for odd in ["", "ed25519:", "ed25519:12", &text[8..], &text.replace("ed25519", "rsa"), &text.replace(':', ":é")] {
        assert!(odd.parse::<PublicKey>().is_err(), "{odd}");
    }
    assert!(!format!("{:?}", key(KEY)).contains("24b30192b7f16d2a"), "a signing key is not printed");
    assert_eq!(checkpoint().time.parse::<DateTime<chrono::Utc>>(), Ok(noon()));
}
