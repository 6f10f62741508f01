//! What does a new leader do with a rollout in flight before it raises anything?
//!
//! The one before it may have slept, and may not know that its time is over; what it sent may still be on its way. Each of its writes is fenced by a
//! version, so one write of ours to each object is enough for all of them to lose.

use super::upkeep::looked_after;
use super::{Change, Child, Direction, Epoch, Fence, Memo, Observed, Revision, State};

/// Where a new leader is with a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// The rollout is ours, or nothing of it is in flight.
    None,
    /// These Deployments do not carry our epoch yet. Until they do nothing is raised.
    Begun(Vec<Stamp>),
    /// All of them carry it: so may the status.
    Done,
}

/// A Deployment that does not carry our epoch yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    revision: Revision,
    fence: Fence,
    epoch: Epoch,
}

impl From<Stamp> for Change {
    fn from(Stamp { revision, fence, epoch }: Stamp) -> Self {
        Self::Stamp { revision, fence, epoch }
    }
}

/// The highest epoch that anything of a rollout carries. One above our own says that somebody else leads.
pub fn highest_epoch(memo: &Memo, seen: &Observed) -> Epoch {
    seen.children.values().map(|child| child.epoch).fold(memo.epoch, Epoch::max)
}

/// Where we are with a rollout whose committed state and memo these are.
pub fn takeover(state: Option<&State>, memo: &Memo, seen: &Observed) -> Takeover {
    let Some(state) = state.filter(|state| state.is_in_flight() && memo.epoch < seen.epoch) else { return Takeover::None };
    let older = |(revision, child): &(&Revision, &Child)| child.epoch < seen.epoch && (child.desired > 0 || looked_after(state, revision));
    let stamp =
        |(revision, child): (&Revision, &Child)| Stamp { revision: revision.clone(), fence: child.fence.clone(), epoch: seen.epoch };
    let stamps: Vec<Stamp> = seen.children.iter().filter(older).map(stamp).collect();
    if stamps.is_empty() { Takeover::Done } else { Takeover::Begun(stamps) }
}

/// What may be written while Deployments are stamped: what brings stable back, at once; each such write fences its own Deployment.
pub fn meanwhile(changes: Vec<Change>, stamps: Vec<Stamp>) -> Vec<Change> {
    let lowers: Vec<Change> = changes.into_iter().filter(|change| lowered(change).is_some()).collect();
    let fenced: Vec<Revision> = lowers.iter().filter_map(lowered).cloned().collect();
    let stamps = stamps.into_iter().filter(|Stamp { revision, .. }| !fenced.contains(revision)).map(Change::from);
    lowers.into_iter().chain(stamps).collect()
}

fn lowered(change: &Change) -> Option<&Revision> {
    match change {
        Change::Scale { revision, direction: Direction::Lower, .. } => Some(revision),
        Change::Scale { direction: Direction::Raise, .. }
        | Change::Guard
        | Change::Record { .. }
        | Change::Create { .. }
        | Change::Mark { .. }
        | Change::Repair { .. }
        | Change::Restart { .. }
        | Change::Stamp { .. }
        | Change::Hold { .. }
        | Change::ScaleHeld { .. }
        | Change::Unpause { .. }
        | Change::LetGo { .. }
        | Change::Prune { .. }
        | Change::Discard { .. }
        | Change::Answer(_)
        | Change::Forget { .. }
        | Change::Release => None,
    }
}
