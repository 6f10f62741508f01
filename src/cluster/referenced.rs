//! How does the index follow Deployments that Rollouts take over? They carry no label of ours, so each is watched by its name, as long as
//! somebody names it, and the autoscalers of its namespace beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;

use futures::StreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, warn};

use super::index::Index;
use super::watches::Notice;
use super::workloads::{Autoscaler, Place, Running};
use crate::retry::{Pace, delays};

/// Watches what Rollouts name, until it is dropped.
pub(super) async fn follow(client: Client, index: Arc<Index>, tell: impl Fn(Notice) + Clone + Send + Sync + 'static) {
    let mut wanted = index.places();
    let mut tasks = JoinSet::new();
    let mut watched: BTreeMap<Place, AbortHandle> = BTreeMap::new();
    loop {
        let places: BTreeSet<Place> = wanted.borrow_and_update().clone();
        watched.retain(|place, task| {
            let kept = places.contains(place);
            if !kept {
                task.abort();
                index.forget_place(place);
            }
            kept
        });
        for place in places {
            let (client, index, tell) = (client.clone(), Arc::clone(&index), tell.clone());
            watched.entry(place.clone()).or_insert_with(|| tasks.spawn(watch(client, index, place, tell)));
        }
        if wanted.changed().await.is_err() {
            return;
        }
    }
}

/// One Deployment and the autoscalers beside it.
async fn watch(client: Client, index: Arc<Index>, place: Place, tell: impl Fn(Notice)) {
    let Place { namespace, name } = &place;
    let one = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let mut running = pin!(watcher(Api::<Running>::namespaced(client.clone(), namespace), one));
    let mut scaling = pin!(watcher(Api::<Autoscaler>::namespaced(client, namespace), watcher::Config::default()));
    let (mut found, mut listed) = (Found::default(), Listed::default());
    let mut pauses = None;
    loop {
        let told = tokio::select! {
            Some(event) = running.next() => event.map(|event| (is_news(&event), found.take(event)).0),
            Some(event) = scaling.next() => event.map(|event| (is_news(&event), listed.take(&index, namespace, event)).0),
            else => return,
        };
        match told {
            Ok(true) => pauses = None,
            Ok(false) => {}
            Err(error) => {
                let pause = pauses.get_or_insert_with(|| delays(Pace::Watch)).next().unwrap_or_default();
                warn!(namespace, name, %error, pause_ms = pause.as_millis(), "a watch of a Deployment that is taken over broke and begins anew");
                index.place_unknown(&place, &format!("Deployment {name} cannot be watched: {error}"));
                tokio::time::sleep(pause).await;
            }
        }
        // Without the autoscalers nobody knows whether it may be taken over.
        if listed.done {
            found.store(&index, &place);
        }
        debug!(namespace, name, "looked at a Deployment that is taken over");
        for key in index.claimants_of(&place) {
            tell(Notice::Changed(key));
        }
    }
}

/// At the beginning of a list nothing was answered yet.
fn is_news<K>(event: &Event<K>) -> bool {
    !matches!(event, Event::Init)
}

/// What the watch of one Deployment has found.
#[derive(Default)]
struct Found {
    running: Option<Running>,
    done: bool,
}

impl Found {
    fn take(&mut self, event: Event<Running>) {
        match event {
            Event::Init | Event::Delete(_) => self.running = None,
            Event::InitApply(running) | Event::Apply(running) => self.running = Some(running),
            Event::InitDone => self.done = true,
        }
    }

    fn store(&self, index: &Index, place: &Place) {
        match &self.running {
            Some(running) => index.put_running(place, running),
            None if self.done => index.place_missing(place),
            None => {}
        }
    }
}

/// What the watch of autoscalers has brought.
#[derive(Default)]
struct Listed {
    names: BTreeSet<String>,
    fresh: BTreeSet<String>,
    done: bool,
}

impl Listed {
    fn take(&mut self, index: &Index, namespace: &str, event: Event<Autoscaler>) {
        match event {
            Event::Init => self.fresh.clear(),
            Event::InitApply(autoscaler) => {
                self.fresh.extend(autoscaler.metadata.name.clone());
                self.put(index, namespace, &autoscaler);
            }
            Event::Apply(autoscaler) => self.put(index, namespace, &autoscaler),
            Event::Delete(autoscaler) => self.drop(index, namespace, autoscaler.metadata.name.as_deref().unwrap_or_default()),
            Event::InitDone => {
                let gone: Vec<String> = self.names.difference(&self.fresh).cloned().collect();
                for name in &gone {
                    self.drop(index, namespace, name);
                }
                self.done = true;
            }
        }
    }

    fn put(&mut self, index: &Index, namespace: &str, autoscaler: &Autoscaler) {
        let name = autoscaler.metadata.name.clone().unwrap_or_default();
        index.put_autoscaler(namespace, &name, Some(autoscaler));
        self.names.insert(name);
    }

    fn drop(&mut self, index: &Index, namespace: &str, name: &str) {
        index.put_autoscaler(namespace, name, None);
        self.names.remove(name);
    }
}
