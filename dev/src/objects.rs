//! How do the repository's YAML files become objects in a cluster?

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kube::api::{Api, ApiResource, DynamicObject, PostParams};
use kube::core::GroupVersionKind;
use kube::{Client, ResourceExt, discovery};
use tokio::time::{Instant, sleep};

/// A kind whose definition was created a moment ago is served within a second; a busy machine takes longer.
const KIND_SERVED_WITHIN: Duration = Duration::from_secs(20);

/// A file or folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// All objects of the YAML files in a folder of the repository, Namespaces first; `kustomization.yaml` is no object.
///
/// # Errors
/// A file cannot be read, or holds something else than objects.
pub fn objects_in(folder: &str) -> Result<Vec<DynamicObject>> {
    let mut objects = Vec::new();
    for entry in std::fs::read_dir(repository(folder)).with_context(|| format!("no folder {folder}"))? {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "yaml") && !file.ends_with("kustomization.yaml") {
            let text = std::fs::read_to_string(&file)?;
            objects.extend(objects_of(&text).with_context(|| format!("in {}", file.display()))?);
        }
    }
    let kind = |object: &DynamicObject| object.types.as_ref().map(|types| types.kind.clone()).unwrap_or_default();
    objects.sort_by_key(|object| (kind(object) != "Namespace", kind(object), object.name_any()));
    Ok(objects)
}

/// All objects of one YAML text.
///
/// # Errors
/// The text holds something else.
pub fn objects_of(text: &str) -> Result<Vec<DynamicObject>> {
    serde_saphyr::from_multiple::<DynamicObject>(text).context("not a list of objects")
}

/// The Rollouts of a namespace, as whoever only has the CRD sees them.
pub fn rollouts(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let kind = ApiResource {
        group: "serin.dev".into(),
        version: "v1alpha1".into(),
        api_version: "serin.dev/v1alpha1".into(),
        kind: "Rollout".into(),
        plural: "rollouts".into(),
    };
    Api::namespaced_with(client.clone(), namespace, &kind)
}

/// Creates an object; where it names no namespace and needs one, in this one.
///
/// # Errors
/// The API server refuses it, or its kind is not served.
pub async fn create(client: &Client, object: &DynamicObject, namespace: &str) -> Result<DynamicObject> {
    let api = api_of(client, object, namespace).await?;
    api.create(&PostParams::default(), object).await.with_context(|| format!("cannot create {}", object.name_any()))
}

/// Asks whether the API server would create an object.
///
/// # Errors
/// It would not.
pub(crate) async fn try_out(client: &Client, object: &DynamicObject, namespace: &str) -> Result<()> {
    let api = api_of(client, object, namespace).await?;
    api.create(&PostParams { dry_run: true, ..PostParams::default() }, object).await?;
    Ok(())
}

async fn api_of(client: &Client, object: &DynamicObject, namespace: &str) -> Result<Api<DynamicObject>> {
    let kind = GroupVersionKind::try_from(object.types.as_ref().context("an object without a kind")?)?;
    let begun = Instant::now();
    let (resource, capabilities) = loop {
        match discovery::pinned_kind(client, &kind).await {
            Ok(found) => break found,
            Err(error) => ensure!(begun.elapsed() < KIND_SERVED_WITHIN, "{} is not served: {error}", kind.kind),
        }
        sleep(Duration::from_millis(50)).await;
    };
    let namespace = object.namespace().unwrap_or_else(|| namespace.to_owned());
    Ok(match capabilities.scope {
        discovery::Scope::Cluster => Api::all_with(client.clone(), &resource),
        discovery::Scope::Namespaced => Api::namespaced_with(client.clone(), &namespace, &resource),
    })
}
