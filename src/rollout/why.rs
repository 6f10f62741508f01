//! The one reason why nothing moves now: condition, CLI and log all print it.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{PauseCause, Revision};

/// Why a rollout stands where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The spec's revision is stable and nothing is wanted.
    Settled,
    /// The spec's revision was aborted and is not tried again by itself.
    Rejected(Revision, String),
    /// Pods are on their way; the text says which.
    WaitingForPods(String),
    /// The step's hold is not over.
    Holding(DateTime<Utc>),
    /// A check needs more time or traffic.
    Inconclusive(String),
    /// A check's question cannot be answered.
    CheckError(String),
    /// The canary has more of the traffic than its step grants.
    ShareExceeded(String),
    /// The step passed and waits for an approval, until then if that is bounded.
    Approval(Option<DateTime<Utc>>),
    /// What was promoted is watched until then.
    Baking(DateTime<Utc>),
    /// Exposure is frozen.
    Paused(PauseCause, String),
    /// The spec cannot be read; the text says what to do.
    InvalidSpec(String),
    /// The checks of a template cannot be taken; the text says what to do.
    NoChecks(String),
    /// The API server refuses the template.
    InvalidTemplate(String),
    /// Whether the API server takes the template is not known.
    TemplateUnknown(String),
    /// The dry run of the template is under way.
    CheckingTemplate,
    /// The Deployment that is to be taken over cannot be.
    Workload(String),
    /// The Service cannot carry this rollout.
    Service(String),
    /// Whole pods cannot give the steps' shares, where that has to be so.
    StepsUnattainable(String),
    /// Events wait for their sinks; exposure does not grow meanwhile.
    AuditBacklog(usize),
    /// The first revision did not become available in time.
    InstallFailed(String),
    /// A Deployment that serves is gone and its template is not in the spec.
    Missing(Revision),
    /// The cluster refuses a write that the state needs.
    WriteRefused(String),
    /// Stable comes back.
    RollingBack(String),
    /// The Rollout is gone as soon as its last events are delivered.
    Deleting,
}

/// Whether waiting helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Everything is as the spec wants it.
    Ready,
    /// It goes on by itself.
    Working,
    /// Somebody has to do something.
    Stuck,
}

impl Why {
    /// All words that [`Self::reason`] says.
    pub const REASONS: [&str; 27] = [
        "Settled",
        "Rejected",
        "WaitingForPods",
        "Holding",
        "Inconclusive",
        "CheckError",
        "ShareExceeded",
        "PausedByDeadline",
        "PausedBySpec",
        "PausedByAction",
        "ApprovalTimeout",
        "WaitingForApproval",
        "Baking",
        "InvalidSpec",
        "ChecksUnknown",
        "InvalidTemplate",
        "TemplateUnknown",
        "CheckingTemplate",
        "Workload",
        "Service",
        "StepsUnattainable",
        "AuditBacklog",
        "InstallFailed",
        "Missing",
        "WriteRefused",
        "RollingBack",
        "Deleting",
    ];

    /// One word for machines: the reason of conditions and the label of metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Settled => "Settled",
            Self::Rejected(..) => "Rejected",
            Self::WaitingForPods(_) => "WaitingForPods",
            Self::Holding(_) => "Holding",
            Self::Inconclusive(_) => "Inconclusive",
            Self::CheckError(_) => "CheckError",
            Self::ShareExceeded(_) => "ShareExceeded",
            Self::Paused(PauseCause::Deadline, _) => "PausedByDeadline",
            Self::Paused(PauseCause::Spec, _) => "PausedBySpec",
            Self::Paused(PauseCause::Action, _) => "PausedByAction",
            Self::Paused(PauseCause::Approval, _) => "ApprovalTimeout",
            Self::Approval(_) => "WaitingForApproval",
            Self::Baking(_) => "Baking",
            Self::InvalidSpec(_) => "InvalidSpec",
            Self::NoChecks(_) => "ChecksUnknown",
            Self::InvalidTemplate(_) => "InvalidTemplate",
            Self::TemplateUnknown(_) => "TemplateUnknown",
            Self::CheckingTemplate => "CheckingTemplate",
            Self::Workload(_) => "Workload",
            Self::Service(_) => "Service",
            Self::StepsUnattainable(_) => "StepsUnattainable",
            Self::AuditBacklog(_) => "AuditBacklog",
            Self::InstallFailed(_) => "InstallFailed",
            Self::Missing(_) => "Missing",
            Self::WriteRefused(_) => "WriteRefused",
            Self::RollingBack(_) => "RollingBack",
            Self::Deleting => "Deleting",
        }
    }

    /// Whether waiting helps.
    pub const fn mood(&self) -> Mood {
        match self {
            Self::Settled => Mood::Ready,
            Self::Rejected(..)
            | Self::Paused(PauseCause::Deadline | PauseCause::Approval, _)
            | Self::InvalidSpec(_)
            | Self::NoChecks(_)
            | Self::InvalidTemplate(_)
            | Self::Workload(_)
            | Self::Service(_)
            | Self::StepsUnattainable(_)
            | Self::InstallFailed(_)
            | Self::WriteRefused(_)
            | Self::Missing(_) => Mood::Stuck,
            Self::WaitingForPods(_)
            | Self::Holding(_)
            | Self::Inconclusive(_)
            | Self::CheckError(_)
            | Self::ShareExceeded(_)
            | Self::Approval(_)
            | Self::Baking(_)
            | Self::Paused(PauseCause::Spec | PauseCause::Action, _)
            | Self::TemplateUnknown(_)
            | Self::CheckingTemplate
            | Self::AuditBacklog(_)
            | Self::RollingBack(_)
            | Self::Deleting => Mood::Working,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settled => f.write_str("the spec's revision is stable"),
            Self::Rejected(revision, message) => {
                write!(f, "revision {revision} was aborted ({message}); retry it, or change the template")
            }
            Self::WaitingForPods(text)
            | Self::Inconclusive(text)
            | Self::CheckError(text)
            | Self::ShareExceeded(text)
            | Self::InvalidSpec(text)
            | Self::NoChecks(text)
            | Self::Workload(text)
            | Self::Service(text)
            | Self::StepsUnattainable(text)
            | Self::InstallFailed(text) => f.write_str(text),
            Self::Holding(until) => write!(f, "the step holds until {}", until.format("%H:%M:%S UTC")),
            Self::Approval(None) => f.write_str("the step passed and waits for an approval"),
            Self::Approval(Some(until)) => {
                write!(f, "the step passed and waits for an approval until {}", until.format("%Y-%m-%d %H:%M:%S UTC"))
            }
            Self::Baking(until) => write!(f, "the promoted revision is watched until {}", until.format("%H:%M:%S UTC")),
            Self::Paused(PauseCause::Deadline, text) => write!(f, "the step's deadline passed: {text}; resume it, or change the template"),
            Self::Paused(PauseCause::Approval, _) => f.write_str("nobody approved in time; resume it to ask again, or change the template"),
            Self::Paused(PauseCause::Spec, _) => f.write_str("spec.paused is set"),
            Self::Paused(PauseCause::Action, text) => write!(f, "{text}; resume it, or change the template"),
            Self::InvalidTemplate(text) => write!(f, "the API server refuses the template: {text}"),
            Self::TemplateUnknown(text) => write!(f, "the template could not be checked yet: {text}"),
            Self::CheckingTemplate => f.write_str("the template is being checked"),
            Self::AuditBacklog(pending) => {
                write!(f, "{pending} events wait for their sinks; exposure does not grow until they are delivered")
            }
            Self::WriteRefused(text) => write!(f, "a write that is needed was refused: {text}"),
            Self::Missing(revision) => {
                write!(f, "the Deployment of revision {revision} is gone; set the template back to that revision to have it made again")
            }
            Self::RollingBack(text) => write!(f, "rolling back: {text}"),
            Self::Deleting => f.write_str("the last events are being delivered"),
        }
    }
}
