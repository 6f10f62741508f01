//! Which part of an object's metadata is kept?

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// Annotations that begin so are ours.
const OURS: &str = "serin.dev/";

/// Annotations of Services that begin so say whether traffic prefers what is near: topology-mode, and topology-aware-hints before it.
pub(crate) const TOPOLOGY: &str = "service.kubernetes.io/topology-";

/// Reads an object's metadata, but not its managed fields and annotations of others: they are most of its bytes and nobody asks for them.
pub(crate) fn slim<'de, D: Deserializer<'de>>(from: D) -> Result<ObjectMeta, D::Error> {
    Ok(Slim::<IgnoredAny>::deserialize(from)?.split().0)
}

/// An object's metadata, as far as it is kept, with `M` of its managed fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Slim<M> {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    finalizers: Option<Vec<String>>,
    #[serde(default)]
    managed_fields: M,
}

impl<M> Slim<M> {
    /// The metadata, and what was read of the managed fields.
    pub(crate) fn split(self) -> (ObjectMeta, M) {
        let read = |name: &str| name.starts_with(OURS) || name.starts_with(TOPOLOGY);
        let annotations = self.annotations.map(|all| all.into_iter().filter(|(name, _)| read(name)).collect());
        let metadata = ObjectMeta {
            name: self.name,
            namespace: self.namespace,
            uid: self.uid,
            resource_version: self.resource_version,
            generation: self.generation,
            creation_timestamp: self.creation_timestamp,
            deletion_timestamp: self.deletion_timestamp,
            labels: self.labels,
            annotations,
            finalizers: self.finalizers,
            ..ObjectMeta::default()
        };
        (metadata, self.managed_fields)
    }
}
