//! Fixtures as adjectives: a rollout as a sentence says it.

mod actions;
mod checks;
mod looks;
mod states;
mod workload;

pub(crate) use actions::{action, handled};
pub(crate) use checks::{compared, edited, errors_below};
pub(crate) use looks::{checkout, decided, look};
pub(crate) use states::{
    approval, attempt, baking, failure, idle, installing, paused, promoting, reaching, rejected, rolling_back, stepping,
};
pub(crate) use workload::{adopting, held, running};

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serin::rollout::{
    Action, Bake, Baseline, Capacity, Child, Deadlines, DeletionPolicy, Epoch, Fence, Gate, Idle, Intent, Lifetime, Meaning, Memo,
    Observed, OnStep, Pausing, Pod, PodState, Record, Revision, ServiceView, Settled, Sharing, State, Step, Template, Upkeep, Verdict,
    Weight, Why, Workload,
};

/// Noon of the day on which every table plays.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_014_400, 0).expect("in range")
}

pub(crate) fn after(seconds: i64) -> DateTime<Utc> {
    noon() + TimeDelta::seconds(seconds)
}

pub(crate) fn weight(percent: u32) -> Weight {
    Weight::new(percent).expect("at most 100")
}

/// The stable revision of every table.
pub(crate) fn v1() -> Revision {
    Revision::new("1111111111")
}

/// The canary of every table.
pub(crate) fn v2() -> Revision {
    Revision::new("2222222222")
}

/// What comes after the canary.
pub(crate) fn v3() -> Revision {
    Revision::new("3333333333")
}

/// Ten replicas, steps 10/25/50 of a minute, surge 3, one check.
pub(crate) fn intent(revision: Revision) -> Intent {
    Intent {
        revision,
        replicas: 10,
        steps: [10, 25, 50].map(|w| Step { weight: weight(w), hold: TimeDelta::minutes(1), approval: None }).to_vec(),
        other_hold: TimeDelta::zero(),
        bake: None,
        checks: vec![errors_below(0.01)],
        every: TimeDelta::seconds(10),
        unresolved: None,
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
        min_ready_seconds: Some(0),
        deletion: DeletionPolicy::Orphan,
        sharing: Sharing::Near,
        baseline: Baseline::Stable,
    }
}

/// Everything around is well and no pod exists yet.
pub(crate) fn seen() -> Observed {
    Observed {
        epoch: Epoch::default(),
        name: "checkout".to_owned(),
        created: noon(),
        lifetime: Lifetime::Guarded,
        service: ServiceView::Fits,
        workload: Workload::None,
        children: BTreeMap::new(),
        records: BTreeMap::new(),
        template: Template::Unasked,
        samples: Vec::new(),
        actions: Vec::new(),
        refused: None,
    }
}

/// A Deployment whose pods are all ready since noon.
pub(crate) fn child(desired: u32, available: u32) -> Child {
    let pods = (0..available).map(|i| pod(i, PodState::Ready { since: noon() })).collect();
    Child {
        desired,
        available,
        settled: Settled::Yes,
        created: noon(),
        fence: fence(),
        epoch: Epoch::default(),
        pods,
        meaning: Meaning::new("of no other"),
        restart: None,
        upkeep: Upkeep::default(),
        failure: None,
    }
}

pub(crate) fn pod(number: u32, state: PodState) -> Pod {
    Pod { name: format!("pod-{number}"), state, restarts: 0, last_exit: None }
}

pub(crate) fn fence() -> Fence {
    Fence { uid: "uid".to_owned(), resource_version: "7".to_owned() }
}

/// Adjectives for what is seen.
pub(crate) trait Seeing: Sized {
    /// With a Deployment of that revision, its record included.
    fn with(self, revision: Revision, child: Child) -> Self;
    /// With an accepted template of that revision.
    fn accepting(self, revision: Revision) -> Self;
    /// While the Rollout is being deleted.
    fn deleting(self) -> Self;
}

impl Seeing for Observed {
    fn with(mut self, revision: Revision, child: Child) -> Self {
        // A baseline has no template of its own.
        if !revision.is_baseline() {
            self.records.insert(revision.clone(), record());
        }
        let meaning = Meaning::new(revision.as_str());
        self.children.insert(revision, Child { meaning, ..child });
        self
    }

    fn accepting(mut self, revision: Revision) -> Self {
        let meaning = Meaning::new(revision.as_str());
        self.template = Template::Accepted { revision, meaning };
        self
    }

    fn deleting(mut self) -> Self {
        self.lifetime = Lifetime::Deleting;
        self
    }
}

/// A stored template of which nothing became yet.
pub(crate) fn record() -> Record {
    Record { number: 0, outcome: None, outcome_at: None }
}

/// One row of a table: a state and all that a transition may look at.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) state: State,
    pub(crate) intent: Intent,
    pub(crate) seen: Observed,
    pub(crate) verdict: Verdict,
    pub(crate) brake: Option<Why>,
    pub(crate) memo: Memo,
    pub(crate) now: DateTime<Utc>,
}

/// That state at noon, no pods yet, no verdict; the spec wants the revision in flight, or v1.
pub(crate) fn given(state: State) -> Given {
    let wanted = state.attempt().map_or_else(v1, |attempt| attempt.canary.clone());
    let verdict = Verdict::Inconclusive("errors: no sample yet".to_owned());
    Given { state, intent: intent(wanted), seen: seen(), verdict, brake: None, memo: Memo::default(), now: noon() }
}

impl Given {
    /// So many seconds after noon.
    pub(crate) fn after(self, seconds: i64) -> Self {
        Self { now: after(seconds), ..self }
    }

    /// In that state instead.
    pub(crate) fn stands(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// It rests; something of that is another than before.
    pub(crate) fn rests(mut self, edit: impl FnOnce(&mut Idle)) -> Self {
        let State::Idle(idle) = &mut self.state else { panic!("not at rest: {:?}", self.state) };
        edit(idle);
        self
    }

    /// The spec has that template.
    pub(crate) fn wants(mut self, revision: Revision) -> Self {
        self.intent.revision = revision;
        self
    }

    /// The spec is edited.
    pub(crate) fn spec(mut self, edit: impl FnOnce(&mut Intent)) -> Self {
        edit(&mut self.intent);
        self
    }

    /// `spec.paused: true`.
    pub(crate) fn paused(self) -> Self {
        self.spec(|intent| intent.pausing = Pausing::On)
    }

    /// What is seen is another thing.
    pub(crate) fn sees(mut self, edit: impl FnOnce(&mut Observed)) -> Self {
        edit(&mut self.seen);
        self
    }

    /// With a Deployment of that revision.
    pub(crate) fn with(mut self, revision: Revision, child: Child) -> Self {
        self.seen = self.seen.with(revision, child);
        self
    }

    /// So many ready pods of v1 and of v2, and no other ones are wanted.
    pub(crate) fn pods(self, stable: u32, canary: u32) -> Self {
        self.with(v1(), child(stable, stable)).with(v2(), child(canary, canary))
    }

    pub(crate) fn accepting(mut self, revision: Revision) -> Self {
        self.seen = self.seen.accepting(revision);
        self
    }

    pub(crate) fn deleting(mut self) -> Self {
        self.seen = self.seen.deleting();
        self
    }

    pub(crate) fn service(self, service: ServiceView) -> Self {
        self.sees(|seen| seen.service = service)
    }

    pub(crate) fn verdict(self, verdict: Verdict) -> Self {
        Self { verdict, ..self }
    }

    pub(crate) fn passing(self) -> Self {
        self.verdict(Verdict::Pass("errors is 0.001, at most 0.01".to_owned()))
    }

    pub(crate) fn failing(self) -> Self {
        self.verdict(Verdict::Fail(failure()))
    }

    pub(crate) fn brake(self, brake: Why) -> Self {
        Self { brake: Some(brake), ..self }
    }

    /// After an edit past the schema.
    pub(crate) fn unreadable(self) -> Self {
        self.brake(Why::InvalidSpec("spec.steps: weights must increase".to_owned()))
    }

    /// A required sink takes no events.
    pub(crate) fn backlogged(self) -> Self {
        self.brake(Why::AuditBacklog(32))
    }

    /// Every step asks for an approval within an hour; then this happens.
    pub(crate) fn gated(self, on_timeout: OnStep) -> Self {
        let gate = Gate { timeout: TimeDelta::hours(1), on_timeout };
        self.spec(|intent| intent.steps.iter_mut().for_each(|step| step.approval = Some(gate)))
    }

    /// What is promoted is watched for ten minutes, beside three old pods.
    pub(crate) fn baked(self) -> Self {
        self.spec(|intent| intent.bake = Some(Bake { time: TimeDelta::minutes(10), keep: 3 }))
    }

    /// Somebody asks for that, after what was asked for before.
    pub(crate) fn asked(self, action: Action) -> Self {
        self.sees(|seen| seen.actions.push(action))
    }

    /// That revision's record says that it ended so, that many seconds after noon.
    pub(crate) fn remembers(self, revision: Revision, outcome: &str, seconds: i64) -> Self {
        let record = Record { outcome: Some(outcome.to_owned()), outcome_at: Some(after(seconds)), ..record() };
        self.sees(|seen| drop(seen.records.insert(revision, record)))
    }

    /// That revision's Deployment is gone; its record stays.
    pub(crate) fn without(self, revision: &Revision) -> Self {
        self.sees(|seen| drop(seen.children.remove(revision)))
    }

    /// Something of that revision's Deployment is another than before.
    pub(crate) fn child(mut self, revision: &Revision, edit: impl FnOnce(&mut Child)) -> Self {
        edit(self.seen.children.get_mut(revision).expect("it has a Deployment"));
        self
    }
}
