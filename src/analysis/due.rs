//! Which questions are due now, and when the next ones are.

use chrono::{DateTime, Utc};

use super::{asked, gate, query, workload};
use crate::rollout::{Attempt, Check, Intent, Observed, PodState, Question, State, Weight};

/// What to ask now, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Questions to ask now.
    pub questions: Vec<Question>,
    /// When the next one is due, if one will be.
    pub wake: Option<DateTime<Utc>>,
}

/// Every check is asked once per interval while a canary is on trial, beginning when its window holds nothing older than the canary's
/// first ready pod and the step's pods are warm.
pub fn due(intent: &Intent, state: &State, name: &str, seen: &Observed, now: DateTime<Utc>) -> Due {
    let Some((attempt, weight)) = state.trial() else { return Due::default() };
    let mut due = Due { questions: Vec::new(), wake: workload::wake(attempt, seen, now) };
    let Some(ready) = first_ready(attempt, seen) else { return due };
    for check in asked(intent, state) {
        let earliest = gate(intent, state).map_or(ready + check.threshold.window, |gate| gate.max(ready + check.threshold.window));
        let newest = seen.samples.iter().filter(|s| s.check == check.name && s.speaks_of(attempt.number, weight, now)).map(|s| s.at).max();
        let at = newest.map_or(earliest, |at| (at + intent.every).max(earliest));
        if at <= now {
            due.questions.push(measure(check, attempt, weight, name, now));
        }
        let again = if at <= now { now + intent.every } else { at };
        due.wake = Some(due.wake.map_or(again, |wake| wake.min(again)));
    }
    due
}

fn measure(check: &Check, attempt: &Attempt, step: Weight, name: &str, at: DateTime<Utc>) -> Question {
    Question::Measure {
        check: check.name.clone(),
        attempt: attempt.number,
        step,
        provider: check.threshold.provider.clone(),
        query: query::fill_pods(&check.threshold.query, name, &attempt.stable, &attempt.canary),
        at,
    }
}

/// When the canary's first pod that still serves became ready, if one is.
pub(super) fn first_ready(attempt: &Attempt, seen: &Observed) -> Option<DateTime<Utc>> {
    let pods = seen.children.get(&attempt.canary).map(|child| child.pods.as_slice()).unwrap_or_default();
    pods.iter().filter_map(|pod| if let PodState::Ready { since } = pod.state { Some(since) } else { None }).min()
}
