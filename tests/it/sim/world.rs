//! The simulated side of `World`: each write waits once on its way there and once on its way back.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use serin::api::Status;
use serin::controller::{Key, Seen, World};
use serin::rollout::{Change, Direction, Fence, Question, Revision};

use super::model::Item;
use super::state::Sim;

/// The world around the simulated controller.
pub(super) struct SimWorld(Mutex<Sim>);

/// Why a write failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    #[error("somebody else wrote")]
    Conflict,
    #[error("it is gone")]
    Gone,
    #[error("refused: {0}")]
    Refused(String),
    #[error("no answer")]
    NoAnswer,
}

/// Gives the executor a turn: time passes, and it may never come back.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl SimWorld {
    pub(super) fn new(sim: Sim) -> Self {
        Self(Mutex::new(sim))
    }

    pub(super) fn sim(&self) -> MutexGuard<'_, Sim> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request on its way to the API server.
    async fn request(&self) -> Result<(), Trouble> {
        Turn(false).await;
        let mut sim = self.sim();
        let (unavailable, conflict) = (sim.faults.unavailable, sim.faults.conflict);
        if sim.rng.chance(unavailable) {
            sim.ledger.count("fault.unavailable");
            return Err(Trouble::NoAnswer);
        }
        if sim.rng.chance(conflict) {
            sim.ledger.count("fault.conflict");
            return Err(Trouble::Conflict);
        }
        Ok(())
    }

    /// A reply on its way back: what it tells is known only once it arrives.
    async fn reply(&self, version: u64, item: Option<Item>) -> Result<(), Trouble> {
        Turn(false).await;
        let mut sim = self.sim();
        let lost = sim.faults.lost;
        if sim.rng.chance(lost) {
            sim.ledger.count("fault.lost");
            return Err(Trouble::NoAnswer);
        }
        if let (Some(cache), Some(item)) = (&mut sim.process.cache, item) {
            cache.take(version, item);
        }
        Ok(())
    }

    async fn change(&self, change: &Change) -> Result<(), Trouble> {
        if let Change::Scale { revision, replicas, fence, direction } = change {
            return self.scale(revision, *replicas, fence, *direction).await;
        }
        self.request().await?;
        let (version, item) = self.sim().change(change)?;
        self.reply(version, item).await
    }

    /// A conflict on a lowering write: the scale is read and written again at once.
    async fn scale(&self, revision: &Revision, replicas: u32, fence: &Fence, direction: Direction) -> Result<(), Trouble> {
        let from = self.sim().process.cache.as_ref().and_then(|cache| cache.desired(revision)).ok_or(Trouble::Conflict)?;
        let mut fence = fence.clone();
        for _ in 0..5 {
            let written = match self.request().await {
                Ok(()) => self.sim().scale(revision, &fence, replicas),
                Err(trouble) => Err(trouble),
            };
            match written {
                Ok(version) => {
                    self.reply(version, None).await?;
                    self.keep(revision, replicas, version);
                    return Ok(());
                }
                Err(Trouble::Conflict) if direction == Direction::Lower => {}
                Err(trouble) => return Err(trouble),
            }
            Turn(false).await;
            let there = self.sim().server.deployments.get(revision).cloned().ok_or(Trouble::Gone)?;
            if there.uid != fence.uid {
                return Err(Trouble::Conflict);
            }
            self.keep(revision, there.desired, there.version);
            if replicas.cmp(&there.desired) != replicas.cmp(&from) {
                return Ok(());
            }
            fence.resource_version = there.version.to_string();
        }
        Err(Trouble::Conflict)
    }

    fn keep(&self, revision: &Revision, replicas: u32, version: u64) {
        if let Some(cache) = &mut self.sim().process.cache {
            cache.scaled(revision, replicas, version);
        }
    }
}

impl World for SimWorld {
    type Error = Trouble;

    fn now(&self) -> DateTime<Utc> {
        self.sim().now
    }

    fn observe(&self, _: &Key) -> Option<Seen> {
        self.sim().look()
    }

    async fn commit(&self, _: &Key, version: &str, status: &Status) -> Result<(), Trouble> {
        self.request().await?;
        let (version, rollout) = self.sim().put_status(version, status)?;
        self.reply(version, Some(Item::Rollout(Some(rollout)))).await?;
        self.sim().offer();
        Ok(())
    }

    async fn apply(&self, _: &Key, changes: &[Change]) -> Result<(), Trouble> {
        for change in changes {
            let result = self.change(change).await;
            let mut sim = self.sim();
            match &result {
                Ok(()) if *change == Change::Guard => sim.trigger(),
                Err(Trouble::Refused(text)) => sim.process.refused = Some(text.clone()),
                Ok(()) | Err(Trouble::Conflict | Trouble::Gone | Trouble::NoAnswer) => {}
            }
            drop(sim);
            result?;
        }
        self.sim().process.refused = None;
        Ok(())
    }

    fn ask(&self, _: &Key, questions: Vec<Question>) {
        let mut sim = self.sim();
        for question in questions {
            sim.asked(question);
        }
    }
}
