//! What do people and CI ask of a rollout, and what became of it?

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Revision;

/// One command for one rollout, done at most once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The object's uid: what tells it from every other.
    pub uid: String,
    /// The object's name.
    pub name: String,
    /// What is asked for.
    pub verb: Verb,
    /// The revision that it is meant for. One that raises exposure has to name it.
    pub revision: Option<Revision>,
    /// The attempt that it is meant for.
    pub attempt: Option<u32>,
    /// Where an [`Verb::Undo`] goes back to; the last stable revision where it names none.
    pub to: Option<Revision>,
    /// Who asks, and why.
    pub author: Author,
    /// When it was created.
    pub at: DateTime<Utc>,
    /// Since when the object itself says what became of it.
    pub answered: Option<DateTime<Utc>>,
}

/// Who asked for something, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The user that the API server verified; unknown where nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For whom they asked, as they claim; nothing verifies it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The reason that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Open the gate of a step. It never replaces a Pass.
    Approve,
    /// Promote the canary without a Pass.
    Promote,
    /// Give the attempt up.
    Abort,
    /// Keep the exposure.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Try a rejected revision again.
    Retry,
    /// End the current step without waiting for its hold or a Pass.
    Skip,
    /// Replace stable's pods by new ones.
    Restart,
    /// Go back to an earlier revision.
    Undo,
}

/// How an action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done.
    Done,
    /// It cannot be done in this state.
    Refused,
    /// What it was meant for is over.
    Superseded,
}

/// An action whose end is decided. Committed with the event of that end, until the action's own status says it, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handled {
    /// The action's uid.
    pub uid: String,
    /// The action's name.
    pub name: String,
    /// How it ended.
    pub answer: Answer,
    /// What came of it, as one sentence.
    pub message: String,
    /// The phase in which the rollout was.
    pub phase: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl Verb {
    /// All verbs.
    pub const ALL: [Self; 9] =
        [Self::Approve, Self::Promote, Self::Abort, Self::Pause, Self::Resume, Self::Retry, Self::Skip, Self::Restart, Self::Undo];

    /// The verb as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Promote => "Promote",
            Self::Abort => "Abort",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
            Self::Retry => "Retry",
            Self::Skip => "Skip",
            Self::Restart => "Restart",
            Self::Undo => "Undo",
        }
    }

    /// Whether it may raise exposure: then it has to name the revision that it is meant for.
    pub const fn raises(self) -> bool {
        match self {
            Self::Approve | Self::Promote | Self::Resume | Self::Retry | Self::Skip => true,
            Self::Abort | Self::Pause | Self::Restart | Self::Undo => false,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or("somebody unknown"))?;
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}
