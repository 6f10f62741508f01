//! What has to be written, answered and asked in the state that holds now?

use chrono::{DateTime, TimeDelta, Utc};

use super::decide::Draft;
use crate::analysis;
use crate::rollout::{
    Change, Intent, Lifetime, Observed, Question, State, Takeover, Template, changes, forgotten_at, meanwhile, sharing_trouble,
};

/// How long until the API server is asked again about a template that it refused: a policy or a quota may have changed.
const AFTER_REFUSAL: TimeDelta = TimeDelta::minutes(1);

/// How long until the API server is asked again where it gave no answer.
const AFTER_SILENCE: TimeDelta = TimeDelta::seconds(10);

impl Draft<'_> {
    /// The writes of the state. A spec that cannot be read freezes exposure; a rollback needs only the state.
    pub(super) fn change(&mut self, state: &State, frozen: bool) {
        self.decision.changes = match state {
            State::Deleted(deleted) => {
                let told = self.outbox.pending().next().is_none() || self.now >= deleted.since + self.intent.deadlines.audit;
                let left = changes(self.intent, state, &self.seen.observed);
                match (left.is_empty(), told) {
                    (false, _) => {
                        // Nobody tells of what we deleted ourselves, and a Rollout that is done with may wait for nothing else.
                        self.wake_at(Some(self.now));
                        left
                    }
                    (true, true) => self.forget_all().chain([Change::Release]).collect(),
                    (true, false) => Vec::new(),
                }
            }
            State::Installing(_)
            | State::Idle(_)
            | State::Stepping(_)
            | State::Approval(_)
            | State::Paused(_)
            | State::Promoting(_)
            | State::Baking(_) => {
                let frozen = frozen && self.seen.observed.lifetime != Lifetime::Deleting;
                if frozen { Vec::new() } else { changes(self.intent, state, &self.seen.observed) }
            }
            // What moves pods from one place to another goes on whatever the spec says.
            State::Adopting(_) | State::HandingBack(_) | State::RollingBack(_) => changes(self.intent, state, &self.seen.observed),
        };
    }

    /// A new leader raises nothing before what the one before it sent has lost.
    pub(super) fn stamp(&mut self) {
        if let Takeover::Begun(stamps) = std::mem::replace(&mut self.takeover, Takeover::None) {
            self.decision.changes = meanwhile(std::mem::take(&mut self.decision.changes), stamps);
            self.wake_at(Some(self.now));
        }
    }

    /// The Rollout's actions go with it.
    fn forget_all(&self) -> impl Iterator<Item = Change> + use<> {
        let actions = self.seen.observed.actions.clone();
        actions.into_iter().map(|action| Change::Forget { name: action.name, uid: action.uid })
    }

    /// What has to be written on actions: what became of them, until they say so themselves. Those that were answered long ago go.
    pub(super) fn answer(&mut self) {
        let actions = &self.seen.observed.actions;
        let unanswered = |uid: &str| actions.iter().any(|action| action.uid == uid && action.answered.is_none());
        let answers = self.memo.handled.iter().filter(|handled| unanswered(&handled.uid)).cloned().map(Change::Answer);
        let old = actions.iter().filter(|action| action.answered.is_some_and(|at| self.now >= forgotten_at(at)));
        let forget = old.map(|action| Change::Forget { name: action.name.clone(), uid: action.uid.clone() });
        self.decision.answers = answers.chain(forget).collect();
        let next = actions.iter().filter_map(|action| action.answered).map(forgotten_at).filter(|at| *at > self.now).min();
        self.wake_at(next);
        self.wake_at(self.memo.room_at(&self.seen.observed));
    }

    /// What the state wants to know.
    pub(super) fn ask(&mut self, state: &State) {
        let due = analysis::due(self.intent, state, &self.evidence, &self.seen.observed, self.now);
        self.decision.asks = due.questions;
        self.wake_at(due.wake);
        if !wants_dry_run(self.intent, state, &self.seen.observed) {
            return;
        }
        match answered(&self.seen.observed.template, self.intent) {
            Some(again) if again > self.now => self.wake_at(Some(again)),
            Some(_) | None => self.decision.asks.push(Question::DryRun { revision: self.intent.revision.clone() }),
        }
    }
}

/// Whether the spec's template is about to be made for the first time.
fn wants_dry_run(intent: &Intent, state: &State, seen: &Observed) -> bool {
    let wanted = match state {
        State::Installing(at) => at.revision == intent.revision,
        State::Adopting(at) => at.revision == intent.revision,
        State::Idle(at) => at.rejected.as_ref() != Some(&intent.revision) && !at.serves(&intent.revision),
        State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_)
        | State::HandingBack(_)
        | State::Deleted(_) => false,
    };
    let accepted = matches!(&seen.template, Template::Accepted { revision, .. } if *revision == intent.revision);
    let known = accepted || seen.children.contains_key(&intent.revision);
    wanted && !known && sharing_trouble(intent, &seen.service).is_none() && seen.lifetime != Lifetime::Deleting
}

/// When the question about this template may be asked again, if it was answered.
fn answered(template: &Template, intent: &Intent) -> Option<DateTime<Utc>> {
    match template {
        Template::Refused { revision, at, .. } if *revision == intent.revision => Some(*at + AFTER_REFUSAL),
        Template::Unknown { revision, at, .. } if *revision == intent.revision => Some(*at + AFTER_SILENCE),
        Template::Unasked | Template::Accepted { .. } | Template::Refused { .. } | Template::Unknown { .. } => None,
    }
}
