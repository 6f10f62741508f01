//! What is known of an attempt so far? The part of a status that the sequential checks go on from.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::bounds::wanted;
use super::course::{Course, Window};
use super::minutes::Measured;
use super::sequential::{Need, Side, Terms, Wealth, dispersion};
use super::sums::Sums;
use super::weigh::sequential;
use crate::rollout::{Attempt, Bursts, Check, CheckKind, Count, Counted, Counts, Intent, Line, Revision, Sequential, Weight};

/// The version of the alternatives that the evidence was weighed with. Evidence of another version is not gone on from.
const GRIDS: u32 = 1;

/// So many of stable's windows show how its bad requests are spread.
pub(super) const SPREAD: usize = 60;

/// Up to so many rises of exposure, each puts half of the reserve in play; where there are more, the later ones share what the first has left.
const HALVED: u32 = 6;

/// The evidence of one attempt, by check. It grows by whole windows, each of which begins where the one before ended: a window that comes again
/// changes nothing, and one that was lost is asked for again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The attempt. Another one begins anew.
    #[serde(default)]
    attempt: u32,
    /// The same with its revisions. (Older versions did not write them.)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sides: Option<Attempt>,
    /// By the name of the check.
    #[serde(default)]
    checks: BTreeMap<String, Weighed>,
    /// The same for those that measure a quantity.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    gauges: BTreeMap<String, Measured>,
    /// The bounds of slow requests in milliseconds, where stable's own showed them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    bounds: BTreeMap<String, i64>,
    /// How many young pods stood for stable, by exposure.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    baseline: BTreeMap<Weight, u32>,
}

/// The evidence of one check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weighed {
    grids: u32,
    /// What a proof is held against.
    pub limit: Line,
    /// What a Fail is held against.
    pub alarm: Line,
    /// How likely each of them may be wrong.
    pub alpha: f64,
    /// Where the first window began.
    pub since: DateTime<Utc>,
    /// Where the last window ended.
    pub until: DateTime<Utc>,
    /// That the canary is worse than the alarm.
    pub worse: Wealth,
    /// That the canary is better than the limit.
    pub better: Wealth,
    /// The requests of the attempt.
    pub all: Counts,
    /// Those at the exposure in flight.
    pub here: Counts,
    /// That exposure.
    pub step: Weight,
    /// How often exposure rose.
    rises: u32,
    /// How long the windows at this exposure lasted, in milliseconds.
    here_millis: i64,
    /// Windows with requests on both sides.
    pub windows: u32,
    /// Windows that did not count because pods were new.
    pub dropped: u32,
    /// By what the evidence of the last window was divided.
    pub bursts: f64,
    /// How far apart scrapes are, in milliseconds, where that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scrape_millis: Option<i64>,
    /// Stable's requests in the ten minutes before the attempt, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) usual: Option<Count>,
    /// By what evidence is divided at least, because the pods that served before the attempt show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    least_bursts: Option<f64>,
    /// Stable's newest windows.
    spread: VecDeque<Count>,
    /// Which windows were counted.
    #[serde(default)]
    course: Course,
}

/// Whose the windows before an attempt are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pods {
    /// Those of the pods that the canary is compared with.
    Same,
    /// Those of older pods, which may be better than young ones.
    Older,
}

impl Pods {
    /// Whose those windows are that this revision tells of, where not the side that is compared.
    pub(super) const fn before(past: Option<&Revision>) -> Self {
        match past {
            None => Self::Same,
            Some(_) => Self::Older,
        }
    }
}

/// Where a window was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) step: Weight,
    pub(super) at: DateTime<Utc>,
    pub(super) every: TimeDelta,
    /// No window that began earlier speaks of this exposure as it is now.
    pub(super) base: DateTime<Utc>,
    /// How many exposures the spec has.
    pub(super) steps: usize,
}

impl Evidence {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.gauges.is_empty() && self.bounds.is_empty()
    }

    /// The evidence of a check in an attempt, if there is any.
    pub fn of(&self, attempt: u32, check: &str) -> Option<&Weighed> {
        self.checks.get(check).filter(|weighed| self.attempt == attempt && weighed.grids == GRIDS)
    }

    /// What was measured for a check in an attempt, if anything was.
    pub fn measured(&self, attempt: u32, check: &str) -> Option<&Measured> {
        self.gauges.get(check).filter(|_| self.attempt == attempt)
    }

    /// By which bound a request is slow for a check, where that was chosen.
    pub fn bound(&self, attempt: u32, check: &str) -> Option<TimeDelta> {
        self.bounds.get(check).filter(|_| self.attempt == attempt).and_then(|millis| TimeDelta::try_milliseconds(*millis))
    }

    /// How many young pods stood for stable at an exposure; none where stable itself was compared with.
    pub fn baseline(&self, step: Weight) -> u32 {
        self.baseline.get(&step).copied().unwrap_or(0)
    }

    /// The exposures at which young pods stood for stable, and how many.
    pub(super) fn baselines(&self) -> impl Iterator<Item = (Weight, u32)> {
        self.baseline.iter().map(|(step, pods)| (*step, *pods))
    }

    /// Notes how many young pods stood for stable where something was counted beside what was known before.
    pub(super) fn note_young(&mut self, step: Weight, young: u32, before: &Self) {
        if young > 0 && (self.checks != before.checks || self.gauges != before.gauges) {
            self.baseline.insert(step, young);
        }
    }

    /// The attempt that it is of.
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// That attempt with its revisions, where they are known.
    pub(super) const fn sides(&self) -> Option<&Attempt> {
        self.sides.as_ref()
    }

    /// What is known, by the name of the check.
    pub(super) fn checks(&self) -> impl Iterator<Item = (&String, &Weighed)> {
        self.checks.iter()
    }

    /// What was measured, by the name of the check.
    pub(super) fn gauges(&self) -> impl Iterator<Item = (&String, &Measured)> {
        self.gauges.iter()
    }

    /// The same evidence as far as it is of this attempt. Where no check goes from window to window there is none, and nothing to write.
    pub(super) fn at(&self, attempt: &Attempt, intent: &Intent) -> Self {
        if self.attempt == attempt.number || !intent.checks.iter().any(goes_on) {
            self.clone()
        } else {
            Self { attempt: attempt.number, sides: Some(attempt.clone()), ..Self::default() }
        }
    }

    /// Without checks that the spec no longer has: a status must not grow by edits. A spec without any may be one that cannot be read.
    pub(super) fn retain(&mut self, checks: &[Check]) {
        if checks.iter().any(goes_on) {
            self.checks.retain(|name, _| sequential(checks).any(|(check, _)| check.name == *name));
            self.bounds.retain(|name, _| sequential(checks).any(|(check, tested)| wanted(&tested.source).is_some() && check.name == *name));
            self.gauges.retain(|name, _| checks.iter().any(|check| matches!(check.kind, CheckKind::Gauge(_)) && check.name == *name));
        }
    }

    pub(super) fn keep(&mut self, check: &str, weighed: Weighed) {
        self.checks.insert(check.to_owned(), weighed);
    }

    /// The first choice stands for the whole attempt.
    pub(super) fn keep_bound(&mut self, check: &str, bound: Option<TimeDelta>) {
        if let Some(bound) = bound {
            self.bounds.entry(check.to_owned()).or_insert(bound.num_milliseconds());
        }
    }

    pub(super) fn keep_measured(&mut self, check: &str, measured: Measured) {
        self.gauges.insert(check.to_owned(), measured);
    }

    /// How much newer this is than what was committed.
    pub fn ahead_of(&self, committed: &Self) -> TimeDelta {
        let ahead = |(name, weighed): (&String, &Weighed)| {
            let since = committed.of(self.attempt, name).map_or(weighed.since, |before| before.until);
            weighed.until - since
        };
        let measured = |(name, measured): (&String, &Measured)| {
            let since = committed.measured(self.attempt, name).map_or(measured.since, |before| before.until);
            measured.until - since
        };
        self.checks.iter().map(ahead).chain(self.gauges.iter().map(measured)).max().unwrap_or_default()
    }
}

/// Whether a check goes on from what it knew before.
fn goes_on(check: &Check) -> bool {
    match check.kind {
        CheckKind::Sequential(_) | CheckKind::Gauge(_) => true,
        CheckKind::Threshold(_) | CheckKind::Compare(_) => false,
    }
}

impl Weighed {
    /// Nothing yet, from there on.
    pub(super) fn new(check: &Sequential, since: DateTime<Utc>, step: Weight, (before, whose): (&[Count], Pods)) -> Self {
        let sound = || before.iter().copied().map(Count::sound);
        let spread: VecDeque<Count> = sound().filter(|count| count.total > 0.0).collect();
        let (least_bursts, spread) = match whose {
            Pods::Same => (None, spread),
            Pods::Older => (Some(dispersion(spread)), VecDeque::new()),
        };
        let mut weighed = Self {
            grids: GRIDS,
            limit: check.limit,
            alarm: check.alarm,
            alpha: check.alpha,
            since,
            until: since,
            worse: Wealth::default(),
            better: Wealth::default(),
            all: Counts::default(),
            here: Counts::default(),
            step,
            rises: 0,
            here_millis: 0,
            windows: 0,
            dropped: 0,
            bursts: 1.0,
            scrape_millis: None,
            usual: sound().reduce(Count::plus),
            least_bursts,
            spread,
            course: Course::default(),
        };
        weighed.worse.invest(0.5);
        weighed.better.invest(1.0);
        weighed
    }

    /// Which windows were counted.
    pub(super) const fn course(&self) -> &Course {
        &self.course
    }

    /// The final sums and logarithms, as the event of a verdict holds them: enough to hold a recount against.
    pub(super) fn sums(&self) -> Sums {
        let Self { all, worse, better, bursts, windows, .. } = self;
        Sums { canary: all.canary, stable: all.stable, worse: worse.log(), better: better.log(), bursts: *bursts, windows: *windows }
    }

    /// Stable's newest windows, the oldest of them first.
    pub(super) fn spread(&self) -> impl DoubleEndedIterator<Item = Count> + '_ {
        self.spread.iter().copied()
    }

    /// How far apart scrapes are, where that was seen.
    pub(super) fn scrape(&self) -> Option<TimeDelta> {
        self.scrape_millis.map(TimeDelta::milliseconds)
    }

    /// How long the windows at this exposure lasted together.
    pub const fn here_lasted(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.here_millis)
    }

    /// Counts one window that begins no earlier than where the last one ended.
    pub(super) fn count(&mut self, check: &Sequential, counted: &Counted, place: Place) {
        let Place { step, at, every, base, steps } = place;
        (self.limit, self.alarm, self.alpha) = (check.limit, check.alarm, check.alpha);
        if step > self.step {
            self.rises += 1;
            let planned = u32::try_from(steps).unwrap_or(u32::MAX);
            self.worse.invest(stake(self.rises, planned));
        }
        // Those on the way to a share are evidence of harm, and none of how the canary does once it has that share.
        if step != self.step || self.until <= base {
            (self.step, self.here, self.here_millis) = (step, Counts::default(), 0);
        }
        let skipped = (counted.from - self.until).num_milliseconds().max(0);
        let each = every.num_milliseconds().max(1);
        self.dropped += u32::try_from((skipped + each - 1) / each).unwrap_or(u32::MAX);
        self.until = at;
        self.course.add(Window { step, from: counted.from, to: at });
        self.here_millis += (at - counted.from).num_milliseconds();
        self.scrape_millis = counted.scrape.map(|scrape| scrape.num_milliseconds()).or(self.scrape_millis);
        let counts = Counts { canary: counted.counts.canary.sound(), stable: counted.counts.stable.sound() };
        // By what was known before this window.
        self.bursts = match check.bursts {
            Bursts::Auto => dispersion(self.spread.iter().copied()).max(self.least_bursts.unwrap_or(1.0)),
            Bursts::Fixed(bursts) => bursts,
        };
        if counts.compares() {
            let terms = Terms { bursts: self.bursts, most: Need::for_errors(check.alpha).most() };
            self.worse.count(Side::Worse, check.alarm, &counts, terms);
            self.better.count(Side::Better, check.limit, &counts, terms);
            self.windows += 1;
        }
        self.all = self.all.plus(counts);
        self.here = self.here.plus(counts);
        if counts.stable.total > 0.0 {
            self.spread.push_back(counts.stable);
            let surplus = self.spread.len().saturating_sub(SPREAD);
            self.spread.drain(..surplus);
        }
    }
}

/// The share of the reserve that goes into play at the n-th rise of exposure after the first one.
fn stake(rise: u32, planned: u32) -> f64 {
    if planned <= HALVED {
        return 0.5;
    }
    // Equal parts of the half that the first exposure left: the n-th of them is so much of what is still there.
    let left = planned.saturating_sub(rise).max(1);
    1.0 / f64::from(left)
}
