//! How does the controller start, work and stop?

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kube::Client;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, error, info, warn};

use super::bounded::{Outcome, bounded};
use super::live::{Live, Parts};
use super::metrics::{Metrics, PassResult};
use super::queue::{Ended, Queue};
use super::start::{self, StartError};
use super::world::{Key, World};
use crate::audit::{Cluster, Teller};
use crate::cluster::{Error, Index, Kind, Notice, watch};
use crate::config::Config;
use crate::prometheus::Providers;
use crate::retry::{Pace, delays};
use crate::sink::{Dispatcher, Sink};

/// How long passes under way may go on after the signal to stop; Kubernetes kills after 30 s.
const DRAIN: Duration = Duration::from_secs(20);

/// Nothing sleeps longer without a look at the clock on the wall, which may be set while the machine's own goes on evenly.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// Nothing is looked at again sooner by itself, so that not even a defect makes a loop that burns.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);

/// After this time without all lists, the log says what is missing, and again each time it passes.
const SLOW_START: Duration = Duration::from_secs(10);

/// The controller: rollouts in, decisions out.
pub struct Controller {
    client: Client,
    config: Config,
    index: Arc<Index>,
    metrics: Arc<Metrics>,
    queue: Shared,
}

/// The queue, and who waits for it.
#[derive(Clone)]
struct Shared(Arc<(Mutex<Queue>, Notify)>);

impl Controller {
    /// A controller that does nothing yet.
    pub fn new(client: Client, config: Config) -> Self {
        let queue = Queue::new(|| delays(Pace::Pass));
        Self {
            client,
            config,
            index: Arc::new(Index::default()),
            metrics: Arc::new(Metrics::default()),
            queue: Shared(Arc::new((Mutex::new(queue), Notify::new()))),
        }
    }

    /// Whether the cluster was seen whole once, and may be looked at.
    ///
    /// # Errors
    /// Says which lists are missing, and what may not be watched.
    pub fn ready(&self) -> Result<(), String> {
        let missing: Vec<&str> = self.index.missing().into_iter().map(Kind::resource).collect();
        let missing = (!missing.is_empty()).then(|| format!("not listed yet: {}", missing.join(", ")));
        let said: Vec<String> = missing.into_iter().chain(self.index.refusals().sentences()).collect();
        if said.is_empty() { Ok(()) } else { Err(said.join("; ")) }
    }

    /// The controller's own metrics as OpenMetrics text.
    pub fn metrics(&self) -> String {
        self.metrics.encode(&self.index)
    }

    /// Works until `stop` is over; passes under way may end then.
    ///
    /// # Errors
    /// Why it could not start. Once it works, what fails is tried again for as long as it takes.
    pub async fn run(&self, providers: Providers, sinks: Vec<Sink>, stop: impl Future<Output = ()>) -> Result<(), StartError> {
        let mut stop = std::pin::pin!(stop);
        let teller = tokio::select! {
            teller = self.begin() => teller?,
            () = &mut stop => return Ok(()),
        };
        let names = sinks.iter().map(Sink::name).collect();
        let (offers, dispatcher) = Dispatcher::new(sinks, || delays(Pace::Sink));
        let queue = self.queue.clone();
        let live = Live::new(Parts {
            client: self.client.clone(),
            index: Arc::clone(&self.index),
            metrics: Arc::clone(&self.metrics),
            providers,
            offers,
            sinks: names,
            teller,
            instance: start::instance().await,
            trigger: Box::new(move |key| queue.trigger(key)),
        });
        let heard = live.clone();
        let _watches = self.watch();
        let work = async {
            tokio::select! {
                () = self.wait_for_lists() => self.work(&live, &mut stop).await,
                () = &mut stop => {}
            }
        };
        tokio::select! {
            () = work => Ok(()),
            never = dispatcher.run(move |report| heard.heard(&report)) => match never {},
        }
    }

    /// What has to be known before anything else, read once.
    async fn begin(&self) -> Result<Teller, StartError> {
        start::check(&self.client).await?;
        let cluster = Cluster { name: self.config.cluster.name.clone(), uid: start::cluster_uid(&self.client).await };
        Ok(Teller { cluster, controller: start::identity(&self.client).await })
    }

    fn watch(&self) -> JoinSet<()> {
        let (queue, metrics) = (self.queue.clone(), Arc::clone(&self.metrics));
        watch(&self.client, &self.index, move |notice| match notice {
            Notice::Changed(key) => queue.trigger(key),
            Notice::Broke(kind) => metrics.broke(kind),
        })
    }

    async fn wait_for_lists(&self) {
        while timeout(SLOW_START, self.index.ready()).await.is_err() {
            let why = self.ready().err().unwrap_or_default();
            warn!(why, "the first lists are not complete; nothing is decided before");
        }
        info!("every list is here; at work");
    }

    /// Starts passes as they are due, until it is told to stop.
    async fn work<W>(&self, world: &W, stop: &mut (impl Future<Output = ()> + Unpin))
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
                () = &mut *stop => break,
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

    fn settle(&self, key: &Key, outcome: Outcome<Error>, (start, now): (Instant, DateTime<Utc>)) {
        let (result, ended) = match &outcome {
            Outcome::Passed(wake) => (PassResult::Done, Ended::Well(wake.map(|wake| start.elapsed() + until(now, wake)))),
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

fn until(now: DateTime<Utc>, wake: DateTime<Utc>) -> Duration {
    (wake - now).to_std().unwrap_or_default().clamp(SHORTEST_SLEEP, LONGEST_SLEEP)
}

async fn at(start: Instant, wake: Option<Duration>) {
    match wake {
        Some(wake) => sleep_until(start + wake).await,
        None => std::future::pending().await,
    }
}

impl Shared {
    fn trigger(&self, key: Key) {
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
