//! Fixtures as adjectives: a rollout as a sentence says it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serin::rollout::{
    Attempt, AttemptResult, Capacity, Check, Child, Clock, Deadlines, Ended, Fence, Idle, Installing, Intent, Lifetime, Observed, OnStep,
    Pausing, Pod, PodState, Promoting, Record, Revision, RollingBack, ServiceView, Settled, State, Step, Stepping, Template, Threshold,
    Weight,
};

/// Noon of the day on which every table plays.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("in range")
}

pub fn after(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

pub fn weight(percent: u32) -> Weight {
    Weight::new(percent).expect("at most 100")
}

/// The stable revision of every table.
pub fn v1() -> Revision {
    Revision::new("1111111111")
}

/// The canary of every table.
pub fn v2() -> Revision {
    Revision::new("2222222222")
}

/// What comes after the canary.
pub fn v3() -> Revision {
    Revision::new("3333333333")
}

/// Ten replicas, steps 10/25/50 of a minute, surge 3, one check.
pub fn intent(revision: Revision) -> Intent {
    Intent {
        revision,
        replicas: 10,
        steps: [10, 25, 50].map(|w| Step { weight: weight(w), hold: TimeDelta::minutes(1) }).to_vec(),
        checks: vec![errors_below(0.01)],
        every: TimeDelta::seconds(10),
        warm_up: TimeDelta::zero(),
        deadlines: Deadlines {
            available: TimeDelta::minutes(10),
            step: TimeDelta::hours(1),
            rollback: TimeDelta::minutes(10),
            audit: TimeDelta::minutes(10),
            on_step: OnStep::Pause,
        },
        capacity: Capacity { surge: 3, max_unavailable: 0, abort_unavailable: 2, stable_floor: 0 },
        pausing: Pausing::Off,
        history_limit: 10,
    }
}

pub fn errors_below(max: f64) -> Check {
    Check {
        name: "errors".to_owned(),
        threshold: Threshold {
            provider: "prometheus".to_owned(),
            query: "q".to_owned(),
            window: TimeDelta::seconds(30),
            min: None,
            max: Some(max),
        },
    }
}

/// Everything around is well and no pod exists yet.
pub fn seen() -> Observed {
    Observed {
        lifetime: Lifetime::Guarded,
        service: ServiceView::Fits,
        children: BTreeMap::new(),
        records: BTreeMap::new(),
        template: Template::Unasked,
        samples: Vec::new(),
    }
}

/// A Deployment whose pods are all ready since noon.
pub fn child(desired: u32, available: u32) -> Child {
    let pods = (0..available).map(|i| pod(i, PodState::Ready { since: noon() })).collect();
    Child { desired, available, settled: Settled::Yes, created: noon(), fence: fence(), pods }
}

pub fn pod(number: u32, state: PodState) -> Pod {
    Pod { name: format!("pod-{number}"), state, restarts: 0, last_exit: None }
}

pub fn fence() -> Fence {
    Fence { uid: "uid".to_owned(), resource_version: "7".to_owned() }
}

/// Adjectives for what is seen.
pub trait Seeing: Sized {
    /// With a Deployment of that revision, its record included.
    fn with(self, revision: Revision, child: Child) -> Self;
    /// With an accepted template of that revision.
    fn accepting(self, revision: Revision) -> Self;
    /// While the Rollout is being deleted.
    fn deleting(self) -> Self;
}

impl Seeing for Observed {
    fn with(mut self, revision: Revision, child: Child) -> Self {
        self.records.insert(revision.clone(), Record { outcome: None });
        self.children.insert(revision, child);
        self
    }

    fn accepting(mut self, revision: Revision) -> Self {
        self.template = Template::Accepted(revision);
        self
    }

    fn deleting(mut self) -> Self {
        self.lifetime = Lifetime::Deleting;
        self
    }
}

pub fn attempt() -> Attempt {
    Attempt { number: 1, stable: v1(), canary: v2() }
}

/// v1 is stable and nothing happened since.
pub fn idle() -> State {
    let last = Ended { revision: v1(), result: AttemptResult::Installed, message: "installed".to_owned() };
    State::Idle(Idle { stable: v1(), attempts: 0, last, rejected: None })
}

pub fn installing() -> State {
    State::Installing(Installing { revision: v1(), since: noon(), overdue: false })
}

/// v2 at that weight, whose share has been reached since noon.
pub fn stepping(percent: u32) -> State {
    let clock = Clock::Running { since: noon(), held: TimeDelta::zero() };
    State::Stepping(Stepping { attempt: attempt(), step: weight(percent), clock })
}

/// v2 at that weight since noon, its share not reached yet.
pub fn reaching(percent: u32) -> State {
    State::Stepping(Stepping { attempt: attempt(), step: weight(percent), clock: Clock::new(noon()) })
}

pub fn promoting() -> State {
    State::Promoting(Promoting { attempt: attempt(), since: noon() })
}

pub fn rolling_back(cause: serin::rollout::Cause) -> State {
    State::RollingBack(RollingBack { attempt: attempt(), cause, since: noon(), overdue: false })
}
