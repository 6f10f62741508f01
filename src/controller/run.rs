//! How does the controller start, come to lead, and stop?

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kube::Client;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::campaign::{Campaign, Candidate};
use super::keeper::Keeper;
use super::live::{Live, Parts};
use super::metrics::Metrics;
use super::news::{News, Source};
use super::queue::Queue;
use super::shadow::Shadow;
use super::start::{self, RunError, StartError};
use super::work::Shared;
use crate::audit::{Cluster, Journal, SinkName, Teller};
use crate::cluster::{Index, Instance, JournalStore, Kind, Lead, LeaseName, Notice, client, refresh, watch};
use crate::config::Config;
use crate::prometheus::Providers;
use crate::retry::{Pace, delays};
use crate::sink::{Dispatcher, Need, Offers, Route, Sink};

/// After this time without all lists, the log says what is missing, and again each time it passes.
const SLOW_START: Duration = Duration::from_secs(10);

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
    /// The digest of the configuration file, as events tell it.
    pub digest: String,
}

/// The controller: rollouts in, decisions out.
pub struct Controller {
    pub(super) setup: Setup,
    identity: String,
    client: Client,
    lead: Arc<Lead>,
    index: Arc<Index>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) queue: Shared,
}

/// What is known before anybody leads and has to be told by whoever does.
struct Own {
    news: News,
    offers: Offers<Source>,
    required: BTreeSet<SinkName>,
    teller: Teller,
}

impl Controller {
    /// A controller that does nothing yet.
    ///
    /// # Errors
    /// The certificates or credentials for the cluster cannot be used.
    pub fn new(setup: Setup) -> Result<Self, kube::Error> {
        let (identity, lead) = (start::process_name(), Arc::new(Lead::default()));
        Ok(Self {
            client: client(setup.reach.clone(), &identity, &lead)?,
            setup,
            identity,
            lead,
            index: Arc::new(Index::default()),
            metrics: Arc::new(Metrics::default()),
            queue: Shared::new(Queue::new(|| delays(Pace::Pass))),
        })
    }

    /// The name of this process in the Lease, in Kubernetes Events and in the API server's audit log.
    pub fn identity(&self) -> &str {
        &self.identity
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
    pub fn metrics(&self, now: DateTime<Utc>) -> String {
        self.metrics.encode(&self.index, &self.setup.instance, &self.lead, now)
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
        let routes: Vec<Route> = sinks.iter().map(Sink::route).collect();
        self.metrics.expect(&routes);
        self.metrics.expect_providers(providers.delays().map(|(name, _)| name));
        let sinks = match self.setup.role {
            Role::Lead => sinks,
            Role::Shadow => Vec::new(),
        };
        let (offers, dispatcher) = Dispatcher::new(sinks, || delays(Pace::Sink));
        let news = News::of(routes.iter().map(|route| route.name.clone()));
        let required: BTreeSet<SinkName> =
            routes.into_iter().filter(|route| route.need == Need::Required).map(|route| route.name).collect();
        let (queue, standings) = (self.queue.clone(), offers.clone());
        self.metrics.follow(move || standings.standings());
        let live = Live::new(Parts {
            client: self.client.clone(),
            index: Arc::clone(&self.index),
            metrics: Arc::clone(&self.metrics),
            providers,
            offers: offers.clone(),
            news: news.clone(),
            sinks: required.clone(),
            teller: teller.clone(),
            identity: self.identity.clone(),
            instance: self.setup.instance.clone(),
            lead: Arc::clone(&self.lead),
            trigger: Box::new(move |key| queue.trigger(key)),
        });
        let heard = live.clone();
        let _watches = self.watch(&news);
        let own = Own { news, offers, required, teller };
        let work = async {
            tokio::select! {
                () = self.wait_for_lists() => {}
                () = stopping.cancelled() => return Ok(()),
            }
            match self.setup.role {
                Role::Lead => self.stand(&live, own, stopping).await,
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
    async fn stand(&self, live: &Live, own: Own, stopping: &CancellationToken) -> Result<(), RunError> {
        let Setup { reach, config, instance, .. } = &self.setup;
        let namespace = config.lease.namespace.clone().unwrap_or_else(|| start::namespace(reach));
        let name = LeaseName { namespace, name: instance.lease() };
        let keeper = self.keeper(own, &name);
        let campaign = Campaign::begin(Candidate {
            config: reach.clone(),
            identity: self.identity.clone(),
            name,
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
                    ready = self.prepare(&campaign) => ready?,
                    () = stopping.cancelled() => return Ok(()),
                }
                // It ends with the set.
                let mut beside = JoinSet::new();
                beside.spawn(keeper.keep());
                self.work(live, stopping).await;
                Ok(())
            };
            tokio::select! {
                ended = work => ended.map_err(RunError::LeaseLost)?,
                why = campaign.lost() => return Err(RunError::LeaseLost(why)),
            }
        }
        campaign.release().await;
        Ok(())
    }

    fn keeper(&self, own: Own, lease: &LeaseName) -> Keeper {
        let Own { news, offers, required, teller } = own;
        Keeper {
            store: JournalStore::new(self.client.clone(), lease),
            stream: Journal::stream_of(&teller.cluster, self.setup.instance.name()),
            news,
            offers,
            required,
            teller,
            identity: self.identity.clone(),
            config: self.setup.digest.clone(),
            lead: Arc::clone(&self.lead),
            metrics: Arc::clone(&self.metrics),
        }
    }

    /// Nothing is decided before the newest is known, and before no object carries our epoch that we did not write.
    async fn prepare(&self, campaign: &Campaign) -> Result<(), String> {
        self.refresh().await;
        let highest = self.index.highest_epoch(&self.setup.instance);
        if highest < self.lead.epoch() { Ok(()) } else { campaign.above(highest, &self.lead).await }
    }

    /// Reads all Rollouts anew, for as long as it takes.
    async fn refresh(&self) {
        for pause in delays(Pace::Watch) {
            match refresh(&self.client, &self.index, |key| self.queue.trigger(key)).await {
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

    fn watch(&self, news: &News) -> JoinSet<()> {
        let (queue, metrics, news, index) = (self.queue.clone(), Arc::clone(&self.metrics), news.clone(), Arc::clone(&self.index));
        watch(&self.client, &self.index, move |notice| match notice {
            Notice::Changed(key) => queue.trigger(key),
            Notice::Broke(kind) => {
                metrics.broke(kind);
                index.refusals().rights().iter().for_each(|right| news.forbidden(right, now()));
            }
        })
    }

    async fn wait_for_lists(&self) {
        while timeout(SLOW_START, self.index.ready()).await.is_err() {
            let why = self.ready().err().unwrap_or_default();
            warn!(why, "the first lists are not complete; nothing is decided before");
        }
        info!("every list is here");
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock enters here: when a right was last missing")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
