//! How is a Rollout read from a watch so that no object can break it?

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::Deserializer;
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::slim::slim;
use super::spec::Rollout;
use super::status::Status;

/// A Rollout as it is watched: the spec stays text until somebody asks, and a status that cannot be read is a value.
#[derive(Clone, Debug, Resource)]
#[resource(inherit = Rollout)]
pub struct Object {
    /// Name, namespace, generation, finalizers and so on, without managed fields and without annotations of others.
    pub metadata: ObjectMeta,
    /// The spec as text: one allocation instead of a tree.
    spec: Box<RawValue>,
    /// What was committed last; the default where nothing was. An error says why it cannot be read: then nothing may be written.
    pub status: Result<Arc<Status>, String>,
}

impl Object {
    /// The spec as it stands in the object. Parsing is for the caller to do once per generation.
    pub fn spec(&self) -> Value {
        serde_json::from_str(self.spec.get()).unwrap_or(Value::Null)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(deserialize_with = "slim")]
            metadata: ObjectMeta,
            spec: Option<Box<RawValue>>,
            status: Option<Box<RawValue>>,
        }
        let Raw { metadata, spec, status } = Raw::deserialize(deserializer)?;
        let status = status.map_or_else(|| Ok(Status::default()), |raw| read_status(raw.get())).map(Arc::new);
        Ok(Self { metadata, spec: spec.unwrap_or_else(|| RawValue::NULL.to_owned()), status })
    }
}

/// A status whose columns or conditions are strange is read for what Serin goes on from; the rest is rendered again.
fn read_status(text: &str) -> Result<Status, String> {
    #[derive(Deserialize)]
    struct Kept {
        #[serde(default)]
        state: Option<crate::rollout::State>,
        #[serde(default)]
        memo: crate::rollout::Memo,
        #[serde(default)]
        evidence: crate::analysis::Evidence,
        #[serde(default)]
        audit: crate::audit::Outbox,
        #[serde(default)]
        analysis: Option<super::shared::Frozen>,
    }
    serde_json::from_str::<Option<Status>>(text).map(Option::unwrap_or_default).or_else(|_| {
        serde_json::from_str::<Kept>(text)
            .map(|Kept { state, memo, evidence, audit, analysis }| Status { state, memo, evidence, analysis, audit, ..Status::default() })
            .map_err(|error| format!("the status was not written by this version of Serin ({error}); run the version that wrote it"))
    })
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Whole<'a> {
            api_version: &'a str,
            kind: &'a str,
            metadata: &'a ObjectMeta,
            spec: &'a RawValue,
            status: &'a Status,
        }
        let status = self.status.as_ref().map_err(S::Error::custom)?;
        let (api_version, kind) = (Rollout::api_version(&()), Rollout::kind(&()));
        Whole { api_version: &api_version, kind: &kind, metadata: &self.metadata, spec: &self.spec, status }.serialize(serializer)
    }
}
