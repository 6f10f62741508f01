//! What is asked of a canary, and how is the answer judged?

use chrono::TimeDelta;

use super::Line;

/// One measured question about the canary.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Unique within the rollout.
    pub name: String,
    /// The provider's name in the controller's configuration.
    pub provider: String,
    /// How long after a time what was measured until then is complete there.
    pub delay: TimeDelta,
    /// What follows where it does not pass.
    pub policy: Policy,
    /// How the answer is judged.
    pub kind: CheckKind,
}

impl Check {
    /// Whether it compares the canary with stable.
    pub const fn compares(&self) -> bool {
        match self.kind {
            CheckKind::Threshold(_) => false,
            CheckKind::Compare(_) | CheckKind::Sequential(_) | CheckKind::Gauge(_) => true,
        }
    }
}

/// What follows where a check does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Where it fails.
    pub fail: OnFail,
    /// Where no series tells of the canary, again and again.
    pub no_data: OnTrouble,
    /// Where the query itself cannot be answered, again and again. A backend that is down is nobody's fault: that always holds.
    pub query_error: OnTrouble,
}

/// What a failed check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFail {
    /// It ends the attempt.
    Abort,
    /// It keeps exposure where it is, until the step's deadline.
    Hold,
}

/// What a question without an answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTrouble {
    /// It keeps exposure where it is, until the step's deadline.
    Hold,
    /// The check fails.
    Fail,
}

impl Policy {
    /// What is usual: only harm that was measured ends an attempt.
    pub const USUAL: Self = Self { fail: OnFail::Abort, no_data: OnTrouble::Hold, query_error: OnTrouble::Hold };
}

/// How an answer is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckKind {
    /// A number within limits.
    Threshold(Threshold),
    /// Canary against stable, in one window.
    Compare(Compare),
    /// Canary against stable, window after window.
    Sequential(Sequential),
    /// The same for a quantity that each pod has, minute by minute.
    Gauge(Gauge),
}

/// A value that has to stay within limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What is measured.
    pub subject: Subject,
    /// How far the query looks back.
    pub window: TimeDelta,
    /// The smallest value that passes.
    pub min: Option<f64>,
    /// The largest value that passes.
    pub max: Option<f64>,
    /// How many values have to be beyond the limits before that fails.
    pub failures: Failures,
}

/// What a threshold measures.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// The one number of a query. Its placeholders are already filled, but for the pods of the canary and the stable revision.
    Query(String),
    /// The same, and a second query for the number of requests that it speaks of, which have to be so many at least.
    Backed {
        /// The query of the number.
        query: String,
        /// The query of the requests.
        count: String,
        /// With fewer requests the number says nothing.
        least: f64,
    },
    /// The share of the canary's requests that are bad.
    Share {
        /// Which requests are counted.
        source: Source,
        /// With fewer requests the share says nothing.
        least: f64,
        /// What a share beyond the limits is where stable's is beyond them, too, and the canary is not surely worse.
        shared: OnTrouble,
    },
}

/// So many of the last values: never counted together over a whole attempt, so that bad luck does not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failures {
    /// As many as fail.
    pub count: u32,
    /// Of so many.
    pub of: u32,
}

/// A comparison within one window. It makes no promise for more than one look.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// Which requests are counted.
    pub source: Source,
    /// How far it looks back.
    pub window: TimeDelta,
    /// Where harm begins.
    pub line: Line,
    /// So many standard errors beyond the line fail.
    pub sigmas: f64,
    /// Fewer bad requests of the canary never fail.
    pub least_bad: f64,
    /// Fewer requests on either side never pass.
    pub least: f64,
}

/// A test with a stated error rate that may stop after any window.
#[derive(Clone, Debug, PartialEq)]
pub struct Sequential {
    /// Which requests are counted.
    pub source: Source,
    /// Its part of the evidence of harm: 1, or one n-th where one check of the user's became n.
    pub part: f64,
    /// A proof is that the canary is surely below this.
    pub limit: Line,
    /// It fails once it is surely above this.
    pub alarm: Line,
    /// How likely each of the two may be wrong over the whole attempt: 0.05.
    pub alpha: f64,
    /// Fewer requests on either side in a step never pass.
    pub least: f64,
    /// What a step needs.
    pub step: Strength,
    /// What the promotion needs.
    pub promotion: Strength,
    /// How bursts of bad requests are allowed for.
    pub bursts: Bursts,
    /// When something that both sides share is broken; nothing where what stable did before the attempt is not known.
    pub incident: Option<Incident>,
}

/// How bad stable itself may be, before exposure is held whatever the canary does: above both of these it is an incident.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incident {
    /// The share of its requests that are bad.
    pub max: f64,
    /// Times the share that it had before the attempt.
    pub times: f64,
}

/// A test of a quantity that each pod has, such as memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Gauge {
    /// The query of a value for each pod. Its placeholders are already filled, but for the pods and the window.
    pub query: String,
    /// A proof is that the canary surely has less than so many times what stable has.
    pub limit: f64,
    /// It fails once it surely has more than so many times that.
    pub alarm: f64,
    /// How likely each of the two may be wrong.
    pub alpha: f64,
    /// What a step needs.
    pub step: Strength,
    /// What the promotion needs.
    pub promotion: Strength,
}

/// How much a Pass means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// No harm was found in enough requests, and the plain estimate is inside the limit.
    NoHarm,
    /// And the evidence that the canary is below the limit has reached its odds.
    Proof,
    /// A proof where today's traffic gives one before the step's deadline, else no harm.
    Auto,
}

/// How much evidence is divided by, because bad requests do not come independently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bursts {
    /// By what stable's own windows show.
    Auto,
    /// By this.
    Fixed(f64),
}

/// Where requests of both sides are counted.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// In the samples of a counter or histogram, exactly.
    Series(Series),
    /// By two queries, each of one number for a revision.
    Queries {
        /// All requests.
        total: String,
        /// Those that count as bad.
        bad: String,
    },
}

/// The series of a counter or a histogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The metric's name.
    pub metric: String,
    /// Labels that stay the same over the rollout's life, with their values.
    pub labels: Vec<(String, String)>,
    /// What tells whose requests they are.
    pub by: By,
    /// Which of them are bad.
    pub bad: Bad,
}

/// What tells whose requests a series counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// This label is the pod's name.
    Pod(String),
    /// This label is the Deployment's name.
    Workload(String),
    /// This label is the revision.
    Revision(String),
}

/// Which requests are bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bad {
    /// Those of a counter whose label has one of these values.
    Values {
        /// The label.
        label: String,
        /// The values.
        values: Pattern,
    },
    /// Those of a histogram that took longer than a bucket's bound.
    SlowerThan(TimeDelta, Unit),
    /// The same, where stable's own requests show by which bound: nothing is counted before that was chosen.
    Slow(Unit),
}

/// The unit of a histogram's bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, as Prometheus' own conventions want it.
    Seconds,
    /// Milliseconds.
    Millis,
}

/// Values such as `5..`: letters, digits, `_`, `-`, a dot for any character, and `|` between alternatives. It means the same to Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern of at most 200 characters; `None` for anything else.
    pub fn new(text: &str) -> Option<Self> {
        let known = |c: char| c.is_ascii_alphanumeric() || "_-.|".contains(c);
        let alternatives = || text.split('|').all(|one| !one.is_empty());
        ((1..=200).contains(&text.len()) && text.chars().all(known) && alternatives()).then(|| Self(text.to_owned()))
    }

    /// The pattern as a regular expression that stands for whole values.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a value is meant.
    pub fn is(&self, value: &str) -> bool {
        self.0
            .split('|')
            .any(|one| one.chars().count() == value.chars().count() && one.chars().zip(value.chars()).all(|(p, c)| p == '.' || p == c))
    }
}

impl Unit {
    /// A bound in this unit as a time, where it has whole milliseconds.
    pub fn time(self, bound: f64) -> Option<TimeDelta> {
        let millis = match self {
            Self::Seconds => bound * 1000.0,
            Self::Millis => bound,
        };
        let whole = (1.0..=3_600_000.0).contains(&millis) && (millis - millis.round()).abs() < 1e-6;
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds that are checked")]
        whole.then(|| TimeDelta::milliseconds(millis.round() as i64))
    }

    /// A bound in this unit.
    pub fn bound(self, time: TimeDelta) -> f64 {
        let millis = f64::from(u32::try_from(time.num_milliseconds()).unwrap_or(u32::MAX));
        match self {
            Self::Seconds => millis / 1000.0,
            Self::Millis => millis,
        }
    }
}
