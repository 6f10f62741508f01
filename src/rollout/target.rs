//! What the cluster must look like in a state.

use super::{Attempt, Cause, Intent, Revision, Split, State, Weight};

/// The pods that a state asks for. Every other revision has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One revision serves everything.
    One {
        /// That revision.
        revision: Revision,
        /// Its pods.
        pods: u32,
    },
    /// Exposure is shifted between two revisions, up before down.
    Shift {
        /// The way back.
        stable: Revision,
        /// The revision on trial.
        canary: Revision,
        /// Pods of both.
        split: Split,
        /// How many of stable's are young ones, in a Deployment of their own.
        baseline: u32,
    },
    /// A running Deployment gives its pods up as ours come.
    Adopt {
        /// The revision that it becomes.
        revision: Revision,
        /// Its pods.
        pods: u32,
    },
    /// The Deployment that was taken over gets its pods back as ours go.
    HandBack {
        /// The revision that serves.
        revision: Revision,
        /// Its pods.
        pods: u32,
    },
    /// Stable comes back as fast as it can.
    Retreat {
        /// What comes back.
        stable: Revision,
        /// What goes.
        canary: Revision,
        /// Pods of stable.
        pods: u32,
        /// Ready pods that must not be undercut.
        floor: u32,
    },
    /// Nothing is touched any more.
    HandsOff,
}

/// What the cluster must look like in `state`.
pub fn target(intent: &Intent, state: &State) -> Target {
    let shift = |attempt: &Attempt, weight| Target::Shift {
        stable: attempt.stable.clone(),
        canary: attempt.canary.clone(),
        split: intent.split(weight),
        baseline: intent.baseline(weight),
    };
    match state {
        State::Installing(s) => Target::One { revision: s.revision.clone(), pods: intent.replicas },
        State::Adopting(s) => Target::Adopt { revision: s.revision.clone(), pods: intent.replicas },
        State::HandingBack(s) => Target::HandBack { revision: s.stable.clone(), pods: intent.replicas },
        State::Idle(s) => Target::One { revision: s.stable.clone(), pods: intent.replicas },
        State::Stepping(s) => shift(&s.attempt, s.step),
        State::Approval(s) => shift(&s.attempt, s.step),
        State::Paused(s) => shift(&s.attempt, s.step),
        State::Promoting(s) => shift(&s.attempt, Weight::FULL),
        State::Baking(s) => shift(&s.attempt, Weight::FULL),
        State::RollingBack(s) => Target::Retreat {
            stable: s.attempt.stable.clone(),
            canary: s.attempt.canary.clone(),
            pods: intent.replicas,
            floor: intent.replicas.saturating_sub(missing_allowed(intent, &s.cause)),
        },
        State::Deleted(_) => Target::HandsOff,
    }
}

/// How many ready pods may be missing while stable comes back: more when the canary is known to be bad.
fn missing_allowed(intent: &Intent, cause: &Cause) -> u32 {
    match cause {
        Cause::Failed(_) => intent.capacity.abort_unavailable,
        Cause::Unavailable(_)
        | Cause::Undecided(_)
        | Cause::Superseded(_)
        | Cause::Deleted
        | Cause::Unapproved(_)
        | Cause::Aborted(_)
        | Cause::Undone(_) => intent.capacity.max_unavailable,
    }
}

impl Target {
    /// All pods that the state asks for.
    pub fn pods(&self) -> Option<u32> {
        match self {
            Self::One { pods, .. } | Self::Adopt { pods, .. } | Self::HandBack { pods, .. } | Self::Retreat { pods, .. } => Some(*pods),
            Self::Shift { split, .. } => Some(split.total()),
            Self::HandsOff => None,
        }
    }
}
