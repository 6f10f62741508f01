//! What does the API server make of repairs, restarts and answers to commands?

use serin::cluster::Error;
use serin::rollout::{Edited, Epoch, Fence, Handled, Restart, Revision};

use super::objects::{Action, Deployment, Labels, Writer};
use super::requests::{Answer, Reply, conflict, gone};
use super::{Changed, json};
use crate::sim::process::Plan;
use crate::sim::promises;
use crate::sim::state::Sim;

impl Sim {
    pub(super) fn fence_of(&self, revision: &Revision) -> Result<Fence, Error> {
        let Deployment { uid, version, .. } = self.server.deployments.get(revision).ok_or_else(gone)?;
        Ok(Fence { uid: uid.clone(), resource_version: version.to_string() })
    }

    /// A Deployment gets its labels back.
    pub(super) fn label(&mut self, plan: &Plan, revision: &Revision, fence: &Fence) -> Reply {
        let old = self.fenced(revision, fence)?;
        // Who writes what is there already changes nothing.
        if old.labels == Labels::Ours {
            return Ok(Answer::Nothing);
        }
        self.takes(plan, &format!("labels {revision}"));
        Ok(self.stored(Changed::Deployment(revision.clone(), Some(Deployment { labels: Labels::Ours, ..old }))))
    }

    /// Everything but its size becomes what it should be. What strangers wrote stays theirs where it is right by now.
    pub(super) fn repair(&mut self, plan: &Plan, revision: &Revision, fence: &Fence, (min_ready, template): (u32, Edited)) -> Reply {
        let old = self.fenced(revision, fence)?;
        let edited_by = if template == Edited::Yes { Writer::Serin } else { old.edited_by };
        let new = Deployment { paused: false, min_ready, edited_by, ..old.clone() };
        if new == old {
            let item = json::repaired(revision, self.server.image(revision), &old);
            return Ok(Answer::Object(Box::new(item)));
        }
        self.takes(plan, &format!("repairs {revision}"));
        self.publish(Changed::Deployment(revision.clone(), Some(Deployment { generation: old.generation + 1, ..new })));
        self.stir(revision);
        self.sync_when_available(revision);
        let item = json::repaired(revision, self.server.image(revision), &self.server.deployments[revision]);
        Ok(Answer::Object(Box::new(item)))
    }

    /// Its pods are replaced from here on.
    pub(super) fn restart(&mut self, plan: &Plan, revision: &Revision, fence: &Fence, restart: &Restart) -> Reply {
        let old = self.fenced(revision, fence)?;
        let older = self.pods_made + 1;
        self.takes(plan, &format!("restarts {revision}"));
        let new = Deployment { restart: Some((restart.clone(), older)), generation: old.generation + 1, ..old };
        let answer = self.stored(Changed::Deployment(revision.clone(), Some(new)));
        self.stir(revision);
        Ok(answer)
    }

    /// It carries the epoch of whoever leads now.
    pub(super) fn stamp(&mut self, plan: &Plan, revision: &Revision, fence: &Fence, epoch: Epoch) -> Reply {
        let old = self.fenced(revision, fence)?;
        self.takes(plan, &format!("stamps {revision} with {epoch}"));
        self.ledger.count("stamped");
        // As in a cluster, an annotation makes a new generation.
        let answer = self.stored(Changed::Deployment(revision.clone(), Some(Deployment { epoch, generation: old.generation + 1, ..old })));
        self.stir(revision);
        Ok(answer)
    }

    pub(super) fn answer_action(&mut self, plan: &Plan, version: u64, handled: &Handled) -> Reply {
        let old = self.server.actions.get(&handled.name).filter(|action| action.uid == handled.uid).cloned().ok_or_else(gone)?;
        if old.version != version {
            return Err(conflict());
        }
        promises::answered(self, plan, &old, handled);
        self.takes(plan, &format!("answers {} {:?}", handled.name, handled.answer));
        let new = Action { answer: Some((handled.answer, handled.at)), ..old };
        Ok(self.stored(Changed::Action(handled.name.clone(), Some(new))))
    }

    pub(super) fn delete_action(&mut self, plan: &Plan, name: &str, uid: &str) -> Reply {
        if self.server.actions.get(name).is_none_or(|action| action.uid != uid) {
            return Err(gone());
        }
        self.takes(plan, &format!("deletes action {name}"));
        self.publish(Changed::Action(name.to_owned(), None));
        Ok(Answer::Gone)
    }
}
