//! What does the index forget where the API server says that something is gone?
//!
//! The reply to our own write may come after the news that somebody deleted what it made. Nothing else would ever take that away again.

use super::index::Index;
use super::meta::child_name;
use crate::rollout::{Change, Fence, Key, Revision};

impl Index {
    /// The API server says that there is no such Rollout.
    pub fn gone(&self, key: &Key, resource_version: &str) {
        self.gone_rollout(key, resource_version);
    }

    /// The API server says that what this change is about does not exist.
    pub fn gone_part(&self, key: &Key, change: &Change) {
        let child = |revision: &Revision, fence: &Fence| self.gone_child(key, &child_name(&key.name, revision), &fence.resource_version);
        match change {
            Change::Scale { revision, fence, .. }
            | Change::Repair { revision, fence, .. }
            | Change::Restart { revision, fence, .. }
            | Change::Stamp { revision, fence, .. } => child(revision, fence),
            Change::Mark { revision, .. } => self.deleted_record(key, &child_name(&key.name, revision)),
            // These know what to do with that themselves, or there is nothing to forget.
            Change::Guard
            | Change::Record { .. }
            | Change::Create { .. }
            | Change::Hold { .. }
            | Change::Unpause { .. }
            | Change::ScaleHeld { .. }
            | Change::LetGo { .. }
            | Change::Prune { .. }
            | Change::Discard { .. }
            | Change::Answer(_)
            | Change::Forget { .. }
            | Change::Release => {}
        }
    }
}
