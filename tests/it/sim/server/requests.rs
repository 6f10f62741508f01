//! What does the API server make of a request? It is fenced here as it is there, and every effect is judged before it is one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serin::api::Status;
use serin::cluster::{Error, Item};
use serin::rollout::{Edited, Epoch, Fence, Handled, Restart, Revision};

use super::Changed;
use super::objects::{Committed, Deployment, Record, Rollout, Writer};
use crate::sim::process::Plan;
use crate::sim::promises;
use crate::sim::state::Sim;

/// What a process asks of the API server.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    PutStatus { version: String, status: Box<Status> },
    PutFinalizers { version: String, guarded: bool },
    CreateRecord { revision: Revision, number: u32 },
    MarkRecord { revision: Revision, outcome: String, at: DateTime<Utc> },
    GetRecord { revision: Revision },
    DeleteRecord { revision: Revision },
    CreateDeployment { revision: Revision, replicas: u32, min_ready: u32, epoch: Epoch },
    GetDeployment { revision: Revision },
    LabelDeployment { revision: Revision, fence: Fence },
    RepairDeployment { revision: Revision, fence: Fence, min_ready: u32, template: Edited },
    RestartDeployment { revision: Revision, fence: Fence, restart: Restart },
    StampDeployment { revision: Revision, fence: Fence, epoch: Epoch },
    PutScale { revision: Revision, replicas: u32, fence: Fence },
    GetScale { revision: Revision },
    DeleteDeployment { revision: Revision, fence: Fence },
    AnswerAction { version: u64, handled: Handled },
    DeleteAction { name: String, uid: String },
}

impl Request {
    /// Whether a policy may have something against it. Reading and committing have to be possible, or nothing is.
    pub(crate) fn may_be_refused(&self) -> bool {
        match self {
            Self::PutStatus { .. }
            | Self::PutFinalizers { .. }
            | Self::GetScale { .. }
            | Self::GetRecord { .. }
            | Self::GetDeployment { .. } => false,
            Self::CreateRecord { .. }
            | Self::MarkRecord { .. }
            | Self::DeleteRecord { .. }
            | Self::CreateDeployment { .. }
            | Self::LabelDeployment { .. }
            | Self::RepairDeployment { .. }
            | Self::RestartDeployment { .. }
            | Self::StampDeployment { .. }
            | Self::PutScale { .. }
            | Self::DeleteDeployment { .. }
            | Self::AnswerAction { .. }
            | Self::DeleteAction { .. } => true,
        }
    }
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The object as it is now.
    Object(Box<Item>),
    /// A Deployment's uid, its replicas and its version.
    Scale(String, u32, u64),
    /// It is gone now.
    Gone,
    /// What was asked for is there.
    Nothing,
    /// A Deployment as it is now, whether a watch tells of it or not.
    Deployment(Fence),
}

/// A request that a plan led to.
pub(crate) struct Sent {
    pub(crate) plan: Arc<Plan>,
    pub(crate) request: Request,
}

pub(crate) type Reply = Result<Answer, Error>;

pub(super) fn conflict() -> Error {
    Error::Changed { what: "a write".to_owned() }
}

pub(super) fn gone() -> Error {
    Error::Gone { what: "a write".to_owned() }
}

pub(crate) fn refused(text: &str) -> Error {
    Error::Refused { what: "a write".to_owned(), text: text.to_owned() }
}

impl Sim {
    /// A request takes effect, or does not.
    pub(crate) fn serve(&mut self, sent: &Sent) -> Reply {
        let Sent { plan, request } = sent;
        match request {
            Request::PutStatus { version, status } => self.put_status(plan, version, status),
            Request::PutFinalizers { version, guarded } => self.put_finalizers(plan, version, *guarded),
            Request::CreateRecord { revision, number } => {
                if self.server.records.contains_key(revision) {
                    return Err(conflict());
                }
                self.takes(plan, &format!("records {revision}"));
                Ok(self.stored(Changed::Record(revision.clone(), Some(Record { number: *number, outcome: None }))))
            }
            Request::MarkRecord { revision, outcome, at } => {
                let number = self.server.records.get(revision).ok_or_else(gone)?.number;
                self.takes(plan, &format!("marks {revision} {outcome}"));
                Ok(self.stored(Changed::Record(revision.clone(), Some(Record { number, outcome: Some((outcome.clone(), *at)) }))))
            }
            Request::GetRecord { revision } => {
                let there = self.server.records.contains_key(revision);
                if there { Ok(Answer::Nothing) } else { Err(gone()) }
            }
            Request::DeleteRecord { revision } => {
                if !self.server.records.contains_key(revision) {
                    return Err(gone());
                }
                self.takes(plan, &format!("deletes the record of {revision}"));
                self.publish(Changed::Record(revision.clone(), None));
                Ok(Answer::Gone)
            }
            Request::CreateDeployment { revision, replicas, min_ready, epoch } => {
                self.create(plan, revision, (*replicas, *min_ready, *epoch))
            }
            Request::GetDeployment { revision } => self.fence_of(revision).map(Answer::Deployment),
            Request::LabelDeployment { revision, fence } => self.label(plan, revision, fence),
            Request::RepairDeployment { revision, fence, min_ready, template } => {
                self.repair(plan, revision, fence, (*min_ready, *template))
            }
            Request::RestartDeployment { revision, fence, restart } => self.restart(plan, revision, fence, restart),
            Request::StampDeployment { revision, fence, epoch } => self.stamp(plan, revision, fence, *epoch),
            Request::PutScale { revision, replicas, fence } => self.put_scale(plan, revision, *replicas, fence),
            Request::GetScale { revision } => self.scale_of(revision),
            Request::DeleteDeployment { revision, fence } => self.delete(plan, revision, fence),
            Request::AnswerAction { version, handled } => self.answer_action(plan, *version, handled),
            Request::DeleteAction { name, uid } => self.delete_action(plan, name, uid),
        }
    }

    fn put_status(&mut self, plan: &Plan, version: &str, status: &Status) -> Reply {
        let old = self.server.rollout.clone().ok_or_else(gone)?;
        if old.version.to_string() != version {
            self.ledger.count("fenced.commit");
            return Err(conflict());
        }
        let text = serde_json::to_string(status).expect("a status is plain data");
        if text == old.committed.text {
            return Ok(Answer::Object(Box::new(Item::rollout(old.object()).expect("it has a name"))));
        }
        let new = Arc::new(Committed::after(&old.committed, text));
        if new.status().state != status.state || new.status().audit != status.audit {
            self.ledger.violated("status reads back as it was written", format!("{:?}\nis not\n{status:?}", new.status()));
        }
        promises::committed(self, plan, &old.committed, &new);
        self.ledger.writes += 1;
        Ok(self.stored(Changed::Rollout(Some(Rollout { committed: new, ..old }))))
    }

    fn put_finalizers(&mut self, plan: &Plan, version: &str, guarded: bool) -> Reply {
        let old = self.server.rollout.clone().ok_or_else(gone)?;
        if old.version.to_string() != version {
            return Err(conflict());
        }
        if guarded && old.deleting {
            return Err(refused("no finalizer can be added to what is being deleted"));
        }
        if !guarded && old.deleting {
            promises::released(self, &old);
        }
        self.takes(plan, if guarded { "guards" } else { "releases" });
        let left = (guarded || !old.deleting).then_some(Rollout { guarded, ..old });
        match left {
            Some(rollout) => Ok(self.stored(Changed::Rollout(Some(rollout)))),
            None => {
                self.publish(Changed::Rollout(None));
                Ok(Answer::Gone)
            }
        }
    }

    fn create(&mut self, plan: &Plan, revision: &Revision, (replicas, min_ready, epoch): (u32, u32, Epoch)) -> Reply {
        if self.server.deployments.contains_key(revision) {
            return Err(conflict());
        }
        promises::scaled(self, plan, (revision, 0, replicas));
        self.takes(plan, &format!("creates {revision} with {replicas}"));
        if revision.is_baseline() {
            self.ledger.count("baseline.created");
        }
        let uid = format!("uid-{}", self.server.version);
        let deployment = Deployment { epoch, ..Deployment::new(uid, replicas, min_ready, self.now) };
        let answer = self.stored(Changed::Deployment(revision.clone(), Some(deployment)));
        self.stir(revision);
        Ok(answer)
    }

    fn put_scale(&mut self, plan: &Plan, revision: &Revision, replicas: u32, fence: &Fence) -> Reply {
        let old = self.fenced(revision, fence)?;
        if old.desired != replicas {
            promises::scaled(self, plan, (revision, old.desired, replicas));
            self.takes(plan, &format!("scales {revision} from {} to {replicas}", old.desired));
            self.publish(Changed::Deployment(
                revision.clone(),
                Some(Deployment { desired: replicas, scaled_by: Writer::Serin, generation: old.generation + 1, ..old }),
            ));
            self.stir(revision);
        }
        self.scale_of(revision)
    }

    fn scale_of(&self, revision: &Revision) -> Reply {
        let Deployment { uid, desired, version, .. } = self.server.deployments.get(revision).ok_or_else(gone)?;
        Ok(Answer::Scale(uid.clone(), *desired, *version))
    }

    fn delete(&mut self, plan: &Plan, revision: &Revision, fence: &Fence) -> Reply {
        self.fenced(revision, fence)?;
        promises::deleted(self, plan, revision);
        self.takes(plan, &format!("deletes {revision}"));
        self.publish(Changed::Deployment(revision.clone(), None));
        self.orphaned(revision);
        Ok(Answer::Gone)
    }

    /// The Deployment, if it is the one that the fence speaks of.
    pub(super) fn fenced(&mut self, revision: &Revision, fence: &Fence) -> Result<Deployment, Error> {
        let old = self.server.deployments.get(revision).cloned().ok_or_else(gone)?;
        if old.uid == fence.uid && old.version.to_string() == fence.resource_version {
            return Ok(old);
        }
        self.ledger.count("fenced.write");
        Err(conflict())
    }

    pub(super) fn stored(&mut self, changed: Changed) -> Answer {
        Answer::Object(Box::new(self.publish(changed)))
    }

    /// A write of Serin's takes effect.
    pub(super) fn takes(&mut self, plan: &Plan, what: &str) {
        self.ledger.writes += 1;
        promises::guarded_first(self, plan, what);
        self.tell(plan.life, |_| format!("takes    {what}"));
    }
}
