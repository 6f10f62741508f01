//! What does the controller tell of itself? Events that are no edge of a rollout.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outbox::SinkName;
use crate::rollout::{Outcome, Severity};

/// What happened to the controller, or to those whom it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnKind {
    /// A process began to work.
    Started,
    /// It leads from here on.
    Elected,
    /// It was given another configuration file than the leader before it.
    ConfigChanged,
    /// The API server does not let it do what it has to.
    PermissionLost,
    /// A sink failed several times in a row.
    SinkFailing,
    /// It works again.
    SinkRecovered,
    /// It has not worked for a quarter of an hour.
    Backlog,
    /// It refused events for good: it will never have them.
    Refused,
}

/// Which process tells it.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its name in the Lease.
    pub name: String,
    /// The version of Serin that it runs.
    pub version: String,
    /// Its epoch.
    pub epoch: u32,
}

/// One event of the controller's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// What happened.
    pub kind: OwnKind,
    /// One word for machines.
    pub reason: &'static str,
    /// One sentence for people.
    pub message: String,
    /// The sink that it is about.
    pub sink: Option<SinkName>,
    /// How often it happened, where several times are told at once.
    pub count: Option<u64>,
}

impl OwnKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Started,
        Self::Elected,
        Self::ConfigChanged,
        Self::PermissionLost,
        Self::SinkFailing,
        Self::SinkRecovered,
        Self::Backlog,
        Self::Refused,
    ];

    /// The event's type, as sinks and alerts know it. Never renamed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "controller.started",
            Self::Elected => "leader.elected",
            Self::ConfigChanged => "config.changed",
            Self::PermissionLost => "permission.lost",
            Self::SinkFailing => "sink.failing",
            Self::SinkRecovered => "sink.recovered",
            Self::Backlog => "audit.backlog",
            Self::Refused => "event.refused",
        }
    }

    /// How much attention it deserves.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Started | Self::Elected | Self::SinkRecovered => Severity::Info,
            Self::SinkFailing => Severity::Warning,
            Self::ConfigChanged | Self::PermissionLost | Self::Backlog | Self::Refused => Severity::High,
        }
    }

    /// Whether what was wanted came about.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Started | Self::Elected | Self::ConfigChanged | Self::SinkRecovered => Outcome::Success,
            Self::PermissionLost | Self::SinkFailing | Self::Backlog | Self::Refused => Outcome::Failure,
        }
    }
}
