//! How is the evidence of an attempt told so that a person can follow it?

use std::fmt::{self, Write as _};

use super::evidence::{Evidence, Weighed};
use super::interval;
use super::minutes::Measured;
use super::sequential::Need;
use super::words::{bound_text, grouped, line, odds, percent, times};
use crate::rollout::{Count, Line};

/// The evidence of an attempt as a table for each check.
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no check has compared the canary with stable window by window\n");
        }
        writeln!(f, "attempt {}", self.attempt())?;
        self.baselines()
            .try_for_each(|(step, pods)| writeln!(f, "at {step} stable's side are {pods} young pods of its template (baseline: pods)"))?;
        self.checks().try_for_each(|(name, weighed)| {
            write!(f, "\n{}", table(name, weighed))?;
            self.bound(self.attempt(), name).map_or(Ok(()), |bound| {
                writeln!(f, "  slow is what takes longer than {}, as stable's own requests showed", bound_text(bound))
            })
        })?;
        self.gauges().try_for_each(|(name, measured)| write!(f, "\n{}", minutes(name, measured)))
    }
}

fn table(name: &str, weighed: &Weighed) -> String {
    let mut text = String::new();
    let (all, here) = (weighed.all, weighed.here);
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%H:%M:%S").to_string();
    let days = weighed.since.format("%Y-%m-%d");
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name}: {} windows from {days} {} to {} UTC", weighed.windows, time(weighed.since), time(weighed.until));
    text.push_str(&heads());
    for (side, count) in [("canary", all.canary), ("stable", all.stable)] {
        let _ = writeln!(text, "  {}", row(side, count));
    }
    let exposure = weighed.step;
    for (side, count) in [("canary", here.canary), ("stable", here.stable)] {
        let _ = writeln!(text, "  {}", row(&format!("{side} at {exposure}"), count));
    }
    let (beside, need) = (all.stable.share().unwrap_or(0.0), Need::for_errors(weighed.alpha));
    let mut evidence = |what: &str, limit: Line, log: f64| {
        let reached = if need.reached(log) { "reached" } else { "not reached" };
        let _ = writeln!(text, "  {what} {:<26} evidence {:>9}, need {need}: {reached}", line(limit, beside), odds(log));
    };
    evidence("worse than", weighed.alarm, weighed.worse.log());
    evidence("below     ", weighed.limit, weighed.better.log());
    let _ = writeln!(
        text,
        "  evidence is divided by {:.1} for bursts; {} windows were let go by while pods were new",
        weighed.bursts, weighed.dropped
    );
    text
}

fn minutes(name: &str, measured: &Measured) -> String {
    let Measured { limit, alarm, since, until, pods, .. } = measured;
    let (lower, upper) = measured.bounds();
    let reached = |is: bool| if is { "reached" } else { "not reached" };
    format!(
        "{name}: {} minutes from {} to {} UTC\n  {}\n  worse than {}: {}\n  below      {}: {}\n  stable's pods differ by {:.0}% among themselves\n",
        measured.batches.number(),
        since.format("%Y-%m-%d %H:%M:%S"),
        until.format("%H:%M:%S"),
        measured.told(),
        times(*alarm),
        reached(lower > *alarm),
        times(*limit),
        reached(upper < *limit),
        pods.spread * 100.0,
    )
}

/// What stands above the rows of sides.
pub(super) fn heads() -> String {
    format!("  {:<17} {:>12} {:>9} {:>9}   95 % interval\n", "", "requests", "bad", "share")
}

/// One side.
pub(super) fn row(side: &str, count: Count) -> String {
    let share = count.share().map_or_else(|| "none".to_owned(), percent);
    let (low, high) = interval(count);
    format!("{side:<17} {:>12} {:>9} {share:>9}   {} to {}", grouped(count.total), grouped(count.bad), percent(low), percent(high))
}
