//! One write that the cluster needs. Every change may run twice, late, or never.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Epoch, Handled, Restart, Revision};

/// What a write to an object carries so that it hits the state that was looked at, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// The object's uid.
    pub uid: String,
    /// The object's resourceVersion.
    pub resource_version: String,
}

/// Whether a write takes exposure or capacity up, or exposure down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It grows the canary's share or takes serving capacity away: a conflict means "look again, from the start".
    Raise,
    /// It brings stable back or takes the canary away: a conflict means "read that one scale, and where nobody else scaled it, try again at
    /// once".
    Lower,
}

/// Whether somebody else changed a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// It is what was made.
    No,
    /// It has to be written again.
    Yes,
}

/// One write. `diff` releases it only when what it waits for was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Put our finalizer on the Rollout. Twice: the second finds it there. Never: nothing else is written before it.
    Guard,
    /// Store the spec's template under its revision. Twice: the second finds the same data. Late: the data is named by its hash.
    Record {
        /// The template's revision; `attempt` numbers it.
        revision: Revision,
        /// The number under which it is stored.
        number: u32,
    },
    /// Create the revision's Deployment from the spec's template, or from its record. Twice: the name is taken, and that is looked at again.
    Create {
        /// The revision.
        revision: Revision,
        /// Replicas it starts with.
        replicas: u32,
        /// The epoch of whoever makes it.
        epoch: Epoch,
    },
    /// Scale a Deployment. Twice: the second finds the replicas it wants. Late: the fence refuses it.
    Scale {
        /// The revision.
        revision: Revision,
        /// Replicas that were looked at.
        from: u32,
        /// Replicas wanted.
        replicas: u32,
        /// What was looked at.
        fence: Fence,
        /// How a conflict is handled.
        direction: Direction,
    },
    /// Write what became of a revision on its record. Twice: the same words.
    Mark {
        /// The revision.
        revision: Revision,
        /// The word of an [`AttemptResult`](super::AttemptResult).
        outcome: String,
        /// When that was.
        at: DateTime<Utc>,
    },
    /// Put right what else Serin holds in place of a Deployment: its template, its labels, `paused`, `minReadySeconds`. Twice: the second changes
    /// nothing. Late: its version is tested first.
    Repair {
        /// The revision.
        revision: Revision,
        /// What was looked at.
        fence: Fence,
        /// The `minReadySeconds` that the spec asks for.
        min_ready_seconds: u32,
        /// Whether the template is another one than was made.
        template: Edited,
        /// The restart that stands on the template, and stays there.
        restart: Option<Restart>,
    },
    /// Write a restart on a Deployment's template. Twice: the same words. Late: its version is tested first.
    Restart {
        /// The revision.
        revision: Revision,
        /// What was looked at.
        fence: Fence,
        /// What is written.
        restart: Restart,
    },
    /// Note on a Deployment who leads now, so that whatever the one before sent is refused. Twice: the same number. Late: its version is tested first.
    Stamp {
        /// The revision.
        revision: Revision,
        /// What was looked at.
        fence: Fence,
        /// The epoch.
        epoch: Epoch,
    },
    /// Stop a Deployment's own roll-outs and note on it that it is taken over. Twice: the same words. Late: its version is tested first.
    Hold {
        /// What was looked at.
        fence: Fence,
    },
    /// Scale a Deployment that is taken over. Twice: the second finds the replicas it wants. Late: the fence refuses it.
    ScaleHeld {
        /// Replicas wanted.
        replicas: u32,
        /// What was looked at.
        fence: Fence,
        /// How a conflict is handled.
        direction: Direction,
    },
    /// Let a Deployment that is still held roll out by itself again, before it gets pods back. Twice: the second changes nothing. Late: its version is
    /// tested first.
    Unpause {
        /// What was looked at.
        fence: Fence,
    },
    /// Note on a Deployment that it is no longer taken over. Twice: the second changes nothing. Late: its version is tested first.
    LetGo {
        /// What was looked at.
        fence: Fence,
    },
    /// Delete an old revision's Deployment. Twice: the second finds nothing. Late: it serves nothing, and its uid is a precondition.
    Prune {
        /// The revision.
        revision: Revision,
        /// What was looked at.
        fence: Fence,
    },
    /// Delete the record of a revision that has no Deployment. Twice: the second finds nothing.
    Discard {
        /// The revision.
        revision: Revision,
    },
    /// Write on an action what became of it. Twice: the same words.
    Answer(Handled),
    /// Delete an action that was answered long ago. Twice: the second finds nothing.
    Forget {
        /// The action's name.
        name: String,
        /// The action's uid, a precondition.
        uid: String,
    },
    /// Take our finalizer off the Rollout. Twice: the second finds it gone.
    Release,
}
