//! Who keeps the controller's own events and brings them on their way? One task beside all passes; none of them waits for it.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, info, warn};

use super::metrics::Metrics;
use super::news::{News, Source};
use crate::audit::{Journal, Process, SinkName, Teller, Voice};
use crate::cluster::{Error, JournalStore, Lead, Stored};
use crate::retry::{Pace, delays};
use crate::sink::Offers;

/// What sinks have got is written together, and with the next event if that comes first.
const TOGETHER: TimeDelta = TimeDelta::seconds(5);

/// Nothing sleeps longer without a look at the clock on the wall.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// Whoever keeps the journal while this process leads.
pub(super) struct Keeper {
    pub(super) store: JournalStore,
    /// The name of the stream where there is none yet.
    pub(super) stream: String,
    pub(super) news: News,
    pub(super) offers: Offers<Source>,
    /// The sinks that have to have an event before it is let go.
    pub(super) required: BTreeSet<SinkName>,
    pub(super) teller: Teller,
    /// This process's name in the Lease.
    pub(super) identity: String,
    /// The digest of the configuration file.
    pub(super) config: String,
    pub(super) lead: Arc<Lead>,
    pub(super) metrics: Arc<Metrics>,
}

/// What is known of the journal.
struct Kept {
    journal: Journal,
    place: Place,
    /// What was written last without an answer.
    tried: Option<Journal>,
    /// When what sinks have got is written at the latest.
    due: Option<DateTime<Utc>>,
}

enum Place {
    /// It has to be read first.
    Unread,
    /// It is not there.
    Missing,
    /// It is there, at this version.
    At(String),
}

impl Keeper {
    /// Tells what is new, for ever. It writes where something is to be told or was delivered, and asks for nothing else.
    pub(super) async fn keep(self) -> Infallible {
        let mut kept = Kept { journal: Journal::read(None, &self.stream), place: Place::Unread, tried: None, due: None };
        let mut pauses = None;
        loop {
            match self.step(&mut kept).await {
                Ok(wake) => {
                    pauses = None;
                    tokio::select! {
                        () = self.news.changed() => {}
                        () = at(wake) => {}
                    }
                }
                Err(error) => {
                    let pause = pauses.get_or_insert_with(|| delays(Pace::Sink)).next().unwrap_or(LONGEST_SLEEP);
                    match error {
                        Error::Changed { .. } | Error::Gone { .. } => debug!(%error, "looking again"),
                        Error::Refused { .. } | Error::NoAnswer { .. } => {
                            warn!(%error, pause_ms = pause.as_millis(), "the controller's own events are not told; no rollout waits for that");
                        }
                    }
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Reads where that has to be, tells what is new, and says when to look again.
    async fn step(&self, kept: &mut Kept) -> Result<Option<DateTime<Utc>>, Error> {
        if let Place::Unread = kept.place {
            self.read(kept).await?;
        }
        let now = now();
        let process =
            Process { name: self.identity.clone(), version: env!("CARGO_PKG_VERSION").to_owned(), epoch: self.lead.epoch().number() };
        let voice = Voice { teller: &self.teller, process: &process, config: &self.config };
        let mut told = kept.journal.clone();
        let wake = told.look(&self.news.facts(now), &voice, now);
        let mut next = told.clone();
        next.acknowledge(&self.offers.receipts(told.stream()), &self.required);
        if next.outbox() != told.outbox() {
            kept.due.get_or_insert(now + TOGETHER);
        }
        if told.outbox().seq() == kept.journal.outbox().seq() && kept.due.is_none_or(|due| due > now) {
            return Ok(wake.into_iter().chain(kept.due).min());
        }
        let before = kept.journal.outbox().seq();
        self.write(kept, next).await?;
        kept.due = None;
        for record in kept.journal.outbox().pending().filter(|record| record.seq > before) {
            if let Ok(body) = record.body() {
                self.metrics.told(&body.kind);
                info!(event = body.kind, seq = record.seq, "{}", body.message);
            }
        }
        self.offer(&kept.journal);
        Ok(wake)
    }

    async fn read(&self, kept: &mut Kept) -> Result<(), Error> {
        let known = kept.journal.clone();
        (kept.place, kept.journal) = match self.store.read().await? {
            Some(Stored { version, text }) => {
                let ours = kept.tried.take().filter(|tried| text.as_deref() == Some(&tried.text()));
                let journal = ours.unwrap_or_else(|| known.resume(Journal::read(text.as_deref(), &self.stream)));
                (Place::At(version), journal)
            }
            // Where somebody deleted it, the stream goes on with what is known.
            None => (Place::Missing, known),
        };
        // What waited before a restart goes on its way, too.
        self.offer(&kept.journal);
        Ok(())
    }

    async fn write(&self, kept: &mut Kept, next: Journal) -> Result<(), Error> {
        let version = match &kept.place {
            Place::At(version) => Some(version.as_str()),
            Place::Missing | Place::Unread => None,
        };
        match self.store.write(version, &next.text(), next.outbox().head()).await {
            Ok(version) => {
                (kept.place, kept.journal) = (Place::At(version), next);
                Ok(())
            }
            // It may have happened, too.
            Err(error) => {
                (kept.place, kept.tried) = (Place::Unread, Some(next));
                Err(error)
            }
        }
    }

    fn offer(&self, journal: &Journal) {
        self.offers.offer(Source::Controller, journal.stream(), journal.outbox());
    }
}

async fn at(wake: Option<DateTime<Utc>>) {
    match wake {
        Some(wake) => tokio::time::sleep((wake - now()).to_std().unwrap_or_default().min(LONGEST_SLEEP)).await,
        None => std::future::pending().await,
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock enters here")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
