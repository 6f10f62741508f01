//! What do Deployment controllers, schedulers and kubelets do?

use serin::rollout::{Pod, PodState, Revision};

use super::agenda::Todo;
use super::ledger::Loss;
use super::model::{Deployment, Item, OwnedPod};
use super::state::{Sim, Work};
use super::truth::Truth;

impl Sim {
    /// Something about a Deployment or its pods changed: its controllers will look, once.
    pub(super) fn stir(&mut self, revision: &Revision) {
        if self.planned.insert((revision.clone(), Work::Sync)) {
            self.plan_in(5, 400, Todo::Sync(revision.clone()));
        }
        if self.planned.insert((revision.clone(), Work::Replicas)) {
            self.plan_in(20, 600, Todo::Replicas(revision.clone()));
        }
    }

    /// The Deployment's status follows its spec and its pods.
    pub(super) fn sync(&mut self, revision: &Revision) {
        self.planned.remove(&(revision.clone(), Work::Sync));
        let Some(old) = self.server.deployments.get(revision).cloned() else { return };
        let (replicas, available) = (self.server.active(revision), self.server.ready(revision));
        let new = Deployment { observed: old.generation, replicas, available, ..old.clone() };
        if (old.observed, old.replicas, old.available) == (new.observed, new.replicas, new.available) {
            self.ledger.visible(revision, old.version);
            return;
        }
        let version = self.publish(Item::Deployment(revision.clone(), Some(new)));
        self.ledger.visible(revision, version);
        self.tell("kube", |_| format!("{revision} has {replicas} pods, {available} available"));
    }

    /// Pods are made and unmade; those that are not ready go first, then the youngest.
    pub(super) fn replicate(&mut self, revision: &Revision) {
        self.planned.remove(&(revision.clone(), Work::Replicas));
        let desired = self.server.desired(revision);
        let mut active: Vec<OwnedPod> =
            self.server.pods.values().filter(|pod| pod.revision == *revision && pod.pod.state != PodState::Leaving).cloned().collect();
        let count = u32::try_from(active.len()).expect("few pods");
        for _ in count..desired {
            self.make_pod(revision);
        }
        active.sort_by_key(|pod| (matches!(pod.pod.state, PodState::Ready { .. }), std::cmp::Reverse(pod.number)));
        for pod in active.into_iter().take(count.saturating_sub(desired) as usize) {
            self.unmake_pod(pod);
        }
        if count != desired {
            self.stir(revision);
        }
    }

    fn make_pod(&mut self, revision: &Revision) {
        self.pods_made += 1;
        let number = self.pods_made;
        let name = format!("checkout-{revision}-{number:05}");
        let pod = Pod { name: name.clone(), state: PodState::Unscheduled, restarts: 0, last_exit: None };
        self.publish(Item::Pod(name.clone(), Some(OwnedPod { revision: revision.clone(), number, pod })));
        self.plan_in(20, 1_500, Todo::Pod(name, PodState::Starting));
    }

    pub(super) fn unmake_pod(&mut self, mut pod: OwnedPod) {
        pod.pod.state = PodState::Leaving;
        let name = pod.pod.name.clone();
        self.publish(Item::Pod(name.clone(), Some(pod)));
        self.plan_in(200, 5_000, Todo::PodGone(name));
    }

    pub(super) fn pod_gone(&mut self, name: String) {
        let Some(pod) = self.server.pods.get(&name).cloned() else { return };
        self.publish(Item::Pod(name, None));
        self.stir(&pod.revision);
    }

    /// A pod moves on, unless it leaves by now.
    pub(super) fn pod_moves(&mut self, name: String, state: PodState) {
        let Some(mut pod) = self.server.pods.get(&name).filter(|pod| pod.pod.state != PodState::Leaving).cloned() else { return };
        let state = if matches!(state, PodState::Ready { .. }) { PodState::Ready { since: self.now } } else { state };
        let truth = self.truths[&pod.revision];
        if matches!(state, PodState::Crashing { .. }) {
            (pod.pod.restarts, pod.pod.last_exit) = (pod.pod.restarts + 1, Some(1));
        }
        if state == PodState::Starting {
            self.after_start(&name, truth);
        }
        pod.pod.state = state;
        let revision = pod.revision.clone();
        self.publish(Item::Pod(name, Some(pod)));
        self.stir(&revision);
    }

    fn after_start(&mut self, name: &str, truth: Truth) {
        let reason = |text: &str| text.to_owned();
        let next = match truth {
            Truth::Good | Truth::BadFrom(_) | Truth::Flapping | Truth::Silent | Truth::Refused => PodState::Ready { since: self.now },
            Truth::NeverReady => PodState::Unready,
            Truth::Crashing => PodState::Crashing { reason: reason("CrashLoopBackOff: exit code 1") },
            Truth::NoImage => PodState::Broken { reason: reason("ErrImagePull: not found") },
        };
        let (low, high) = if self.rng.chance(self.faults.slow) { (20_000, 90_000) } else { (300, 8_000) };
        self.plan_in(low, high, Todo::Pod(name.to_owned(), next));
    }

    /// Bad luck: a pod that serves is deleted, or its container ends and starts again.
    pub(super) fn hurt_pod(&mut self, how: Hurt) {
        let ready = |pod: &&OwnedPod| matches!(pod.pod.state, PodState::Ready { .. });
        let serving: Vec<OwnedPod> = self.server.pods.values().filter(ready).cloned().collect();
        if serving.is_empty() {
            return;
        }
        let mut pod = self.rng.pick(&serving);
        let revision = pod.revision.clone();
        self.tell("luck", |_| format!("pod {} of {revision}: {how:?}", pod.number));
        self.ledger.losses.push(Loss { revision: revision.clone(), visible: None });
        self.ledger.hurt.insert(revision.clone());
        match how {
            Hurt::Deleted => self.unmake_pod(pod),
            Hurt::Crashed => {
                let name = pod.pod.name.clone();
                pod.pod =
                    Pod { state: PodState::Regressed { since: self.now }, restarts: pod.pod.restarts + 1, last_exit: Some(137), ..pod.pod };
                self.publish(Item::Pod(name.clone(), Some(pod)));
                self.plan_in(1_000, 25_000, Todo::Pod(name, PodState::Ready { since: self.now }));
            }
        }
        self.stir(&revision);
    }
}

/// What happens to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hurt {
    Deleted,
    Crashed,
}
