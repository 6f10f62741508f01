//! The world as it is: a cluster, metric providers, sinks and the clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use kube::Client;
use tracing::{debug, info};

use super::memory::{Asked, Memory};
use super::metrics::Metrics;
use super::news::{News, Source};
use super::world::{Ack, Key, Seen, World};
use crate::api::{self, Status};
use crate::audit::{Origin, Record, SinkName, Teller};
use crate::cluster::{Error, FINALIZER, Found, Index, Instance, Lead, Look, REQUESTED_BY, Wish, Writer, fit, refusal};
use crate::prometheus::Providers;
use crate::rollout::{Action, Change, Lifetime, Observed, Question, Sample, Stepping, Workload, highest_epoch};
use crate::sink::{Delivery, Offers, Report, kubernetes_event, post};

/// The world around a running controller.
#[derive(Clone)]
pub(super) struct Live(Arc<Inner>);

struct Inner {
    parts: Parts,
    writer: Writer,
    known: api::Providers,
    memories: Mutex<HashMap<Key, Memory>>,
}

/// What the world is made of.
pub(super) struct Parts {
    pub(super) client: Client,
    pub(super) index: Arc<Index>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) providers: Providers,
    pub(super) offers: Offers<Source>,
    /// What is to be told of the controller itself.
    pub(super) news: News,
    /// The sinks that have to have an event before it is let go.
    pub(super) sinks: BTreeSet<SinkName>,
    pub(super) teller: Teller,
    /// This process's name in Kubernetes Events.
    pub(super) identity: String,
    /// Which rollouts are ours.
    pub(super) instance: Instance,
    /// Whether we may write.
    pub(super) lead: Arc<Lead>,
    /// Has a rollout looked at again. It must not wait.
    pub(super) trigger: Box<dyn Fn(Key) + Send + Sync>,
}

impl Live {
    pub(super) fn new(parts: Parts) -> Self {
        let known = api::Providers::new(parts.providers.delays(), parts.providers.default_name());
        let writer = Writer::new(parts.client.clone(), Arc::clone(&parts.index));
        Self(Arc::new(Inner { parts, writer, known, memories: Mutex::new(HashMap::new()) }))
    }

    /// A sink took an event, or did not.
    pub(super) fn heard(&self, report: &Report<Source>) {
        let Report { key, sink, delivery, record } = report;
        self.0.parts.metrics.delivered(sink.as_str(), delivery);
        self.0.parts.news.delivered(report, self.0.parts.offers.healths());
        let Source::Rollout(key) = key else { return };
        match delivery {
            Delivery::Retry(_) | Delivery::Later(..) => return,
            Delivery::Delivered | Delivery::Unwanted | Delivery::Refused(_) => {}
        }
        if !self.0.parts.sinks.contains(sink) {
            return;
        }
        let now = self.now();
        if let Some(memory) = self.memories().get_mut(key).filter(|memory| memory.uid == record.stream) {
            memory.heard.insert(sink.clone(), now);
        }
        (self.0.parts.trigger)(key.clone());
    }

    fn memories(&self) -> MutexGuard<'_, HashMap<Key, Memory>> {
        self.0.memories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what is kept of a rollout, if it is still there.
    fn with<T>(&self, key: &Key, change: impl FnOnce(&mut Memory) -> T) -> Option<T> {
        self.memories().get_mut(key).map(change)
    }

    /// The Rollout is gone: so is what was kept of it.
    fn forget(&self, key: &Key) {
        let gone = self.memories().remove(key);
        if let Some(Memory { uid, .. }) = gone {
            debug!(rollout = %key, "the Rollout is gone");
            self.0.parts.offers.gone(&uid);
        }
    }

    fn seen(&self, key: &Key, look: Look) -> Seen {
        let Look { rollout, service, first, children, records, actions, workload, templates } = look;
        let metadata = &rollout.metadata;
        let uid = metadata.uid.clone().unwrap_or_default();
        let mut memories = self.memories();
        if memories.get(key).is_none_or(|memory| memory.uid != uid) {
            memories.insert(key.clone(), Memory::new(uid.clone()));
        }
        let memory = memories.entry(key.clone()).or_insert_with(|| Memory::new(uid.clone()));
        // What was committed before a restart, or by a write whose reply was lost, goes on its way, too.
        if let Ok(status) = &rollout.status
            && status.audit.seq() != memory.offered
        {
            memory.offered = status.audit.seq();
            self.0.parts.offers.offer(Source::Rollout(key.clone()), &uid, &status.audit);
        }
        let adopted = rollout.status.as_ref().ok().and_then(|status| status.memo.adopted);
        let parsed = memory.parsed(key, &rollout, (workload.as_ref(), adopted), &templates, &self.0.known);
        let wish = Wish { service: parsed.service.as_deref(), rollout: &key.name, first: &first, labels: &parsed.labels };
        let guarded = metadata.finalizers.iter().flatten().any(|name| name == FINALIZER);
        let lifetime = match (&metadata.deletion_timestamp, guarded) {
            (Some(_), _) => Lifetime::Deleting,
            (None, true) => Lifetime::Guarded,
            (None, false) => Lifetime::Unguarded,
        };
        let seen = Seen {
            version: metadata.resource_version.clone().unwrap_or_default(),
            generation: metadata.generation.unwrap_or(0),
            intent: parsed.intent.clone(),
            fields: parsed.fields.clone(),
            shared: Arc::clone(&parsed.shared),
            replicas: parsed.replicas,
            status: rollout.status.clone(),
            begun: memory.begun.clone(),
            observed: Observed {
                name: key.name.clone(),
                created: metadata.creation_timestamp.as_ref().map_or(DateTime::UNIX_EPOCH, api::from_time),
                epoch: self.0.parts.lead.epoch(),
                lifetime,
                service: fit(service.as_ref(), &wish),
                workload: seen_workload(workload),
                children,
                records,
                template: memory.template.clone(),
                samples: memory.samples.all(self.now()),
                actions,
                refused: memory.refused.clone(),
            },
            sinks: self.acks(memory),
            teller: self.0.parts.teller.clone(),
            origin: Origin {
                images: parsed.images.clone(),
                requested_by: metadata.annotations.as_ref().and_then(|all| all.get(REQUESTED_BY)).cloned(),
            },
            uid,
        };
        if let Ok(status) = &seen.status {
            self.0.parts.lead.saw(highest_epoch(&status.memo, &seen.observed));
        }
        seen
    }

    fn acks(&self, memory: &Memory) -> BTreeMap<SinkName, Option<Ack>> {
        let mut receipts = self.0.parts.offers.receipts(&memory.uid);
        let now = self.now();
        let mut ack = |sink: &SinkName| {
            let at = memory.heard.get(sink).copied().unwrap_or(now);
            receipts.remove(sink).map(|receipt| Ack { receipt, at })
        };
        self.0.parts.sinks.iter().map(|sink| (sink.clone(), ack(sink))).collect()
    }

    /// The number of the newest event that is committed.
    pub(super) fn committed(&self, key: &Key) -> u64 {
        let known = self.0.parts.index.rollout(key);
        known.and_then(|object| object.status.as_ref().ok().map(|status| status.audit.seq())).unwrap_or(0)
    }

    /// What of this was not said the last time.
    pub(super) fn unsaid(&self, key: &Key, lead: &'static str, said: BTreeSet<String>) -> Vec<String> {
        let before = self.with(key, |memory| memory.said.insert(lead, said.clone())).flatten().unwrap_or_default();
        said.into_iter().filter(|text| !before.contains(text)).collect()
    }

    /// Tells what a commit has made true: to the log, to the sinks, and as courtesy copies to Kubernetes.
    fn tell(&self, key: &Key, uid: &str, before: u64, status: &Status) {
        let news: Vec<Record> = status.audit.pending().filter(|record| record.seq > before).collect();
        self.0.parts.offers.offer(Source::Rollout(key.clone()), uid, &status.audit);
        for record in news {
            if let Ok(body) = record.body() {
                self.0.parts.metrics.told(&body.kind);
                info!(rollout = %key, event = body.kind, seq = record.seq, "{}", body.message);
            }
            if let Some(event) = kubernetes_event(&record, &self.0.parts.identity) {
                tokio::spawn(post(self.0.parts.client.clone(), event));
            }
        }
    }

    /// Makes changes in their order, up to the first that fails.
    async fn make(&self, key: &Key, changes: &[Change]) -> Result<(), Error> {
        for change in changes {
            // A write is large while it is under way. It is kept apart, so that the many passes that write nothing stay small.
            let result = Box::pin(self.0.writer.change(key, change)).await;
            self.0.parts.metrics.changed(change, result.as_ref().copied());
            self.note_right(&result);
            result?;
            info!(rollout = %key, "{}", told(change));
            if *change == Change::Guard {
                // Nothing else will happen to a Rollout that is only just guarded.
                (self.0.parts.trigger)(key.clone());
            }
        }
        Ok(())
    }

    /// A right that is missing is told, whichever rollouts need it.
    fn note_right(&self, outcome: &Result<(), Error>) {
        if let Some(what) = outcome.as_ref().err().and_then(Error::forbidden) {
            self.0.parts.news.forbidden(what, self.now());
        }
    }

    /// The status still tells of a refusal that is over.
    fn note_refusal(&self, key: &Key, outcomes: [&Result<(), Error>; 2]) {
        let over = self.with(key, |memory| {
            let before = memory.refused.take();
            memory.refused = refusal(before.clone(), outcomes);
            before.is_some() && memory.refused.is_none()
        });
        if over == Some(true) {
            (self.0.parts.trigger)(key.clone());
        }
    }

    /// Asks one question and has the rollout looked at with the answer.
    async fn answer(self, key: Key, question: Question) {
        let asked = Asked::new(&question);
        match question {
            Question::DryRun { revision } => {
                let answer = Box::pin(self.0.writer.try_template(&key, &revision, || self.now())).await;
                if let Some(answer) = &answer {
                    self.0.parts.metrics.tried(answer);
                }
                self.with(&key, |memory| {
                    memory.answered(&asked);
                    memory.template = answer.unwrap_or_else(|| memory.template.clone());
                });
            }
            Question::Measure { check, attempt, step, provider, ask, at } => {
                let reading = self.0.parts.providers.ask(&provider, &ask, at).await;
                self.0.parts.metrics.measured(&provider, &reading);
                debug!(rollout = %key, check, ?reading, "answered");
                let now = self.now();
                self.with(&key, |memory| {
                    memory.answered(&asked);
                    memory.samples.keep(Sample { check, attempt, step, at, reading }, now);
                });
            }
        }
        (self.0.parts.trigger)(key);
    }
}

impl World for Live {
    type Error = Error;

    #[expect(clippy::disallowed_methods, reason = "the clock enters here")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn observe(&self, key: &Key) -> Option<Seen> {
        match self.0.parts.index.look(key).filter(|look| self.0.parts.instance.owns(&look.rollout)) {
            Some(look) => Some(self.seen(key, look)),
            None => {
                if self.0.parts.index.is_ready() {
                    self.forget(key);
                }
                None
            }
        }
    }

    fn strays(&self, key: &Key) -> Vec<Action> {
        // Nobody's Rollout is the first instance's.
        if self.0.parts.instance.is_first() { self.0.parts.index.strays(key) } else { Vec::new() }
    }

    async fn commit(&self, key: &Key, version: &str, status: &Status) -> Result<(), Error> {
        let before = self.committed(key);
        let result = Box::pin(self.0.writer.commit(key, version, status)).await;
        self.0.parts.metrics.committed(result.as_ref().copied());
        self.note_right(&result);
        result?;
        debug!(rollout = %key, "committed");
        if let Some(uid) = self.with(key, |memory| memory.uid.clone()) {
            self.tell(key, &uid, before, status);
        }
        Ok(())
    }

    async fn apply(&self, key: &Key, answers: &[Change], changes: &[Change]) -> Result<(), Error> {
        let answered = self.make(key, answers).await;
        let done = self.make(key, changes).await;
        self.note_refusal(key, [&done, &answered]);
        done.and(answered)
    }

    fn keep(&self, key: &Key, begun: Option<Box<Stepping>>) {
        self.with(key, |memory| memory.begun = begun);
    }

    fn ask(&self, key: &Key, questions: Vec<Question>) {
        for question in questions {
            let asked = Asked::new(&question);
            if self.with(key, |memory| memory.may_ask(&asked)) == Some(true) {
                tokio::spawn(self.clone().answer(key.clone(), question));
            }
        }
    }
}

/// What is seen of the Deployment that is taken over.
fn seen_workload(found: Option<Found>) -> Workload {
    match found {
        None => Workload::None,
        Some(Found::There(adoptee, _)) => Workload::There(adoptee),
        Some(Found::Missing | Found::Unknown(_)) => Workload::Missing,
    }
}

/// A change in a log line.
pub(super) fn told(change: &Change) -> String {
    match change {
        Change::Guard => "guarded by a finalizer".to_owned(),
        Change::Record { revision, number } => format!("stored revision {revision} as number {number}"),
        Change::Create { revision, replicas, .. } => format!("created revision {revision} with {replicas} replicas"),
        Change::Scale { revision, replicas, .. } => format!("scaled revision {revision} to {replicas}"),
        Change::Mark { revision, outcome, .. } => format!("marked revision {revision} as {outcome}"),
        Change::Repair { revision, .. } => format!("put revision {revision} right"),
        Change::Restart { revision, .. } => format!("restarted revision {revision}"),
        Change::Stamp { revision, epoch, .. } => format!("stamped revision {revision} with epoch {epoch}"),
        Change::Hold { .. } => "took over the running Deployment".to_owned(),
        Change::Unpause { .. } => "resumed the Deployment that was taken over".to_owned(),
        Change::ScaleHeld { replicas, .. } => format!("scaled the Deployment that is taken over to {replicas}"),
        Change::LetGo { .. } => "gave the Deployment back".to_owned(),
        Change::Prune { revision, .. } => format!("deleted old revision {revision}"),
        Change::Discard { revision } => format!("deleted the record of old revision {revision}"),
        Change::Answer(handled) => format!("answered action {}", handled.name),
        Change::Forget { name, .. } => format!("deleted old action {name}"),
        Change::Release => "released from the finalizer".to_owned(),
    }
}
