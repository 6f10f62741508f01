//! Whose is an object that was seen, and what of it is kept?

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::actions::{Action, Binding, action_view, verifies};
use super::deployments::{ChildView, Deployment, Tally, child_view, tally};
use super::meta::{REVISION, ROLLOUT, child_name, version};
use super::pods::{Pod, pod_view};
use super::records::{Record, record_view};
use super::services::{Service, ServiceSpec, service_view};
use super::templates::Template;
use crate::api::Object;
use crate::rollout::{self, Key, Revision};

/// The kinds that are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Our own resource.
    Rollout,
    /// Deployments with our label.
    Deployment,
    /// Pods with our label.
    Pod,
    /// All Services: which ones matter stands in Rollouts.
    Service,
    /// `ControllerRevisions` with our label, metadata only.
    Record,
    /// Commands for rollouts.
    Action,
    /// The binding of the policy that verifies who gives commands.
    Binding,
    /// Checks that rollouts share.
    Template,
}

/// One object that was seen.
#[derive(Clone, Debug)]
pub struct Item {
    /// The rollout that it belongs to; a Service, a binding or a template belongs to none and has its own name here.
    pub(super) owner: Key,
    /// Its own name.
    pub(super) name: String,
    /// Its resourceVersion.
    pub(super) version: u64,
    /// What is kept of it.
    pub(super) view: View,
}

/// What is kept of an object.
#[derive(Clone, Debug)]
pub(super) enum View {
    Rollout(Arc<Object>),
    Child(ChildView, Tally),
    Pod(Revision, rollout::Pod),
    Service(ServiceSpec),
    Record(rollout::Record),
    Action(Option<rollout::Action>),
    Binding(bool),
    Template(Arc<Value>),
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] =
        [Self::Rollout, Self::Deployment, Self::Pod, Self::Service, Self::Record, Self::Action, Self::Binding, Self::Template];

    /// The resource's name, as it stands in URLs, logs and metrics.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Rollout => "rollouts",
            Self::Deployment => "deployments",
            Self::Pod => "pods",
            Self::Service => "services",
            Self::Record => "controllerrevisions",
            Self::Action => "rolloutactions",
            Self::Binding => "validatingadmissionpolicybindings",
            Self::Template => "analysistemplates",
        }
    }
}

impl Item {
    /// A Rollout.
    pub fn rollout(object: Object) -> Option<Self> {
        let owner = Key { namespace: object.metadata.namespace.clone()?, name: object.metadata.name.clone()? };
        let version = number(&object.metadata);
        Some(Self { name: owner.name.clone(), owner, version, view: View::Rollout(Arc::new(object)) })
    }

    /// A revision's Deployment; `None` for one that only copies our labels, as an edited copy of ours does.
    pub fn deployment(deployment: &Deployment) -> Option<Self> {
        let (owner, revision) = labels(&deployment.metadata)?;
        Self::child(owner, &revision, &deployment.metadata, View::Child(child_view(deployment), tally(deployment)))
    }

    /// A revision's Deployment as the reply to a repair of ours shows it.
    pub fn repaired(deployment: &Deployment) -> Option<Self> {
        let (owner, revision) = labels(&deployment.metadata)?;
        Self::child(owner, &revision, &deployment.metadata, View::Child(child_view(deployment).put_right(), tally(deployment)))
    }

    /// A revision's record; `None` for one that only copies our labels.
    pub fn record(record: &Record) -> Option<Self> {
        let (owner, revision) = labels(&record.metadata)?;
        Self::child(owner, &revision, &record.metadata, View::Record(record_view(record)))
    }

    /// A pod of a revision.
    pub fn pod(pod: &Pod) -> Option<Self> {
        let (owner, revision) = labels(&pod.metadata)?;
        let name = pod.metadata.name.clone()?;
        Some(Self { owner, name, version: number(&pod.metadata), view: View::Pod(revision, pod_view(pod)) })
    }

    /// A Service.
    pub fn service(service: Service) -> Option<Self> {
        let version = number(&service.metadata);
        let owner = Key { namespace: service.metadata.namespace.clone()?, name: service.metadata.name.clone()? };
        Some(Self { name: owner.name.clone(), owner, version, view: View::Service(service_view(service)) })
    }

    /// A command for a Rollout, whether that exists or not.
    pub fn action(action: &Action) -> Option<Self> {
        let name = action.metadata.name.clone()?;
        Some(Self { owner: action.owner()?, name, version: number(&action.metadata), view: View::Action(action_view(action)) })
    }

    /// A template of checks.
    pub fn template(template: Template) -> Option<Self> {
        let version = number(&template.metadata);
        let owner = Key { namespace: template.metadata.namespace.clone()?, name: template.metadata.name.clone()? };
        Some(Self { name: owner.name.clone(), owner, version, view: View::Template(Arc::new(template.spec)) })
    }

    /// A binding of an admission policy.
    pub fn binding(binding: &Binding) -> Option<Self> {
        let name = binding.metadata.name.clone()?;
        let owner = Key { namespace: String::new(), name: name.clone() };
        Some(Self { owner, name, version: number(&binding.metadata), view: View::Binding(verifies(binding)) })
    }

    fn child(owner: Key, revision: &Revision, metadata: &ObjectMeta, view: View) -> Option<Self> {
        let name = metadata.name.clone().filter(|name| *name == child_name(&owner.name, revision))?;
        Some(Self { owner, name, version: number(metadata), view })
    }
}

/// The rollout and the revision that an object's labels name.
fn labels(metadata: &ObjectMeta) -> Option<(Key, Revision)> {
    let labels = metadata.labels.as_ref()?;
    let owner = Key { namespace: metadata.namespace.clone()?, name: labels.get(ROLLOUT)?.clone() };
    Some((owner, Revision::new(labels.get(REVISION)?.clone())))
}

fn number(metadata: &ObjectMeta) -> u64 {
    metadata.resource_version.as_deref().map_or(0, version)
}
