//! What do strangers and bad luck do to Deployments, pods and machines?

use std::sync::Arc;

use chrono::TimeDelta;
use serin::rollout::{PodState, Revision};

use super::acts::Which;
use super::agenda::Todo;
use super::server::Changed;
use super::server::objects::{Committed, Deployment, Node, Pod, Rollout, Writer};
use super::state::Sim;

/// What happens to a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hurt {
    Deleted,
    Crashed,
    Unready,
}

impl Sim {
    /// A pod that serves has bad luck.
    pub(super) fn hurt_pod(&mut self, how: Hurt) {
        let serving: Vec<Pod> = self.server.pods.values().filter(|pod| pod.is_ready()).cloned().collect();
        if serving.is_empty() {
            return;
        }
        let pod = self.rng.pick(&serving);
        self.ledger.lost(&pod.revision);
        let (revision, name, now) = (pod.revision.clone(), pod.name(), self.now);
        let hurt = match how {
            Hurt::Deleted => return self.unmake_pod(pod),
            Hurt::Crashed => Pod { state: PodState::Unready, started: now, restarts: pod.restarts + 1, last_exit: Some(137), ..pod },
            Hurt::Unready => Pod { state: PodState::Regressed { since: now }, ..pod },
        };
        self.publish(Changed::Pod(name.clone(), Some(hurt)));
        self.plan_in(1_000, 25_000, Todo::Pod(name, PodState::Ready { since: now }));
        self.stir(&revision);
    }

    /// A machine is not heard of any more; it comes back, or its pods are made elsewhere.
    pub(super) fn node_dies(&mut self, node: Node) {
        let back = self.rng.chance(500);
        let lost: Vec<Pod> = self.server.pods.values().filter(|pod| pod.node == node && pod.is_ready()).cloned().collect();
        for pod in lost {
            self.ledger.lost(&pod.revision);
            let (revision, name, now) = (pod.revision.clone(), pod.name(), self.now);
            if back {
                self.plan_in(3_000, 90_000, Todo::Pod(name.clone(), PodState::Ready { since: now }));
            } else {
                self.plan_in(20_000, 60_000, Todo::PodGone(name.clone()));
            }
            self.publish(Changed::Pod(name, Some(Pod { state: PodState::Unreachable, ..pod })));
            self.stir(&revision);
        }
    }

    /// Somebody scales a Deployment of ours.
    pub(super) fn scaled_by_a_stranger(&mut self, which: Which, replicas: u32) {
        let Some(revision) = self.one_of_ours(which) else { return };
        let Some(old) = self.server.deployments.get(&revision).cloned() else { return };
        if old.desired == replicas {
            return;
        }
        for _ in replicas..self.server.ready(&revision).min(old.desired) {
            self.ledger.lost(&revision);
        }
        let before = old.desired;
        self.publish(Changed::Deployment(
            revision.clone(),
            Some(Deployment { desired: replicas, scaled_by: Writer::Stranger, generation: old.generation + 1, ..old }),
        ));
        self.ledger.meddled.push((revision.clone(), self.server.version, before));
        self.ledger.visible(&revision, self.server.version);
        self.stir(&revision);
    }

    /// Somebody deletes a Deployment of ours.
    pub(super) fn deleted_by_a_stranger(&mut self, which: Which) {
        let Some(revision) = self.one_of_ours(which) else { return };
        for _ in 0..self.server.ready(&revision) {
            self.ledger.lost(&revision);
        }
        self.orphaned(&revision);
        self.publish(Changed::Deployment(revision.clone(), None));
        self.ledger.visible(&revision, self.server.version);
    }

    /// Somebody changes something else about a Deployment of ours.
    pub(super) fn meddle(&mut self, which: Which, change: impl FnOnce(&mut Deployment)) {
        let Some(revision) = self.one_of_ours(which) else { return };
        let Some(mut deployment) = self.server.deployments.get(&revision).cloned() else { return };
        let before = deployment.desired;
        change(&mut deployment);
        deployment.generation += 1;
        self.publish(Changed::Deployment(revision.clone(), Some(deployment)));
        // What is gone from the watch may come back: until that is heard of, nobody can know better.
        self.ledger.meddled.push((revision.clone(), self.server.version, before));
        self.stir(&revision);
    }

    pub(super) fn delete_record(&mut self, which: Which) {
        let Some(revision) = self.one_of_ours(which) else { return };
        if self.server.records.contains_key(&revision) {
            self.publish(Changed::Record(revision, None));
        }
    }

    /// Somebody writes an empty status: all that was committed is lost, and its events with it.
    pub(super) fn wipe_status(&mut self) {
        let Some(old) = self.server.rollout.clone() else { return };
        self.ledger.wiped(old.version);
        self.publish(Changed::Rollout(Some(Rollout { committed: Arc::new(Committed::nothing()), ..old })));
    }

    fn one_of_ours(&self, which: Which) -> Option<Revision> {
        // What a Rollout has left behind is nobody's.
        self.server.rollout.as_ref().filter(|rollout| !rollout.deleting)?;
        let mut revisions = self.server.deployments.keys();
        match which {
            Which::First => revisions.next().cloned(),
            Which::Last => revisions.next_back().cloned(),
        }
    }

    /// An autoscaler has the replicas for so many looks.
    pub(super) fn autoscale_for(&mut self, looks: u32) {
        for look in 0..looks {
            self.agenda.plan(self.now + TimeDelta::seconds(15 * i64::from(look)), Todo::Autoscale);
        }
    }

    /// An autoscaler writes the scale where the load has moved, by no more than double or half.
    pub(super) fn autoscale(&mut self) {
        let now = self.shape.replicas;
        let wanted = self.rng.between(now / 2, now * 2).clamp(1, 20);
        if now > 0 && self.rng.chance(400) && wanted != now {
            self.shape.replicas = wanted;
            self.note("hpa", |_| format!("scales to {wanted}"));
            self.edit(None);
        }
    }
}
