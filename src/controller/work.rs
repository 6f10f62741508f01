//! How is one pass after the other done, until it is time to stop?

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::bounded::{Outcome, bounded};
use super::metrics::PassResult;
use super::queue::{Ended, Queue};
use super::run::{Controller, Role};
use super::world::{Key, World};
use crate::cluster::Error;

/// How long passes under way may go on after the signal to stop. Giving the lease away comes after that; Kubernetes kills after 30 s.
const DRAIN: Duration = Duration::from_secs(15);

/// Nothing sleeps longer without a look at the clock on the wall, which may be set while the machine's own goes on evenly.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// Nothing is looked at again sooner by itself, so that not even a defect makes a loop that burns.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);

/// A shadow whose decisions change nothing would see the same again at once.
const SHADOW_SLEEP: Duration = Duration::from_secs(10);

/// The queue, and who waits for it.
#[derive(Clone)]
pub(super) struct Shared(Arc<(Mutex<Queue>, Notify)>);

impl Controller {
    /// Starts passes as they are due, until it is told to stop.
    pub(super) async fn work<W>(&self, world: &W, stopping: &CancellationToken)
    where
        W: World<Error = Error> + Clone + Send + Sync + 'static,
    {
        let start = Instant::now();
        let mut passes = JoinSet::new();
        loop {
            let wake = {
                let mut queue = self.queue.lock();
                while let Some(key) = queue.next(start.elapsed()) {
                    passes.spawn(bounded(world.clone(), key));
                }
                queue.wake()
            };
            tokio::select! {
                () = stopping.cancelled() => break,
                () = self.queue.changed() => {}
                Some(ended) = passes.join_next() => {
                    // A pass catches its own panics, and nobody aborts it.
                    if let Ok((key, outcome)) = ended {
                        self.settle(&key, outcome, (start, world.now()));
                    }
                }
                () = at(start, wake) => {}
            }
        }
        info!(passes = passes.len(), "stopping; passes under way may end");
        let drained = timeout(DRAIN, async { while passes.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            warn!("passes were cut off; the next start goes on where they were");
        }
    }

    fn until(&self, now: DateTime<Utc>, wake: DateTime<Utc>) -> Duration {
        let shortest = match self.setup.role {
            Role::Lead => SHORTEST_SLEEP,
            Role::Shadow => SHADOW_SLEEP,
        };
        (wake - now).to_std().unwrap_or_default().clamp(shortest, LONGEST_SLEEP)
    }

    fn settle(&self, key: &Key, outcome: Outcome<Error>, (start, now): (Instant, DateTime<Utc>)) {
        let (result, ended) = match &outcome {
            Outcome::Passed(wake) => (PassResult::Done, Ended::Well(wake.map(|wake| start.elapsed() + self.until(now, wake)))),
            Outcome::Failed(Error::Changed { .. } | Error::Gone { .. }) => (PassResult::Conflict, Ended::Badly),
            Outcome::Failed(Error::Refused { .. } | Error::NoAnswer { .. }) => (PassResult::Failed, Ended::Badly),
            Outcome::TimedOut => (PassResult::TimedOut, Ended::Badly),
            Outcome::Panicked(_) => (PassResult::Panicked, Ended::Badly),
        };
        self.metrics.passed(result);
        let again = self.queue.lock().done(key, ended, start.elapsed()).map(|delay| delay.as_millis());
        match outcome {
            Outcome::Passed(_) => {}
            Outcome::Failed(error @ (Error::Changed { .. } | Error::Gone { .. })) => {
                debug!(rollout = %key, %error, again_ms = again, "looking again");
            }
            Outcome::Failed(error @ (Error::Refused { .. } | Error::NoAnswer { .. })) => {
                warn!(rollout = %key, %error, again_ms = again, "a pass failed and is tried again");
            }
            Outcome::TimedOut => warn!(rollout = %key, again_ms = again, "a pass took too long and is tried again"),
            Outcome::Panicked(text) => {
                error!(rollout = %key, panic = text, again_ms = again, "a defect of Serin stopped a pass; please report it");
            }
        }
    }
}

async fn at(start: Instant, wake: Option<Duration>) {
    match wake {
        Some(wake) => sleep_until(start + wake).await,
        None => std::future::pending().await,
    }
}

impl Shared {
    pub(super) fn new(queue: Queue) -> Self {
        Self(Arc::new((Mutex::new(queue), Notify::new())))
    }

    /// Has a rollout looked at.
    pub(super) fn trigger(&self, key: Key) {
        self.lock().trigger(key);
        self.0.1.notify_one();
    }

    async fn changed(&self) {
        self.0.1.notified().await;
    }

    /// No call into the queue panics half-way through a change, so a poisoned lock guards nothing broken.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
