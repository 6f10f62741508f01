//! What of a revision's record (a ControllerRevision) is looked at?

use std::borrow::Cow;

use chrono::DateTime;
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;

use super::meta::{NUMBER, OUTCOME, OUTCOME_AT};
use crate::api::slim;
use crate::rollout;

/// A ControllerRevision without its data, which is a whole pod template.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
}

/// What is looked at of a record.
pub fn record_view(record: &Record) -> rollout::Record {
    let says = |name: &str| record.metadata.annotations.as_ref().and_then(|annotations| annotations.get(name));
    rollout::Record {
        number: says(NUMBER).and_then(|number| number.parse().ok()).unwrap_or(0),
        outcome: says(OUTCOME).cloned(),
        outcome_at: says(OUTCOME_AT).and_then(|at| DateTime::parse_from_rfc3339(at).ok()).map(|at| at.to_utc()),
    }
}

// The derive cannot say that only the metadata is asked for.
impl Resource for Record {
    type DynamicType = ();
    type Scope = <ControllerRevision as Resource>::Scope;

    fn group((): &()) -> Cow<'_, str> {
        ControllerRevision::group(&())
    }

    fn kind((): &()) -> Cow<'_, str> {
        ControllerRevision::kind(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        ControllerRevision::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        ControllerRevision::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn metadata_api() -> bool {
        true
    }
}
