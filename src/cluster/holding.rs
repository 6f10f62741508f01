//! How does a Deployment that is taken over get its writes?

use serde::de::IgnoredAny;

use super::error::Error;
use super::requests;
use super::workloads::{Place, Running, place};
use super::writer::Writer;
use crate::rollout::{Change, Direction, Fence, Key};

/// How often a write that gives pods back is tried against somebody who writes at the same time.
const TRIES: u32 = 5;

impl Writer {
    /// Makes a change of the Deployment that the rollout takes over.
    pub(super) async fn held(&self, key: &Key, change: &Change) -> Result<(), Error> {
        let what = "writing the Deployment that is taken over";
        let rollout = self.index().rollout(key).ok_or_else(|| Error::changed(what))?;
        let place = place(&key.namespace, &rollout.spec()).ok_or_else(|| Error::changed(what))?;
        match change {
            Change::Hold { fence } => self.hold(&place, fence, (Some(&key.name), true)).await,
            Change::Unpause { fence } => self.hold(&place, fence, (Some(&key.name), false)).await,
            Change::LetGo { fence } => self.hold(&place, fence, (None, false)).await,
            Change::ScaleHeld { replicas, fence, direction } => self.scale_held(&place, fence, (*replicas, *direction)).await,
            Change::Guard
            | Change::Record { .. }
            | Change::Create { .. }
            | Change::Scale { .. }
            | Change::Mark { .. }
            | Change::Repair { .. }
            | Change::Restart { .. }
            | Change::Stamp { .. }
            | Change::Prune { .. }
            | Change::Discard { .. }
            | Change::Answer(_)
            | Change::Forget { .. }
            | Change::Release => Ok(()),
        }
    }

    async fn hold(&self, place: &Place, fence: &Fence, (by, paused): (Option<&str>, bool)) -> Result<(), Error> {
        let what = format!("taking over Deployment {}", place.name);
        let running: Running = self.call(&what, requests::hold_deployment(place, fence, by, paused)).await?;
        self.index().put_running(place, &running);
        Ok(())
    }

    /// A conflict on a write that gives pods back is tried again at once, as it was read anew; any other means looking again. The reply of a
    /// scale says nothing of the rest, so the watch tells what came of it.
    async fn scale_held(&self, place: &Place, fence: &Fence, (replicas, direction): (u32, Direction)) -> Result<(), Error> {
        let what = format!("scaling Deployment {} to {replicas}", place.name);
        let mut fence = fence.clone();
        for _ in 0..TRIES {
            match self.call::<IgnoredAny>(&what, requests::scale_held(place, &fence, replicas)).await {
                Err(Error::Changed { .. }) if direction == Direction::Lower => {}
                done => return done.map(|IgnoredAny| ()),
            }
            let running: Running = self.call(&what, requests::get_running(place)).await?;
            if running.metadata.uid.as_ref() != Some(&fence.uid) {
                return Err(Error::changed(&what));
            }
            fence.resource_version = running.metadata.resource_version.clone().unwrap_or_default();
            self.index().put_running(place, &running);
        }
        Err(Error::changed(&what))
    }
}
