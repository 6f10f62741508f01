//! What of a command is looked at, and does anything verify who gave it?

use k8s_openapi::api::admissionregistration::v1::ValidatingAdmissionPolicyBinding;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::meta::REQUESTED_BY;
use crate::api::{ActionStatus, RolloutAction, RolloutActionSpec, from_time, slim};
use crate::rollout::{self, Author, Key, Revision};

/// The policy of `deploy/` that refuses whoever speaks in the name of somebody else.
pub const ACTIONS_POLICY: &str = "serin-actions";

/// A RolloutAction as it is watched: what cannot be read is nothing, and breaks no list.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = RolloutAction)]
pub struct Action {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
    #[serde(default, deserialize_with = "lenient")]
    spec: Option<RolloutActionSpec>,
    #[serde(default, deserialize_with = "lenient")]
    status: Option<ActionStatus>,
}

/// The binding that puts the policy of actions into force.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = ValidatingAdmissionPolicyBinding)]
pub struct Binding {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    spec: BindingSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BindingSpec {
    policy_name: String,
    validation_actions: Vec<String>,
}

impl Action {
    /// The Rollout that it is for.
    pub(super) fn owner(&self) -> Option<Key> {
        Some(Key { namespace: self.metadata.namespace.clone()?, name: self.spec.as_ref()?.rollout.clone() })
    }
}

/// What is looked at of a command; nothing where it is being deleted: whoever gave it took it back.
pub fn action_view(action: &Action) -> Option<rollout::Action> {
    let Action { metadata, spec, status } = action;
    let spec = spec.as_ref().filter(|_| metadata.deletion_timestamp.is_none())?;
    let at = metadata.creation_timestamp.as_ref().map(from_time).unwrap_or_default();
    let answered = status.as_ref().filter(|status| status.phase.is_some());
    Some(rollout::Action {
        uid: metadata.uid.clone()?,
        name: metadata.name.clone()?,
        verb: spec.verb.into(),
        revision: spec.revision.clone().map(Revision::new),
        attempt: spec.attempt.and_then(|number| u32::try_from(number).ok()),
        to: spec.to.clone().map(Revision::new),
        author: Author {
            name: spec.actor.as_ref().map(|actor| actor.username.clone()),
            on_behalf_of: metadata.annotations.as_ref().and_then(|all| all.get(REQUESTED_BY)).cloned(),
            reason: spec.reason.clone(),
        },
        at,
        answered: answered.map(|status| status.at.as_ref().map_or(at, from_time)),
    })
}

/// Whether a binding has the API server refuse forged actors.
pub(super) fn verifies(binding: &Binding) -> bool {
    let BindingSpec { policy_name, validation_actions } = &binding.spec;
    policy_name == ACTIONS_POLICY && validation_actions.iter().any(|action| action == "Deny")
}

fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(T::deserialize(value).ok())
}
