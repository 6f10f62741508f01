//! What does a sealed event say, in our own closed words?

use chrono::{DateTime, Utc};

use super::super::body::Body;
use super::super::kind::{Kind, outcome_named, severity_named};
use super::super::parts::{Actor, Step, Subject};
use super::super::record::Record;
use super::words;
use crate::rollout::{Outcome, Severity};

/// What an event is about that is about no Rollout.
const CONTROLLER: &str = "controller";

/// An event as it was told, read back.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// Its exact bytes, number and hashes.
    pub record: &'a Record,
    /// What it says.
    pub body: Body,
    /// Its type.
    pub kind: Kind,
    /// How much attention it deserves.
    pub severity: Severity,
    /// How what it tells ended.
    pub outcome: Outcome,
    /// When it was decided.
    pub at: DateTime<Utc>,
}

/// A later version of Serin told the event.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The members are others.
    #[error("the event has another form than this version of Serin knows: {0}; run the version that told it, or a newer one")]
    Form(#[from] serde_json::Error),
    /// A word is none of ours.
    #[error("the event's {member} is {word:?}, which this version of Serin does not know; run the version that told it, or a newer one")]
    Word {
        /// Which member.
        member: &'static str,
        /// What it says.
        word: String,
    },
}

impl<'a> Told<'a> {
    /// Reads an event back.
    ///
    /// # Errors
    /// A later version of Serin told it, with words that this one does not know.
    pub fn of(record: &'a Record) -> Result<Self, Unreadable> {
        let body = record.body()?;
        let unknown = |member, word: &str| Unreadable::Word { member, word: word.to_owned() };
        let kind = Kind::named(&body.kind).ok_or_else(|| unknown("type", &body.kind))?;
        let severity = severity_named(&body.severity).ok_or_else(|| unknown("severity", &body.severity))?;
        let outcome = outcome_named(&body.outcome).ok_or_else(|| unknown("outcome", &body.outcome))?;
        let at = body.time.parse().map_err(|_| unknown("time", &body.time))?;
        Ok(Self { record, body, kind, severity, outcome, at })
    }

    /// A few words for people; the same for all events of a type.
    pub(crate) const fn title(&self) -> &'static str {
        words::title(self.kind)
    }

    /// Who caused it, where that was verified.
    pub(super) fn actor(&self) -> Option<&str> {
        match &self.body.actor {
            Actor::Controller { name } | Actor::User { name } => Some(name),
            Actor::Unknown => None,
        }
    }

    /// The hash as bare hex digits.
    pub(super) fn digest(&self) -> &str {
        self.record.hash.trim_start_matches("sha256:")
    }

    /// The rollout, as people write it; nothing where the event is about the controller.
    pub(crate) fn rollout(&self) -> Option<String> {
        self.body.rollout.as_ref().map(Subject::place)
    }

    /// What it is about, as people write it.
    pub(crate) fn subject(&self) -> String {
        self.rollout().unwrap_or_else(|| CONTROLLER.to_owned())
    }

    /// The step of the attempt, as people write it.
    pub(crate) fn step(&self) -> Option<String> {
        self.body.step.map(|Step { number, of, weight }| format!("{number} of {of}, {weight} %"))
    }

    /// What joins the events of one attempt, and those of one revision outside of an attempt.
    pub(super) fn thread(&self) -> String {
        let Body { stream, revision, attempt, .. } = &self.body;
        let parts = [Some(stream.clone()), revision.clone(), attempt.map(|attempt| attempt.to_string())];
        parts.into_iter().flatten().collect::<Vec<_>>().join("/")
    }
}
