//! One pure decision: judge, transition, target, changes, and the event of the edge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::frozen::frozen;
use super::respec::{edited, known, respec};
use super::world::{Ack, Key, Seen};
use crate::analysis::{self, Evidence};
use crate::api::{self, Status};
use crate::audit::{self, About, Backlog, Origin, Outbox, Receipt, SinkName, Subject};
use crate::rollout::{
    Change, Clock, Edge, EventKind, Facts, Intent, Lifetime, Memo, Next, Question, State, Stepping, Takeover, Why, begin, highest_epoch,
    takeover, transition,
};

/// What follows from one look.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    /// The status to commit, where it has to be written.
    pub status: Option<Box<Status>>,
    /// The step whose clock has begun to run, where that is not written now.
    pub begun: Option<Box<Stepping>>,
    /// What is written on actions after that. Nothing waits for it.
    pub answers: Vec<Change>,
    /// The writes that the cluster needs after that, in their order.
    pub changes: Vec<Change>,
    /// The questions to fire.
    pub asks: Vec<Question>,
    /// When to look again even if nothing happens.
    pub wake: Option<DateTime<Utc>>,
}

/// How long acknowledgments wait for a commit that is made anyway.
const ACK_DELAY: TimeDelta = TimeDelta::seconds(5);

/// How long what can be had again waits for an attempt's next edge: after a crash evidence is asked for, and events are delivered, once more.
const IN_FLIGHT_DELAY: TimeDelta = TimeDelta::minutes(1);

/// How long the beginning of a step's clock waits for a write that is made anyway, such as that of the step's end. A crash in that time has the
/// clock begin anew: a step is held longer then, never shorter.
const CLOCK_DELAY: TimeDelta = TimeDelta::seconds(2);

/// How long until a rollout is looked at again whose objects carry a higher epoch than ours: by then the next renewal of the lease has told whose it is.
const AFTER_SURPASSED: TimeDelta = TimeDelta::seconds(2);

/// Decides what follows from what is seen.
///
/// # Guarantees
/// Pure and total: the same input gives the same decision, whoever asks and however often. There is at most one edge, and its event
/// stands in the same status. A status is returned only where something in it has to be written now.
pub fn decide(key: &Key, seen: &Seen, now: DateTime<Utc>) -> Decision {
    // A status that this build cannot read was written by another one: guessing would be worse than standing still.
    let Ok(committed) = &seen.status else { return Decision::default() };
    if highest_epoch(&committed.memo, &seen.observed) > seen.observed.epoch {
        return Decision { wake: Some(now + AFTER_SURPASSED), ..Decision::default() };
    }
    let (intent, invalid) = match &seen.intent {
        Ok(intent) => (Arc::clone(intent), None),
        Err(invalid) => (Arc::new(frozen(seen, committed)), Some(Why::InvalidSpec(invalid.to_string()))),
    };
    let mut memo = committed.memo.tidied(&seen.observed, now);
    let takeover = takeover(committed.state.as_ref(), &memo, &seen.observed);
    if !matches!(takeover, Takeover::Begun(_)) {
        memo.epoch = seen.observed.epoch;
    }
    let outbox = committed.audit.clone();
    let evidence = committed.evidence.clone();
    let mut draft = Draft { key, seen, committed, intent: &intent, memo, takeover, evidence, outbox, now, decision: Decision::default() };
    let news = draft.acknowledge();
    let held = seen.state();
    let state = match (held.as_deref(), &invalid) {
        (None, _) if seen.observed.lifetime == Lifetime::Deleting => {
            draft.decision.changes = vec![Change::Release];
            return draft.decision;
        }
        (None, Some(why)) => {
            draft.commit_if_new(None, why);
            return draft.decision;
        }
        (None, None) if seen.observed.lifetime == Lifetime::Unguarded => {
            draft.guard();
            return draft.decision;
        }
        (None, None) => draft.settle(begin(&intent, &seen.observed, now).into(), None, news),
        (Some(state), _) => {
            let backlog = backlog(&draft.outbox);
            let judged = analysis::judge(&intent, state, &committed.evidence, &seen.observed, now);
            draft.evidence = judged.evidence;
            let unknown = intent.unresolved.clone().map(Why::NoChecks);
            let brake = invalid.as_ref().or(backlog.as_ref()).or(unknown.as_ref());
            let memo = draft.memo.clone();
            let facts = Facts { intent: &intent, seen: &seen.observed, memo: &memo, verdict: &judged.verdict, brake, now };
            draft.settle(transition(state, &facts), Some(state), news)
        }
    };
    draft.change(&state, invalid.is_some());
    draft.stamp();
    draft.answer();
    if invalid.is_none() {
        draft.ask(&state);
    }
    draft.decision
}

/// A decision while it is made.
pub(super) struct Draft<'a> {
    key: &'a Key,
    pub(super) seen: &'a Seen,
    committed: &'a Status,
    pub(super) intent: &'a Intent,
    pub(super) memo: Memo,
    pub(super) takeover: Takeover,
    pub(super) evidence: Evidence,
    pub(super) outbox: Outbox,
    pub(super) now: DateTime<Utc>,
    pub(super) decision: Decision,
}

impl Draft<'_> {
    /// Nothing is told of a Rollout before our finalizer keeps it until that is delivered, but why it cannot.
    fn guard(&mut self) {
        if let Some(text) = &self.seen.observed.refused {
            self.commit_if_new(None, &Why::WriteRefused(text.clone()));
        }
        self.decision.changes = vec![Change::Guard];
    }

    /// Takes what the sinks have out of the outbox; says when the oldest news of that was heard, if there is any.
    fn acknowledge(&mut self) -> Option<DateTime<Utc>> {
        let heard: BTreeMap<SinkName, &Ack> =
            self.seen.sinks.iter().filter_map(|(sink, ack)| ack.as_ref().map(|ack| (sink.clone(), ack))).collect();
        let receipts: BTreeMap<SinkName, Receipt> = heard.iter().map(|(sink, ack)| (sink.clone(), ack.receipt.clone())).collect();
        let required: BTreeSet<SinkName> = self.seen.sinks.keys().cloned().collect();
        self.outbox.acknowledge(&receipts, &required);
        (self.outbox != self.committed.audit).then(|| heard.values().map(|ack| ack.at).min()).flatten()
    }

    /// Takes the transition's outcome over: what has to be committed, when to look again, and which state holds now.
    fn settle(&mut self, next: Next, state: Option<&State>, acked: Option<DateTime<Utc>>) -> State {
        match next {
            Next::Edge(edge) => self.edge(edge),
            Next::Answer(edge, handled) => {
                self.memo.handled.push(handled.bounded());
                self.edge(edge)
            }
            Next::Stay { state: moved, why, wake } => {
                if let Some(event) = edited(&self.memo, self.seen, (&moved, &why), self.intent) {
                    let why = self.blame(why);
                    return self.edge(Edge { state: moved, event, why });
                }
                let noted = self.note_replicas(&moved);
                let why = self.blame(why);
                self.wake_at(wake);
                if Some(&moved) != state {
                    // What was judged is the state before: the one that is committed now may have nothing left to wait for.
                    self.wake_at(Some(self.now));
                }
                let taken = self.takeover == Takeover::Done;
                let weighed = self.evidence.ahead_of(&self.committed.evidence) >= IN_FLIGHT_DELAY;
                let acked = acked.map(|at| at + if moved.attempt().is_some() { IN_FLIGHT_DELAY } else { ACK_DELAY });
                let due = noted || taken || weighed || acked.is_some_and(|at| self.now >= at);
                match self.began(&moved) {
                    Some((step, until)) if !due => {
                        self.decision.begun = Some(Box::new(step.clone()));
                        self.wake_at(acked);
                        self.wake_at(Some(until));
                    }
                    None if !due && self.committed.state.as_ref() == Some(&moved) => {
                        self.wake_at(acked);
                        self.commit_if_new(Some(&moved), &why);
                    }
                    Some(_) | None => self.commit(Some(&moved), &why),
                }
                moved
            }
        }
    }

    /// The step whose clock has begun to run only just now, and nothing else has happened since the last commit.
    fn began<'s>(&self, state: &'s State) -> Option<(&'s Stepping, DateTime<Utc>)> {
        let (State::Stepping(now), Some(State::Stepping(before))) = (state, &self.committed.state) else { return None };
        let Clock::Running { since, .. } = now.clock else { return None };
        let until = since + CLOCK_DELAY;
        // What a spec that cannot be read falls back on is what the status says of the one before it.
        let same_spec = self.committed.observed_generation == Some(self.seen.generation);
        (same_spec && now.only_began(before) && self.now < until).then_some((now, until))
    }

    /// Until what runs is held, its replicas are those that the rollout goes on with, where the spec names none. Says whether that is news.
    fn note_replicas(&mut self, state: &State) -> bool {
        let seen = &self.seen.observed;
        let free = seen.workload.adoptee().is_some_and(|adoptee| !adoptee.is_held(&seen.name));
        let wanted = Some(self.intent.replicas);
        let news = matches!(state, State::Adopting(_)) && free && self.memo.adopted != wanted;
        if news {
            self.memo.adopted = wanted;
        }
        news
    }

    /// The event of an edge goes into the same write as its state.
    fn edge(&mut self, Edge { state, event, why }: Edge) -> State {
        let subject = Subject {
            namespace: self.key.namespace.clone(),
            name: self.key.name.clone(),
            uid: self.seen.uid.clone(),
            generation: self.seen.generation,
        };
        if event.kind == EventKind::DriftCorrected {
            self.memo.note(&event, self.now);
        }
        if matches!(event.kind, EventKind::ProviderSilent | EventKind::ProviderAnswers)
            && let Some(before) = &self.committed.state
        {
            self.memo.note_provider(before, self.intent, &self.seen.observed, self.now);
        }
        self.memo.forget_outages(&state);
        self.note_replicas(&state);
        // What the spec says of images belongs to its own revision.
        let own = self.seen.intent.as_ref().is_ok_and(|intent| intent.revision == event.revision);
        let images = if own { self.seen.origin.images.clone() } else { Vec::new() };
        let spec = respec(&self.memo, self.seen);
        self.memo.spec = Some(known(self.seen));
        let origin = Origin { images, ..self.seen.origin.clone() };
        let about = About { subject, origin, step: self.step(event.kind, &state), spec };
        self.outbox.append(&event, &self.seen.teller, &about, self.now);
        let state = state.bounded();
        self.wake_at(Some(self.now));
        self.commit(Some(&state), &why);
        state
    }

    /// The step that an edge is about: that which it leaves, or the one that it begins.
    fn step(&self, kind: EventKind, after: &State) -> Option<audit::Step> {
        let begins = matches!(kind, EventKind::Started | EventKind::StepStarted);
        let state = if begins { Some(after) } else { self.committed.state.as_ref() };
        let (_, weight) = state?.trial()?;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let (at, of) = (self.intent.position(weight), self.intent.steps.len());
        // Beyond the last step there is the promotion.
        let is_step = self.intent.steps.iter().any(|step| step.weight == weight);
        is_step.then(|| audit::Step { number: number(at), of: number(of), weight: weight.percent() })
    }

    /// Pods that do not come because the cluster refuses them are not merely on their way, and neither is the end of a Rollout.
    fn blame(&self, why: Why) -> Why {
        match (&self.seen.observed.refused, why) {
            (Some(text), Why::WaitingForPods(_) | Why::RollingBack(_) | Why::Deleting) => Why::WriteRefused(text.clone()),
            (_, why) => why,
        }
    }

    /// Writes where nothing moved but the reason or the generation is another one. A dry run that is under way is no news: its answer
    /// comes in a moment.
    fn commit_if_new(&mut self, state: Option<&State>, why: &Why) {
        let told = self.committed.tells(why, self.seen.generation) && self.committed.warns_of(&self.seen.observed);
        if *why != Why::CheckingTemplate && !told {
            self.commit(state, why);
        }
    }

    fn commit(&mut self, state: Option<&State>, why: &Why) {
        // What was written before this was remembered is where it begins.
        self.memo.spec.get_or_insert_with(|| known(self.seen));
        let view = api::View {
            name: &self.key.name,
            generation: self.seen.generation,
            intent: self.intent,
            state,
            why,
            observed: &self.seen.observed,
            evidence: &self.evidence,
            shared: &self.seen.shared,
            now: self.now,
        };
        self.decision.status = Some(Box::new(self.committed.render(&view, self.memo.clone(), self.outbox.clone())));
    }

    /// Looks again then at the latest.
    pub(super) fn wake_at(&mut self, at: Option<DateTime<Utc>>) {
        let wake = &mut self.decision.wake;
        *wake = wake.map_or(at, |wake| Some(at.map_or(wake, |at| at.min(wake))));
    }
}

/// Whether the audit has room for more decisions that raise exposure.
fn backlog(outbox: &Outbox) -> Option<Why> {
    match outbox.backlog() {
        Backlog::Open => None,
        Backlog::Holding(waiting) => Some(Why::AuditBacklog(waiting)),
    }
}
