//! Which window does a check ask for next, and which windows that were asked for count?
//!
//! Windows follow each other without a gap, so that what falls between two scrapes is counted in the next one. A window that could not be counted
//! is asked for again, longer; nothing is lost by that. No two of them overlap, so that one that comes again changes nothing.

use chrono::{DateTime, TimeDelta, Utc};

use super::evidence::{Evidence, Place, Pods, SPREAD, Weighed};
use crate::rollout::{Check, Counted, Intent, Reached, Reading, Sample, Sequential, Track, Weight};

/// After a restart this many windows are asked for one by one; where more are missing, they are longer.
const ONE_BY_ONE: i32 = 12;

/// A side of which nothing newer was scraped for so many scrapes is stale.
const STALE_AFTER: i32 = 2;

/// A window in which only one side answered grows up to so many intervals before it is let go by: slow scrapes of the two sides need not meet.
const PATIENCE: i32 = 6;

/// No window is longer: what was not counted for so long is let go by.
pub(super) const LONGEST: TimeDelta = TimeDelta::minutes(10);

/// Two clocks that are kept in time do not differ by more.
pub(super) const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(1);

/// Whose windows, and from when on they count.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub(super) check: &'a Check,
    pub(super) sequential: &'a Sequential,
    pub(super) attempt: u32,
    pub(super) step: Weight,
    /// No window begins before the canary was there, and warm.
    pub(super) base: DateTime<Utc>,
    /// Whose the windows before the attempt are.
    pub(super) before: Pods,
    pub(super) now: DateTime<Utc>,
}

impl Chain<'_> {
    /// The earliest time at which the next window may begin.
    fn begins(&self, weighed: Option<&Weighed>) -> DateTime<Utc> {
        weighed.filter(|weighed| !self.was_set_back(weighed)).map_or(self.base, |weighed| weighed.until.max(self.base))
    }

    /// Whether what was counted last lies so far ahead that the clock must have been set back since. Then counting goes on with what is now.
    fn was_set_back(&self, weighed: &Weighed) -> bool {
        weighed.until > self.now + CLOCKS_DIFFER
    }

    /// Counts all windows that follow on what was counted.
    pub(super) fn fold(&self, intent: &Intent, samples: &[Sample], evidence: &mut Evidence) {
        let mine: Vec<&Sample> = samples.iter().filter(|sample| self.is_mine(sample)).collect();
        let mut weighed = evidence.of(self.attempt, &self.check.name).cloned();
        let before = weighed.clone();
        loop {
            let from = self.begins(weighed.as_ref());
            let counted = mine.iter().filter_map(|sample| Some((sample.at, sample.counted()?)));
            let follows = counted.filter(|(at, counted)| counted.from >= from && trouble(counted, *at, intent.every).is_none());
            let Some((at, counted)) = follows.min_by_key(|(at, counted)| (counted.from, *at)) else { break };
            let place = Place { step: self.step, at, every: intent.every, base: self.base, steps: intent.steps.len() };
            let next =
                weighed.get_or_insert_with(|| Weighed::new(self.sequential, counted.from, self.step, (&counted.before, self.before)));
            next.count(self.sequential, counted, place);
        }
        if weighed != before
            && let Some(weighed) = weighed
        {
            evidence.keep(&self.check.name, weighed);
        }
    }

    fn is_mine(&self, sample: &Sample) -> bool {
        let counts = !matches!(sample.reading, Reading::Bounds(_));
        counts && sample.check == self.check.name && sample.speaks_of(self.attempt, self.step, self.now)
    }

    /// The newest answer, whatever it says.
    pub(super) fn newest<'b>(&self, samples: &'b [Sample]) -> Option<&'b Sample> {
        samples.iter().filter(|sample| self.is_mine(sample)).max_by_key(|sample| sample.at)
    }

    /// The window to ask for next, given what was counted: where it begins, and where it ends. It may be asked for once its end is `delay` ago.
    pub(super) fn next(&self, every: TimeDelta, weighed: Option<&Weighed>, samples: &[Sample]) -> (DateTime<Utc>, DateTime<Utc>) {
        let complete = self.now - self.check.delay;
        let span = span(every, weighed);
        let longest = if weighed.is_some_and(|weighed| self.was_set_back(weighed)) { span } else { LONGEST };
        let from = self.begins(weighed).max(complete - longest);
        let missing = whole(complete - from, span);
        match self.newest(samples).filter(|newest| newest.at > from) {
            // It could not be counted: the same with what came since.
            Some(newest) => (from, (newest.at + span).max(from + span * missing)),
            None if missing > ONE_BY_ONE => (from, from + span * (missing / ONE_BY_ONE)),
            None => (from, from + span),
        }
    }

    /// Earlier windows of stable, for the first question of an attempt.
    pub(super) fn before(from: DateTime<Utc>, every: TimeDelta) -> crate::rollout::Before {
        let number = i32::try_from(SPREAD).unwrap_or(i32::MAX);
        crate::rollout::Before { from: from - every * number, to: from, each: every }
    }

    /// Whether the last answer was too large: then less is asked for.
    pub(super) fn was_too_large(&self, samples: &[Sample]) -> bool {
        self.newest(samples).is_some_and(|sample| sample.reading == Reading::TooLarge)
    }
}

/// How long a window is: no shorter than what lies between two scrapes.
pub(super) fn span(every: TimeDelta, weighed: Option<&Weighed>) -> TimeDelta {
    every.max(weighed.and_then(Weighed::scrape).unwrap_or_default())
}

/// How many whole windows lie in a time.
fn whole(time: TimeDelta, window: TimeDelta) -> i32 {
    let windows = time.num_milliseconds() / window.num_milliseconds().max(1);
    i32::try_from(windows.max(0)).unwrap_or(i32::MAX)
}

/// Why a window does not count yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Too few pods of a side were scraped.
    Missing(Track, Reached),
    /// The newest sample of the canary is so old.
    StaleCanary(TimeDelta),
    /// The newest sample of stable is so old.
    StaleStable(TimeDelta),
    /// Only one side answered any request, and the window is still short.
    OneSide,
}

/// Why an answer is not counted, if it is not.
pub(super) fn trouble(counted: &Counted, at: DateTime<Utc>, every: TimeDelta) -> Option<Trouble> {
    let missing = counted.scraped.and_then(|scraped| scraped.missing()).map(|(track, reached)| Trouble::Missing(track, reached));
    let late = |newest: Option<DateTime<Utc>>| {
        let (newest, scrape) = newest.zip(counted.scrape)?;
        Some(at - newest).filter(|age| *age > scrape * STALE_AFTER)
    };
    let one_side = (counted.counts.canary.total > 0.0) != (counted.counts.stable.total > 0.0);
    let stale = late(counted.newest.canary).map(Trouble::StaleCanary).or_else(|| late(counted.newest.stable).map(Trouble::StaleStable));
    missing.or(stale).or_else(|| (one_side && at - counted.from < every * PATIENCE).then_some(Trouble::OneSide))
}
