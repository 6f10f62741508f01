//! How is a condition kept, of which every Rollout has nine?

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition as Written, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use super::conditions::{KINDS, REASONS};
use crate::rollout::Why;

/// A condition as Kubernetes has them. The words that every Rollout has are not kept once for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// When it came to stand as it stands.
    pub last_transition_time: Time,
    /// One sentence for people; may be empty.
    pub message: Box<str>,
    /// The generation of the spec that it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// One word for machines.
    pub reason: Word,
    /// True, False or Unknown.
    pub status: Word,
    /// What it is about, such as Ready.
    #[serde(rename = "type")]
    pub type_: Word,
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        Written::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

/// One word of a condition: a constant of the program where it is one that conditions of Rollouts have.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Word(Cow<'static, str>);

/// Where conditions stand.
const STATUSES: [&str; 3] = ["True", "False", "Unknown"];

impl Word {
    fn read(text: &str) -> Self {
        let known = KINDS.into_iter().chain(STATUSES).chain(REASONS).chain(Why::REASONS).find(|known| *known == text);
        Self(known.map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed))
    }
}

impl From<&'static str> for Word {
    fn from(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;
        impl Visitor<'_> for Reads {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Word, E> {
                Ok(Word::read(text))
            }
        }
        deserializer.deserialize_str(Reads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(kind: &str, status: &str, reason: &str) -> Condition {
        let written = serde_json::json!({
            "type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1,
        });
        serde_json::from_value(written).expect("a condition")
    }

    fn constant(word: &Word) -> bool {
        matches!(word, Word(Cow::Borrowed(_)))
    }

    #[test]
    fn the_words_of_a_rollout_at_rest_are_kept_once_for_all_of_them() {
        for (kind, status, reason) in [
            ("Ready", "True", "Settled"),
            ("Promoted", "True", "Promoted"),
            ("Aborted", "False", "Promoted"),
            ("StepsAttainable", "True", "Attainable"),
            ("TrafficByShare", "True", "EachRequest"),
            ("WritesAccepted", "True", "Accepted"),
            ("ProvidersAnswer", "Unknown", "NotAsked"),
        ] {
            let Condition { type_, status, reason, .. } = condition(kind, status, reason);
            assert!([&type_, &status, &reason].into_iter().all(constant), "{type_} is {status}: {reason}");
        }
    }

    #[test]
    fn a_word_that_nobody_knows_stays_as_it_is() {
        let condition = condition("example.com/Checked", "True", "ByHand");
        assert!(!constant(&condition.type_));
        assert_eq!((&*condition.type_, &*condition.reason), ("example.com/Checked", "ByHand"));
    }
}
