//! How is one object followed until it says what is waited for?

use std::fmt::Debug;
use std::pin::pin;

use futures::StreamExt as _;
use kube::Resource;
use kube::core::NamespaceResourceScope;
use kube::runtime::watcher::{self, watch_object};
use serde::de::DeserializeOwned;

use super::ask::Place;
use super::failure::{Failure, lower};
use crate::api::Object;
use crate::retry::{Pace, delays};

/// Hands each state of an object to `look`, from the present one on, until that makes something of it; `None` is an object that is not there. A watch
/// that breaks begins anew: whoever waits limits the time.
pub(super) async fn until<K, T>(
    place: &Place,
    name: &str,
    mut look: impl AsyncFnMut(Option<K>) -> Result<Option<T>, Failure>,
) -> Result<T, Failure>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let mut states = pin!(watch_object(place.all::<K>(), name));
    let mut pauses = None;
    while let Some(state) = states.next().await {
        match state {
            Ok(state) => {
                pauses = None;
                if let Some(end) = look(state).await? {
                    return Ok(end);
                }
            }
            Err(error) => {
                if let Some(refusal) = refusal(&error) {
                    return Err(place.refused(refusal));
                }
                tokio::time::sleep(pauses.get_or_insert_with(|| delays(Pace::Watch)).next().unwrap_or_default()).await;
            }
        }
    }
    Err(Failure::new("the watch ended", "this is a bug in Serin; please report it"))
}

/// The same for the Rollout itself, which ends with Ctrl-C, too.
pub(super) async fn until_stopped(
    place: &Place,
    look: impl AsyncFnMut(Option<Object>) -> Result<Option<()>, Failure>,
) -> Result<(), Failure> {
    tokio::select! {
        end = until(place, &place.key.name, look) => end,
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(|error| {
            Failure::new(format!("cannot listen for signals: {}", lower(&error)), "raise the limit of open files for this process")
        }),
    }
}

/// The answer that asking again will not change, if the error is one.
fn refusal(error: &watcher::Error) -> Option<&kube::Error> {
    match error {
        watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) => {
            matches!(error, kube::Error::Api(status) if matches!(status.code, 401 | 403 | 404)).then_some(error)
        }
        watcher::Error::WatchError(_) | watcher::Error::WatchFailed(_) | watcher::Error::NoResourceVersion => None,
    }
}
