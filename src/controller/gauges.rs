//! How does each rollout stand? A few gauges of each, read from its status whenever somebody asks, so that no restart forgets them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::api::{Object, Status, from_time};
use crate::rollout::{EndReason, Idle, Key, RollingBack, State, Why};

/// Not `namespace` and `pod`: scrapers put those of their target there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Place {
    rollout_namespace: String,
    rollout: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseAt {
    rollout_namespace: String,
    rollout: String,
    phase: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhyAt {
    rollout_namespace: String,
    rollout: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeAt {
    rollout_namespace: String,
    rollout: String,
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Default)]
struct Gauges {
    phase: Family<PhaseAt, Gauge>,
    phase_seconds: Family<Place, Gauge>,
    why: Family<WhyAt, Gauge>,
    stalled_seconds: Family<Place, Gauge>,
    outcome: Family<OutcomeAt, Gauge>,
    outcome_seconds: Family<Place, Gauge>,
    rollback_failing: Family<Place, Gauge>,
    forced: Family<Place, Gauge>,
}

/// What became of the spec's revision.
#[derive(Clone, Copy)]
struct Outcome {
    word: &'static str,
    reason: &'static str,
    at: DateTime<Utc>,
}

/// The gauges of these rollouts. They are made anew each time: what is gone is not told of any more.
fn registry(rollouts: &BTreeMap<Key, Arc<Object>>, now: DateTime<Utc>) -> Registry {
    let gauges = Gauges::default();
    for (key, object) in rollouts {
        if let Ok(status) = &object.status {
            gauges.set(key, status, now);
        }
    }
    gauges.registered()
}

/// The same as text, for whoever wants to see what a status tells.
pub fn rollout_gauges(rollouts: &BTreeMap<Key, Arc<Object>>, now: DateTime<Utc>) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = encode_registry(&mut text, &registry(rollouts, now));
    text
}

impl Gauges {
    fn registered(self) -> Registry {
        let mut registry = Registry::with_prefix("serin");
        registry.register("rollout_phase", "1 for the phase that a rollout is in", self.phase);
        registry.register(
            "rollout_phase_seconds",
            "For how long it has been in its phase and, where it steps, at its step",
            self.phase_seconds,
        );
        registry.register("rollout_why", "1 for the one reason why nothing moves now", self.why);
        let stalled = "For how long nothing has moved that moves without somebody; 0 where it does";
        registry.register("rollout_stalled_seconds", stalled, self.stalled_seconds);
        registry.register("rollout_outcome", "1 for what became of the spec's revision, once that is decided, and why", self.outcome);
        registry.register("rollout_outcome_seconds", "How long ago that was decided", self.outcome_seconds);
        let failing = "1 where a rollback takes longer than its deadline, or cannot go on without somebody";
        registry.register("rollout_rollback_failing", failing, self.rollback_failing);
        registry.register("rollout_forced", "1 where what serves, or is about to, was promoted without a Pass", self.forced);
        registry
    }

    fn set(&self, key: &Key, status: &Status, now: DateTime<Utc>) {
        let Some(state) = &status.state else { return };
        let (rollout_namespace, rollout) = (key.namespace.clone(), key.name.clone());
        let place = Place { rollout_namespace: rollout_namespace.clone(), rollout: rollout.clone() };
        let seconds = |since: DateTime<Utc>| (now - since).num_seconds().max(0);
        let phase = state.phase().name();
        self.phase.get_or_create(&PhaseAt { rollout_namespace: rollout_namespace.clone(), rollout: rollout.clone(), phase }).set(1);
        if let Some(since) = status.since.as_deref().and_then(time) {
            self.phase_seconds.get_or_create(&place).set(seconds(since));
        }
        let told = status.why.as_ref().and_then(|why| Why::REASONS.into_iter().find(|word| *word == why.reason));
        if let Some(reason) = told {
            self.why.get_or_create(&WhyAt { rollout_namespace: rollout_namespace.clone(), rollout: rollout.clone(), reason }).set(1);
        }
        self.stalled_seconds.get_or_create(&place).set(stalled_since(status).map_or(0, seconds));
        if let Some(Outcome { word, reason, at }) = outcome(status, state) {
            self.outcome.get_or_create(&OutcomeAt { rollout_namespace, rollout, outcome: word, reason }).set(1);
            self.outcome_seconds.get_or_create(&place).set(seconds(at));
        }
        self.rollback_failing.get_or_create(&place).set(i64::from(is_failing(state)));
        self.forced.get_or_create(&place).set(i64::from(is_forced(state)));
    }
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// Since when somebody has to do something.
fn stalled_since(status: &Status) -> Option<DateTime<Utc>> {
    let stalled = status.conditions.iter().find(|condition| condition.type_ == "Stalled" && condition.status == "True");
    stalled.map(|condition| from_time(&condition.last_transition_time))
}

/// What became of the revision that the spec asks for: an older one's end is nobody's trouble any more.
fn outcome(status: &Status, state: &State) -> Option<Outcome> {
    let is = |kind: &str| status.conditions.iter().any(|condition| condition.type_ == kind && condition.status == "True");
    let word = match (is("Aborted"), is("Promoted")) {
        (true, _) => "Aborted",
        (false, true) => "Promoted",
        (false, false) => return None,
    };
    match state {
        State::RollingBack(RollingBack { cause, since, .. }) => Some(Outcome { word, reason: cause.reason(), at: *since }),
        // The template may have gone back to what was stable before the last attempt.
        State::Idle(Idle { last, stable, .. }) if word == "Promoted" && last.revision != *stable => {
            Some(Outcome { word, reason: "Stable", at: last.at })
        }
        State::Idle(Idle { last, .. }) => Some(Outcome { word, reason: last.reason.word(), at: last.at }),
        State::Baking(at) => Some(Outcome { word, reason: at.ended().reason.word(), at: at.since }),
        State::Installing(_)
        | State::Adopting(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::HandingBack(_)
        | State::Deleted(_) => None,
    }
}

fn is_failing(state: &State) -> bool {
    match state {
        State::RollingBack(RollingBack { overdue, blocked, .. }) => *overdue || *blocked,
        State::Installing(_)
        | State::Adopting(_)
        | State::Idle(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::HandingBack(_)
        | State::Deleted(_) => false,
    }
}

fn is_forced(state: &State) -> bool {
    let was = |at: &Idle| at.last.reason == EndReason::Forced && at.last.revision == at.stable;
    state.is_forced() || if let State::Idle(at) = state { was(at) } else { false }
}
