//! What does a rollout's status say now?

use chrono::{DateTime, SecondsFormat, Utc};

use super::conditions::conditions;
use super::shared::{Frozen, Shared};
use super::status::{LastOutcome, Reason, Shares, Status};
use crate::analysis::Evidence;
use crate::audit::Outbox;
use crate::rollout::{Attempt, AttemptResult, Ended, Idle, Intent, Memo, Observed, Revision, Split, State, Weight, Why, cut, target};

/// What a status is rendered from, besides the status that was committed last.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The Rollout's name.
    pub name: &'a str,
    /// The generation of the spec that was looked at.
    pub generation: i64,
    /// What the user wants. Without any step it stands for a spec that cannot be read.
    pub intent: &'a Intent,
    /// Where the rollout stands now; `None` before its first state.
    pub state: Option<&'a State>,
    /// Why nothing moves now.
    pub why: &'a Why,
    /// What was seen of the pods.
    pub observed: &'a Observed,
    /// What is known of the attempt.
    pub evidence: &'a Evidence,
    /// What the templates of checks say, or said when the attempt in flight began.
    pub shared: &'a Shared,
    /// The time of this pass.
    pub now: DateTime<Utc>,
}

impl Status {
    /// Whether this status already tells that reason for that generation: numbers in a message are no reason to write.
    pub fn tells(&self, why: &Why, generation: i64) -> bool {
        self.observed_generation == Some(generation) && self.why.as_ref().is_some_and(|told| told.reason == why.reason())
    }

    /// The status that follows this one.
    ///
    /// # Guarantees
    /// A fixpoint: rendered again from its own result and the same view, it is the same status, whatever `now` is. A condition keeps
    /// its time while it stands as it stood.
    #[must_use]
    pub fn render(&self, view: &View<'_>, memo: Memo, audit: Outbox) -> Self {
        let why = Reason { reason: view.why.reason().to_owned(), message: cut(&view.why.to_string()) };
        let phase = view.state.map(|state| state.phase().name().to_owned());
        let (attempt, step) =
            (view.state.map_or(self.attempt, |state| attempt(state, self)), view.state.and_then(|state| step(state, view, self)));
        let goes_on = (&phase, attempt, &step) == (&self.phase, self.attempt, &self.step);
        Self {
            observed_generation: Some(view.generation),
            since: if goes_on { self.since.clone() } else { Some(text(view.now)) },
            phase,
            attempt,
            step,
            weight: view.state.and_then(|state| weight(state, view, self)),
            stable: view.state.and_then(State::stable).map(ToString::to_string),
            canary: view.state.and_then(State::attempt).map(|attempt| attempt.canary.to_string()),
            // What a spec that cannot be read asks for follows from this: it would grow from commit to commit.
            replicas: view.revision().and(view.state).and_then(|state| target(view.intent, state).pods()).map_or(self.replicas, i64::from),
            selector: format!("serin.dev/rollout={}", view.name),
            conditions: conditions(view, &why, &memo, &self.conditions),
            last_outcome: view.state.and_then(last_outcome).or_else(|| self.last_outcome.clone()),
            state: view.state.cloned(),
            why: Some(why),
            memo,
            evidence: view.evidence.clone(),
            analysis: frozen(self, view),
            audit,
        }
    }
}

impl View<'_> {
    /// The spec's revision, where the spec can be read: a spec that was read has at least one step.
    pub(super) fn revision(&self) -> Option<&Revision> {
        (!self.intent.steps.is_empty()).then_some(&self.intent.revision)
    }
}

/// What the attempt in flight took from templates: what stands there already, else what they say now.
fn frozen(before: &Status, view: &View<'_>) -> Option<Frozen> {
    let Attempt { number, .. } = view.state?.attempt()?;
    let taken = || (!view.shared.checks.is_empty()).then(|| Frozen { attempt: *number, shared: view.shared.clone() });
    before.analysis.as_ref().filter(|frozen| frozen.attempt == *number).cloned().or_else(taken)
}

/// How an attempt ended, as statuses and people say it.
pub const fn result_name(result: AttemptResult) -> &'static str {
    match result {
        AttemptResult::Installed => "Installed",
        AttemptResult::Promoted => "Promoted",
        AttemptResult::Aborted => "Aborted",
        AttemptResult::Superseded => "Superseded",
        AttemptResult::Undone => "Undone",
        AttemptResult::Recovered => "Recovered",
    }
}

fn attempt(state: &State, before: &Status) -> Option<i64> {
    match state {
        State::Installing(_) | State::Adopting(_) => None,
        State::Idle(Idle { attempts, .. }) => Some(i64::from(*attempts)),
        State::HandingBack(_) | State::Deleted(_) => before.attempt,
        State::Stepping(_) | State::Approval(_) | State::Paused(_) | State::Promoting(_) | State::Baking(_) | State::RollingBack(_) => {
            state.attempt().map(|attempt| i64::from(attempt.number))
        }
    }
}

fn step(state: &State, view: &View<'_>, before: &Status) -> Option<String> {
    let (_, weight) = state.trial()?;
    match view.revision() {
        Some(_) => Some(format!("{}/{}", view.intent.position(weight), view.intent.steps.len())),
        None => before.step.clone(),
    }
}

fn weight(state: &State, view: &View<'_>, before: &Status) -> Option<Shares> {
    let (attempt, wanted) = match state {
        State::Stepping(_) | State::Approval(_) | State::Paused(_) | State::Promoting(_) | State::Baking(_) => state.trial()?,
        State::RollingBack(at) => (&at.attempt, Weight::new(0)?),
        State::Installing(_) | State::Adopting(_) | State::Idle(_) | State::HandingBack(_) | State::Deleted(_) => return None,
    };
    let granted = match view.revision() {
        Some(_) => Some(i64::from(view.intent.split(wanted).percent())),
        None => before.weight.and_then(|shares| shares.granted),
    };
    Some(Shares { wanted: i64::from(wanted.percent()), granted, achieved: achieved(attempt, view.observed) })
}

/// A time as people and tools read it.
fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The canary's share among the pods that serve, in percent; nothing while none does.
fn achieved(attempt: &Attempt, seen: &Observed) -> Option<i64> {
    let serving = Split { stable: seen.serving(&attempt.stable), canary: seen.serving(&attempt.canary) };
    (serving.total() > 0).then(|| i64::from(serving.percent()))
}

fn outcome(Ended { revision, result, reason, message, at }: &Ended) -> LastOutcome {
    LastOutcome {
        revision: revision.to_string(),
        result: result_name(*result).to_owned(),
        reason: Some(reason.word().to_owned()),
        message: cut(message),
        at: Some(text(*at)),
    }
}

fn last_outcome(state: &State) -> Option<LastOutcome> {
    match state {
        State::Idle(Idle { last, .. }) => Some(outcome(last)),
        State::Baking(at) => Some(outcome(&at.ended())),
        State::Installing(_)
        | State::Adopting(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::RollingBack(_)
        | State::HandingBack(_)
        | State::Deleted(_) => None,
    }
}
