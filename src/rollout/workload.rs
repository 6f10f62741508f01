//! The Deployment that a rollout takes over: what is seen of it, and the writes that it needs.

use super::reach::missing;
use super::{Change, Child, Direction, Fence, Intent, Observed, Revision, Settled, State};

/// The Deployment that `spec.workloadRef` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workload {
    /// The spec has a template of its own, and so no Deployment is taken over.
    None,
    /// There is no Deployment of that name.
    Missing,
    /// It is there.
    There(Adoptee),
}

/// A Deployment that is taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoptee {
    /// Its name.
    pub name: String,
    /// The revision of its template.
    pub revision: Revision,
    /// Replicas that its spec asks for.
    pub desired: u32,
    /// Pods that its status reports as available.
    pub available: u32,
    /// Whether all its pods are of its template, none more and none fewer.
    pub settled: Settled,
    /// Whether its own roll-out is stopped.
    pub paused: bool,
    /// The Rollout that holds it, by the annotation that Serin writes.
    pub held_by: Option<String>,
    /// An autoscaler that scales it.
    pub scaler: Option<String>,
    /// Who, other than Serin, scaled it last.
    pub scaled_by: Option<String>,
    /// What a write to it has to carry.
    pub fence: Fence,
}

/// Whether a Deployment can be taken over now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It is held, or can be.
    Free,
    /// Something stands in the way; the text says what to do.
    Blocked(String),
}

impl Workload {
    /// The Deployment, where there is one.
    pub const fn adoptee(&self) -> Option<&Adoptee> {
        match self {
            Self::There(adoptee) => Some(adoptee),
            Self::None | Self::Missing => None,
        }
    }
}

impl Adoptee {
    /// Whether its pods are Serin's to move: it is paused, and says whose it is.
    pub fn is_held(&self, rollout: &str) -> bool {
        self.held_by.as_deref() == Some(rollout)
    }

    /// Whether it can be taken over.
    pub fn readiness(&self, rollout: &str) -> Readiness {
        let Self { name, scaler, held_by, settled, .. } = self;
        let blocked = |text: String| Readiness::Blocked(format!("Deployment {name} {text}"));
        match (held_by, scaler) {
            (Some(other), _) if other != rollout => {
                blocked(format!("already belongs to Rollout {other}; name another one in spec.workloadRef"))
            }
            (_, Some(scaler)) => {
                blocked(format!("is scaled by {scaler}; point that at the Rollout (apiVersion: serin.dev/v1alpha1, kind: Rollout)"))
            }
            (None, None) if *settled != Settled::Yes => {
                blocked("is in the middle of a change of its own; it is taken over once that is complete".to_owned())
            }
            (Some(_) | None, None) => Readiness::Free,
        }
    }

    /// Pods that may serve, as far as is known.
    fn at_most(&self) -> u32 {
        if self.settled == Settled::Unseen { self.desired } else { self.available.min(self.desired) }
    }

    /// Pods that ours may lean on.
    fn counted(&self) -> u32 {
        if self.settled == Settled::Unseen { 0 } else { self.available.min(self.desired) }
    }
}

/// The writes that the Deployment needs in a state in which it is not the one that serves: it is held, and has no pods.
pub(super) fn keep_down(state: &State, seen: &Observed) -> Vec<Change> {
    let Some(adoptee) = seen.workload.adoptee().filter(|adoptee| adoptee.is_held(&seen.name)) else { return Vec::new() };
    match state {
        State::Adopting(_) | State::HandingBack(_) | State::Deleted(_) => Vec::new(),
        State::Installing(_)
        | State::Idle(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_) => {
            let hold = (!adoptee.paused).then(|| Change::Hold { fence: adoptee.fence.clone() });
            hold.into_iter().chain((adoptee.desired > 0).then(|| scale(adoptee, 0, Direction::Raise))).collect()
        }
    }
}

/// Ours grows as theirs shrinks: within the surge, and never with fewer ready pods than before.
pub(super) struct Move<'a> {
    pub(super) intent: &'a Intent,
    /// Our Deployment.
    pub(super) child: Option<&'a Child>,
    pub(super) adoptee: Option<&'a Adoptee>,
}

impl Move<'_> {
    /// How many pods ours may have now.
    pub(super) fn ours_up(&self) -> u32 {
        let theirs = self.adoptee.map_or(0, |adoptee| adoptee.desired);
        self.intent.replicas.min(self.ceiling().saturating_sub(theirs))
    }

    /// What theirs has to become while ours grows, if that is less than it has.
    pub(super) fn theirs_down(&self) -> Option<Change> {
        let adoptee = self.adoptee?;
        let ours = self.child.map_or(0, Child::counted);
        let keep = self.intent.floor().saturating_sub(ours);
        // Pods that do not serve are no loss, where that is known.
        let keep = keep.min(adoptee.at_most());
        (keep < adoptee.desired).then(|| scale(adoptee, keep, Direction::Raise))
    }

    /// What theirs has to become while it comes back, if that is more than it has.
    pub(super) fn theirs_up(&self) -> Option<Change> {
        let adoptee = self.adoptee?;
        let ours = self.child.map_or(0, |child| child.desired);
        let up = self.intent.replicas.min(self.ceiling().saturating_sub(ours));
        (up > adoptee.desired).then(|| scale(adoptee, up, Direction::Lower))
    }

    /// How many pods ours has to keep while theirs comes back.
    pub(super) fn ours_needed(&self) -> u32 {
        let theirs = self.adoptee.map_or(0, Adoptee::counted);
        self.intent.floor().saturating_sub(theirs)
    }

    /// What is still missing until ours has everything, and theirs is ours to keep down.
    pub(super) fn ours_missing(&self, rollout: &str) -> Option<String> {
        let left = self.adoptee.filter(|adoptee| adoptee.desired > 0);
        let free = self.adoptee.filter(|adoptee| !adoptee.is_held(rollout));
        missing("adopted", self.child, self.intent.replicas)
            .or_else(|| left.map(|adoptee| format!("Deployment {} still has {} pods", adoptee.name, adoptee.desired)))
            .or_else(|| free.map(|adoptee| format!("Deployment {} is about to be taken over", adoptee.name)))
    }

    fn ceiling(&self) -> u32 {
        self.intent.replicas.saturating_add(self.intent.capacity.surge)
    }
}

fn scale(adoptee: &Adoptee, replicas: u32, direction: Direction) -> Change {
    Change::ScaleHeld { replicas, fence: adoptee.fence.clone(), direction }
}
