//! What do users do to a Rollout, and what does bad luck do to its world?

use chrono::TimeDelta;
use serin::rollout::{Intent, Pausing, PodState, ServiceView, State};

use super::agenda::Todo;
use super::kubernetes::Hurt;
use super::ledger::Loss;
use super::model::{Item, OwnedPod, Rollout, SpecReading};
use super::scenario::{Act, Faults, Power, Which, capacity};
use super::state::{Calm, Sim};
use super::truth::Truth;

/// How a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finale {
    /// Nobody does anything more.
    AsItIs,
    /// A last new template, whose end is certain.
    Fresh(serin::rollout::Revision, Truth, Ground),
}

/// Whether a last template has something to be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    Stable,
    Nothing,
}

impl Sim {
    pub(super) fn act(&mut self, act: Act) {
        self.tell("user", |_| format!("{act:?}"));
        match act {
            Act::NewTemplate(truth) => {
                let revision = self.new_template(truth);
                self.edit(|rollout| rollout.spec.intent.revision = revision);
            }
            Act::Revert(back) => {
                let revision = self.truths.keys().rev().nth(back as usize % self.truths.len()).cloned().expect("there is one");
                self.edit(|rollout| rollout.spec.intent.revision = revision);
            }
            Act::Replicas(replicas) => {
                let capacity = capacity(&mut self.rng, replicas);
                self.edit(|rollout| rollout.spec.intent = Intent { replicas, capacity, ..rollout.spec.intent.clone() });
            }
            Act::Pausing(pausing) => self.edit(|rollout| rollout.spec.intent.pausing = pausing),
            Act::Spec(reading) => self.edit(|rollout| rollout.spec.reading = reading),
            Act::Service(view) => drop(self.publish(Item::Service(view))),
            Act::Delete => self.delete(),
            Act::DeletePod => self.hurt_pod(Hurt::Deleted),
            Act::DeleteDeployment(which) => self.delete_deployment(which),
            Act::CrashPod => self.hurt_pod(Hurt::Crashed),
            Act::Backend(power) => self.backend = power,
            Act::Sink(power) => self.sink = power,
        }
    }

    /// A user writes the spec.
    fn edit(&mut self, change: impl FnOnce(&mut Rollout)) {
        let Some(mut rollout) = self.server.rollout.clone() else { return };
        let before = rollout.spec.intent.revision.clone();
        change(&mut rollout);
        if rollout.spec.intent.revision != before {
            self.ledger.rejected = None;
        }
        rollout.generation += 1;
        self.publish(Item::Rollout(Some(rollout)));
    }

    fn delete(&mut self) {
        let Some(rollout) = self.server.rollout.clone().filter(|rollout| !rollout.deleting) else { return };
        let generation = rollout.generation + 1;
        let left = rollout.guarded.then_some(Rollout { deleting: true, generation, ..rollout });
        self.publish(Item::Rollout(left));
    }

    /// An edge is when people look, and when some of them do something at once.
    pub(super) fn stir_users(&mut self) {
        if self.calm == Calm::NotYet && self.rng.chance(60) {
            let act = Act::draw(&mut self.rng);
            self.plan_in(0, 3_000, Todo::Act(act));
        }
    }

    fn delete_deployment(&mut self, which: Which) {
        let mut revisions = self.server.deployments.keys();
        let revision = match which {
            Which::First => revisions.next(),
            Which::Last => revisions.next_back(),
        };
        let Some(revision) = revision.cloned() else { return };
        let pods: Vec<OwnedPod> = self.server.pods.values().filter(|pod| pod.revision == revision).cloned().collect();
        for pod in pods {
            if matches!(pod.pod.state, PodState::Ready { .. }) {
                self.ledger.losses.push(Loss { revision: revision.clone(), visible: None });
            }
            self.unmake_pod(pod);
        }
        let version = self.publish(Item::Deployment(revision.clone(), None));
        self.ledger.visible(&revision, version);
        self.ledger.hurt.insert(revision);
    }

    /// From here on nothing goes wrong, nobody holds anything back, and a last template may come.
    pub(super) fn calm_down(&mut self) {
        self.calm = Calm::Since(self.now);
        self.faults = Faults::NONE;
        (self.backend, self.sink) = (Power::Up, Power::Up);
        self.agenda.retain(|todo| !matches!(todo, Todo::Act(_)));
        for log in &mut self.server.log {
            let soon = self.now + TimeDelta::seconds(1);
            for news in log.iter_mut() {
                news.due = news.due.min(soon);
            }
        }
        self.tell("user", |_| "calm".to_owned());
        self.publish(Item::Service(ServiceView::Fits));
        if self.rng.chance(100) {
            self.delete();
        }
        let Some(Rollout { deleting, committed, spec, .. }) = self.server.rollout.clone() else { return };
        let replicas = spec.intent.replicas.max(1);
        let capacity = if spec.intent.replicas == 0 { capacity(&mut self.rng, 1) } else { spec.intent.capacity };
        self.edit(|rollout| {
            rollout.spec.reading = SpecReading::All;
            rollout.spec.intent = Intent { replicas, capacity, pausing: Pausing::Off, ..rollout.spec.intent.clone() };
        });
        if self.rng.chance(650) && !deleting {
            let truth = Truth::draw(&mut self.rng);
            let revision = self.new_template(truth);
            let stable = committed.status.state.as_ref().and_then(State::stable).is_some();
            self.finale = Finale::Fresh(revision.clone(), truth, if stable { Ground::Stable } else { Ground::Nothing });
            self.tell("user", |_| format!("a last template {revision}, {truth:?}"));
            self.edit(|rollout| rollout.spec.intent.revision = revision);
        }
    }
}
