//! What does the API server make of a write? It is fenced here as it is there, and every effect is checked.

use std::sync::Arc;

use serin::api::{Object, Status};
use serin::rollout::{Change, Fence, Lifetime, Revision};

use super::model::{Committed, Deployment, Item, Rollout, SpecReading};
use super::state::Sim;
use super::world::Trouble;
use super::{committed, written};

/// What a write made of an object.
type Made = (u64, Option<Item>);

impl Sim {
    pub(super) fn put_status(&mut self, version: &str, status: &Status) -> Result<(u64, Rollout), Trouble> {
        let Some(old) = self.server.rollout.clone() else { return Err(Trouble::Gone) };
        if old.version.to_string() != version {
            self.ledger.count("fenced.commit");
            return Err(Trouble::Conflict);
        }
        let text = serde_json::to_string(status).expect("a status is plain data");
        if text == old.committed.text {
            return Ok((old.version, old));
        }
        let new = Committed::after(&old.committed, through_json(&text), text);
        self.ledger.writes += 1;
        committed::check(self, &old.committed, &new);
        if new.status.state != status.state || new.status.audit != status.audit {
            self.ledger.violated("status reads back as it was written", format!("{:?}\nis not\n{status:?}", new.status));
        }
        let rollout = Rollout { committed: Arc::new(new), ..old };
        let version = self.publish(Item::Rollout(Some(rollout.clone())));
        Ok((version, Rollout { version, ..rollout }))
    }

    /// Any change but a scale.
    pub(super) fn change(&mut self, change: &Change) -> Result<Made, Trouble> {
        let refuse = self.faults.refuse;
        if *change != Change::Release && self.rng.chance(refuse) {
            self.ledger.count("fault.refused");
            return Err(Trouble::Refused("a policy says no".to_owned()));
        }
        match change {
            Change::Guard => self.guard(true),
            Change::Release => {
                if let Some(rollout) = &self.server.rollout
                    && rollout.deleting
                {
                    written::release(self);
                }
                self.guard(false)
            }
            Change::Record { revision, .. } => {
                self.spec_is_still(revision)?;
                if self.server.records.contains_key(revision) {
                    return Ok((0, None));
                }
                self.wrote(format!("records {revision}"));
                Ok(self.made(Item::Record(revision.clone(), Some(None))))
            }
            Change::Create { revision, replicas } => self.create(revision, *replicas),
            Change::Mark { revision, outcome, .. } => {
                if !self.server.records.contains_key(revision) {
                    return Err(Trouble::Gone);
                }
                self.wrote(format!("marks {revision} {outcome}"));
                Ok(self.made(Item::Record(revision.clone(), Some(Some(outcome.clone())))))
            }
            Change::Prune { revision, fence } => self.prune(revision, fence),
            Change::Discard { revision } => Ok(self.made(Item::Record(revision.clone(), None))),
            Change::Repair { .. }
            | Change::Restart { .. }
            | Change::Answer(_)
            | Change::Forget { .. }
            | Change::Hold { .. }
            | Change::Unpause { .. }
            | Change::ScaleHeld { .. }
            | Change::LetGo { .. } => Ok((0, None)),
            Change::Scale { revision, replicas, fence, .. } => self.scale(revision, fence, *replicas).map(|version| (version, None)),
        }
    }

    fn guard(&mut self, guarded: bool) -> Result<Made, Trouble> {
        let known = self.process.rollout().map(|rollout| rollout.version);
        let Some(old) = self.server.rollout.clone() else { return Ok((0, None)) };
        if old.guarded == guarded {
            return Ok((0, None));
        }
        if known != Some(old.version) {
            return Err(Trouble::Conflict);
        }
        if guarded && old.deleting {
            return Err(Trouble::Refused("no finalizer can be added to what is being deleted".to_owned()));
        }
        self.wrote(if guarded { "guards" } else { "releases" }.to_owned());
        let left = (guarded || !old.deleting).then_some(Rollout { guarded, ..old });
        let version = self.publish(Item::Rollout(left));
        Ok((version, Some(Item::Rollout(self.server.rollout.clone()))))
    }

    fn create(&mut self, revision: &Revision, replicas: u32) -> Result<Made, Trouble> {
        if !self.server.records.contains_key(revision) {
            self.spec_is_still(revision)?;
        }
        if self.server.deployments.contains_key(revision) {
            return Err(Trouble::Conflict);
        }
        written::check(self, revision, 0, replicas);
        self.wrote(format!("creates {revision} with {replicas}"));
        let uid = format!("uid-{}", self.server.version);
        let deployment =
            Deployment { uid, version: 0, generation: 1, observed: 0, desired: replicas, created: self.now, replicas: 0, available: 0 };
        let (version, _) = self.made(Item::Deployment(revision.clone(), Some(deployment)));
        self.stir(revision);
        Ok((version, Some(Item::Deployment(revision.clone(), self.server.deployments.get(revision).cloned()))))
    }

    pub(super) fn scale(&mut self, revision: &Revision, fence: &Fence, replicas: u32) -> Result<u64, Trouble> {
        let Some(old) = self.server.deployments.get(revision).cloned() else { return Err(Trouble::Gone) };
        if old.uid != fence.uid || old.version.to_string() != fence.resource_version {
            self.ledger.count("fenced.scale");
            return Err(Trouble::Conflict);
        }
        let refuse = self.faults.refuse;
        if self.rng.chance(refuse) {
            self.ledger.count("fault.refused");
            return Err(Trouble::Refused("a policy says no".to_owned()));
        }
        if old.desired == replicas {
            return Ok(old.version);
        }
        written::check(self, revision, old.desired, replicas);
        self.wrote(format!("scales {revision} from {} to {replicas}", old.desired));
        let new = Deployment { desired: replicas, generation: old.generation + 1, ..old };
        let (version, _) = self.made(Item::Deployment(revision.clone(), Some(new)));
        self.stir(revision);
        Ok(version)
    }

    fn prune(&mut self, revision: &Revision, fence: &Fence) -> Result<Made, Trouble> {
        let Some(old) = self.server.deployments.get(revision) else { return Ok((0, None)) };
        if old.uid != fence.uid || old.version.to_string() != fence.resource_version {
            return Err(Trouble::Conflict);
        }
        written::prune(self, revision);
        self.wrote(format!("prunes {revision}"));
        self.publish(Item::Record(revision.clone(), None));
        let pods: Vec<_> = self.server.pods.values().filter(|pod| pod.revision == *revision).map(|pod| pod.pod.name.clone()).collect();
        for pod in pods {
            self.pod_gone(pod);
        }
        Ok(self.made(Item::Deployment(revision.clone(), None)))
    }

    /// Templates are made from the spec as the process knows it.
    fn spec_is_still(&self, revision: &Revision) -> Result<(), Trouble> {
        let known = self
            .process
            .rollout()
            .is_some_and(|rollout| rollout.spec.intent.revision == *revision && rollout.spec.reading == SpecReading::All);
        if known { Ok(()) } else { Err(Trouble::Conflict) }
    }

    fn made(&mut self, item: Item) -> Made {
        let version = self.publish(item.clone());
        (version, Some(item))
    }

    fn wrote(&mut self, what: String) {
        self.ledger.writes += 1;
        let lifetime = self.process.seen.as_ref().map(|seen| seen.observed.lifetime);
        if lifetime == Some(Lifetime::Unguarded) && what != "guards" {
            self.ledger.violated("nothing is written before the finalizer", what.clone());
        }
        self.tell("write", |_| what);
    }
}

/// What is stored is what can be read back, as a watch reads it.
fn through_json(status: &str) -> Status {
    let object = format!(r#"{{"metadata":{{"name":"checkout","namespace":"shop"}},"status":{status}}}"#);
    let object: Object = serde_json::from_str(&object).expect("a Rollout");
    object.status.expect("what was just written can be read")
}
