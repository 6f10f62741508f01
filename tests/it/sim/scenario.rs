//! What is the world like in this run, what goes wrong in it, and what do its users do?

use chrono::TimeDelta;
use serin::rollout::{Capacity, Check, Intent, OnStep, Pausing, Step, Threshold};

use super::model::SpecReading;
use super::rng::Rng;
use super::truth::Truth;
use crate::given;

/// How often what goes wrong, in thousandths. Each run has some of them and lacks others, so that each gets its turn alone.
pub(super) struct Faults {
    /// The process dies at an await.
    pub(super) crash: u32,
    /// A pass is cut off at an await; the process lives on.
    pub(super) cut: u32,
    /// A write took effect, and its reply never came.
    pub(super) lost: u32,
    /// The API server cannot take a write.
    pub(super) unavailable: u32,
    /// Somebody else wrote at the same time.
    pub(super) conflict: u32,
    /// A policy refuses a change for now.
    pub(super) refuse: u32,
    /// A watch stands still for up to half a minute.
    pub(super) stall: u32,
    /// A trigger is late by up to ten seconds.
    pub(super) late: u32,
    /// A new pod takes up to a minute and a half.
    pub(super) slow: u32,
    /// A question takes up to twenty seconds.
    pub(super) slow_answer: u32,
}

impl Faults {
    pub(super) const NONE: Self =
        Self { crash: 0, cut: 0, lost: 0, unavailable: 0, conflict: 0, refuse: 0, stall: 0, late: 0, slow: 0, slow_answer: 0 };

    pub(super) fn draw(rng: &mut Rng) -> Self {
        let mut some = |most: u32| if rng.chance(500) { rng.between(1, most) } else { 0 };
        Self {
            crash: some(60),
            cut: some(40),
            lost: some(100),
            unavailable: some(100),
            conflict: some(200),
            refuse: some(60),
            stall: some(20),
            late: some(300),
            slow: some(100),
            slow_answer: some(200),
        }
    }
}

/// What users and bad luck do.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// A template that was never there before.
    NewTemplate(Truth),
    /// A template that was there before, the stable one included.
    Revert(u32),
    Replicas(u32),
    Pausing(Pausing),
    Spec(SpecReading),
    Service(serin::rollout::ServiceView),
    Delete,
    DeletePod,
    /// Somebody deletes a Deployment behind our back, the first or the last one by name.
    DeleteDeployment(Which),
    /// A container ends and starts again.
    CrashPod,
    Backend(Power),
    Sink(Power),
}

/// Which of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    First,
    Last,
}

/// Whether something answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    Up,
    Down,
}

impl Act {
    /// What somebody does who cannot decide.
    pub(super) fn hasty(rng: &mut Rng) -> Self {
        match rng.between(0, 5) {
            0 => Self::NewTemplate(Truth::Good),
            1 => Self::Revert(rng.between(0, 3)),
            2 | 3 => Self::Pausing(Pausing::On),
            _ => Self::Pausing(Pausing::Off),
        }
    }

    pub(super) fn draw(rng: &mut Rng) -> Self {
        use serin::rollout::ServiceView;
        match rng.between(0, 27) {
            0..=5 => Self::NewTemplate(Truth::draw(rng)),
            6 | 7 => Self::Revert(rng.between(0, 9)),
            8..=10 => Self::Replicas(rng.pick(&[0, 1, 2, 3, 4, 5, 7, 10, 12, 20])),
            11 | 23 | 24 => Self::Pausing(Pausing::On),
            12 | 13 => Self::Pausing(Pausing::Off),
            14 => Self::Spec(rng.pick(&[SpecReading::OnlyReplicas, SpecReading::Nothing])),
            15 => Self::Spec(SpecReading::All),
            16 => Self::Service(rng.pick(&[ServiceView::Missing, ServiceView::Fits, ServiceView::Fits])),
            17 | 18 => Self::DeletePod,
            19 | 20 => Self::CrashPod,
            21 => Self::Backend(Power::Down),
            22 => Self::Sink(Power::Down),
            25 if rng.chance(500) => Self::DeleteDeployment(rng.pick(&[Which::First, Which::Last])),
            _ => rng.pick(&[Self::Backend(Power::Up), Self::Sink(Power::Up), Self::Pausing(Pausing::Off)]),
        }
    }
}

/// The spec that the first user writes.
pub(super) fn intent(rng: &mut Rng, revision: serin::rollout::Revision) -> Intent {
    let weights: &[u32] = rng.pick(&[&[10, 25, 50][..], &[5, 50], &[20], &[50], &[10, 30, 60, 90]]);
    let hold = |rng: &mut Rng| rng.millis(0, 90_000);
    let steps = weights.iter().map(|w| Step { weight: given::weight(*w), hold: hold(rng), approval: None }).collect();
    let checks: &[&str] = rng.pick(&[&["errors"][..], &["errors"], &["errors", "speed"], &[]]);
    let window = TimeDelta::seconds(i64::from(rng.between(5, 60)));
    let replicas = rng.pick(&[1, 2, 3, 4, 5, 8, 10, 20]);
    let mut intent = given::intent(revision);
    intent.deadlines.available = TimeDelta::minutes(i64::from(rng.pick(&[3, 10])));
    intent.deadlines.step = TimeDelta::minutes(i64::from(rng.pick(&[5, 60])));
    intent.deadlines.on_step = rng.pick(&[OnStep::Pause, OnStep::Abort]);
    Intent {
        replicas,
        steps,
        checks: checks.iter().map(|name| check(name, window)).collect(),
        warm_up: rng.millis(0, 30_000),
        capacity: capacity(rng, replicas),
        history_limit: rng.between(0, 3),
        ..intent
    }
}

/// Limits that are valid for that many replicas: something may surge or be missing.
pub(super) fn capacity(rng: &mut Rng, replicas: u32) -> Capacity {
    let max_unavailable = rng.pick(&[0, 0, 0, replicas.div_ceil(4), 1]);
    let surge = rng.pick(&[replicas.div_ceil(4), 1, replicas]);
    Capacity {
        surge: surge.max(u32::from(max_unavailable == 0)),
        max_unavailable: max_unavailable.min(replicas),
        abort_unavailable: replicas / 4,
        stable_floor: rng.pick(&[0, 0, 0, replicas, replicas / 2]),
    }
}

fn check(name: &str, window: TimeDelta) -> Check {
    let (min, max) = if name == "errors" { (None, Some(0.01)) } else { (Some(0.1), Some(1.0)) };
    Check { name: name.to_owned(), threshold: Threshold { provider: "metrics".to_owned(), query: name.to_owned(), window, min, max } }
}
