//! What can be said of a state, whichever it is?

use super::state::{Approval, Attempt, Baking, Paused, Promoting, RollingBack, State, Stepping};
use super::{Revision, Weight};

impl State {
    /// Whether pods may have to move without anybody asking for anything new.
    pub const fn is_in_flight(&self) -> bool {
        match self {
            Self::Idle(_) | Self::Deleted(_) => false,
            Self::Installing(_)
            | Self::Adopting(_)
            | Self::Stepping(_)
            | Self::Approval(_)
            | Self::Paused(_)
            | Self::Promoting(_)
            | Self::Baking(_)
            | Self::RollingBack(_)
            | Self::HandingBack(_) => true,
        }
    }

    /// The revision that serves, or comes back.
    pub const fn stable(&self) -> Option<&Revision> {
        match self {
            Self::Installing(_) | Self::Adopting(_) => None,
            Self::Idle(s) => Some(&s.stable),
            Self::HandingBack(s) => Some(&s.stable),
            Self::Deleted(s) => s.stable.as_ref(),
            Self::Baking(Baking { attempt, .. }) => Some(&attempt.canary),
            Self::Stepping(Stepping { attempt, .. })
            | Self::Approval(Approval { attempt, .. })
            | Self::Paused(Paused { attempt, .. })
            | Self::Promoting(Promoting { attempt, .. })
            | Self::RollingBack(RollingBack { attempt, .. }) => Some(&attempt.stable),
        }
    }

    /// The attempt in flight, a rollback included.
    pub const fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Installing(_) | Self::Adopting(_) | Self::Idle(_) | Self::HandingBack(_) | Self::Deleted(_) => None,
            Self::Stepping(Stepping { attempt, .. })
            | Self::Approval(Approval { attempt, .. })
            | Self::Paused(Paused { attempt, .. })
            | Self::Promoting(Promoting { attempt, .. })
            | Self::Baking(Baking { attempt, .. })
            | Self::RollingBack(RollingBack { attempt, .. }) => Some(attempt),
        }
    }

    /// The revision that the state is about: what is on trial, or what serves.
    pub const fn revision(&self) -> Option<&Revision> {
        match self {
            Self::Installing(s) => Some(&s.revision),
            Self::Adopting(s) => Some(&s.revision),
            Self::Idle(s) => Some(&s.stable),
            Self::HandingBack(s) => Some(&s.stable),
            Self::Deleted(s) => s.stable.as_ref(),
            Self::Stepping(Stepping { attempt, .. })
            | Self::Approval(Approval { attempt, .. })
            | Self::Paused(Paused { attempt, .. })
            | Self::Promoting(Promoting { attempt, .. })
            | Self::Baking(Baking { attempt, .. })
            | Self::RollingBack(RollingBack { attempt, .. }) => Some(&attempt.canary),
        }
    }

    /// Whether somebody forced the canary past the measured checks.
    pub const fn is_forced(&self) -> bool {
        match self {
            Self::Promoting(Promoting { forced, .. }) | Self::Baking(Baking { forced, .. }) => *forced,
            Self::Installing(_)
            | Self::Adopting(_)
            | Self::Idle(_)
            | Self::Stepping(_)
            | Self::Approval(_)
            | Self::Paused(_)
            | Self::RollingBack(_)
            | Self::HandingBack(_)
            | Self::Deleted(_) => false,
        }
    }

    /// The attempt on trial and the exposure it has: what evidence is gathered for.
    pub const fn trial(&self) -> Option<(&Attempt, Weight)> {
        match self {
            Self::Stepping(Stepping { attempt, step, .. })
            | Self::Approval(Approval { attempt, step, .. })
            | Self::Paused(Paused { attempt, step, .. }) => Some((attempt, *step)),
            Self::Promoting(Promoting { attempt, .. }) | Self::Baking(Baking { attempt, .. }) => Some((attempt, Weight::FULL)),
            Self::Installing(_) | Self::Adopting(_) | Self::Idle(_) | Self::RollingBack(_) | Self::HandingBack(_) | Self::Deleted(_) => {
                None
            }
        }
    }
}
