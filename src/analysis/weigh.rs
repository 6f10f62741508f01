//! What does the evidence say of the canary now?

use chrono::{DateTime, TimeDelta, Utc};

use super::bounds;
use super::cost;
use super::evidence::{Evidence, Weighed};
use super::sequential::{Course, Need, mean};
use super::shared;
use super::threshold::{STALE_AFTER, unreadable};
use super::windows::{Trouble, span, trouble};
use super::words::{about, bound_text, grouped, line, missing, odds, rate, roughly, shares};
use crate::rollout::{Attempt, Check, CheckKind, Failure, Intent, Observed, Reading, Sample, Sequential, Strength, Verdict, Weight};

/// All that a sequential check is judged by.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) intent: &'a Intent,
    pub(super) attempt: &'a Attempt,
    pub(super) step: Weight,
    /// Nothing that was measured before this time lets exposure grow.
    pub(super) gate: Option<DateTime<Utc>>,
    pub(super) evidence: &'a Evidence,
    pub(super) seen: &'a Observed,
    pub(super) now: DateTime<Utc>,
}

/// The sequential checks of a list.
pub(super) fn sequential<'a>(checks: impl IntoIterator<Item = &'a Check>) -> impl Iterator<Item = (&'a Check, &'a Sequential)> {
    checks.into_iter().filter_map(|check| match &check.kind {
        CheckKind::Sequential(sequential) => Some((check, sequential)),
        CheckKind::Threshold(_) | CheckKind::Compare(_) | CheckKind::Gauge(_) => None,
    })
}

/// Harm that the sequential checks together have proven: the mean of their evidence has reached the odds of the strictest of them. So the stated
/// error is that of the attempt, however many checks there are. The one with the most evidence is named.
pub(super) fn harm<'a>(checks: impl IntoIterator<Item = &'a Check>, bench: Bench<'_>) -> Option<Failure> {
    let all: Vec<_> = sequential(checks).map(|(check, sequential)| (check, sequential, bench.weighed(check))).collect();
    let whole: f64 = all.iter().map(|(_, sequential, _)| sequential.part).sum();
    let log = |weighed: Option<&Weighed>| weighed.map_or(0.0, |weighed| weighed.worse.log());
    let together = mean(all.iter().map(|(_, sequential, weighed)| (log(*weighed), sequential.part / whole)));
    let alpha = all.iter().map(|(_, sequential, _)| sequential.alpha).reduce(f64::min)?;
    let need = Need::for_errors(alpha);
    if !need.reached(together) {
        return None;
    }
    let (check, sequential, weighed) = all.iter().max_by(|one, other| log(one.2).total_cmp(&log(other.2)))?;
    let weighed = (*weighed)?;
    let stable = weighed.all.stable.share().unwrap_or(0.0);
    let of = if all.len() > 1 { format!(" ({} checks together)", all.len()) } else { String::new() };
    let message = format!(
        "{}: {}; evidence {}{of} that it is worse than {}, need {need}; {} intervals, burst factor {:.1}",
        bench.title(check),
        shares(&weighed.all),
        odds(together),
        line(sequential.alarm, stable),
        weighed.windows,
        weighed.bursts
    );
    let value = weighed.all.canary.share().map(|share| format!("{share:.6}"));
    let limit = Some(format!("{:.6}", sequential.alarm.beside(stable)));
    Some(Failure { check: check.name.clone(), message, value, limit, evidence: Some(weighed.sums().to_string()) })
}

/// What one check says where no harm is proven.
pub(super) fn judge(check: &Check, sequential: &Sequential, bench: Bench<'_>) -> Verdict {
    let name = bench.title(check);
    let open = |text: String| Verdict::Inconclusive(format!("{name}: {text}"));
    let mine = |sample: &&Sample| sample.check == check.name && sample.speaks_of(bench.attempt.number, bench.step, bench.now);
    let newest = bench.seen.samples.iter().filter(mine).max_by_key(|sample| sample.at);
    if let Some(missing) = bounds::missing((check, sequential), bench.evidence, bench.attempt.number, newest) {
        return missing;
    }
    // Once a bound is chosen, the answer that showed it is history.
    let newest = newest.filter(|sample| !matches!(sample.reading, Reading::Bounds(_)));
    let weighed = bench.weighed(check);
    if let Some(sample) = newest.filter(|sample| weighed.is_none_or(|weighed| sample.at > weighed.until)) {
        match sample.counted() {
            None => return unreadable(check, &sample.reading),
            Some(counted) => {
                if let Some(trouble) = trouble(counted, sample.at, bench.intent.every) {
                    return open(waiting(trouble, counted.scrape));
                }
            }
        }
    }
    let now = |weighed: &&Weighed| weighed.step == bench.step && bench.gate.is_none_or(|gate| weighed.until > gate);
    let Some(weighed) = weighed.filter(now) else {
        return open("no window was counted at this exposure yet".to_owned());
    };
    let age = bench.now - weighed.until - check.delay;
    if age > bench.intent.every.max(weighed.scrape().unwrap_or_default()) * STALE_AFTER {
        return open(format!("the newest window ended {} s ago", (bench.now - weighed.until).num_seconds()));
    }
    let silent = newest.and_then(Sample::counted).filter(|counted| counted.newest.canary.is_none() && weighed.here.canary.total == 0.0);
    if let Some(silent) = silent {
        let scraped = silent.scraped.map_or_else(String::new, |scraped| {
            format!(
                " ({} of its {} pods were scraped, which have not counted any request yet)",
                scraped.canary.scraped, scraped.canary.ready
            )
        });
        return open(format!("no series tells of revision {}{scraped}; holding, this is not a failure", bench.attempt.canary));
    }
    if let Some(text) = sequential.incident.and_then(|of| shared::incident(of, weighed, span(bench.intent.every, Some(weighed)))) {
        return open(text);
    }
    if let Some(missing) = too_few(weighed, sequential.least) {
        return open(missing);
    }
    estimate(check, sequential, weighed, bench)
}

/// What is waited for before a window counts.
fn waiting(trouble: Trouble, scrape: Option<TimeDelta>) -> String {
    let stale = |side: &str, age: TimeDelta| {
        let scrape = scrape.map_or_else(String::new, |scrape| format!(" (scrapes are {} s apart)", scrape.num_seconds()));
        format!("the newest sample of {side} is {} s old{scrape}; waiting", age.num_seconds())
    };
    match trouble {
        Trouble::Missing(track, reached) => missing(track, reached),
        Trouble::StaleCanary(age) => stale("the canary", age),
        Trouble::StaleStable(age) => stale("stable", age),
        Trouble::OneSide => "only one side answered requests since the last window; waiting".to_owned(),
    }
}

fn too_few(weighed: &Weighed, least: f64) -> Option<String> {
    let side = [("canary", weighed.here.canary.total), ("stable", weighed.here.stable.total)].into_iter().find(|(_, total)| *total < least);
    side.map(|(side, total)| format!("{} {side} requests at this exposure, need {}", grouped(total), grouped(least)))
}

/// The newest evidence has to be inside the limit, too: what was good earlier must not outvote what is.
fn estimate(check: &Check, sequential: &Sequential, weighed: &Weighed, bench: Bench<'_>) -> Verdict {
    let name = bench.title(check);
    let here = weighed.here;
    let (canary, stable) = (here.canary.share().unwrap_or(1.0), here.stable.share().unwrap_or(0.0));
    if canary > sequential.limit.beside(stable) {
        let text = format!("{name}: {}, above {} at this exposure", shares(&here), line(sequential.limit, stable));
        return Verdict::Inconclusive(format!("{text}; evidence of harm {}, {}", odds(weighed.worse.log()), need(sequential)));
    }
    let wanted = if bench.intent.next_step(bench.step).is_some() { sequential.step } else { sequential.promotion };
    let (strength, remark) = match wanted {
        Strength::NoHarm => (Strength::NoHarm, String::new()),
        Strength::Proof => (Strength::Proof, String::new()),
        Strength::Auto => {
            let proof = Cost::of(sequential, weighed);
            if proof.fits(cost::time(check, bench.intent, bench.step, span(bench.intent.every, Some(weighed)))) {
                (Strength::Proof, String::new())
            } else {
                (Strength::NoHarm, format!("; a proof would take {}", proof.told()))
            }
        }
    };
    let beside = weighed.all.stable.share().unwrap_or(0.0);
    let proven = Need::for_errors(sequential.alpha).reached(weighed.better.log());
    match (strength, proven) {
        (Strength::Proof | Strength::NoHarm | Strength::Auto, true) => Verdict::Pass(format!(
            "{name}: {}; evidence {} that it is below {}, {}",
            shares(&weighed.all),
            odds(weighed.better.log()),
            line(sequential.limit, beside),
            need(sequential)
        )),
        (Strength::NoHarm, false) => Verdict::Pass(format!(
            "{name}: {}; no harm found (evidence {}, {}), within {}{remark}",
            shares(&here),
            odds(weighed.worse.log()),
            need(sequential),
            line(sequential.limit, stable)
        )),
        (Strength::Proof | Strength::Auto, false) => Verdict::Inconclusive(format!(
            "{name}: not decided after {}: {}; for a pass {} of {}, against it {}; {}",
            about(f64::from(i32::try_from((weighed.until - weighed.since).num_seconds()).unwrap_or(i32::MAX))),
            shares(&weighed.all),
            odds(weighed.better.log()),
            Need::for_errors(sequential.alpha),
            odds(weighed.worse.log()),
            Cost::left(sequential, weighed).told()
        )),
    }
}

fn need(sequential: &Sequential) -> String {
    format!("need {}", Need::for_errors(sequential.alpha))
}

/// What a proof takes at today's traffic, were nothing to change.
struct Cost {
    /// Requests of the canary; nothing where it never comes.
    requests: Option<f64>,
    /// Those that it answers in a second.
    rate: f64,
}

impl Cost {
    /// From the beginning, with a canary that is as good as stable.
    fn of(sequential: &Sequential, weighed: &Weighed) -> Self {
        let stable = weighed.all.stable.share().unwrap_or(0.0);
        Self::at(weighed, |split| cost::requests(sequential, split, stable, weighed.bursts))
    }

    /// From here, if both sides go on as they did.
    fn left(sequential: &Sequential, weighed: &Weighed) -> Self {
        let (canary, stable) = (weighed.all.canary.share().unwrap_or(0.0), weighed.all.stable.share().unwrap_or(0.0));
        Self::at(weighed, |split| cost::more(&weighed.better, sequential, Course { canary, stable, split, bursts: weighed.bursts }))
    }

    /// With the canary's share of the requests at this exposure, and as many of them in a second.
    fn at(weighed: &Weighed, requests: impl FnOnce(f64) -> Option<f64>) -> Self {
        let here = weighed.here;
        let split = here.canary.total / (here.canary.total + here.stable.total);
        let rate = here.canary.total / weighed.here_lasted().as_seconds_f64().max(0.001);
        Self { requests: requests(split), rate }
    }

    fn seconds(&self) -> Option<f64> {
        self.requests.filter(|_| self.rate > 0.0).map(|requests| requests / self.rate)
    }

    fn fits(&self, time: TimeDelta) -> bool {
        self.seconds().is_some_and(|seconds| seconds <= f64::from(i32::try_from(time.num_seconds()).unwrap_or(i32::MAX)))
    }

    fn told(&self) -> String {
        match (self.requests, self.seconds()) {
            (Some(requests), Some(seconds)) => {
                format!("about {} more canary requests, {} at {}", roughly(requests), about(seconds), rate(self.rate))
            }
            (Some(_), None) | (None, _) => "more than any traffic gives while both go on like this".to_owned(),
        }
    }
}

impl<'a> Bench<'a> {
    fn weighed(&self, check: &Check) -> Option<&'a Weighed> {
        self.evidence.of(self.attempt.number, &check.name)
    }

    /// The check's name, and the bound that was chosen for it.
    fn title(&self, check: &Check) -> String {
        let bound = self.evidence.bound(self.attempt.number, &check.name);
        bound.map_or_else(|| check.name.clone(), |bound| format!("{} (slower than {})", check.name, bound_text(bound)))
    }
}
