//! Do two pod templates make the same pods? Compared as the API server completes them, but for what Serin writes itself.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::meta::{RESTART, REVISION};
use crate::rollout::Meaning;

/// The digest of a template's text. The API server writes the same template as the same text, so text is all that has to be looked at.
pub(super) fn meaning(template: &str) -> Meaning {
    let bare = without(without(template.to_owned(), REVISION), RESTART);
    let bare = ["\"annotations\":{},", ",\"annotations\":{}"].iter().fold(bare, |text, empty| text.replacen(empty, "", 1));
    let digest = Sha256::digest(bare);
    Meaning::new(hex(&digest[..BYTES]))
}

/// As many bytes as it takes for two templates never to look the same by chance.
const BYTES: usize = 16;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The text without a member whose value is plain text, and without the comma that it leaves.
fn without(text: String, key: &str) -> String {
    let member = format!("\"{key}\":\"");
    let Some(from) = text.find(&member) else { return text };
    let Some(len) = text[from + member.len()..].find('"') else { return text };
    let to = from + member.len() + len + 1;
    match (text[..from].strip_suffix(','), text[to..].strip_prefix(',')) {
        (_, Some(rest)) => format!("{}{rest}", &text[..from]),
        (Some(before), None) => format!("{before}{}", &text[to..]),
        (None, None) => format!("{}{}", &text[..from], &text[to..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_differ_only_in_what_serin_writes_mean_the_same() {
        let plain =
            r#"{"metadata":{"labels":{"app":"checkout","serin.dev/revision":"0123456789","serin.dev/rollout":"checkout"}},"spec":{}}"#;
        let other = r#"{"metadata":{"labels":{"app":"checkout","serin.dev/revision":"9876543210","serin.dev/rollout":"checkout"},"annotations":{"serin.dev/restart":"7"}},"spec":{}}"#;
        let first = r#"{"metadata":{"annotations":{"serin.dev/restart":"7"},"labels":{"app":"checkout","serin.dev/rollout":"checkout"}},"spec":{}}"#;
        assert_eq!(meaning(plain), meaning(other));
        assert_eq!(meaning(plain), meaning(first));
    }

    #[test]
    fn annotations_of_the_user_remain_a_difference() {
        let with = |annotations: &str| meaning(&format!(r#"{{"metadata":{{"annotations":{annotations},"labels":{{}}}},"spec":{{}}}}"#));
        assert_eq!(with(r#"{"a":"1"}"#), with(r#"{"a":"1","serin.dev/restart":"7"}"#));
        assert_ne!(with(r#"{"a":"1"}"#), with(r#"{"a":"2"}"#));
    }
}
