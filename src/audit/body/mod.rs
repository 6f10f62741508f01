//! What an event says: the fields of its canonical form, each within its bound.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::own::{Own, OwnKind, Process};
use super::parts::{Actor, Analysis, Claim, Cluster, Gap, Origin, Step, Subject, Teller};
use super::record::ID_BYTES;
use super::text::{self, Scissors};
use crate::rollout::{Cause, Event, EventKind, Outcome, PauseCause, Severity, Why};

/// The most bytes that one canonical event takes: 64 of them stay far below what etcd takes for one object.
pub const MAX_EVENT_BYTES: usize = 1536;

/// The version of the format. It grows only when a field changes its meaning or goes; new fields are no new version.
const VERSION: u32 = 1;

/// JSON numbers are exact up to here.
const MAX_EXACT: i64 = (1 << 53) - 1;

/// What `"truncated":true,` takes.
const MARK_BYTES: usize = 17;

/// What is kept free of images for the message: longer ones are rare.
const MESSAGE_BYTES: usize = 350;

/// What `"images":[],` takes, and the quotes and the comma of one image.
const IMAGES_BYTES: usize = 12;
const IMAGE_BYTES: usize = 3;

/// Bounds of single texts, in bytes inside JSON. Together with everything that has a fixed size they leave the message
/// more than 300 bytes in the worst case, and about 900 in an ordinary one.
mod bound {
    /// Names of namespaces, rollouts, clusters and checks are DNS labels.
    pub(super) const NAME: usize = 63;
    /// `controller/`, a UUID or the name of a cluster, and the name of an instance.
    pub(super) const STREAM: usize = 150;
    /// UUIDs.
    pub(super) const UID: usize = 36;
    /// Revisions are ten hex digits, reasons a few words in `CamelCase`.
    pub(super) const WORD: usize = 40;
    /// Numbers from metrics: 17 digits, a sign, an exponent.
    pub(super) const NUMBER: usize = 40;
    /// Two counts of each side and four numbers, with their names.
    pub(super) const EVIDENCE: usize = 180;
    /// `system:serviceaccount:` and two names.
    pub(super) const ACTOR: usize = 150;
    /// The reason that somebody gave. It stands in the message, too, as far as there is room.
    pub(super) const COMMENT: usize = 120;
}

/// A canonical event but for its id. `docs/events.md` explains every field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "docs/events.md is the one place that explains the fields")]
pub struct Body {
    pub v: u32,
    pub stream: String,
    pub seq: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub time: String,
    pub severity: String,
    pub outcome: String,
    pub reason: String,
    pub message: String,
    pub actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Claim>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub cluster: Cluster,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Subject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    pub prev: String,
}

/// Where and when an event is told: all of it that is not in the event.
pub(super) struct Place<'a> {
    pub(super) teller: &'a Teller,
    pub(super) stream: &'a str,
    /// The Rollout, where it is about one.
    pub(super) subject: Option<&'a Subject>,
    pub(super) seq: u64,
    pub(super) prev: &'a str,
    pub(super) now: DateTime<Utc>,
}

impl Body {
    /// What an edge states.
    pub(super) fn of_edge(event: &Event, (origin, step): (&Origin, Option<Step>), place: &Place<'_>) -> Self {
        let mut scissors = Scissors::default();
        let actor = match hand(event) {
            Hand::Serin => Actor::Controller { name: scissors.cut(&place.teller.controller, bound::ACTOR) },
            Hand::Verified(name) => Actor::User { name: scissors.cut(name, bound::ACTOR) },
            Hand::Somebody => Actor::Unknown,
        };
        let reason = event.author.as_ref().and_then(|author| author.reason.as_deref());
        let claim = claim(event, origin);
        let analysis = event.failure.as_ref().map(|failure| Analysis {
            check: scissors.cut(&failure.check, bound::NAME),
            value: failure.value.as_deref().map(|value| scissors.cut(value, bound::NUMBER)),
            limit: failure.limit.as_deref().map(|limit| scissors.cut(limit, bound::NUMBER)),
            evidence: failure.evidence.as_deref().map(|evidence| scissors.cut(evidence, bound::EVIDENCE)),
        });
        let body = Self {
            reason: scissors.cut(event.reason, bound::WORD),
            revision: Some(scissors.cut(event.revision.as_str(), bound::WORD)),
            stable: event.stable.as_ref().map(|stable| scissors.cut(stable.as_str(), bound::WORD)),
            attempt: (event.attempt > 0).then_some(event.attempt),
            step,
            weight: event.weight.map(crate::rollout::Weight::percent),
            analysis,
            actor,
            on_behalf_of: claim.map(|name| Claim { name: scissors.cut(name, bound::NAME), verified: false }),
            comment: reason.map(|reason| scissors.cut(reason, bound::COMMENT)),
            ..Self::frame(place, &mut scissors, Kind::Edge(event.kind))
        };
        let body = body.without_details(&mut scissors);
        let (body, room) = body.with_images(&origin.images, &mut scissors);
        body.fit(&event.message, room, scissors)
    }

    /// What the controller tells of itself.
    pub(super) fn of_own(own: &Own, process: &Process, place: &Place<'_>) -> Self {
        let mut scissors = Scissors::default();
        let Process { name, version, epoch } = process;
        let body = Self {
            reason: scissors.cut(own.reason, bound::WORD),
            actor: match own.kind {
                // Whoever may edit the file is known to nobody here.
                OwnKind::ConfigChanged => Actor::Unknown,
                OwnKind::Started
                | OwnKind::Elected
                | OwnKind::PermissionLost
                | OwnKind::SinkFailing
                | OwnKind::SinkRecovered
                | OwnKind::Backlog
                | OwnKind::Refused => Actor::Controller { name: scissors.cut(&place.teller.controller, bound::ACTOR) },
            },
            process: Some(Process { name: scissors.cut(name, bound::ACTOR), version: scissors.cut(version, bound::WORD), epoch: *epoch }),
            sink: own.sink.as_ref().map(|sink| scissors.cut(sink.as_str(), bound::NAME)),
            count: own.count.map(|count| count.min(MAX_EXACT.unsigned_abs())),
            ..Self::frame(place, &mut scissors, Kind::Own(own.kind))
        };
        let room = body.room();
        body.fit(&own.message, room, scissors)
    }

    /// That events were dropped.
    pub(super) fn of_gap(gap: Gap, place: &Place<'_>) -> Self {
        let mut scissors = Scissors::default();
        let body = Self {
            reason: "OutboxFull".to_owned(),
            actor: Actor::Controller { name: scissors.cut(&place.teller.controller, bound::ACTOR) },
            gap: Some(gap),
            ..Self::frame(place, &mut scissors, Kind::Gap)
        };
        let Gap { from, to } = gap;
        let room = body.room();
        body.fit(&format!("events {from} to {to} were dropped before every required sink had them: too many were waiting"), room, scissors)
    }

    /// What every event has; the caller fills in the rest.
    fn frame(place: &Place<'_>, scissors: &mut Scissors, kind: Kind) -> Self {
        let Teller { cluster, controller: _ } = place.teller;
        let rollout = place.subject.map(|Subject { namespace, name, uid, generation }| Subject {
            namespace: scissors.cut(namespace, bound::NAME),
            name: scissors.cut(name, bound::NAME),
            uid: scissors.cut(uid, bound::UID),
            generation: (*generation).clamp(0, MAX_EXACT),
        });
        Self {
            v: VERSION,
            stream: rollout.as_ref().map_or_else(|| scissors.cut(place.stream, bound::STREAM), |rollout| rollout.uid.clone()),
            seq: place.seq,
            kind: kind.name().to_owned(),
            time: place.now.to_rfc3339_opts(SecondsFormat::Millis, true),
            severity: severity(kind.severity()).to_owned(),
            outcome: outcome(kind.outcome()).to_owned(),
            reason: String::new(),
            message: String::new(),
            actor: Actor::Unknown,
            on_behalf_of: None,
            comment: None,
            cluster: Cluster {
                name: scissors.cut(&cluster.name, bound::NAME),
                uid: cluster.uid.as_deref().map(|uid| scissors.cut(uid, bound::UID)),
            },
            rollout,
            revision: None,
            stable: None,
            images: Vec::new(),
            attempt: None,
            step: None,
            weight: None,
            analysis: None,
            process: None,
            sink: None,
            count: None,
            gap: None,
            truncated: false,
            prev: place.prev.to_owned(),
        }
    }

    /// Where names are so long that they leave no room for a message, it goes before the numbers of a verdict and the step, which the status has, too.
    fn without_details(mut self, scissors: &mut Scissors) -> Self {
        if self.analysis.as_ref().is_some_and(|analysis| analysis.evidence.is_some()) && self.room() < MESSAGE_BYTES {
            self.analysis = self.analysis.map(|analysis| Analysis { evidence: None, ..analysis });
            scissors.used = true;
        }
        if self.step.is_some() && self.room() < MESSAGE_BYTES {
            self.step = None;
            scissors.used = true;
        }
        self
    }

    /// Puts in as many of the images, whole, as leave room for an ordinary message; says what room is left.
    fn with_images(mut self, images: &[String], scissors: &mut Scissors) -> (Self, usize) {
        let mut room = self.room();
        for image in images {
            // The first one brings the list, and needs no comma.
            let list = if self.images.is_empty() { IMAGES_BYTES - 1 } else { 0 };
            let bytes = list + text::bytes(image) + IMAGE_BYTES;
            if bytes + MESSAGE_BYTES >= room {
                scissors.used = true;
                break;
            }
            room -= bytes;
            self.images.push(image.clone());
        }
        (self, room)
    }

    /// What is left beside an id and the mark of what was cut. An event has no fractions, and without them plain JSON is as long as canonical.
    fn room(&self) -> usize {
        let plain = serde_json::to_string(self).expect("plain data can always be written as JSON");
        MAX_EVENT_BYTES.saturating_sub(plain.len() + ID_BYTES + MARK_BYTES)
    }

    /// Puts in as much of the message as there is room for, and marks what was cut.
    fn fit(mut self, message: &str, room: usize, mut scissors: Scissors) -> Self {
        let exact = room + if scissors.used { 0 } else { MARK_BYTES };
        self.message = if text::bytes(message) <= exact { message.to_owned() } else { scissors.cut(message, room) };
        self.truncated = scissors.used;
        self
    }
}

enum Hand<'a> {
    Serin,
    Verified(&'a str),
    Somebody,
}

/// For whom it was asked: what a command claims, or what the Rollout claims where an edit of it is what the event answers.
fn claim<'a>(event: &'a Event, origin: &'a Origin) -> Option<&'a str> {
    match (&event.author, hand(event), event.kind) {
        (Some(author), ..) => author.on_behalf_of.as_deref(),
        (None, Hand::Somebody, _) | (None, Hand::Serin, EventKind::Started) => origin.requested_by.as_deref(),
        (None, Hand::Serin | Hand::Verified(_), _) => None,
    }
}

/// Whose doing an edge is: Serin's decision, or the answer to an edit of the Rollout.
fn hand(event: &Event) -> Hand<'_> {
    if let Some(author) = &event.author {
        return author.name.as_deref().map_or(Hand::Somebody, Hand::Verified);
    }
    match event.kind {
        EventKind::Created
        | EventKind::HandBackStarted
        | EventKind::Resumed
        | EventKind::Superseded
        | EventKind::Deleted
        | EventKind::ApprovalGranted
        | EventKind::StepSkipped
        | EventKind::PromotionForced
        | EventKind::Undone
        | EventKind::Restarted
        | EventKind::ActionRefused
        | EventKind::ActionSuperseded => Hand::Somebody,
        EventKind::Paused if event.reason == Why::Paused(PauseCause::Spec, String::new()).reason() => Hand::Somebody,
        EventKind::Aborted if event.reason == Cause::Deleted.reason() => Hand::Somebody,
        EventKind::Installed
        | EventKind::InstallFailed
        | EventKind::Started
        | EventKind::StepStarted
        | EventKind::Paused
        | EventKind::PromotionStarted
        | EventKind::Promoted
        | EventKind::Aborted
        | EventKind::RolledBack
        | EventKind::RollbackOverdue
        | EventKind::ApprovalRequested
        | EventKind::Adopted
        | EventKind::Baked
        | EventKind::Recovered
        | EventKind::Reinstalled
        | EventKind::DriftCorrected
        | EventKind::ProviderSilent
        | EventKind::ProviderAnswers
        | EventKind::RollbackBlocked => Hand::Serin,
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
        Outcome::Unknown => "unknown",
    }
}

/// The severity that has this name.
pub fn severity_named(name: &str) -> Option<Severity> {
    [Severity::Info, Severity::Notice, Severity::Warning, Severity::High, Severity::Critical].into_iter().find(|one| severity(*one) == name)
}

/// The outcome that has this name.
pub(super) fn outcome_named(name: &str) -> Option<Outcome> {
    [Outcome::Success, Outcome::Failure, Outcome::Unknown].into_iter().find(|one| outcome(*one) == name)
}
