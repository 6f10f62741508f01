//! The simulated side of `World`: what the production's writer does, over requests that take their time and may be lost.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chrono::{DateTime, Utc};
use serin::api::Status;
use serin::cluster::{Error, Index, refusal};
use serin::controller::{Key, Seen, World};
use serin::rollout::{Action, Change, Direction, Edited, Epoch, Fence, Handled, Question, Revision, Stepping};

use super::agenda::Ticket;
use super::process::{Life, Process};
use super::promises;
use super::server::objects::{Spec, SpecReading};
use super::server::requests::{Answer, Reply, Request};
use super::state::{Sim, key};

/// Everything there is. Each process looks at it through its own [`SimWorld`].
pub(super) struct Universe(Mutex<Sim>);

/// The world around one process.
#[derive(Clone, Copy)]
pub(super) struct SimWorld<'a> {
    pub(super) universe: &'a Universe,
    pub(super) life: Life,
}

impl Universe {
    pub(super) fn new(sim: Sim) -> Self {
        Self(Mutex::new(sim))
    }

    pub(super) fn sim(&self) -> MutexGuard<'_, Sim> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is under way.
struct UnderWay<'a>(SimWorld<'a>, Ticket);

impl Future for UnderWay<'_> {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Reply> {
        let Self(world, ticket) = *self;
        let mut sim = world.sim();
        let Some(process) = sim.process(world.life).filter(|process| process.awaits == Some(ticket)) else { return Poll::Pending };
        process.reply.take().map_or(Poll::Pending, Poll::Ready)
    }
}

fn changed() -> Error {
    Error::Changed { what: "a write".to_owned() }
}

impl<'a> SimWorld<'a> {
    fn sim(&self) -> MutexGuard<'a, Sim> {
        self.universe.sim()
    }

    /// Does something with the process, which lives as long as its pass does.
    fn with<T>(&self, act: impl FnOnce(&mut Process) -> T) -> T {
        act(self.sim().process(self.life).expect("a pass ends with its process"))
    }

    fn index<T>(&self, act: impl FnOnce(&Index) -> T) -> T {
        self.with(|process| act(&process.index))
    }

    fn send(&self, request: Request) -> UnderWay<'a> {
        let ticket = self.sim().post(self.life, request);
        UnderWay(*self, ticket)
    }

    /// Sends a request; what comes back is known from then on.
    async fn write(&self, request: Request) -> Result<(), Error> {
        match self.send(request).await? {
            Answer::Object(item) => {
                self.index(|index| index.reply(*item));
                self.sim().replied(self.life);
            }
            Answer::Scale(..) | Answer::Gone | Answer::Nothing | Answer::Deployment(_) => {}
        }
        Ok(())
    }

    async fn changes(&self, changes: &[Change]) -> Result<(), Error> {
        for change in changes {
            self.change(change).await?;
            if *change == Change::Guard {
                self.sim().trigger(self.life);
            }
        }
        Ok(())
    }

    async fn change(&self, change: &Change) -> Result<(), Error> {
        let result = self.make(change).await;
        if matches!(result, Err(Error::Gone { .. })) {
            self.index(|index| index.gone_part(&key(), change));
        }
        result
    }

    async fn make(&self, change: &Change) -> Result<(), Error> {
        match change {
            Change::Guard => self.finalizers(true).await,
            Change::Release => self.finalizers(false).await,
            Change::Record { revision, number } => {
                self.has_template(revision)?;
                match self.write(Request::CreateRecord { revision: revision.clone(), number: *number }).await {
                    Err(Error::Changed { .. }) => Ok(()),
                    result => result,
                }
            }
            Change::Create { revision, replicas, epoch } => self.create(revision, (*replicas, *epoch)).await,
            Change::Mark { revision, outcome, at } => {
                self.write(Request::MarkRecord { revision: revision.clone(), outcome: outcome.clone(), at: *at }).await
            }
            Change::Prune { revision, fence } => self.prune(revision, fence).await,
            Change::Discard { revision } => self.discard(revision).await,
            Change::Repair { revision, fence, min_ready_seconds, template, .. } => {
                if *template == Edited::Yes {
                    self.source(revision).await?;
                }
                let (revision, fence) = (revision.clone(), fence.clone());
                self.write(Request::RepairDeployment { revision, fence, min_ready: *min_ready_seconds, template: *template }).await
            }
            Change::Restart { revision, fence, restart } => {
                let (revision, fence, restart) = (revision.clone(), fence.clone(), restart.clone());
                self.write(Request::RestartDeployment { revision, fence, restart }).await
            }
            Change::Stamp { revision, fence, epoch } => {
                let (revision, fence, epoch) = (revision.clone(), fence.clone(), *epoch);
                self.write(Request::StampDeployment { revision, fence, epoch }).await
            }
            Change::Answer(handled) => self.answer(handled).await,
            Change::Forget { name, uid } => self.forget(name, uid).await,
            Change::Hold { .. } | Change::Unpause { .. } | Change::ScaleHeld { .. } | Change::LetGo { .. } => Ok(()),
            Change::Scale { revision, from, replicas, fence, direction } => {
                self.scale(revision, (*from, *replicas), fence, *direction).await
            }
        }
    }

    async fn finalizers(&self, guarded: bool) -> Result<(), Error> {
        let known = self.index(|index| index.rollout(&key()));
        let Some(rollout) = known else { return if guarded { Err(changed()) } else { Ok(()) } };
        if rollout.metadata.finalizers.iter().flatten().next().is_some() == guarded {
            return Ok(());
        }
        let version = rollout.metadata.resource_version.clone().unwrap_or_default();
        match self.write(Request::PutFinalizers { version, guarded }).await {
            Err(Error::Gone { .. }) if !guarded => Ok(()),
            result => result,
        }
    }

    async fn create(&self, revision: &Revision, (replicas, epoch): (u32, Epoch)) -> Result<(), Error> {
        let min_ready = self.source(revision).await?;
        match self.write(Request::CreateDeployment { revision: revision.clone(), replicas, min_ready, epoch }).await {
            Err(Error::Changed { .. }) if self.desired(revision).is_none() => self.label(revision).await,
            Err(Error::Changed { .. }) => Ok(()),
            result => result,
        }
    }

    /// A Deployment of ours gets its labels back. The watch tells of it, not the reply.
    async fn label(&self, revision: &Revision) -> Result<(), Error> {
        let Answer::Deployment(fence) = self.send(Request::GetDeployment { revision: revision.clone() }).await? else {
            return Err(changed());
        };
        self.send(Request::LabelDeployment { revision: revision.clone(), fence }).await.map(|_| ())
    }

    async fn answer(&self, handled: &Handled) -> Result<(), Error> {
        let known = self.index(|index| index.action_version(&key(), &handled.name, &handled.uid));
        let Some(version) = known else { return Ok(()) };
        match self.write(Request::AnswerAction { version, handled: handled.clone() }).await {
            Err(Error::Gone { .. }) => self.index(|index| index.deleted_action(&key(), &handled.name)),
            result => return result,
        }
        Ok(())
    }

    async fn forget(&self, name: &str, uid: &str) -> Result<(), Error> {
        match self.send(Request::DeleteAction { name: name.to_owned(), uid: uid.to_owned() }).await {
            Ok(_) | Err(Error::Gone { .. }) => self.index(|index| index.deleted_action(&key(), name)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn prune(&self, revision: &Revision, fence: &Fence) -> Result<(), Error> {
        let name = format!("checkout-{revision}");
        match self.send(Request::DeleteDeployment { revision: revision.clone(), fence: fence.clone() }).await {
            Ok(_) | Err(Error::Gone { .. }) => self.index(|index| index.deleted_child(&key(), &name)),
            Err(error) => return Err(error),
        }
        // A baseline has no template of its own.
        if revision.is_baseline() { Ok(()) } else { self.discard(revision).await }
    }

    async fn discard(&self, revision: &Revision) -> Result<(), Error> {
        let name = format!("checkout-{revision}");
        match self.send(Request::DeleteRecord { revision: revision.clone() }).await {
            Ok(_) | Err(Error::Gone { .. }) => self.index(|index| index.deleted_record(&key(), &name)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A conflict on a lowering write: the scale is read, and where nobody else scaled it, written again at once.
    async fn scale(&self, revision: &Revision, (from, replicas): (u32, u32), fence: &Fence, direction: Direction) -> Result<(), Error> {
        let mut fence = fence.clone();
        for _ in 0..5 {
            match self.send(Request::PutScale { revision: revision.clone(), replicas, fence: fence.clone() }).await {
                Ok(answer) => return self.keep(revision, &answer).map(|_| ()),
                Err(Error::Changed { .. }) if direction == Direction::Lower => {}
                Err(error) => return Err(error),
            }
            let there = self.send(Request::GetScale { revision: revision.clone() }).await?;
            if matches!(&there, Answer::Scale(uid, ..) if *uid != fence.uid) {
                return Err(changed());
            }
            let (desired, version) = self.keep(revision, &there)?;
            if desired != from {
                return Err(changed());
            }
            fence.resource_version = version.to_string();
        }
        Err(changed())
    }

    fn keep(&self, revision: &Revision, answer: &Answer) -> Result<(u32, u64), Error> {
        let Answer::Scale(_, replicas, version) = answer else { return Err(changed()) };
        self.index(|index| index.scaled(&key(), &format!("checkout-{revision}"), *replicas, &version.to_string()));
        self.sim().replied(self.life);
        Ok((*replicas, *version))
    }

    fn desired(&self, revision: &Revision) -> Option<u32> {
        self.index(|index| index.look(&key()).and_then(|look| look.children.get(revision).map(|child| child.desired)))
    }

    /// A revision is made from the spec as the process knows it, or from what is stored.
    async fn source(&self, revision: &Revision) -> Result<u32, Error> {
        let template = revision.template();
        let (spec, revision) = (self.spec()?, &*template);
        if spec.intent.revision != *revision || spec.reading != SpecReading::All {
            match self.send(Request::GetRecord { revision: revision.clone() }).await {
                Ok(_) => {}
                Err(Error::Gone { .. }) => {
                    self.index(|index| index.deleted_record(&key(), &format!("checkout-{revision}")));
                    return Err(changed());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(spec.intent.min_ready_seconds.unwrap_or(0))
    }

    /// Templates are stored from the spec as the process knows it.
    fn has_template(&self, revision: &Revision) -> Result<(), Error> {
        let spec = self.spec()?;
        if spec.intent.revision == *revision && spec.reading == SpecReading::All { Ok(()) } else { Err(changed()) }
    }

    fn spec(&self) -> Result<Arc<Spec>, Error> {
        let rollout = self.index(|index| index.rollout(&key())).ok_or_else(changed)?;
        let generation = usize::try_from(rollout.metadata.generation.unwrap_or_default()).expect("few generations");
        Ok(Arc::clone(&self.sim().server.specs[generation - 1]))
    }
}

impl World for SimWorld<'_> {
    type Error = Error;

    fn now(&self) -> DateTime<Utc> {
        self.sim().clock(self.life)
    }

    fn observe(&self, _: &Key) -> Option<Seen> {
        self.sim().look(self.life)
    }

    /// A run ends with its Rollout; commands for one that is not there are not simulated.
    fn strays(&self, _: &Key) -> Vec<Action> {
        Vec::new()
    }

    async fn commit(&self, _: &Key, version: &str, status: &Status) -> Result<(), Error> {
        let result = self.write(Request::PutStatus { version: version.to_owned(), status: Box::new(status.clone()) }).await;
        if matches!(result, Err(Error::Gone { .. })) {
            self.index(|index| index.gone(&key(), version));
        }
        result?;
        let state = status.state.clone();
        self.with(|process| {
            if let Some(plan) = process.plan.as_mut().map(Arc::make_mut) {
                plan.state = state;
            }
        });
        self.sim().offer(self.life, &status.audit);
        Ok(())
    }

    async fn apply(&self, _: &Key, answers: &[Change], changes: &[Change]) -> Result<(), Error> {
        let answered = self.changes(answers).await;
        promises::about_to_change(&mut self.sim(), self.life, changes);
        let done = self.changes(changes).await;
        let over = self.with(|process| {
            let before = process.refused.take();
            process.refused = refusal(before.clone(), [&done, &answered]);
            before.is_some() && process.refused.is_none()
        });
        if over {
            self.sim().trigger(self.life);
        }
        done.and(answered)
    }

    fn keep(&self, _: &Key, begun: Option<Box<Stepping>>) {
        self.with(|process| process.begun = begun);
    }

    fn ask(&self, _: &Key, questions: Vec<Question>) {
        let mut sim = self.sim();
        for question in questions {
            sim.asked(self.life, question);
        }
    }
}
