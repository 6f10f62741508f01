//! What does a rollout's status say now?

use chrono::{DateTime, Utc};

use super::conditions::conditions;
use super::status::{LastOutcome, Reason, Shares, Status};
use crate::audit::Outbox;
use crate::rollout::{AttemptResult, Intent, State, Weight, Why, split};

/// Longer messages are cut: an API server's refusal may be a page, and status is not where it is read.
const MAX_MESSAGE: usize = 1024;

/// A share that moved by less than this many points is not worth a write of its own.
const NOTABLE: i64 = 10;

/// What a status is rendered from.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The status that was committed last.
    pub previous: &'a Status,
    /// The Rollout's name.
    pub name: &'a str,
    /// The generation of the spec that was looked at.
    pub generation: i64,
    /// Where the rollout stands now.
    pub state: &'a State,
    /// Why nothing moves now.
    pub why: &'a Why,
    /// What the user wants; `None` where the spec cannot be read.
    pub intent: Option<&'a Intent>,
    /// Pods that the state asks for; `None` where nothing is asked for.
    pub replicas: Option<u32>,
    /// The canary's share among the pods that serve, in percent.
    pub achieved: Option<u32>,
    /// Events that wait, those of this pass included.
    pub audit: Outbox,
    /// The time of this pass.
    pub now: DateTime<Utc>,
}

/// Renders the status that has to be committed.
///
/// # Guarantees
/// A fixpoint: with the status that it gives as `previous` and all else the same, it gives that status again, whatever `now` is.
/// Numbers alone cause no write: `why` keeps its message while reason, generation and state stay, and so does the achieved share
/// while it moves by less than 10 points.
pub fn render(facts: Facts<'_>) -> Status {
    let previous = facts.previous;
    let why = why(&facts);
    let rendered = Status {
        observed_generation: Some(facts.generation),
        phase: Some(facts.state.phase().name().to_owned()),
        attempt: attempt(&facts),
        step: step(&facts),
        weight: weight(&facts),
        stable: facts.state.stable().map(ToString::to_string),
        canary: facts.state.attempt().map(|attempt| attempt.canary.to_string()),
        replicas: facts.replicas.map_or(previous.replicas, i64::from),
        selector: format!("serin.dev/rollout={}", facts.name),
        conditions: conditions(&facts, &why),
        last_outcome: last_outcome(&facts),
        state: Some(facts.state.clone()),
        why: Some(why),
        audit: facts.audit,
    };
    settle_share(rendered, previous)
}

fn why(facts: &Facts<'_>) -> Reason {
    let reason = facts.why.reason();
    let goes_on = facts.previous.observed_generation == Some(facts.generation) && facts.previous.state.as_ref() == Some(facts.state);
    match &facts.previous.why {
        Some(old) if goes_on && old.reason == reason => old.clone(),
        Some(_) | None => Reason { reason: reason.to_owned(), message: shorten(&facts.why.to_string()) },
    }
}

/// Cuts a text to what a status may hold.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn attempt(facts: &Facts<'_>) -> Option<i64> {
    match facts.state {
        State::Idle(idle) => Some(i64::from(idle.attempts)),
        State::Installing(_) => None,
        State::Deleted(_) => facts.previous.attempt,
        State::Stepping(_) | State::Paused(_) | State::Promoting(_) | State::RollingBack(_) => {
            facts.state.attempt().map(|attempt| i64::from(attempt.number))
        }
    }
}

fn step(facts: &Facts<'_>) -> Option<String> {
    let (_, weight) = facts.state.trial()?;
    let Some(intent) = facts.intent else { return facts.previous.step.clone() };
    Some(format!("{}/{}", intent.position(weight), intent.steps.len()))
}

fn weight(facts: &Facts<'_>) -> Option<Shares> {
    let wanted = match (facts.state.trial(), facts.state) {
        (Some((_, weight)), _) => weight,
        (None, State::RollingBack(_)) => Weight::new(0)?,
        (None, _) => return None,
    };
    let before = facts.previous.weight.and_then(|shares| shares.granted);
    let granted = facts.intent.map(|intent| i64::from(split(intent.replicas, wanted, &intent.capacity).percent()));
    Some(Shares { wanted: i64::from(wanted.percent()), granted: granted.or(before), achieved: facts.achieved.map(i64::from) })
}

fn last_outcome(facts: &Facts<'_>) -> Option<LastOutcome> {
    match facts.state {
        State::Idle(idle) => Some(LastOutcome {
            revision: idle.last.revision.to_string(),
            result: result_name(idle.last.result).to_owned(),
            message: shorten(&idle.last.message),
        }),
        State::Installing(_) | State::Stepping(_) | State::Paused(_) | State::Promoting(_) | State::RollingBack(_) | State::Deleted(_) => {
            facts.previous.last_outcome.clone()
        }
    }
}

pub(super) const fn result_name(result: AttemptResult) -> &'static str {
    match result {
        AttemptResult::Installed => "Installed",
        AttemptResult::Promoted => "Promoted",
        AttemptResult::Aborted => "Aborted",
        AttemptResult::Superseded => "Superseded",
    }
}

/// Keeps the share that was shown before where it is all that moved, and only a little.
fn settle_share(rendered: Status, previous: &Status) -> Status {
    let shown = |status: &Status| status.weight.and_then(|shares| shares.achieved);
    let (Some(now), Some(before)) = (shown(&rendered), shown(previous)) else { return rendered };
    let granted = rendered.weight.and_then(|shares| shares.granted);
    if (now - before).abs() >= NOTABLE || granted == Some(now) {
        return rendered;
    }
    let weight = rendered.weight.map(|shares| Shares { achieved: Some(before), ..shares });
    let kept = Status { weight, ..rendered.clone() };
    if kept == *previous { kept } else { rendered }
}
