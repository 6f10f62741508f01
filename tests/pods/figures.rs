//! What do the requests say? Who answered them, how many were lost, and whether anybody got more than was granted.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serin_dev::{Loss, Outcome, Request, improbable_count};
use tokio::time::Instant;

use super::grants::Moment;
use super::shop::Version;

/// What may happen by chance, in each comparison. There are about a hundred and fifty in a run: one run in a hundred thousand fails for nothing.
const IMPROBABLE: f64 = 1e-7;
/// So many requests in a row are compared as well, so that a second with too many is not lost in a step's average.
const BLOCK: u32 = 100;

/// A time in which a canary had a share.
struct Step {
    version: Version,
    granted: u64,
    requests: u32,
    canary: u32,
    /// The canary's of the block in which it had the most.
    most: u32,
}

impl Step {
    /// So many of these requests would be more than chance: each goes to the canary with the granted probability at most.
    fn too_many(&self, requests: u32) -> u32 {
        #[expect(clippy::cast_precision_loss, reason = "it is a percentage")]
        let granted = self.granted as f64 / 100.0;
        improbable_count(requests, granted, IMPROBABLE)
    }
}

/// The figures of a whole story.
pub struct Figures {
    steps: Vec<Step>,
    /// Answers by version and status.
    answers: BTreeMap<(String, u16), usize>,
    /// When, since the first request.
    lost: BTreeMap<Loss, Vec<Duration>>,
    /// What each bad version answered after its end was decided, and for how long.
    tails: Vec<(Version, usize, Duration)>,
    /// Times to an answer, sorted.
    took: Vec<Duration>,
    faults: Vec<String>,
}

impl Figures {
    pub fn of(requests: &[Request], moments: &[Moment]) -> Self {
        let begun = requests.first().map_or_else(Instant::now, |request| request.at);
        let mut figures = Self {
            steps: steps(requests, moments),
            answers: BTreeMap::new(),
            lost: BTreeMap::new(),
            tails: tails(requests, moments),
            took: requests.iter().map(|request| request.took).collect(),
            faults: Vec::new(),
        };
        figures.took.sort();
        for request in requests {
            match &request.outcome {
                Outcome::Answered { version, status } => *figures.answers.entry((version.clone(), *status)).or_default() += 1,
                Outcome::Lost(loss) => figures.lost.entry(*loss).or_default().push(request.at - begun),
            }
        }
        figures.find_faults();
        figures
    }

    /// True if all that was promised was kept.
    pub fn hold(&self) -> bool {
        self.faults.is_empty()
    }

    fn find_faults(&mut self) {
        for (loss, at) in &self.lost {
            let first = &at[..at.len().min(8)];
            self.faults
                .push(format!("{} requests were lost ({loss:?}), the first of them at {first:.1?} since the first request", at.len()));
        }
        for ((version, status), count) in &self.answers {
            if *status != 200 && !version.ends_with("-bad") {
                self.faults.push(format!("{version} answered {count} requests with {status}"));
            }
        }
        for step in &self.steps {
            let name = step.version.name();
            for (canary, requests) in [(step.canary, step.requests), (step.most, BLOCK)] {
                if canary >= step.too_many(requests) {
                    self.faults.push(format!("{name} had {canary} of {requests} requests where {} % were granted", step.granted));
                }
            }
            if step.canary == 0 {
                self.faults.push(format!("{name} had no request at {} %: nothing was tried", step.granted));
            }
        }
    }
}

/// Between two moments each, while the canary earns its share.
fn steps(requests: &[Request], moments: &[Moment]) -> Vec<Step> {
    let next = moments.iter().skip(1).map(Some).chain([None]);
    let stepping = moments.iter().zip(next).filter(|(moment, _)| moment.phase == "Stepping");
    let counted = stepping.map(|(moment, next)| {
        let name = moment.version.name();
        let within = requests.iter().filter(|request| request.at >= moment.at && next.is_none_or(|next| request.at < next.at));
        let its_own: Vec<u32> = within.map(|request| u32::from(answered_by(request, &name))).collect();
        let most = its_own.chunks(BLOCK as usize).map(|block| block.iter().sum()).max().unwrap_or_default();
        Step {
            version: moment.version,
            granted: moment.granted,
            requests: u32::try_from(its_own.len()).unwrap_or(u32::MAX),
            canary: its_own.iter().sum(),
            most,
        }
    });
    counted.collect()
}

fn tails(requests: &[Request], moments: &[Moment]) -> Vec<(Version, usize, Duration)> {
    let ends = moments.windows(2).filter(|pair| pair[0].phase == "Stepping" && pair[1].phase == "RollingBack");
    let tail = |end: &Moment| {
        let name = end.version.name();
        let late: Vec<_> = requests.iter().filter(|request| request.at >= end.at && answered_by(request, &name)).collect();
        (end.version, late.len(), late.last().map_or(Duration::ZERO, |last| last.at - end.at))
    };
    ends.map(|pair| tail(&pair[1])).collect()
}

fn answered_by(request: &Request, name: &str) -> bool {
    matches!(&request.outcome, Outcome::Answered { version, .. } if version == name)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ("revision", "granted", "requests", "its own", "share", "too many", "most in 100", "too many");
        writeln!(f, "{:<9} {:>8} {:>9} {:>8} {:>8} {:>9} {:>12} {:>9}", head.0, head.1, head.2, head.3, head.4, head.5, head.6, head.7)?;
        for step in &self.steps {
            let share = 100.0 * f64::from(step.canary) / f64::from(step.requests.max(1));
            let (name, many, many_of_block) = (step.version.name(), step.too_many(step.requests), step.too_many(BLOCK));
            write!(f, "{name:<9} {:>6} % {:>9} {:>8} {share:>6.1} % {many:>9}", step.granted, step.requests, step.canary)?;
            writeln!(f, " {:>12} {many_of_block:>9}", step.most)?;
        }
        writeln!(f, "too many: by chance with a probability below {IMPROBABLE:e}")?;
        writeln!(f)?;
        for (version, count, time) in &self.tails {
            writeln!(f, "{:<10} answered {count} more within {:.1} s after its end was decided", version.name(), time.as_secs_f64())?;
        }
        writeln!(f)?;
        for ((version, status), count) in &self.answers {
            writeln!(f, "{version:<10} answered {count:>6} with {status}")?;
        }
        let at = |share: usize| {
            self.took.get((self.took.len() * share / 1000).min(self.took.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        let lost: usize = self.lost.values().map(Vec::len).sum();
        writeln!(
            f,
            "{} requests, {lost} lost; half took at most {:.1?}, 99.9 % {:.1?}, the longest {:.1?}",
            self.took.len(),
            at(500),
            at(999),
            at(1000)
        )?;
        match self.faults.as_slice() {
            [] => write!(f, "every promise was kept"),
            faults => write!(f, "NOT kept:\n  {}", faults.join("\n  ")),
        }
    }
}
