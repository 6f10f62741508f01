//! What does somebody need to know who is told of an event, and has to decide whether to get up?
//!
//! Pure, like the formats, and for people instead of stores: what, where, how much traffic, what was measured, who, and what happens next. No text of an event
//! is ever read as markup by whoever shows it.

mod pagerduty;
mod slack;
mod teams;

use serde_json::Value;

use super::format::Told;
use super::kind::Kind;
use super::own::OwnKind;
use super::parts::{Actor, Analysis};
use crate::rollout::EventKind;

/// Who shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Messenger {
    /// An incoming webhook of Slack.
    Slack,
    /// A webhook of a workflow of Microsoft Teams.
    Teams,
    /// PagerDuty's Events API, version 2.
    PagerDuty,
}

/// An event in the words of people.
struct Notice<'a> {
    told: &'a Told<'a>,
    /// What happened to which rollout, on one line.
    title: String,
    /// Names and values, in the order in which they are read.
    facts: Vec<(&'static str, String)>,
    /// The page that says what to do, where there is one.
    page: Option<String>,
}

impl Messenger {
    /// All messengers.
    pub const ALL: [Self; 3] = [Self::Slack, Self::Teams, Self::PagerDuty];

    /// What is posted; `None` where nobody has to be told. `pages` is where the runbooks are, `key` the credential that stands in the body, where one does.
    ///
    /// # Guarantees
    /// No text of the event becomes a link, a mention or any other markup, and no limit of the receiver is passed.
    pub fn write(self, told: &Told<'_>, pages: &str, key: &str) -> Option<Value> {
        let notice = Notice::of(told, pages);
        match self {
            Self::Slack => Some(slack::message(&notice)),
            Self::Teams => Some(teams::card(&notice)),
            Self::PagerDuty => pagerduty::event(&notice, key),
        }
    }

    /// The types that are told unless somebody says otherwise: those after which somebody may have to act, or is waited for.
    pub const fn told_by_default(self) -> &'static [Kind] {
        match self {
            Self::Slack | Self::Teams => &[
                Kind::Edge(EventKind::InstallFailed),
                Kind::Edge(EventKind::Paused),
                Kind::Edge(EventKind::Aborted),
                Kind::Edge(EventKind::RolledBack),
                Kind::Edge(EventKind::RollbackOverdue),
                Kind::Edge(EventKind::RollbackBlocked),
                Kind::Edge(EventKind::ApprovalRequested),
                Kind::Edge(EventKind::PromotionForced),
                Kind::Own(OwnKind::PermissionLost),
                Kind::Own(OwnKind::Backlog),
                Kind::Own(OwnKind::Refused),
                Kind::Gap,
            ],
            // What ends an incident, too.
            Self::PagerDuty => &[
                Kind::Edge(EventKind::InstallFailed),
                Kind::Edge(EventKind::Aborted),
                Kind::Edge(EventKind::RollbackOverdue),
                Kind::Edge(EventKind::RollbackBlocked),
                Kind::Edge(EventKind::RolledBack),
                Kind::Edge(EventKind::Reinstalled),
                Kind::Edge(EventKind::Installed),
                Kind::Edge(EventKind::Promoted),
                Kind::Edge(EventKind::Deleted),
                Kind::Own(OwnKind::PermissionLost),
                Kind::Own(OwnKind::Backlog),
                Kind::Own(OwnKind::SinkRecovered),
                Kind::Gap,
            ],
        }
    }
}

impl<'a> Notice<'a> {
    fn of(told: &'a Told<'a>, pages: &str) -> Self {
        let body = &told.body;
        let known = [
            ("Where", Some(format!("{} in cluster {}", told.subject(), body.cluster.name))),
            ("Revision", revision(told)),
            ("Images", (!body.images.is_empty()).then(|| body.images.join(", "))),
            ("Step", told.step()),
            ("Exposure", body.weight.map(|percent| format!("{percent} % from here on"))),
            ("Sink", body.sink.clone()),
            ("Check", body.analysis.as_ref().map(check)),
            ("Who", Some(who(told))),
            ("Their reason", body.comment.clone()),
            ("Next", next(told.kind).map(str::to_owned)),
        ];
        Self {
            told,
            title: format!("{}: {}", told.title(), told.subject()),
            facts: known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            page: runbook(told.kind).map(|page| format!("{}/{page}", pages.trim_end_matches('/'))),
        }
    }
}

fn revision(told: &Told<'_>) -> Option<String> {
    let body = &told.body;
    let attempt = body.attempt.map(|number| format!(", attempt {number}")).unwrap_or_default();
    let stable = body.stable.as_ref().filter(|stable| body.revision.as_ref() != Some(*stable));
    let stable = stable.map(|stable| format!("; stable is {stable}")).unwrap_or_default();
    Some(format!("{}{attempt}{stable}", body.revision.as_ref()?))
}

/// The canary's number against its limit; what stable had stands in the message.
fn check(Analysis { check, value, limit, evidence: _ }: &Analysis) -> String {
    let value = value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
    let limit = limit.as_ref().map(|limit| format!(", limit {limit}")).unwrap_or_default();
    format!("{check}{value}{limit}")
}

fn who(told: &Told<'_>) -> String {
    let actor = match &told.body.actor {
        Actor::Controller { .. } => "Serin".to_owned(),
        Actor::User { name } => name.clone(),
        Actor::Unknown if told.body.rollout.is_none() => "somebody who edited the configuration".to_owned(),
        Actor::Unknown => "somebody who edited the Rollout".to_owned(),
    };
    let claim = told.body.on_behalf_of.as_ref().map(|claim| format!(", for {} (unverified)", claim.name));
    actor + &claim.unwrap_or_default()
}

/// What happens now by itself, and what does not.
const fn next(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Gap => Some("The trail has a hole. Mend the sink that events wait for, before more are dropped."),
        Kind::Own(own) => match own {
            OwnKind::PermissionLost => Some("What needs that right stands still. Somebody has to give it back."),
            OwnKind::Backlog => Some("It is tried again for ever. Where events wait for it, exposure stops growing at 32 of a rollout."),
            OwnKind::Refused => Some("The sink will never have it. The whole event stands in Serin's log."),
            OwnKind::SinkFailing => Some("It is tried again for ever."),
            OwnKind::Started | OwnKind::Elected | OwnKind::ConfigChanged | OwnKind::SinkRecovered => None,
        },
        Kind::Edge(edge) => match edge {
            EventKind::Aborted => Some("Stable comes back by itself. This revision is not tried again: change the template, or retry it."),
            EventKind::InstallFailed => Some("Nothing serves yet. It goes on waiting; another template is installed at once."),
            EventKind::Paused => {
                Some("Exposure stays where it is, and checks go on. Somebody has to resume it, abort it, or change the template.")
            }
            EventKind::RolledBack => Some("Nothing more happens. The revision that left is not tried again by itself."),
            EventKind::RollbackOverdue => Some("It goes on by itself. Find out what keeps stable's pods."),
            EventKind::RollbackBlocked => Some("It goes on by itself once that is mended. Somebody has to mend it."),
            EventKind::ApprovalRequested => Some("It waits for an approval: serin approve. Checks go on."),
            EventKind::PromotionForced => Some("The canary replaces stable without a Pass. Only its pods are still watched."),
            EventKind::Promoted | EventKind::Installed | EventKind::Adopted => Some("It serves everything."),
            EventKind::Undone => Some("The earlier revision comes back. The one that it replaces is not tried again by itself."),
            EventKind::Reinstalled => Some("It comes up without an attempt, because nothing serves that it could be compared with."),
            EventKind::Deleted => Some("Serin does nothing more here."),
            EventKind::ProviderSilent => Some("It goes on by itself once the provider answers. Until then no check that asks it passes."),
            EventKind::Created
            | EventKind::SpecChanged
            | EventKind::Started
            | EventKind::StepStarted
            | EventKind::Resumed
            | EventKind::PromotionStarted
            | EventKind::Superseded
            | EventKind::ApprovalGranted
            | EventKind::StepSkipped
            | EventKind::Baked
            | EventKind::Restarted
            | EventKind::Recovered
            | EventKind::DriftCorrected
            | EventKind::HandBackStarted
            | EventKind::ProviderAnswers
            | EventKind::ActionRefused
            | EventKind::ActionSuperseded => None,
        },
    }
}

/// A page of `docs/runbooks`.
const fn runbook(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Gap => Some("events-lost"),
        Kind::Own(own) => match own {
            OwnKind::SinkFailing => Some("sink-down"),
            OwnKind::Backlog => Some("events-undelivered"),
            OwnKind::Refused => Some("event-refused"),
            OwnKind::Started | OwnKind::Elected | OwnKind::ConfigChanged | OwnKind::PermissionLost | OwnKind::SinkRecovered => None,
        },
        Kind::Edge(edge) => match edge {
            EventKind::Aborted => Some("rollout-aborted"),
            EventKind::InstallFailed | EventKind::Paused => Some("rollout-stuck"),
            EventKind::RollbackOverdue | EventKind::RollbackBlocked => Some("rollback-failing"),
            EventKind::PromotionForced => Some("promotion-forced"),
            EventKind::Created
            | EventKind::SpecChanged
            | EventKind::Installed
            | EventKind::Started
            | EventKind::StepStarted
            | EventKind::Resumed
            | EventKind::PromotionStarted
            | EventKind::Promoted
            | EventKind::Superseded
            | EventKind::RolledBack
            | EventKind::Deleted
            | EventKind::ApprovalRequested
            | EventKind::ApprovalGranted
            | EventKind::StepSkipped
            | EventKind::Baked
            | EventKind::Undone
            | EventKind::Restarted
            | EventKind::Recovered
            | EventKind::Reinstalled
            | EventKind::DriftCorrected
            | EventKind::Adopted
            | EventKind::HandBackStarted
            | EventKind::ProviderSilent
            | EventKind::ProviderAnswers
            | EventKind::ActionRefused
            | EventKind::ActionSuperseded => None,
        },
    }
}

/// At most so many characters, and a sign where that is not all of it.
fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}
