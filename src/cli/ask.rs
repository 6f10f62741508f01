//! Which Rollout is meant, and is it there?

use k8s_openapi::api::apps::v1::Deployment;
use kube::api::DynamicObject;
use kube::core::ApiResource;
use kube::{Api, Client};
use serde_json::Value;

use super::access;
use super::command::Target;
use super::failure::Failure;
use crate::api::Object;
use crate::rollout::Key;

/// A Rollout that was found, and where.
pub(super) struct Found {
    /// The cluster.
    pub(super) place: Place,
    /// The Rollout as it was a moment ago.
    pub(super) object: Object,
}

/// A cluster that is asked about one Rollout.
pub(super) struct Place {
    /// How it is asked.
    pub(super) client: Client,
    /// Its address, for errors.
    pub(super) url: String,
    /// The Rollout.
    pub(super) key: Key,
}

/// Asks once for a Rollout.
pub(super) async fn rollout(target: &Target) -> Result<Found, Failure> {
    let config = access::config(&target.access).await?;
    let url = config.cluster_url.to_string();
    let namespace = target.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let place = Place { client: access::client(config)?, url, key: Key { namespace, name: target.name.clone() } };
    match place.rollouts().get(&place.key.name).await {
        Ok(object) => Ok(Found { place, object }),
        Err(kube::Error::Api(status)) if status.code == 404 && status.details.is_some() => Err(place.missing()),
        Err(error) => Err(place.refused(&error)),
    }
}

impl Place {
    /// The Rollouts of the namespace.
    pub(super) fn rollouts(&self) -> Api<Object> {
        self.all()
    }

    /// The objects of a kind in the namespace.
    pub(super) fn all<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.key.namespace)
    }

    /// The pod template that a Rollout asks for now: its own, or that of the Deployment which it takes over; nothing where that is not there.
    pub(super) async fn template(&self, object: &Object) -> Result<Value, Failure> {
        let mut spec = object.spec();
        let Some(name) = spec.pointer("/workloadRef/name").and_then(Value::as_str) else {
            return Ok(spec.get_mut("template").map(Value::take).unwrap_or_default());
        };
        let deployments = ApiResource::erase::<Deployment>(&());
        let running: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.key.namespace, &deployments);
        let running = running.get_opt(name).await.map_err(|error| self.refused(&error))?;
        Ok(running.and_then(|mut running| running.data.pointer_mut("/spec/template").map(Value::take)).unwrap_or_default())
    }

    /// There is no such Rollout.
    pub(super) fn missing(&self) -> Failure {
        let Self { key, .. } = self;
        let namespace = &key.namespace;
        let hint = format!("list the Rollouts there: kubectl get rollouts --namespace {namespace}; another namespace is named with -n");
        Failure::new(format!("there is no Rollout {} in the namespace {namespace}", key.name), hint)
    }

    /// What a question that got no good answer means for people.
    pub(super) fn refused(&self, error: &kube::Error) -> Failure {
        access::refused(error, &self.url)
    }
}

/// A status that another version wrote.
pub(super) fn unreadable(error: String) -> Failure {
    Failure::new(error, "use the version of Serin that runs in the cluster: serin --version")
}
