//! What an event says: the fields of its canonical form, each within its bound.

mod hand;
mod room;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::kind::{Kind, outcome_word, severity_word};
use super::own::{Own, OwnKind, Process};
use super::parts::{About, Actor, Analysis, Claim, Cluster, Gap, Respec, Step, Subject, Teller};
use super::text::Scissors;
use crate::rollout::Event;
use hand::{Hand, claim, hand};
use room::bound;

/// The most bytes that one canonical event takes: 64 of them stay far below what etcd takes for one object.
pub const MAX_EVENT_BYTES: usize = 1536;

/// The version of the format. It grows only when a field changes its meaning or goes; new fields are no new version.
const VERSION: u32 = 1;

/// JSON numbers are exact up to here.
const MAX_EXACT: i64 = (1 << 53) - 1;

/// A canonical event but for its id. `docs/events.md` explains every field.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub spec: Option<Respec>,
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
    pub(super) fn of_edge(event: &Event, about: &About, place: &Place<'_>) -> Self {
        let About { subject: _, origin, step, spec } = about;
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
            step: *step,
            weight: event.weight.map(crate::rollout::Weight::percent),
            spec: spec.as_ref().map(Respec::bounded),
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
            generation: exact(*generation),
        });
        Self {
            v: VERSION,
            stream: rollout.as_ref().map_or_else(|| scissors.cut(place.stream, bound::STREAM), |rollout| rollout.uid.clone()),
            seq: place.seq,
            kind: kind.name().to_owned(),
            time: place.now.to_rfc3339_opts(SecondsFormat::Millis, true),
            severity: severity_word(kind.severity()).to_owned(),
            outcome: outcome_word(kind.outcome()).to_owned(),
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
            spec: None,
            analysis: None,
            process: None,
            sink: None,
            count: None,
            gap: None,
            truncated: false,
            prev: place.prev.to_owned(),
        }
    }
}

/// A generation as JSON has it exactly.
fn exact(generation: i64) -> i64 {
    generation.clamp(0, MAX_EXACT)
}
