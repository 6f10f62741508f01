//! How rollouts, revisions and weights are named.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// Which rollout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The namespace.
    pub namespace: String,
    /// The Rollout's name.
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// How often the lease went to another controller until somebody wrote: of two writers the one with the higher epoch is the newer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u32);

impl Epoch {
    /// That of the first one who ever held the lease. What carries none is older.
    pub const FIRST: Self = Self(1);

    /// The highest that fits into a Lease. It changes hands every few seconds at most, so nobody gets there honestly.
    const LAST: u32 = i32::MAX.cast_unsigned();

    /// An epoch that was read; what cannot be one counts as none.
    pub fn new(number: i64) -> Self {
        Self(u32::try_from(number).ok().filter(|number| *number <= Self::LAST).unwrap_or(0))
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self((self.0 + 1).min(Self::LAST))
    }

    /// Whether there was none.
    pub fn is_none(&self) -> bool {
        self.0 == 0
    }

    /// As it stands in a Lease.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the name of a baseline begins with: no hexadecimal digit, so that no revision is called like one.
const BASELINE: char = 'y';

/// One pod template, named by the first 10 hex digits of the hash of what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(String);

impl Revision {
    /// Wraps a name that was computed from a template or read from a label.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name of the young pods of this revision that a canary is compared with: they have a Deployment of their own.
    #[must_use]
    pub fn baseline(&self) -> Self {
        let mut name = String::with_capacity(self.0.len() + 1);
        name.push(BASELINE);
        name.push_str(&self.0);
        Self(name)
    }

    /// Whether it is the name of such pods.
    pub fn is_baseline(&self) -> bool {
        self.0.starts_with(BASELINE)
    }

    /// Whether it is the name of that revision's young pods.
    pub fn is_baseline_of(&self, revision: &Self) -> bool {
        self.0.strip_prefix(BASELINE) == Some(revision.as_str())
    }

    /// The revision whose template pods of this name are made of.
    pub fn template(&self) -> Cow<'_, Self> {
        self.0.strip_prefix(BASELINE).map_or(Cow::Borrowed(self), |name| Cow::Owned(Self(name.to_owned())))
    }

    /// The name, as it stands in labels and object names.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An exposure in percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Weight(u8);

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(d)?).ok_or_else(|| serde::de::Error::custom("a weight is at most 100"))
    }
}

impl Weight {
    /// All traffic: what a promoted revision gets.
    pub const FULL: Self = Self(100);

    /// A weight of `percent`, or `None` above 100.
    pub fn new(percent: u32) -> Option<Self> {
        u8::try_from(percent).ok().filter(|p| *p <= 100).map(Self)
    }

    /// The weight in percent, 0 to 100.
    pub fn percent(self) -> u32 {
        u32::from(self.0)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}
