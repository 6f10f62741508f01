//! How does this process get the lease, keep it and give it away? On a thread of its own, so that nothing that the controller does holds up a renewal.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::cluster::{Error, Lead, LeaseName, Leases, lease_client, uptime};
use crate::lease::{Answer, Elector, Over, Step, Terms};
use crate::rollout::Epoch;

/// Nothing waits longer for the lease to be given away: it runs out by itself.
const RELEASE: Duration = Duration::from_secs(5);

/// How long until it is said again that an epoch has to be passed.
const AGAIN: Duration = Duration::from_secs(1);

/// What the campaign has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Somebody else may lead.
    Standby,
    /// This process leads, in this epoch.
    Leading(Epoch),
    /// It does not lead any more and has to end; the text says why.
    Lost(String),
    /// The lease was given away, or was never ours.
    Released,
}

/// Which lease, on whose behalf.
pub(super) struct Candidate {
    pub(super) config: kube::Config,
    pub(super) identity: String,
    pub(super) name: LeaseName,
    pub(super) terms: Terms,
    pub(super) lead: Arc<Lead>,
}

/// A campaign for the lease, under way.
pub(super) struct Campaign {
    standing: watch::Receiver<Standing>,
    stop: CancellationToken,
}

impl Campaign {
    /// Begins.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(super) fn begin(candidate: Candidate) -> std::io::Result<Self> {
        let (tell, standing) = watch::channel(Standing::Standby);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("lease".to_owned()).spawn(move || {
            let ended = runtime.block_on(candidate.run(&tell, &stopped));
            tell.send_replace(ended);
        })?;
        Ok(Self { standing, stop })
    }

    /// Waits until this process leads.
    ///
    /// # Errors
    /// It never will.
    pub(super) async fn elected(&self) -> Result<(), String> {
        self.until(|standing| *standing != Standing::Standby).await
    }

    /// Waits until this process leads in a higher epoch than this one, which somebody else had.
    ///
    /// # Errors
    /// It never will.
    pub(super) async fn above(&self, epoch: Epoch, lead: &Lead) -> Result<(), String> {
        let is_above = |standing: &Standing| !matches!(standing, Standing::Leading(ours) if *ours <= epoch);
        loop {
            lead.pass_by(epoch);
            // Where the lease was being asked about just now, it has to be said again.
            if let Ok(done) = timeout(AGAIN, self.until(is_above)).await {
                return done;
            }
        }
    }

    /// Waits until this process does not lead any more; says why.
    pub(super) async fn lost(&self) -> String {
        let over = |standing: &Standing| matches!(standing, Standing::Lost(_) | Standing::Released);
        self.until(over).await.err().unwrap_or_default()
    }

    /// Gives the lease away, so that somebody else can lead at once.
    pub(super) async fn release(mut self) {
        self.stop.cancel();
        if timeout(RELEASE, self.standing.wait_for(|standing| *standing == Standing::Released)).await.is_err() {
            warn!("the lease could not be given away; it runs out by itself");
        }
    }

    /// Waits for a standing.
    ///
    /// # Errors
    /// This process does not lead then, and never will.
    async fn until(&self, reached: impl FnMut(&Standing) -> bool) -> Result<(), String> {
        let mut standing = self.standing.clone();
        match standing.wait_for(reached).await.as_deref() {
            Ok(Standing::Standby | Standing::Leading(_)) => Ok(()),
            Ok(Standing::Lost(why)) => Err(why.clone()),
            Ok(Standing::Released) => Err("the lease was given away".to_owned()),
            Err(_) => Err("a defect of Serin stopped the renewal of the lease; please report it".to_owned()),
        }
    }
}

impl Candidate {
    async fn run(self, tell: &watch::Sender<Standing>, stop: &CancellationToken) -> Standing {
        let client = match lease_client(self.config.clone(), &self.identity, self.terms.call()) {
            Ok(client) => client,
            Err(error) => return Standing::Lost(format!("no connection for the lease can be prepared: {error}")),
        };
        let leases = Leases::new(client, self.name.clone(), self.terms);
        let mut elector = Elector::new(self.identity.clone(), self.terms);
        let mut told = String::new();
        loop {
            match elector.step(uptime()) {
                Step::End(over) => return self.lose(&over),
                Step::Wait(until) => tokio::select! {
                    () = stop.cancelled() => return self.give_away(&elector, &leases).await,
                    epoch = self.lead.surpassed() => elector.surpassed(epoch, uptime()),
                    () = sleep(until.saturating_sub(uptime())) => {}
                },
                Step::Ask(ask) => {
                    let sent = uptime();
                    let answer = leases.ask(&ask, clock()).await;
                    self.say(&elector, &answer, &mut told);
                    elector.heard(sent, uptime(), luck(), answer.unwrap_or(Answer::Silence));
                    self.tell(&elector, tell);
                }
            }
        }
    }

    /// Everybody who writes learns at once until when that is allowed.
    fn tell(&self, elector: &Elector, tell: &watch::Sender<Standing>) {
        let Some((renewed, epoch)) = elector.reign() else { return };
        self.lead.extend(renewed + self.terms.renew_deadline, epoch);
        let standing = Standing::Leading(epoch);
        tell.send_if_modified(|before| {
            let news = *before != standing;
            if news {
                info!(%epoch, lease = self.name.name, identity = self.identity, "this process leads");
                *before = standing;
            }
            news
        });
    }

    /// What is asked again and again is told once.
    fn say(&self, elector: &Elector, answer: &Result<Answer, Error>, told: &mut String) {
        let news = match (answer, elector.leader()) {
            (Err(error), _) => error.to_string(),
            (Ok(Answer::Lease(_, record)), _) if record.holder != self.identity && !record.holder.is_empty() => record.holder.clone(),
            (Ok(_), _) => String::new(),
        };
        self.lead.refused(match answer {
            Err(Error::Refused { .. }) => Some(news.clone()),
            Ok(_) | Err(Error::Changed { .. } | Error::Gone { .. } | Error::NoAnswer { .. }) => None,
        });
        if news == *told {
            return;
        }
        match answer {
            Err(error) => warn!(%error, lease = self.name.name, "no news of the lease; it is asked for again"),
            Ok(_) if !news.is_empty() => info!(leader = news, lease = self.name.name, "another process leads; this one stands by"),
            Ok(_) => {}
        }
        *told = news;
    }

    fn lose(&self, over: &Over) -> Standing {
        self.lead.end();
        Standing::Lost(over.to_string())
    }

    async fn give_away(&self, elector: &Elector, leases: &Leases) -> Standing {
        self.lead.end();
        if let Some(ask) = elector.release() {
            match leases.ask(&ask, clock()).await {
                Ok(Answer::Lease(..)) => info!(lease = self.name.name, "the lease was given away"),
                Ok(Answer::Missing | Answer::Conflict | Answer::Silence) => {}
                Err(error) => warn!(%error, "the lease was not given away; it runs out by itself"),
            }
        }
        Standing::Released
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock enters here: what stands in the Lease is for people to read")]
fn clock() -> DateTime<Utc> {
    Utc::now()
}

/// A number from 0 to 1: chance enters here.
fn luck() -> f64 {
    f64::from(u32::try_from(chance() >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// 64 bits that nobody else has: the standard library seeds its hashes from the system's own source.
pub(super) fn chance() -> u64 {
    RandomState::new().hash_one(())
}
