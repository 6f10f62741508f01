//! What do Deployment controllers, schedulers and kubelets do?

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serin::rollout::{PodState, Revision};

use super::acts::Power;
use super::agenda::Todo;
use super::server::Changed;
use super::server::objects::{Deployment, Node, Pod};
use super::state::{Sim, Work};
use super::truth::Truth;

/// How many machines there are.
const NODES: u64 = 3;

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
        let (replicas, available) = (self.server.active(revision), self.available(revision, old.min_ready));
        let quota = if replicas < old.desired { self.quota } else { Power::Up };
        let older = old.restart.as_ref().map_or(0, |(_, older)| *older);
        let updated = self.server.count(revision, |pod| pod.state != PodState::Leaving && pod.number >= older);
        let new = Deployment { observed: old.generation, replicas, updated, available, quota, ..old.clone() };
        if new == old {
            return self.ledger.visible(revision, old.version);
        }
        self.publish(Changed::Deployment(revision.clone(), Some(new)));
        self.ledger.visible(revision, self.server.version);
        self.note("kube", |_| format!("{revision} has {replicas} pods, {available} available"));
    }

    /// Pods that have been ready for long enough.
    fn available(&self, revision: &Revision, min_ready: u32) -> u32 {
        let long =
            |pod: &&Pod| matches!(pod.state, PodState::Ready { since } if self.now >= since + TimeDelta::seconds(i64::from(min_ready)));
        u32::try_from(self.server.pods_of(revision).filter(long).count()).expect("few pods")
    }

    /// Pods are made and unmade; those that are not ready go first, then the youngest.
    pub(super) fn replicate(&mut self, revision: &Revision) {
        self.planned.remove(&(revision.clone(), Work::Replicas));
        let desired = self.server.desired(revision);
        let mine = self.server.pods_of(revision).filter(|pod| pod.state != PodState::Leaving);
        let mut active: Vec<Pod> = mine.cloned().collect();
        let count = u32::try_from(active.len()).expect("few pods");
        if count < desired && self.quota == Power::Down {
            self.planned.insert((revision.clone(), Work::Replicas));
            self.plan_in(2_000, 10_000, Todo::Replicas(revision.clone()));
            return;
        }
        if self.rolls(revision, &active, desired) {
            return self.stir(revision);
        }
        for _ in count..desired {
            self.make_pod(revision);
        }
        active.sort_by_key(|pod| (pod.is_ready(), Reverse(pod.number)));
        for pod in active.into_iter().take(count.saturating_sub(desired) as usize) {
            self.unmake_pod(pod);
        }
        if count != desired {
            self.stir(revision);
        }
    }

    /// A restart replaces old pods one by one: a new one first, then an old one as soon as all serve without it.
    fn rolls(&mut self, revision: &Revision, active: &[Pod], desired: u32) -> bool {
        let Some((_, older)) = self.server.deployments.get(revision).and_then(|deployment| deployment.restart.clone()) else {
            return false;
        };
        let Some(old) = active.iter().find(|pod| pod.number < older) else { return false };
        let (count, ready) = (active.len(), active.iter().filter(|pod| pod.is_ready()).count());
        let desired = desired as usize;
        if count == desired {
            self.make_pod(revision);
        } else if count == desired + 1 && (ready > desired || !old.is_ready()) {
            self.unmake_pod(old.clone());
        }
        count == desired || count == desired + 1
    }

    fn make_pod(&mut self, revision: &Revision) {
        self.pods_made += 1;
        let number = self.pods_made;
        let node = Node(u32::try_from(number % NODES).expect("few nodes"));
        let state = PodState::Unscheduled;
        let pod = Pod { revision: revision.clone(), number, node, state, started: self.now, restarts: 0, last_exit: None };
        let name = pod.name();
        self.publish(Changed::Pod(name.clone(), Some(pod)));
        self.plan_in(20, 1_500, Todo::Pod(name, PodState::Starting));
    }

    pub(super) fn unmake_pod(&mut self, pod: Pod) {
        let name = pod.name();
        self.publish(Changed::Pod(name.clone(), Some(Pod { state: PodState::Leaving, ..pod })));
        self.plan_in(200, 5_000, Todo::PodGone(name));
    }

    /// A Deployment is gone, and its pods go with it.
    pub(super) fn orphaned(&mut self, revision: &Revision) {
        let pods: Vec<Pod> = self.server.pods_of(revision).cloned().collect();
        for pod in pods {
            self.unmake_pod(pod);
        }
    }

    pub(super) fn pod_gone(&mut self, name: String) {
        let Some(pod) = self.server.pods.get(&name) else { return };
        let revision = pod.revision.clone();
        self.publish(Changed::Pod(name, None));
        self.stir(&revision);
    }

    /// A pod moves on, unless it leaves by now.
    pub(super) fn pod_moves(&mut self, name: String, state: PodState) {
        let Some(mut pod) = self.server.pods.get(&name).filter(|pod| pod.state != PodState::Leaving).cloned() else { return };
        pod.state = match state {
            PodState::Ready { .. } => PodState::Ready { since: self.now },
            PodState::Starting if self.registry == Power::Down => PodState::Blocked { reason: "i/o timeout".to_owned() },
            other => other,
        };
        match &pod.state {
            PodState::Crashing { .. } => (pod.restarts, pod.last_exit) = (pod.restarts + 1, Some(1)),
            PodState::Blocked { .. } => self.plan_in(5_000, 20_000, Todo::Pod(name.clone(), PodState::Starting)),
            PodState::Starting => self.after_start(&name, self.truths[&*pod.revision.template()]),
            PodState::Leaving
            | PodState::Unscheduled
            | PodState::Broken { .. }
            | PodState::Unready
            | PodState::Regressed { .. }
            | PodState::Unreachable
            | PodState::Ready { .. } => {}
        }
        if matches!(pod.state, PodState::Ready { .. } | PodState::Unready) && pod.restarts == 0 {
            pod.started = self.now;
        }
        let (revision, ready) = (pod.revision.clone(), pod.is_ready());
        self.publish(Changed::Pod(name, Some(pod)));
        self.stir(&revision);
        if ready {
            self.sync_when_available(&revision);
        }
    }

    /// Pods that are ready are available some time later, and their Deployment's controller looks at it then.
    pub(super) fn sync_when_available(&mut self, revision: &Revision) {
        let min_ready = self.server.deployments.get(revision).map_or(0, |deployment| deployment.min_ready);
        let wait = TimeDelta::seconds(i64::from(min_ready));
        let available = |pod: &Pod| if let PodState::Ready { since } = pod.state { Some(since + wait) } else { None };
        let times: BTreeSet<DateTime<Utc>> = self.server.pods_of(revision).filter_map(available).filter(|at| *at > self.now).collect();
        for at in times {
            self.agenda.plan(at, Todo::Sync(revision.clone()));
        }
    }

    fn after_start(&mut self, name: &str, truth: Truth) {
        let reason = |text: &str| text.to_owned();
        let next = match truth {
            Truth::Good | Truth::BadFrom(_) | Truth::Flapping | Truth::Silent | Truth::Refused => PodState::Ready { since: self.now },
            Truth::NeverReady => PodState::Unready,
            Truth::Crashing => PodState::Crashing { reason: reason("back-off") },
            Truth::NoImage => PodState::Broken { reason: reason("not found") },
        };
        let (low, high) = if self.rng.chance(self.faults.slow) { (20_000, 90_000) } else { (300, 8_000) };
        self.plan_in(low, high, Todo::Pod(name.to_owned(), next));
    }
}
