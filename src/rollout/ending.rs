//! How does an attempt end, and why?

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Author, Failure, Revision};

/// The ways in which a revision's try can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptResult {
    /// The first revision became available.
    Installed,
    /// The canary became stable.
    Promoted,
    /// The canary was given up.
    Aborted,
    /// The template changed before the end.
    Superseded,
    /// It was stable, and somebody went back to an earlier revision.
    Undone,
    /// It was found as stable where the status was lost.
    Recovered,
}

/// Why an attempt or an installation ended as it did, in one word: that of the event that told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndReason {
    /// The first revision became available.
    Available,
    /// The canary earned everything.
    Passed,
    /// Somebody promoted it without a Pass.
    Forced,
    /// A check failed.
    CheckFailed,
    /// Pods did not become available in time.
    Unavailable,
    /// The step's deadline passed without a Pass.
    StepDeadline,
    /// Nobody approved in time.
    ApprovalTimeout,
    /// Somebody gave the attempt up.
    AbortedByAction,
    /// The template changed.
    Superseded,
    /// The Rollout was deleted.
    Deleted,
    /// Somebody went back to an earlier revision.
    Undone,
    /// The status was lost, and the revision was found serving.
    StatusLost,
    /// It ended before Serin kept the reason, or under a later version that has more words.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Why an attempt ended before its promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// A check failed.
    Failed(Failure),
    /// Pods did not become available in time; the text says which.
    Unavailable(String),
    /// The step's deadline passed without a Pass; the text says what was missing.
    Undecided(String),
    /// The template changed to another revision, or back to stable.
    Superseded(Revision),
    /// The Rollout was deleted.
    Deleted,
    /// Nobody approved in time; the text says what was waited for.
    Unapproved(String),
    /// Somebody gave the attempt up.
    Aborted(Author),
    /// Somebody went back to an earlier revision.
    Undone(Author),
}

impl AttemptResult {
    /// All results.
    pub const ALL: [Self; 6] = [Self::Installed, Self::Promoted, Self::Aborted, Self::Superseded, Self::Undone, Self::Recovered];

    /// The word that stands on the revision's record.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Promoted => "promoted",
            Self::Aborted => "aborted",
            Self::Superseded => "superseded",
            Self::Undone => "undone",
            Self::Recovered => "recovered",
        }
    }
}

impl EndReason {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Available => "Available",
            Self::Passed => "Passed",
            Self::Forced => "Forced",
            Self::CheckFailed => "CheckFailed",
            Self::Unavailable => "Unavailable",
            Self::StepDeadline => "StepDeadline",
            Self::ApprovalTimeout => "ApprovalTimeout",
            Self::AbortedByAction => "AbortedByAction",
            Self::Superseded => "Superseded",
            Self::Deleted => "Deleted",
            Self::Undone => "Undone",
            Self::StatusLost => "StatusLost",
            Self::Unknown => "Unknown",
        }
    }
}

impl Cause {
    /// One word for machines.
    pub const fn reason(&self) -> &'static str {
        self.end().word()
    }

    /// The same for what is remembered.
    pub const fn end(&self) -> EndReason {
        match self {
            Self::Failed(_) => EndReason::CheckFailed,
            Self::Unavailable(_) => EndReason::Unavailable,
            Self::Undecided(_) => EndReason::StepDeadline,
            Self::Superseded(_) => EndReason::Superseded,
            Self::Deleted => EndReason::Deleted,
            Self::Unapproved(_) => EndReason::ApprovalTimeout,
            Self::Aborted(_) => EndReason::AbortedByAction,
            Self::Undone(_) => EndReason::Undone,
        }
    }

    /// How an attempt that ends for this cause is remembered.
    pub const fn result(&self) -> AttemptResult {
        match self {
            Self::Failed(_) | Self::Unavailable(_) | Self::Undecided(_) | Self::Unapproved(_) | Self::Aborted(_) => AttemptResult::Aborted,
            Self::Superseded(_) | Self::Deleted => AttemptResult::Superseded,
            Self::Undone(_) => AttemptResult::Undone,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => f.write_str(&failure.message),
            Self::Unavailable(text) | Self::Undecided(text) | Self::Unapproved(text) => f.write_str(text),
            Self::Aborted(author) => write!(f, "aborted by {author}"),
            Self::Undone(author) => write!(f, "undone by {author}"),
            Self::Superseded(by) => write!(f, "the template changed to revision {by}"),
            Self::Deleted => f.write_str("the Rollout was deleted"),
        }
    }
}
