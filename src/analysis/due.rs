//! Which questions are due now, and when the next ones are.

use chrono::{DateTime, TimeDelta, Utc};

use super::beside::Beside;
use super::evidence::{Evidence, Pods};
use super::minutes::{BATCH, Minutes};
use super::series::{Window, backed, counting, measuring};
use super::windows::Chain;
use super::{asked, begins, bounds, gate, query, workload};
use crate::rollout::{
    Ask, Attempt, Before, Check, CheckKind, Child, Clock, Gauge, Intent, Observed, Pod, Question, Reading, Ready, Revision, Sample,
    Sequential, Source, State, Stepping, Subject, Weight, Young,
};

/// A pod that became ready less than so long ago is young: a series of it that appears began at zero.
const YOUNG: TimeDelta = TimeDelta::hours(1);

/// What to ask now, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Questions to ask now.
    pub questions: Vec<Question>,
    /// When the next one is due, if one will be.
    pub wake: Option<DateTime<Utc>>,
}

/// Every check is asked once per interval while a canary is on trial, beginning when its window holds nothing older than the canary's
/// first ready pod and the step's pods are warm: at once when a share is reached, for only what is measured from then on can pass it. On the
/// way there an interval goes by first, since what is measured at once tells of the exposure before. A check that goes from window to window
/// asks for the next one of those.
pub fn due(intent: &Intent, state: &State, evidence: &Evidence, seen: &Observed, now: DateTime<Utc>) -> Due {
    let Some((attempt, weight)) = state.trial() else { return Due::default() };
    let mut due = Due { questions: Vec::new(), wake: workload::wake(attempt, seen, now) };
    let Some(ready) = first_ready(attempt, seen) else { return due };
    let (gate, first) = (gate(intent, state), first_look(intent, state));
    let all = Asking { intent, attempt, whole: attempt, past: None, step: weight, seen, gate, first, ready, now };
    let beside = Beside::of(intent, (attempt, weight), (gate, Some(ready)), seen);
    for check in asked(intent, state) {
        let asking = match (check.compares(), &beside) {
            (false, _) => all,
            (true, Ok(Beside { attempt, past, gate, ready: Some(ready), .. })) => {
                Asking { attempt, past: *past, gate: *gate, ready: *ready, ..all }
            }
            // A pod that gets ready is a reason to look again.
            (true, Ok(_) | Err(_)) => continue,
        };
        let next = match &check.kind {
            CheckKind::Threshold(threshold) => match &threshold.subject {
                Subject::Query(query) => {
                    let ask = Ask::Number(query::fill_pods(query, &seen.name, &attempt.stable, &attempt.canary));
                    asking.again(check, threshold.window, TimeDelta::zero(), |_| ask)
                }
                Subject::Backed { query, count, .. } => {
                    asking.again(check, threshold.window, TimeDelta::zero(), |_| backed(query, count, &seen.name, attempt))
                }
                Subject::Share { source, .. } => {
                    asking.again(check, threshold.window, check.delay, |at| asking.count(source, at - threshold.window, at, None))
                }
            },
            CheckKind::Compare(compare) => asking.again(check, compare.window, check.delay, |at| {
                let from = at - compare.window;
                asking.count(&compare.source, from, at, Some(asking.spread(check, from, at)))
            }),
            CheckKind::Sequential(sequential) => asking.next(check, sequential, evidence),
            CheckKind::Gauge(gauge) => asking.minute(check, gauge, evidence),
        };
        due.questions.extend(next.question);
        due.wake = Some(due.wake.map_or(next.wake, |wake| wake.min(next.wake)));
    }
    due
}

/// What one check asks now, and when to look again.
struct Next {
    question: Option<Question>,
    wake: DateTime<Utc>,
}

/// For what is asked.
#[derive(Clone, Copy)]
struct Asking<'a> {
    intent: &'a Intent,
    /// With whom stable's side is told of.
    attempt: &'a Attempt,
    /// As it is.
    whole: &'a Attempt,
    /// Who tells of stable's earlier windows, where not its side.
    past: Option<&'a Revision>,
    step: Weight,
    seen: &'a Observed,
    gate: Option<DateTime<Utc>>,
    first: Option<DateTime<Utc>>,
    ready: DateTime<Utc>,
    now: DateTime<Utc>,
}

impl Asking<'_> {
    /// The newest window, once an interval. Its end is so long ago that its samples are complete.
    fn again(&self, check: &Check, window: TimeDelta, delay: TimeDelta, ask: impl FnOnce(DateTime<Utc>) -> Ask) -> Next {
        let Self { intent, gate, first, ready, now, .. } = *self;
        let earliest = begins(gate.max(first), ready + window);
        let counts = |at: &DateTime<Utc>| gate.is_none_or(|gate| *at >= gate);
        let newest = self.mine(check).map(|sample| sample.at).filter(counts).max();
        let at = newest.map_or(earliest, |at| (at + intent.every).max(earliest)) + delay;
        if at <= now {
            let question = self.measure(check, ask(now - delay), now - delay);
            return Next { question: Some(question), wake: now + intent.every };
        }
        Next { question: None, wake: at }
    }

    /// The window that follows on those that were counted.
    fn next(&self, check: &Check, sequential: &Sequential, evidence: &Evidence) -> Next {
        let Self { intent, attempt, whole, past, step, seen, gate, ready, now, .. } = *self;
        let Some(source) = bounds::chosen(&sequential.source, evidence.bound(attempt.number, &check.name)) else {
            // Young pods have not answered for so long.
            let old = Self { attempt: whole, past: None, ..*self };
            return self.again(check, TimeDelta::zero(), check.delay, |at| {
                match old.count(&sequential.source, at - bounds::LOOKS_BACK, at, None) {
                    Ask::Counts(counting) => Ask::Bounds(counting),
                    other @ (Ask::Number(_) | Ask::Backed(_) | Ask::Bounds(_) | Ask::Means(_)) => other,
                }
            });
        };
        let weighed = evidence.of(attempt.number, &check.name);
        let base = begins(gate, ready);
        let chain = Chain { check, sequential, attempt: attempt.number, step, base, before: Pods::before(past), now };
        let (from, to) = chain.next(intent.every, weighed, &seen.samples);
        if to + check.delay > now {
            return Next { question: None, wake: to + check.delay };
        }
        let first = weighed.is_none() && !chain.was_too_large(&seen.samples);
        let before = first.then(|| Chain::before(from, intent.every));
        Next { question: Some(self.measure(check, self.count(&source, from, to, before), to)), wake: now + intent.every }
    }

    /// The minute that follows on those that were measured.
    fn minute(&self, check: &Check, gauge: &Gauge, evidence: &Evidence) -> Next {
        let Self { intent, attempt, step, seen, gate, ready, now, .. } = *self;
        let base = begins(gate, ready);
        let minutes = Minutes { check, gauge, attempt: attempt.number, step, base, now };
        let to = minutes.next(evidence.measured(attempt.number, &check.name), &seen.samples);
        if to + check.delay > now {
            return Next { question: None, wake: to + check.delay };
        }
        let ask = measuring(&gauge.query, &seen.name, attempt, BATCH, self.ready_since(to - BATCH));
        Next { question: Some(self.measure(check, ask, to)), wake: now + intent.every }
    }

    /// The windows of stable that show how its bad requests are spread: those before the one that is judged, so that what comes in that one
    /// is no measure of itself. Where so many samples were too large an answer, they are its own.
    fn spread(&self, check: &Check, from: DateTime<Utc>, to: DateTime<Utc>) -> Before {
        let each = self.intent.every;
        let too_large = self.mine(check).any(|sample| sample.reading == Reading::TooLarge);
        if too_large { Before { from, to, each } } else { Chain::before(from, each) }
    }

    /// The answers to a check that speak of this attempt at this exposure.
    fn mine(&self, check: &'_ Check) -> impl Iterator<Item = &Sample> {
        let Self { attempt, step, seen, now, .. } = *self;
        seen.samples.iter().filter(move |sample| sample.check == check.name && sample.speaks_of(attempt.number, step, now))
    }

    fn measure(&self, check: &Check, ask: Ask, at: DateTime<Utc>) -> Question {
        Question::Measure {
            check: check.name.clone(),
            attempt: self.attempt.number,
            step: self.step,
            provider: check.provider.clone(),
            ask,
            at,
        }
    }

    fn count(&self, source: &Source, from: DateTime<Utc>, to: DateTime<Utc>, before: Option<Before>) -> Ask {
        let Self { attempt, seen, past, .. } = *self;
        let both = ready(seen, &attempt.canary).chain(ready(seen, &attempt.stable));
        let young = Young::Named(both.filter(|(_, since)| to - *since < YOUNG).map(|(pod, _)| pod.name.clone()).collect());
        counting(source, &seen.name, attempt, Window { from, to, before, past: past.cloned(), young, ready: self.ready_since(from) })
    }

    /// The pods that have been ready since then.
    fn ready_since(&self, from: DateTime<Utc>) -> Ready {
        let of = |revision| ready(self.seen, revision).filter(|(_, since)| *since <= from).map(|(pod, _)| pod.name.clone()).collect();
        Ready { canary: of(&self.attempt.canary), stable: of(&self.attempt.stable) }
    }
}

/// When the first look on the way to a share is due.
fn first_look(intent: &Intent, state: &State) -> Option<DateTime<Utc>> {
    if let State::Stepping(Stepping { clock: Clock::Waiting { since, .. }, .. }) = state { Some(*since + intent.every) } else { None }
}

/// The pods of a revision that serve, and since when.
fn ready<'a>(seen: &'a Observed, revision: &Revision) -> impl Iterator<Item = (&'a Pod, DateTime<Utc>)> {
    seen.children.get(revision).into_iter().flat_map(Child::ready)
}

/// When the canary's first pod that still serves became ready, if one is.
pub(super) fn first_ready(attempt: &Attempt, seen: &Observed) -> Option<DateTime<Utc>> {
    ready(seen, &attempt.canary).map(|(_, since)| since).min()
}
