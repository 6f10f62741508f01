//! What the user wants, validated: below this point no `Option` means "default".

use chrono::TimeDelta;

use super::{Check, Revision, Sharing, Split, Weight, split};

/// A share that is further from its weight than this many points is not what was asked for.
const FAR: u32 = 10;

/// One rollout's spec after parsing.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The revision of the template in the spec.
    pub revision: Revision,
    /// Pods that serve when nothing is in flight.
    pub replicas: u32,
    /// Earned exposures, weights strictly increasing in 1..=99.
    pub steps: Vec<Step>,
    /// The hold of a weight that is not among the steps: nothing where a step was taken away, a minute where scaling changed the default ones.
    pub other_hold: TimeDelta,
    /// How long what was promoted is watched, if it is.
    pub bake: Option<Bake>,
    /// The measured questions; the built-in workload check is always asked beside them.
    pub checks: Vec<Check>,
    /// Why the checks of templates are not known, if they are not: exposure does not grow meanwhile.
    pub unresolved: Option<String>,
    /// Time between two samples of one check.
    pub every: TimeDelta,
    /// Time after a step's share is reached during which nothing is asked.
    pub warm_up: TimeDelta,
    /// When waiting ends.
    pub deadlines: Deadlines,
    /// How many pods may be missing or too many, in pods.
    pub capacity: Capacity,
    /// Whether the user wants exposure frozen.
    pub pausing: Pausing,
    /// Old revisions that are kept at zero replicas.
    pub history_limit: u32,
    /// Seconds that a new pod has to be ready before it counts as available; `None` where that cannot be read.
    pub min_ready_seconds: Option<u32>,
    /// What becomes of the Deployments when the Rollout is deleted.
    pub deletion: DeletionPolicy,
    /// What happens where shares of pods are not the shares that were asked for.
    pub sharing: Sharing,
    /// Which of stable's pods the canary is compared with.
    pub baseline: Baseline,
}

/// Which of stable's pods a canary is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Those that serve anyway, however old they are.
    Stable,
    /// Young ones of the same template, which are started with the canary.
    Pods,
}

/// What becomes of the Deployments when the Rollout is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionPolicy {
    /// What serves goes on serving.
    Orphan,
    /// They go with the Rollout.
    Delete,
}

/// How what was promoted is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bake {
    /// For how long.
    pub time: TimeDelta,
    /// Pods of the old revision that stay meanwhile: the first capacity of a rollback.
    pub keep: u32,
}

/// One exposure that a canary has to earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The exposure that is asked for.
    pub weight: Weight,
    /// At least this long at this weight.
    pub hold: TimeDelta,
    /// Who has to approve after a Pass before the next step, if anybody has to.
    pub approval: Option<Gate>,
}

/// A gate that a person or CI opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// How long it waits.
    pub timeout: TimeDelta,
    /// What happens then.
    pub on_timeout: OnStep,
}

/// Whether the spec freezes exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pausing {
    /// Exposure may grow.
    Off,
    /// `spec.paused: true`.
    On,
}

/// How long each kind of waiting may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// For pods to become available.
    pub available: TimeDelta,
    /// For a Pass, counted from the end of a step's hold.
    pub step: TimeDelta,
    /// For a rollback, before it is told that it takes too long. Rolling back never gives up.
    pub rollback: TimeDelta,
    /// For the last events to reach their sinks before a deleted rollout is let go.
    pub audit: TimeDelta,
    /// What the end of `step` does.
    pub on_step: OnStep,
}

/// What happens when a step's deadline passes without a Pass, or a gate's without an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStep {
    /// The rollout stands still at its exposure.
    Pause,
    /// The attempt is given up.
    Abort,
}

/// Limits in pods, already resolved against `replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Extra pods while both tracks run.
    pub surge: u32,
    /// How many ready pods may be missing while shifting.
    pub max_unavailable: u32,
    /// How many ready pods may be missing in a rollback from a Fail.
    pub abort_unavailable: u32,
    /// Stable pods that stay during the steps, whatever the weight.
    pub stable_floor: u32,
}

impl Intent {
    /// How long the step of this weight holds.
    pub fn hold(&self, weight: Weight) -> TimeDelta {
        self.steps.iter().find(|s| s.weight == weight).map_or(self.other_hold, |s| s.hold)
    }

    /// The gate at the end of the step of this weight; none once the step was removed from the spec.
    pub fn gate(&self, weight: Weight) -> Option<Gate> {
        self.steps.iter().find(|s| s.weight == weight).and_then(|s| s.approval)
    }

    /// The pods of both sides at this exposure. What gets everything stands beside the old pods that a bake keeps.
    pub fn split(&self, weight: Weight) -> Split {
        match self.bake {
            Some(bake) if weight == Weight::FULL => Split { stable: bake.keep, canary: self.replicas },
            Some(_) | None => split(self.replicas, weight, &self.capacity),
        }
    }

    /// Ready pods that shifting must not undercut.
    pub const fn floor(&self) -> u32 {
        self.replicas.saturating_sub(self.capacity.max_unavailable)
    }

    /// How many of stable's pods are young ones beside the canary at this exposure: as many as the canary has, and at most half of stable's. There are
    /// none where nothing is compared, and none without room for a pod more than the exposure asks for: stable would have to give one up first.
    pub fn baseline(&self, weight: Weight) -> u32 {
        let shifts = (1..Weight::FULL.percent()).contains(&weight.percent());
        if self.baseline == Baseline::Stable || !shifts || !self.checks.iter().any(Check::compares) {
            return 0;
        }
        let goal = self.split(weight);
        let room = self.replicas.saturating_add(self.capacity.surge) > goal.total();
        if room { goal.canary.min(goal.stable / 2) } else { 0 }
    }

    /// The steps that ask for young pods to compare with and have no room for any, and what to do.
    pub fn unpaired_steps(&self) -> Option<String> {
        let asked = self.baseline == Baseline::Pods && self.replicas > 0;
        let unpaired = self.steps.iter().filter(|step| asked && self.baseline(step.weight) == 0);
        let weights: Vec<String> = unpaired.map(|step| step.weight.to_string()).collect();
        (!weights.is_empty()).then(|| {
            format!(
                "with {} replicas there are no baseline pods at {}, where stable's old pods are compared with; that takes two stable pods, a pod of \
                 surge to spare and a check that compares",
                self.replicas,
                weights.join(", ")
            )
        })
    }

    /// The steps whose share whole pods cannot give, and what to do; none where nothing serves anyway.
    pub fn far_steps(&self) -> Option<String> {
        let granted = |step: &Step| self.split(step.weight).percent();
        let far = self.steps.iter().filter(|step| granted(step).abs_diff(step.weight.percent()) > FAR);
        let far: Vec<String> = far.map(|step| format!("{} becomes {}%", step.weight, granted(step))).collect();
        let replicas = self.replicas;
        (replicas > 0 && !far.is_empty())
            .then(|| format!("with {replicas} replicas {}; use other weights, more replicas or more surge", far.join(", ")))
    }

    /// The first step above this weight, if one is left.
    pub fn next_step(&self, weight: Weight) -> Option<Step> {
        self.steps.iter().copied().find(|s| s.weight > weight)
    }

    /// The 1-based position of this weight among the steps.
    pub fn position(&self, weight: Weight) -> usize {
        self.steps.iter().filter(|s| s.weight <= weight).count().max(1)
    }
}
