//! How does the index follow the cluster? One task for each kind, so that a watch that fails stalls no other.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, warn};

use super::actions::{ACTIONS_POLICY, Action, Binding};
use super::deployments::Deployment;
use super::group::Listed;
use super::index::Index;
use super::item::{Item, Kind};
use super::meta::ROLLOUT;
use super::pods::Pod;
use super::records::Record;
use super::referenced;
use super::services::Service;
use super::templates::Template;
use super::unconfirmed;
use crate::api::Object;
use crate::retry::{Pace, delays};
use crate::rollout::Key;

/// A watch that works may bring nothing for hours, one that is refused is refused at once: one that broke and then brings nothing for this long
/// works again.
const QUIET: Duration = Duration::from_secs(10);

/// What a watch tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// This rollout has to be looked at again.
    Changed(Key),
    /// The watch of this kind broke; it begins anew.
    Broke(Kind),
}

/// Starts the tasks that keep the index up to date; they end when the set is dropped. `tell` must not wait.
pub fn watch(client: &Client, index: &Arc<Index>, tell: impl Fn(Notice) + Clone + Send + Sync + 'static) -> JoinSet<()> {
    let ours = watcher::Config::default().labels(ROLLOUT);
    let any = watcher::Config::default();
    let templates = Api::<Template>::all(client.clone());
    let policy = watcher::Config::default().fields(&format!("metadata.name={ACTIONS_POLICY}"));
    let mut tasks = JoinSet::new();
    let target = |kind| Target { kind, index: Arc::clone(index), tell: tell.clone() };
    tasks.spawn(target(Kind::Rollout).follow(Api::<Object>::all(client.clone()), any.clone(), Item::rollout));
    tasks.spawn(target(Kind::Service).follow(Api::<Service>::all(client.clone()), any.clone(), Item::service));
    tasks.spawn(target(Kind::Deployment).follow(Api::<Deployment>::all(client.clone()), ours.clone(), |d| Item::deployment(&d)));
    tasks.spawn(target(Kind::Pod).follow(Api::<Pod>::all(client.clone()), ours.clone(), |pod| Item::pod(&pod)));
    tasks.spawn(target(Kind::Record).follow(Api::<Record>::all(client.clone()), ours, |record| Item::record(&record)));
    tasks.spawn(target(Kind::Action).follow(Api::<Action>::all(client.clone()), any.clone(), |action| Item::action(&action)));
    tasks.spawn(target(Kind::Template).follow(templates, any, Item::template));
    tasks.spawn(target(Kind::Binding).follow(Api::<Binding>::all(client.clone()), policy, |binding| Item::binding(&binding)));
    tasks.spawn(referenced::follow(client.clone(), Arc::clone(index), tell.clone()));
    tasks.spawn(unconfirmed::follow(client.clone(), Arc::clone(index), tell));
    tasks
}

struct Target<F> {
    kind: Kind,
    index: Arc<Index>,
    tell: F,
}

impl<F: Fn(Notice)> Target<F> {
    async fn follow<K>(self, api: Api<K>, config: watcher::Config, item: fn(K) -> Option<Item>)
    where
        K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let mut events = watcher(api.clone(), config.clone().streaming_lists()).boxed();
        let mut streams = true;
        let mut listed = Listed::default();
        let mut pauses = None;
        loop {
            let event = if pauses.is_some() { timeout(QUIET, events.next()).await } else { Ok(events.next().await) };
            match event {
                Ok(None) => break,
                // It only says that a list is about to be asked for.
                Ok(Some(Ok(event @ Event::Init))) => self.take(event, item, &mut listed),
                Ok(Some(Ok(event))) => {
                    pauses = None;
                    self.index.refusals().end(self.kind);
                    self.take(event, item, &mut listed);
                }
                Err(_) => {
                    pauses = None;
                    self.index.refusals().end(self.kind);
                }
                Ok(Some(Err(error))) if streams && is_refused_to_stream(&error) => {
                    debug!(kind = self.kind.resource(), "this API server streams no lists; they are asked for in pages");
                    streams = false;
                    events = watcher(api.clone(), config.clone()).boxed();
                }
                // The watcher goes on where it was when it is polled again, so a pause before that is all it takes.
                Ok(Some(Err(error))) => {
                    if let Some(text) = refusal(&error) {
                        self.index.refusals().add(self.kind, text);
                    }
                    let pause = pauses.get_or_insert_with(|| delays(Pace::Watch)).next().unwrap_or_default();
                    warn!(kind = self.kind.resource(), %error, pause_ms = pause.as_millis(), "a watch broke and begins anew");
                    (self.tell)(Notice::Broke(self.kind));
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    fn take<K>(&self, event: Event<K>, item: fn(K) -> Option<Item>, listed: &mut Listed) {
        let touched = match event {
            Event::Init => {
                *listed = Listed::default();
                Vec::new()
            }
            Event::InitApply(object) => {
                let Some(item) = item(object) else { return };
                listed.note(&item);
                self.index.put(item)
            }
            Event::InitDone => {
                debug!(kind = self.kind.resource(), "listed");
                self.index.list_done(self.kind, &std::mem::take(listed))
            }
            Event::Apply(object) => item(object).map_or_else(Vec::new, |item| self.index.put(item)),
            Event::Delete(object) => item(object).map_or_else(Vec::new, |item| self.index.remove(&item)),
        };
        for key in touched {
            (self.tell)(Notice::Changed(key));
        }
    }
}

/// Whether the API server lets nobody follow a kind that way: its feature `WatchList` is off, as it is by default in 1.33.
fn is_refused_to_stream(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 422)
}

/// The API server's words where it does not let us follow a kind; trouble of other kinds passes.
fn refusal(error: &watcher::Error) -> Option<&str> {
    let status = match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => status,
        watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchStartFailed(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => return None,
    };
    matches!(status.code, 401 | 403).then_some(&status.message)
}
