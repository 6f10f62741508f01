//! How does the controller start, work and stop?

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use kube::Client;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::bounded::{Outcome, bounded};
use super::campaign::{Campaign, Candidate};
use super::live::{Live, Parts};
use super::metrics::{Metrics, PassResult};
use super::queue::{Ended, Queue};
use super::shadow::Shadow;
use super::start::{self, RunError, StartError};
use super::world::{Key, World};
use crate::audit::{Cluster, Teller};
use crate::cluster::{Error, Index, Instance, Kind, Lead, LeaseName, Notice, client, refresh, watch};
use crate::config::Config;
use crate::prometheus::Providers;
use crate::retry::{Pace, delays};
use crate::sink::{Dispatcher, Sink};

/// How long passes under way may go on after the signal to stop. Giving the lease away comes after that; Kubernetes kills after 30 s.
const DRAIN: Duration = Duration::from_secs(15);

/// Nothing sleeps longer without a look at the clock on the wall, which may be set while the machine's own goes on evenly.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// Nothing is looked at again sooner by itself, so that not even a defect makes a loop that burns.
const SHORTEST_SLEEP: Duration = Duration::from_millis(10);

/// After this time without all lists, the log says what is missing, and again each time it passes.
const SLOW_START: Duration = Duration::from_secs(10);

/// A shadow whose decisions change nothing would see the same again at once.
const SHADOW_SLEEP: Duration = Duration::from_secs(10);

/// What the controller is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// To write, whenever it holds the lease.
    Lead,
    /// To say what it would write.
    Shadow,
}

/// What a controller is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How the cluster is reached.
    pub reach: kube::Config,
    /// The configuration file.
    pub config: Config,
    /// Which rollouts it works on.
    pub instance: Instance,
    /// What it is here for.
    pub role: Role,
}

/// The controller: rollouts in, decisions out.
pub struct Controller {
    setup: Setup,
    identity: String,
    client: Client,
    lead: Arc<Lead>,
    index: Arc<Index>,
    metrics: Arc<Metrics>,
    queue: Shared,
}

/// The queue, and who waits for it.
#[derive(Clone)]
struct Shared(Arc<(Mutex<Queue>, Notify)>);

impl Controller {
    /// A controller that does nothing yet.
    ///
    /// # Errors
    /// The certificates or credentials for the cluster cannot be used.
    pub fn new(setup: Setup) -> Result<Self, kube::Error> {
        let queue = Queue::new(|| delays(Pace::Pass));
        let (identity, lead) = (start::process_name(), Arc::new(Lead::default()));
        Ok(Self {
            client: client(setup.reach.clone(), &identity, &lead)?,
            setup,
            identity,
            lead,
            index: Arc::new(Index::default()),
            metrics: Arc::new(Metrics::default()),
            queue: Shared(Arc::new((Mutex::new(queue), Notify::new()))),
        })
    }

    /// Whether the cluster was seen whole once, and may be looked at.
    ///
    /// # Errors
    /// Says which lists are missing, and what may not be watched.
    pub fn ready(&self) -> Result<(), String> {
        let missing: Vec<&str> = self.index.missing().into_iter().map(Kind::resource).collect();
        let missing = (!missing.is_empty()).then(|| format!("not listed yet: {}", missing.join(", ")));
        let said: Vec<String> = missing.into_iter().chain(self.index.refusals().sentences()).chain(self.lead.refusal()).collect();
        if said.is_empty() { Ok(()) } else { Err(said.join("; ")) }
    }

    /// The controller's own metrics as OpenMetrics text.
    pub fn metrics(&self) -> String {
        self.metrics.encode(&self.index, &self.setup.instance, &self.lead)
    }

    /// Works until `stop` is over, whenever this process holds the lease; passes under way may end then.
    ///
    /// # Errors
    /// Why it could not start, or that it lost the lease: then the process has to end. Whatever else fails is tried again for as long as it takes.
    pub async fn run(&self, providers: Providers, sinks: Vec<Sink>, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let stopping = CancellationToken::new();
        let told = async {
            stop.await;
            stopping.cancel();
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            ended = self.serve(providers, sinks, &stopping) => ended,
            never = told => match never {},
        }
    }

    async fn serve(&self, providers: Providers, sinks: Vec<Sink>, stopping: &CancellationToken) -> Result<(), RunError> {
        let teller = tokio::select! {
            teller = self.begin() => teller?,
            () = stopping.cancelled() => return Ok(()),
        };
        let names = sinks.iter().map(Sink::name).collect();
        let sinks = match self.setup.role {
            Role::Lead => sinks,
            Role::Shadow => Vec::new(),
        };
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
            identity: self.identity.clone(),
            instance: self.setup.instance.clone(),
            lead: Arc::clone(&self.lead),
            trigger: Box::new(move |key| queue.trigger(key)),
        });
        let heard = live.clone();
        let _watches = self.watch();
        let work = async {
            tokio::select! {
                () = self.wait_for_lists() => {}
                () = stopping.cancelled() => return Ok(()),
            }
            match self.setup.role {
                Role::Lead => self.stand(&live, stopping).await,
                Role::Shadow => {
                    info!("only looking: what would be written is logged, and nothing is written");
                    self.work(&Shadow(live), stopping).await;
                    Ok(())
                }
            }
        };
        tokio::select! {
            ended = work => ended,
            never = dispatcher.run(move |report| heard.heard(&report)) => match never {},
        }
    }

    /// Stands for the lease, and works as long as it has it.
    async fn stand(&self, live: &Live, stopping: &CancellationToken) -> Result<(), RunError> {
        let Setup { reach, config, instance, .. } = &self.setup;
        let namespace = config.lease.namespace.clone().unwrap_or_else(|| start::namespace(reach));
        let mut campaign = Campaign::begin(Candidate {
            config: reach.clone(),
            identity: self.identity.clone(),
            name: LeaseName { namespace, name: instance.lease() },
            terms: config.lease.terms,
            lead: Arc::clone(&self.lead),
        })
        .map_err(StartError::NoThread)?;
        let elected = tokio::select! {
            elected = campaign.elected() => Some(elected.map_err(RunError::LeaseLost)?),
            () = stopping.cancelled() => None,
        };
        if elected.is_some() {
            let work = async {
                tokio::select! {
                    () = self.refresh() => self.work(live, stopping).await,
                    () = stopping.cancelled() => {}
                }
            };
            tokio::select! {
                () = work => {}
                why = campaign.lost() => return Err(RunError::LeaseLost(why)),
            }
        }
        campaign.release().await;
        Ok(())
    }

    /// Reads all Rollouts anew, for as long as it takes.
    async fn refresh(&self) {
        for pause in delays(Pace::Watch) {
            match refresh(&self.client, &self.index).await {
                Ok(()) => return,
                Err(error) => warn!(%error, pause_ms = pause.as_millis(), "the Rollouts cannot be read anew; nothing is decided before"),
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// What has to be known before anything else, read once.
    async fn begin(&self) -> Result<Teller, StartError> {
        start::check(&self.client).await?;
        let cluster = Cluster { name: self.setup.config.cluster.name.clone(), uid: start::cluster_uid(&self.client).await };
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
        info!("every list is here");
    }

    /// Starts passes as they are due, until it is told to stop.
    async fn work<W>(&self, world: &W, stopping: &CancellationToken)
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
