//! How long has a step's share been held?

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Measures a hold: it runs only while the step's share is reached and available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Clock {
    /// The share is not reached; the clock stands.
    Waiting {
        /// Since when.
        since: DateTime<Utc>,
        /// Time held before.
        #[serde(rename = "heldMillis", with = "millis")]
        held: TimeDelta,
    },
    /// The share is reached; the clock runs.
    Running {
        /// Since when.
        since: DateTime<Utc>,
        /// Time held before.
        #[serde(rename = "heldMillis", with = "millis")]
        held: TimeDelta,
    },
}

impl Clock {
    /// A clock that has not run yet.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self::Waiting { since: now, held: TimeDelta::zero() }
    }

    /// How long the share has been held by `now`; a clock that jumps back holds nothing.
    pub fn held(self, now: DateTime<Utc>) -> TimeDelta {
        match self {
            Self::Waiting { held, .. } => held,
            // Whole milliseconds, as it is stored: what is read back is what was decided.
            Self::Running { since, held } => held + TimeDelta::milliseconds((now - since).num_milliseconds().max(0)),
        }
    }
}

/// Durations in status are whole milliseconds.
pub(super) mod millis {
    use chrono::TimeDelta;
    use serde::{Deserialize, Deserializer, Serializer};

    /// A hundred years: nothing is held for longer, and times stay far from the end of the calendar.
    const LONGEST: i64 = 100 * 365 * 24 * 60 * 60 * 1000;

    pub(crate) fn serialize<S: Serializer>(value: &TimeDelta, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_i64(value.num_milliseconds())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<TimeDelta, D::Error> {
        let millis = i64::deserialize(d)?;
        let known = (0..=LONGEST).contains(&millis);
        known.then(|| TimeDelta::milliseconds(millis)).ok_or_else(|| serde::de::Error::custom("a duration out of range"))
    }
}
