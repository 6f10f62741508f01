//! Does the evidence follow from what the metrics backend still has? Its windows are asked for again, and counted again.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::bounds;
use super::course::Window;
use super::evidence::{Evidence, Place, Pods, Weighed};
use super::series::{self, counting};
use super::weigh::sequential;
use super::windows::Chain;
use super::words::{grouped, odds, percent};
use crate::rollout::{Ask, Attempt, Check, Count, Counted, Intent, Ready, Revision, Sequential, Weight, Young};

/// More windows are not asked for again: a backend has other work, too.
const MOST: usize = 2000;

/// How near two numbers are that are the same but for the order in which they were summed.
const NEAR: f64 = 1e-9;

/// One check whose evidence may be counted again.
#[derive(Clone, Debug)]
pub struct Again<'a> {
    check: &'a Check,
    /// With the lines that it was held against.
    sequential: Sequential,
    weighed: &'a Weighed,
    evidence: &'a Evidence,
    attempt: &'a Attempt,
    intent: &'a Intent,
    rollout: &'a str,
}

/// One window, counted again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The window.
    #[serde(flatten)]
    pub window: Window,
    /// The requests of the canary in it.
    pub canary: Count,
    /// The requests of stable in it.
    pub stable: Count,
    /// The logarithm of the evidence after it that the canary is worse than the alarm.
    pub worse: f64,
    /// The same, that it is better than the limit.
    pub better: f64,
}

impl Evidence {
    /// What may be counted again, by a spec that still has these checks.
    ///
    /// # Errors
    /// Which attempt it was of is not known, because an older version wrote it.
    pub fn again<'a>(&'a self, rollout: &'a str, intent: &'a Intent) -> Result<Vec<Again<'a>>, &'static str> {
        let attempt = self.sides().ok_or("an older version of Serin wrote this evidence, without the windows that were counted")?;
        let known = sequential(&intent.checks).filter_map(|(check, sequential)| {
            let weighed = self.of(attempt.number, &check.name)?;
            let source = bounds::chosen(&sequential.source, self.bound(attempt.number, &check.name))?;
            let sequential = Sequential { source, limit: weighed.limit, alarm: weighed.alarm, alpha: weighed.alpha, ..sequential.clone() };
            Some(Again { check, sequential, weighed, evidence: self, attempt, intent, rollout })
        });
        Ok(known.collect())
    }
}

impl Again<'_> {
    /// The check's name.
    pub fn name(&self) -> &str {
        &self.check.name
    }

    /// The provider that is asked.
    pub fn provider(&self) -> &str {
        &self.check.provider
    }

    /// The windows, and what is asked at the end of each.
    ///
    /// # Errors
    /// Why they cannot be asked for: too many, or forgotten.
    pub fn questions(&self) -> Result<Vec<(Window, Ask)>, String> {
        let course = self.weighed.course();
        if course.begins() != Some(self.weighed.since) {
            return Err("its first windows are forgotten, because it had too many of different lengths".to_owned());
        }
        let windows: Vec<Window> = course.windows().take(MOST + 1).collect();
        if windows.len() > MOST {
            return Err(format!("it has more than {MOST} windows"));
        }
        let ask = |(number, window): (usize, Window)| {
            let Window { from, to, .. } = window;
            // As it was asked first: stable's earlier windows come with the first one.
            let before = (number == 0).then(|| Chain::before(from, self.intent.every));
            // Which pods there were is forgotten; the windows counted then.
            let (beside, past) = self.beside(window.step);
            let asked = series::Window { from, to, before, past, young: Young::All, ready: Ready::default() };
            (window, counting(&self.sequential.source, self.rollout, &beside, asked))
        };
        Ok(windows.into_iter().enumerate().map(ask).collect())
    }

    /// The evidence after each window, counted again from these answers, which are those of [`Self::questions`] in their order.
    pub fn recount(&self, answers: &[(Window, Counted)]) -> Vec<Row> {
        let mut weighed: Option<Weighed> = None;
        let row = |(window, counted): &(Window, Counted)| {
            let (every, steps, base) = (self.intent.every, self.intent.steps.len(), self.weighed.since);
            let place = Place { step: window.step, at: window.to, every, base, steps };
            let next = weighed.get_or_insert_with(|| {
                let (_, past) = self.beside(window.step);
                Weighed::new(&self.sequential, counted.from, window.step, (&counted.before, Pods::before(past.as_ref())))
            });
            next.count(&self.sequential, counted, place);
            let (worse, better) = (next.worse.log(), next.better.log());
            Row { window: *window, canary: counted.counts.canary.sound(), stable: counted.counts.stable.sound(), worse, better }
        };
        answers.iter().map(row).collect()
    }

    /// Whom the canary was compared with at an exposure, and who told of the time before where those were young pods.
    fn beside(&self, step: Weight) -> (Attempt, Option<Revision>) {
        match self.evidence.baseline(step) {
            0 => (self.attempt.clone(), None),
            _ => (self.attempt.beside_young(), Some(self.attempt.stable.clone())),
        }
    }

    /// In what a recount differs from what was recorded, if it does.
    pub fn differs(&self, rows: &[Row]) -> Option<String> {
        let sum = |of: fn(&Row) -> Count| rows.iter().fold(Count::default(), |sum, row| sum.plus(of(row)));
        let (canary, stable) = (sum(|row| row.canary), sum(|row| row.stable));
        let (worse, better) = rows.last().map_or((0.0, 0.0), |row| (row.worse, row.better));
        let Weighed { all, .. } = self.weighed;
        let pairs = [
            ("requests of the canary", canary.total, all.canary.total),
            ("bad requests of the canary", canary.bad, all.canary.bad),
            ("requests of stable", stable.total, all.stable.total),
            ("bad requests of stable", stable.bad, all.stable.bad),
        ];
        let apart = |now: f64, then: f64| (now - then).abs() > NEAR * then.abs().max(1.0);
        if let Some((what, now, then)) = pairs.into_iter().find(|(_, now, then)| apart(*now, *then)) {
            return Some(format!("{} {what} now, {} when it was counted", grouped(now), grouped(then)));
        }
        let logs = [("worse", worse, self.weighed.worse.log()), ("below", better, self.weighed.better.log())];
        let odd = logs.into_iter().find(|(_, now, then)| apart(*now, *then));
        odd.map(|(what, now, then)| format!("odds of {} now that it is {what}, {} when it was counted", odds(now), odds(then)))
    }
}

/// The header of the rows that follow, for people.
pub fn heading() -> String {
    format!("  {:<9} {:>7} {:>9} {:>20} {:>20} {:>10} {:>10}", "from", "seconds", "exposure", "canary", "stable", "worse", "below")
}

impl Row {
    /// One line for people.
    pub fn line(&self) -> String {
        let Self { window: Window { step, from, to }, canary, stable, worse, better } = self;
        let share = |count: &Count| {
            let share = count.share().map_or_else(|| "none".to_owned(), percent);
            format!("{} of {} {share:>7}", grouped(count.bad), grouped(count.total))
        };
        let time = |at: &DateTime<Utc>| at.format("%H:%M:%S").to_string();
        let seconds = (*to - *from).num_milliseconds();
        let (seconds, step) = (format!("{}.{}", seconds / 1000, seconds % 1000 / 100), step.to_string());
        format!(
            "  {:<9} {seconds:>7} {step:>9} {:>20} {:>20} {:>10} {:>10}",
            time(from),
            share(canary),
            share(stable),
            odds(*worse),
            odds(*better)
        )
    }
}
