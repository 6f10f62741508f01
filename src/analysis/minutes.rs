//! Does a measured quantity, such as memory, stand higher on the canary's pods than on stable's? Minute by minute.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::cost::time;
use super::gauge::{Batches, FEWEST_BATCHES, Pods};
use super::threshold::{STALE_AFTER, unreadable};
use super::windows::{CLOCKS_DIFFER, LONGEST};
use super::words::{missing, times};
use crate::rollout::{Check, Failure, Gauge, Intent, Means, Reading, Sample, Strength, Verdict, Weight};

/// What is measured is a mean of this long: samples of one minute resemble each other too much to count by themselves.
pub const BATCH: TimeDelta = TimeDelta::seconds(60);

/// The evidence of one check that measures a quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// A proof is that the canary is surely below so many times stable's quantity.
    pub limit: f64,
    /// It fails once it is surely above so many times.
    pub alarm: f64,
    /// How likely each of them may be wrong.
    pub alpha: f64,
    /// Where the first minute began.
    pub since: DateTime<Utc>,
    /// Where the last one ended.
    pub until: DateTime<Utc>,
    /// The minutes.
    pub batches: Batches,
    /// How much stable's pods differed at the beginning, and how many pods of each side there were in the last minute.
    pub pods: Pods,
    /// The exposure of the last minute.
    pub step: Weight,
}

impl Measured {
    /// The bounds of what the canary has, in times of what stable has.
    pub(super) fn bounds(&self) -> (f64, f64) {
        let (lower, upper) = self.batches.bounds(self.alpha, self.pods);
        (lower.exp(), upper.exp())
    }

    /// Both sides, in words.
    pub(super) fn told(&self) -> String {
        let Pods { canary, stable, .. } = self.pods;
        let (lower, upper) = self.bounds();
        let bounds = if self.batches.are_few() { String::new() } else { format!(" (surely {} to {})", times(lower), times(upper)) };
        let mean = times(self.batches.mean().exp());
        format!("canary has {mean} what stable has{bounds} over {} minutes, on {canary} vs {stable} pods", self.batches.number())
    }
}

/// Whose minutes, and from when on they count.
#[derive(Clone, Copy)]
pub(super) struct Minutes<'a> {
    pub(super) check: &'a Check,
    pub(super) gauge: &'a Gauge,
    pub(super) attempt: u32,
    pub(super) step: Weight,
    /// No minute begins before the canary was there, and warm.
    pub(super) base: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
}

impl Minutes<'_> {
    fn mine<'b>(&self, samples: &'b [Sample]) -> impl Iterator<Item = &'b Sample> {
        samples.iter().filter(|sample| sample.check == self.check.name && sample.speaks_of(self.attempt, self.step, self.now))
    }

    /// The earliest time at which the next minute may begin. Where the clock was set back it goes on with what is now.
    fn begins(&self, known: Option<&Measured>) -> DateTime<Utc> {
        known.filter(|known| known.until <= self.now + CLOCKS_DIFFER).map_or(self.base, |known| known.until.max(self.base))
    }

    /// Where the minute ends that is asked for next. One that got no answer is not asked for again: there are others.
    pub(super) fn next(&self, known: Option<&Measured>, samples: &[Sample]) -> DateTime<Utc> {
        let from = self.begins(known);
        let asked = self.mine(samples).map(|sample| sample.at).max().map_or(from, |at| at.max(from));
        asked.max(self.now - self.check.delay - LONGEST) + BATCH
    }

    /// The evidence with all minutes that follow on what was measured.
    pub(super) fn fold(&self, samples: &[Sample], known: Option<&Measured>) -> Option<Measured> {
        let mut follow: Vec<(DateTime<Utc>, Means)> =
            self.mine(samples).filter_map(|sample| Some((sample.at, sample.means().filter(|means| lack(means).is_none())?))).collect();
        follow.sort_by_key(|(at, _)| *at);
        let mut known = known.cloned();
        for (at, means) in follow {
            if at - BATCH >= self.begins(known.as_ref()) {
                self.count(known.get_or_insert_with(|| self.first(at - BATCH, means)), at, means);
            }
        }
        known
    }

    fn first(&self, since: DateTime<Utc>, means: Means) -> Measured {
        let Gauge { limit, alarm, alpha, .. } = *self.gauge;
        let pods = Pods { spread: means.stable.spread, canary: means.canary.pods, stable: means.stable.pods };
        Measured { limit, alarm, alpha, since, until: since, batches: Batches::default(), pods, step: self.step }
    }

    fn count(&self, known: &mut Measured, at: DateTime<Utc>, Means { canary, stable, .. }: Means) {
        (known.limit, known.alarm, known.alpha) = (self.gauge.limit, self.gauge.alarm, self.gauge.alpha);
        (known.step, known.until) = (self.step, at);
        (known.pods.canary, known.pods.stable) = (canary.pods, stable.pods);
        known.batches.count((canary.mean / stable.mean).ln());
    }

    /// What the check says.
    pub(super) fn judge(&self, intent: &Intent, samples: &[Sample], known: Option<&Measured>) -> Verdict {
        let Self { check, gauge, .. } = *self;
        let name = &check.name;
        let open = |text: String| Verdict::Inconclusive(format!("{name}: {text}"));
        let newest = self.mine(samples).max_by_key(|sample| sample.at);
        if let Some(sample) = newest.filter(|sample| known.is_none_or(|known| sample.at > known.until)) {
            match &sample.reading {
                Reading::Means(means) => {
                    if let Some(lack) = lack(means) {
                        return open(lack);
                    }
                }
                other => return unreadable(check, other),
            }
        }
        let Some(known) = known.filter(|known| known.step == self.step && known.until > self.base) else {
            return open("no minute was measured at this exposure yet".to_owned());
        };
        if self.now - known.until - check.delay > BATCH * STALE_AFTER {
            return open(format!("the newest minute ended {} s ago", (self.now - known.until).num_seconds()));
        }
        let (lower, upper) = known.bounds();
        let (told, limit) = (known.told(), times(gauge.limit));
        let mean = known.batches.mean().exp();
        if lower > gauge.alarm {
            let message = format!("{name}: {told}; surely above {}", times(gauge.alarm));
            let (value, limit) = (Some(format!("{mean:.4}")), Some(format!("{:.4}", gauge.alarm)));
            return Verdict::Fail(Failure { check: name.clone(), message, value, limit, evidence: None });
        }
        if mean > gauge.limit {
            return open(format!("{told}; above {limit}, and not surely above {}", times(gauge.alarm)));
        }
        match (upper < gauge.limit, self.wanted(intent)) {
            (true, _) => Verdict::Pass(format!("{name}: {told}; surely below {limit}")),
            (false, Strength::NoHarm) => Verdict::Pass(format!("{name}: {told}; no harm found, within {limit}")),
            (false, Strength::Proof | Strength::Auto) => open(format!("{told}; not decided yet whether it is below {limit}")),
        }
    }

    /// How much a Pass has to mean now. A proof takes some minutes; where the last step does not last so long there is none to wait for.
    fn wanted(&self, intent: &Intent) -> Strength {
        let wanted = if intent.next_step(self.step).is_some() { self.gauge.step } else { self.gauge.promotion };
        let time = time(self.check, intent, self.step, TimeDelta::zero());
        match wanted {
            Strength::Auto if time < BATCH * FEWEST_BATCHES.into() => Strength::NoHarm,
            Strength::Auto => Strength::Proof,
            Strength::NoHarm | Strength::Proof => wanted,
        }
    }
}

/// Why a minute does not count, if it does not.
fn lack(means: &Means) -> Option<String> {
    match (means.canary.pods, means.stable.pods) {
        (0, _) => Some("no series tells of a pod of the canary; holding, this is not a failure".to_owned()),
        (_, 0) => Some("no series tells of a pod of stable; there is nothing to compare with".to_owned()),
        (_, _) if !means.compare() => Some("one side measures nothing above 0, which no ratio compares; waiting".to_owned()),
        (_, _) => means.scraped.and_then(|scraped| scraped.missing()).map(|(track, reached)| missing(track, reached)),
    }
}
