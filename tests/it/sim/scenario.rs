//! What does the spec of this run look like, and how do the days of its life go?

use chrono::TimeDelta;
use serin::rollout::{
    Bake, Baseline, Capacity, Check, CheckKind, DeletionPolicy, Failures, Gate, Intent, OnStep, Pausing, Policy, Revision, Step, Subject,
    Threshold,
};

use super::acts::{Act, Manners};
use super::agenda::Todo;
use super::faults::Clocks;
use super::process::sinks::REQUIRED;
use super::rng::Rng;
use super::server::objects::{Committed, Rollout, SpecReading};
use super::server::{APP, Changed};
use super::state::Sim;
use super::truth::Truth;
use crate::given;

/// A spec without its template. Sizes are as people write them.
#[derive(Clone)]
pub(super) struct Shape {
    pub(super) replicas: u32,
    pub(super) steps: Vec<Step>,
    checks: Vec<Check>,
    pub(super) pausing: Pausing,
    pub(super) reading: SpecReading,
    surge: Part,
    max_unavailable: Part,
    stable_floor: Part,
    bake: Option<(TimeDelta, Part)>,
    min_ready: u32,
    baseline: Baseline,
    /// What does not change.
    rest: Intent,
}

/// A number of pods, or a share of them in percent.
#[derive(Clone, Copy)]
enum Part {
    Pods(u32),
    Percent(u32),
}

impl Part {
    fn up(self, replicas: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => (replicas * percent).div_ceil(100),
        }
    }

    fn down(self, replicas: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => replicas * percent / 100,
        }
    }
}

impl Shape {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let steps = steps(rng);
        let checks: &[&str] = rng.pick(&[&["errors"][..], &["errors"], &["errors", "speed"], &["compared"], &["compared", "speed"], &[]]);
        let window = TimeDelta::seconds(i64::from(rng.between(5, 60)));
        let mut rest = given::intent(Revision::new(""));
        rest.deadlines.available = TimeDelta::minutes(i64::from(rng.pick(&[3, 10])));
        rest.deadlines.step = TimeDelta::minutes(i64::from(rng.pick(&[5, 60])));
        rest.deadlines.on_step = rng.pick(&[OnStep::Pause, OnStep::Abort]);
        rest.warm_up = rng.millis(0, 30_000);
        rest.history_limit = rng.between(0, 3);
        rest.deletion = if rng.chance(250) { DeletionPolicy::Delete } else { DeletionPolicy::Orphan };
        Self {
            replicas: rng.pick(&[1, 2, 3, 4, 5, 8, 10, 20]),
            steps,
            checks: checks.iter().map(|name| check(name, window)).collect(),
            pausing: Pausing::Off,
            reading: SpecReading::All,
            surge: rng.pick(&[Part::Percent(25), Part::Pods(1), Part::Percent(100)]),
            max_unavailable: rng.pick(&[Part::Pods(0), Part::Pods(0), Part::Pods(0), Part::Percent(25), Part::Pods(1)]),
            stable_floor: rng.pick(&[Part::Pods(0), Part::Pods(0), Part::Pods(0), Part::Percent(100), Part::Percent(50)]),
            bake: bake(rng),
            min_ready: rng.pick(&[0, 0, 0, 5]),
            baseline: baseline(rng),
            rest,
        }
    }

    /// Somebody edits how it is rolled out.
    pub(super) fn redraw(&mut self, rng: &mut Rng) {
        self.steps = steps(rng);
        self.bake = bake(rng);
        self.min_ready = rng.pick(&[0, 0, 5]);
        self.baseline = baseline(rng);
    }

    /// The whole spec.
    pub(super) fn intent(&self, revision: Revision) -> Intent {
        let replicas = self.replicas;
        Intent {
            revision,
            replicas,
            steps: self.steps.clone(),
            checks: self.checks.clone(),
            pausing: self.pausing,
            bake: self.bake.map(|(time, keep)| Bake { time, keep: keep.up(replicas).min(replicas) }),
            min_ready_seconds: Some(self.min_ready),
            baseline: self.baseline,
            capacity: Capacity {
                surge: self.surge.up(replicas),
                max_unavailable: self.max_unavailable.down(replicas),
                abort_unavailable: replicas / 4,
                stable_floor: self.stable_floor.up(replicas),
            },
            ..self.rest.clone()
        }
    }
}

/// The steps that somebody writes.
fn steps(rng: &mut Rng) -> Vec<Step> {
    let weights: &[u32] = rng.pick(&[&[10, 25, 50][..], &[5, 50], &[20], &[50], &[10, 30, 60, 90]]);
    let gates = rng.chance(200);
    let gate = |rng: &mut Rng| {
        let timeout = TimeDelta::minutes(i64::from(rng.pick(&[1, 10, 30])));
        (gates && rng.chance(600)).then(|| Gate { timeout, on_timeout: rng.pick(&[OnStep::Pause, OnStep::Abort]) })
    };
    weights.iter().map(|weight| Step { weight: given::weight(*weight), hold: rng.millis(0, 90_000), approval: gate(rng) }).collect()
}

/// Whether somebody wants young pods beside a canary.
fn baseline(rng: &mut Rng) -> Baseline {
    rng.pick(&[Baseline::Pods, Baseline::Stable])
}

fn bake(rng: &mut Rng) -> Option<(TimeDelta, Part)> {
    let keep = rng.pick(&[Part::Percent(25), Part::Pods(1), Part::Pods(0), Part::Percent(100)]);
    rng.chance(350).then(|| (rng.millis(0, 300_000), keep))
}

fn check(name: &str, window: TimeDelta) -> Check {
    if name == "compared" {
        return given::compared(name);
    }
    let (min, max) = if name == "errors" { (None, Some(0.01)) } else { (Some(0.1), Some(1.0)) };
    let query = format!("{name} of {{{{canaryPods}}}}");
    let threshold = Threshold { subject: Subject::Query(query), window, min, max, failures: Failures { count: 1, of: 1 } };
    Check {
        name: name.to_owned(),
        provider: "metrics".to_owned(),
        delay: TimeDelta::zero(),
        policy: Policy::USUAL,
        kind: CheckKind::Threshold(threshold),
    }
}

impl Sim {
    /// A user writes a Rollout, and the days of its life are drawn.
    pub(super) fn begin(&mut self) {
        let first = if self.rng.chance(800) { Truth::Good } else { Truth::draw(&mut self.rng) };
        let revision = self.new_template(first);
        self.publish(Changed::Service(Some(APP)));
        let committed = std::sync::Arc::new(Committed::nothing());
        let rollout = Rollout { version: 0, generation: 0, guarded: false, deleting: false, committed };
        self.write_spec(rollout, revision);
        let mut at = self.now + TimeDelta::seconds(90);
        // A few runs are busy ones in which the sink is away, so that events pile up.
        let busy = self.rng.chance(30);
        let (acts, gap) = if busy { (self.rng.between(40, 90), 40_000) } else { (self.rng.between(2, 12), 300_000) };
        for act in 0..acts {
            at += self.rng.millis(1_000, gap);
            let act = match act {
                0 if busy => Act::Sink(REQUIRED, Manners::Down),
                _ if busy => Act::hasty(&mut self.rng),
                _ => Act::draw(&mut self.rng),
            };
            self.agenda.plan(at, Todo::Act(act));
        }
        if self.faults.clocks == Clocks::Jump {
            for _ in 0..self.rng.between(1, 4) {
                let minutes = self.rng.pick(&[-60, 60, 0, -3, 3]);
                self.plan_in(60_000, 1_500_000, Todo::Act(Act::Clock(minutes)));
            }
        }
        if self.rng.chance(80) {
            self.plan_in(0, 1_500_000, Todo::Act(Act::Delete));
        }
        self.agenda.plan(at + TimeDelta::minutes(2), Todo::Calm);
        self.agenda.plan(self.now, Todo::Start);
    }

    /// The name of a template that was never there before.
    pub(super) fn new_template(&mut self, truth: Truth) -> Revision {
        let number = self.truths.len() + 1;
        let revision = Revision::new(format!("{number:02}").repeat(5));
        self.truths.insert(revision.clone(), truth);
        self.server.images.insert(revision.clone(), revision.to_string());
        revision
    }
}
