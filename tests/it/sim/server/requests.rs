//! What does the API server make of a request? It is fenced here as it is there, and every effect is judged before it is one.

use std::sync::Arc;

use serin::api::Status;
use serin::cluster::{Error, Item};
use serin::rollout::{Fence, Revision};

use super::Changed;
use super::objects::{Committed, Deployment, Record, Rollout};
use crate::sim::process::Plan;
use crate::sim::promises;
use crate::sim::state::Sim;

/// What a process asks of the API server.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    PutStatus { version: String, status: Box<Status> },
    PutFinalizers { version: String, guarded: bool },
    CreateRecord { revision: Revision },
    MarkRecord { revision: Revision, outcome: String },
    GetRecord { revision: Revision },
    DeleteRecord { revision: Revision },
    CreateDeployment { revision: Revision, replicas: u32 },
    PutScale { revision: Revision, replicas: u32, fence: Fence },
    GetScale { revision: Revision },
    DeleteDeployment { revision: Revision, fence: Fence },
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
}

/// A request that a plan led to.
pub(crate) struct Sent {
    pub(crate) plan: Arc<Plan>,
    pub(crate) request: Request,
}

pub(crate) type Reply = Result<Answer, Error>;

fn conflict() -> Error {
    Error::Changed { what: "a write".to_owned() }
}

fn gone() -> Error {
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
            Request::CreateRecord { revision } => {
                if self.server.records.contains_key(revision) {
                    return Err(conflict());
                }
                self.takes(plan, &format!("records {revision}"));
                Ok(self.stored(Changed::Record(revision.clone(), Some(Record::default()))))
            }
            Request::MarkRecord { revision, outcome } => {
                if !self.server.records.contains_key(revision) {
                    return Err(gone());
                }
                self.takes(plan, &format!("marks {revision} {outcome}"));
                Ok(self.stored(Changed::Record(revision.clone(), Some(Record { outcome: Some(outcome.clone()) }))))
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
            Request::CreateDeployment { revision, replicas } => self.create(plan, revision, *replicas),
            Request::PutScale { revision, replicas, fence } => self.put_scale(plan, revision, *replicas, fence),
            Request::GetScale { revision } => self.scale_of(revision),
            Request::DeleteDeployment { revision, fence } => self.delete(plan, revision, fence),
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

    fn create(&mut self, plan: &Plan, revision: &Revision, replicas: u32) -> Reply {
        if self.server.deployments.contains_key(revision) {
            return Err(conflict());
        }
        promises::scaled(self, plan, (revision, 0, replicas));
        self.takes(plan, &format!("creates {revision} with {replicas}"));
        let uid = format!("uid-{}", self.server.version);
        let deployment =
            Deployment { uid, version: 0, generation: 1, observed: 0, desired: replicas, created: self.now, replicas: 0, available: 0 };
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
                Some(Deployment { desired: replicas, generation: old.generation + 1, ..old }),
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
    fn fenced(&mut self, revision: &Revision, fence: &Fence) -> Result<Deployment, Error> {
        let old = self.server.deployments.get(revision).cloned().ok_or_else(gone)?;
        if old.uid == fence.uid && old.version.to_string() == fence.resource_version {
            return Ok(old);
        }
        self.ledger.count("fenced.write");
        Err(conflict())
    }

    fn stored(&mut self, changed: Changed) -> Answer {
        Answer::Object(Box::new(self.publish(changed)))
    }

    /// A write of Serin's takes effect.
    fn takes(&mut self, plan: &Plan, what: &str) {
        self.ledger.writes += 1;
        promises::guarded_first(self, plan, what);
        self.tell(plan.life, |_| format!("takes    {what}"));
    }
}
