//! What do the requests say? Who answered them, how many were lost, and whether anybody got more than was granted.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serin_dev::{Loss, Outcome, Request, improbable_count};
use tokio::time::Instant;

use super::grants::Moment;
use super::shop::Version;

/// What may happen by chance, for each step: one in a million.
const IMPROBABLE: f64 = 1e-6;

/// A time in which a canary had a share.
struct Step {
    version: Version,
    granted: u64,
    requests: u32,
    canary: u32,
}

impl Step {
    /// So many would be more than chance: each request goes to the canary with the granted probability at most.
    fn too_many(&self) -> u32 {
        #[expect(clippy::cast_precision_loss, reason = "it is a percentage")]
        let granted = self.granted as f64 / 100.0;
        improbable_count(self.requests, granted, IMPROBABLE)
    }
}

/// The figures of a whole story.
pub struct Figures {
    steps: Vec<Step>,
    /// Answers by version and status.
    answers: BTreeMap<(String, u16), usize>,
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
            self.faults.push(format!("{} requests were lost ({loss:?}), at {at:.1?}", at.len()));
        }
        for ((version, status), count) in &self.answers {
            if *status != 200 && !version.ends_with("-bad") {
                self.faults.push(format!("{version} answered {count} requests with {status}"));
            }
        }
        for step in &self.steps {
            let name = step.version.name();
            if step.canary >= step.too_many() {
                self.faults.push(format!("{name} had {} of {} requests where {} % were granted", step.canary, step.requests, step.granted));
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
        let within = requests.iter().filter(|request| request.at >= moment.at && next.is_none_or(|next| request.at < next.at));
        let name = moment.version.name();
        let (mut all, mut canary) = (0, 0);
        for request in within {
            all += 1;
            canary += u32::from(answered_by(request, &name));
        }
        Step { version: moment.version, granted: moment.granted, requests: all, canary }
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
        writeln!(f, "{:<10} {:>8} {:>9} {:>7} {:>8} {:>22}", "revision", "granted", "requests", "its own", "share", "too many (p < 1e-6)")?;
        for step in &self.steps {
            let share = 100.0 * f64::from(step.canary) / f64::from(step.requests.max(1));
            let (name, many) = (step.version.name(), step.too_many());
            writeln!(f, "{name:<10} {:>6} % {:>9} {:>7} {share:>6.1} % {many:>22}", step.granted, step.requests, step.canary)?;
        }
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
