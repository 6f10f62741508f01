//! How does a change reach the cluster?

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Request;
use kube::Client;
use kube::core::subresource::Scale;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::timeout;

use super::actions::Action;
use super::deployments::{Deployment, meaning_of};
use super::error::Error;
use super::index::Index;
use super::item::Item;
use super::meta::{FINALIZER, ROLLOUT_UID, child_name};
use super::records::Record;
use super::requests::{self, Of, Right};
use crate::api::{Object, Status};
use crate::rollout::{Change, Direction, Edited, Epoch, Fence, Handled, Key, Revision, Template};

/// How long one call may take, its body included.
const CALL: Duration = Duration::from_secs(15);

/// How often a lowering scale is tried against somebody who writes at the same time, before the rollout is looked at again.
const TRIES: u32 = 5;

/// Writes to one cluster, and keeps what it is told in return.
#[derive(Clone)]
pub struct Writer {
    client: Client,
    index: Arc<Index>,
}

impl Writer {
    /// A writer whose replies go into this index.
    pub fn new(client: Client, index: Arc<Index>) -> Self {
        Self { client, index }
    }

    /// Writes a Rollout's status onto the version that was seen; the reply replaces what is known.
    ///
    /// # Errors
    /// [`Error::Changed`] where the Rollout is another by now: nothing was written.
    pub async fn commit(&self, key: &Key, version: &str, status: &Status) -> Result<(), Error> {
        let what = "writing the status";
        let request = requests::put_status(key, version, status);
        let result = self.call::<Object>(what, request).await;
        if matches!(result, Err(Error::Gone { .. })) {
            self.index.gone(key, version);
        }
        self.keep(Item::rollout(result?));
        Ok(())
    }

    /// Makes one change.
    ///
    /// # Errors
    /// [`Error::Changed`] where what was looked at is another by now: nothing was written.
    pub async fn change(&self, key: &Key, change: &Change) -> Result<(), Error> {
        let result = self.make(key, change).await;
        if matches!(result, Err(Error::Gone { .. })) {
            self.index.gone_part(key, change);
        }
        result
    }

    async fn make(&self, key: &Key, change: &Change) -> Result<(), Error> {
        match change {
            Change::Guard => self.guard(key).await,
            Change::Record { revision, number } => self.record(key, revision, *number).await,
            Change::Create { revision, replicas, epoch } => self.create(key, revision, (*replicas, *epoch)).await,
            Change::Scale { revision, from, replicas, fence, direction } => {
                self.scale(key, revision, (*from, *replicas), (fence, *direction)).await
            }
            Change::Mark { revision, outcome, at } => {
                let record: Record = self.call("writing an outcome", requests::mark_record(key, revision, outcome, *at)).await?;
                self.keep(Item::record(&record));
                Ok(())
            }
            Change::Repair { .. } => self.repair(key, change).await,
            Change::Restart { revision, fence, restart } => {
                let what = format!("restarting Deployment {}", child_name(&key.name, revision));
                let deployment: Deployment = self.call(&what, requests::restart_deployment(key, revision, fence, restart)).await?;
                self.keep(Item::deployment(&deployment));
                Ok(())
            }
            Change::Stamp { revision, fence, epoch } => {
                let what = format!("stamping Deployment {}", child_name(&key.name, revision));
                let deployment: Deployment = self.call(&what, requests::stamp_deployment(key, revision, fence, *epoch)).await?;
                self.keep(Item::deployment(&deployment));
                Ok(())
            }
            Change::Hold { .. } | Change::Unpause { .. } | Change::ScaleHeld { .. } | Change::LetGo { .. } => self.held(key, change).await,
            Change::Prune { revision, fence } => self.prune(key, revision, fence).await,
            Change::Discard { revision } => self.discard(key, revision).await,
            Change::Answer(handled) => self.answer(key, handled).await,
            Change::Forget { name, uid } => self.forget(key, name, uid).await,
            Change::Release => self.release(key).await,
        }
    }

    /// Asks whether the API server would take the spec's template; `None` where the spec has another template by now.
    pub async fn try_template(&self, key: &Key, wanted: &Revision, now: impl Fn() -> DateTime<Utc>) -> Option<Template> {
        let source = self.spec_source(key, wanted, "").ok()?;
        let request = requests::try_deployment(&source.of(key, wanted), &source.pods(1, Epoch::default()));
        let answer = self.call::<Deployment>("asking for a dry run", request).await;
        let revision = wanted.clone();
        Some(match answer {
            Ok(deployment) => Template::Accepted { revision, meaning: meaning_of(&deployment) },
            Err(Error::Refused { text, .. }) => Template::Refused { revision, text, at: now() },
            Err(error @ (Error::Changed { .. } | Error::Gone { .. } | Error::NoAnswer { .. })) => {
                Template::Unknown { revision, text: error.to_string(), at: now() }
            }
        })
    }

    async fn guard(&self, key: &Key) -> Result<(), Error> {
        let what = "adding the finalizer";
        let rollout = self.index.rollout(key).ok_or_else(|| Error::changed(what))?;
        let (version, seen) = finalizers(&rollout);
        if seen.iter().any(|name| name == FINALIZER) {
            return Ok(());
        }
        let object: Object = self.call(what, requests::guard(key, version, seen)).await?;
        self.keep(Item::rollout(object));
        Ok(())
    }

    async fn release(&self, key: &Key) -> Result<(), Error> {
        let what = "removing the finalizer";
        let Some(rollout) = self.index.rollout(key) else { return Ok(()) };
        let (version, seen) = finalizers(&rollout);
        if !seen.iter().any(|name| name == FINALIZER) {
            return Ok(());
        }
        match self.call::<Object>(what, requests::release(key, version, seen)).await {
            // Without its last finalizer it is gone, and the watch may have said so before this reply: kept, it would never leave.
            Ok(object) if object.metadata.finalizers.as_ref().is_none_or(Vec::is_empty) => {}
            Ok(object) => self.keep(Item::rollout(object)),
            Err(Error::Gone { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// A command that is gone needs no answer any more.
    async fn answer(&self, key: &Key, handled: &Handled) -> Result<(), Error> {
        let what = format!("answering action {}", handled.name);
        let Some(version) = self.index.action_version(key, &handled.name, &handled.uid) else { return Ok(()) };
        match self.call::<Action>(&what, requests::answer_action(key, handled, version)).await {
            Ok(action) => self.keep(Item::action(&action)),
            Err(Error::Gone { .. }) => self.index.deleted_action(key, &handled.name),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn forget(&self, key: &Key, name: &str, uid: &str) -> Result<(), Error> {
        match self.call::<IgnoredAny>(&format!("deleting action {name}"), requests::delete_action(key, name, uid)).await {
            Ok(IgnoredAny) | Err(Error::Gone { .. }) => self.index.deleted_action(key, name),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn record(&self, key: &Key, revision: &Revision, number: u32) -> Result<(), Error> {
        let what = "storing a template";
        let source = self.spec_source(key, revision, what)?;
        let request = requests::create_record(&source.of(key, revision), &source.template, number);
        match self.call::<Record>(what, request).await {
            Ok(record) => self.keep(Item::record(&record)),
            // It is named by the hash of what it holds, so it holds that already.
            Err(Error::Changed { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn create(&self, key: &Key, revision: &Revision, (replicas, epoch): (u32, Epoch)) -> Result<(), Error> {
        let what = format!("creating Deployment {}", child_name(&key.name, revision));
        let source = self.source(key, revision, &what).await?;
        let request = requests::create_deployment(&source.of(key, revision), &source.pods(replicas, epoch));
        match self.call::<Deployment>(&what, request).await {
            Ok(deployment) => self.keep(Item::deployment(&deployment)),
            // The watch has not brought it, so it does not carry our labels: looking again will not help.
            Err(Error::Changed { .. }) if self.index.desired(key, &child_name(&key.name, revision)).is_none() => {
                return self.label(&what, &source.of(key, revision)).await;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Gives a Deployment of ours its labels back; one that Serin did not make is left alone. The reply is not kept: nothing else may ever happen
    /// to that Deployment, and only what a watch brings is looked at.
    async fn label(&self, what: &str, of: &Of<'_>) -> Result<(), Error> {
        let there: Deployment = self.call(what, requests::get_deployment(of.key, of.revision)).await?;
        let metadata = &there.metadata;
        if !metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(ROLLOUT_UID)) {
            let text = "a Deployment of that name exists that Serin did not make; delete it or give it another name".to_owned();
            return Err(Error::Refused { what: what.to_owned(), text });
        }
        let says = |text: &Option<String>| text.clone().unwrap_or_default();
        let fence = Fence { uid: says(&metadata.uid), resource_version: says(&metadata.resource_version) };
        let IgnoredAny = self.call(what, requests::label_deployment(of, &fence)).await?;
        Ok(())
    }

    /// The restart that stands on the template stays there: without it the pods would be replaced once more.
    async fn repair(&self, key: &Key, change: &Change) -> Result<(), Error> {
        let Change::Repair { revision, fence, min_ready_seconds, template, restart } = change else { return Ok(()) };
        let what = format!("putting Deployment {} right", child_name(&key.name, revision));
        let source = match template {
            Edited::Yes => self.source(key, revision, &what).await?,
            Edited::No => self.spec(key, &what)?,
        };
        let template = if *template == Edited::Yes { Some(&source.template) } else { None };
        let right = Right { min_ready_seconds: *min_ready_seconds, template, restart: restart.as_ref() };
        let deployment: Deployment = self.call(&what, requests::repair_deployment(&source.of(key, revision), fence, &right)).await?;
        self.keep(Item::repaired(&deployment));
        Ok(())
    }

    /// A conflict on a raise means looking again, from the start. On a lowering write the one scale is read and written again at once, for
    /// the Deployment's own controller writes to it all the time. Where somebody else scaled it, what was decided may be wrong by now.
    async fn scale(
        &self,
        key: &Key,
        revision: &Revision,
        (from, replicas): (u32, u32),
        (seen, direction): (&Fence, Direction),
    ) -> Result<(), Error> {
        let name = child_name(&key.name, revision);
        let what = format!("scaling Deployment {name} to {replicas}");
        let mut fence = seen.clone();
        for _ in 0..TRIES {
            match self.call::<Scale>(&what, requests::put_scale(key, revision, &fence, replicas)).await {
                Ok(scale) => {
                    self.keep_scale(key, &name, &scale);
                    return Ok(());
                }
                Err(Error::Changed { .. }) if direction == Direction::Lower => {}
                Err(error) => return Err(error),
            }
            let scale: Scale = self.call(&what, requests::get_scale(key, revision)).await?;
            if scale.metadata.uid.as_ref() != Some(&seen.uid) {
                return Err(Error::changed(&what));
            }
            self.keep_scale(key, &name, &scale);
            if replicas_of(&scale) != from {
                return Err(Error::changed(&what));
            }
            fence.resource_version = scale.metadata.resource_version.unwrap_or_default();
        }
        Err(Error::changed(&what))
    }

    async fn prune(&self, key: &Key, revision: &Revision, fence: &Fence) -> Result<(), Error> {
        let name = child_name(&key.name, revision);
        let what = format!("deleting Deployment {name}");
        match self.call::<IgnoredAny>(&what, requests::delete_deployment(key, revision, fence)).await {
            Ok(IgnoredAny) | Err(Error::Gone { .. }) => self.index.deleted_child(key, &name),
            Err(error) => return Err(error),
        }
        // A baseline has no template of its own.
        if revision.is_baseline() { Ok(()) } else { self.discard(key, revision).await }
    }

    async fn discard(&self, key: &Key, revision: &Revision) -> Result<(), Error> {
        match self.call::<IgnoredAny>("deleting a stored template", requests::delete_record(key, revision)).await {
            Ok(IgnoredAny) | Err(Error::Gone { .. }) => self.index.deleted_record(key, &child_name(&key.name, revision)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    pub(super) async fn call<T: DeserializeOwned>(&self, what: &str, request: Request<Vec<u8>>) -> Result<T, Error> {
        match timeout(CALL, self.client.request(request)).await {
            Ok(answer) => answer.map_err(|error| Error::new(what, &error)),
            Err(_) => Err(Error::late(what)),
        }
    }

    fn keep(&self, item: Option<Item>) {
        if let Some(item) = item {
            self.index.reply(item);
        }
    }

    fn keep_scale(&self, key: &Key, name: &str, scale: &Scale) {
        if let Some(version) = &scale.metadata.resource_version {
            self.index.scaled(key, name, replicas_of(scale), version);
        }
    }
}

fn finalizers(rollout: &Object) -> (&str, &[String]) {
    let version = rollout.metadata.resource_version.as_deref().unwrap_or_default();
    (version, rollout.metadata.finalizers.as_deref().unwrap_or_default())
}

fn replicas_of(scale: &Scale) -> u32 {
    scale.spec.as_ref().and_then(|spec| spec.replicas).and_then(|replicas| u32::try_from(replicas).ok()).unwrap_or(0)
}
