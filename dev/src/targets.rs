//! Which pods does Prometheus scrape on a real node? All that have an address, by the file that it watches.

use std::path::{Path, PathBuf};

use anyhow::Result;
use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// The port on which pods tell what they counted.
const PORT: u16 = 8080;

/// Keeps the file up to date until it is dropped.
#[derive(Debug)]
pub(crate) struct Targets(JoinHandle<()>);

impl Targets {
    pub(crate) fn keep(client: Client, file: PathBuf) -> Self {
        Self(tokio::spawn(async move {
            let (store, writer) = reflector::store();
            let pods = watcher(Api::<Pod>::all(client), watcher::Config::default()).default_backoff().reflect(writer).applied_objects();
            let mut changes = std::pin::pin!(pods);
            while changes.next().await.is_some() {
                let targets: Vec<Value> = store.state().iter().filter_map(|pod| target(pod)).collect();
                // The next change tries again.
                let _ = write(&file, &json!(targets));
            }
        }))
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Prometheus never sees half a file.
fn write(file: &Path, targets: &Value) -> Result<()> {
    let beside = file.with_extension("new");
    std::fs::write(&beside, targets.to_string())?;
    Ok(std::fs::rename(beside, file)?)
}

/// The labels are those that queries ask for.
fn target(pod: &Pod) -> Option<Value> {
    let address = pod.status.as_ref()?.pod_ip.as_ref()?;
    Some(json!({"targets": [format!("{address}:{PORT}")], "labels": {"namespace": pod.namespace()?, "pod": pod.name_any()}}))
}
