//! Which request makes a change? Paths and bodies only: nothing is sent here.

use chrono::{DateTime, SecondsFormat, Utc};
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use serde::Serialize;
use serde_json::{Value, json};

use super::meta::{ADOPTED_BY, EPOCH, FINALIZER, NUMBER, OUTCOME, OUTCOME_AT, RESTART, REVISION, ROLLOUT, ROLLOUT_UID, child_name};
use super::workloads::Place;
use crate::api::Status;
use crate::rollout::{Epoch, Fence, Handled, Key, Restart, Revision};

/// Kubernetes reads this as "no deadline": ours are kept by Serin, per rollout.
const NO_DEADLINE: i64 = i32::MAX as i64;

/// A revision of a rollout.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// The rollout.
    pub key: &'a Key,
    /// The Rollout's uid.
    pub uid: &'a str,
    /// The revision.
    pub revision: &'a Revision,
}

/// What of a Rollout's spec becomes a Deployment.
#[derive(Clone, Copy, Debug)]
pub struct Pods<'a> {
    /// The template as the user wrote it.
    pub template: &'a Value,
    /// `spec.minReadySeconds` as the user wrote it.
    pub min_ready_seconds: Option<&'a Value>,
    /// Replicas to begin with.
    pub replicas: u32,
    /// The epoch in which it is made, where there is one.
    pub epoch: Epoch,
}

/// How a Deployment has to be, besides its replicas.
#[derive(Clone, Copy, Debug)]
pub struct Right<'a> {
    /// Its `minReadySeconds`.
    pub min_ready_seconds: u32,
    /// The template, where that has to be written again.
    pub template: Option<&'a Value>,
    /// The restart that stands on it.
    pub restart: Option<&'a Restart>,
}

/// Creates a revision's Deployment. Strictly: a field that the API server does not know is refused, never dropped in silence.
pub fn create_deployment(of: &Of<'_>, pods: &Pods<'_>) -> Request<Vec<u8>> {
    let path = format!("{}?fieldValidation=Strict&{BY_US}", deployments(of.key));
    send(Method::POST, &path, JSON, &deployment(of, pods, &of.name()))
}

/// Asks whether the API server would create a revision's Deployment. Under a scratch name, so that one that exists does not answer.
pub fn try_deployment(of: &Of<'_>, pods: &Pods<'_>) -> Request<Vec<u8>> {
    let path = format!("{}?dryRun=All&fieldValidation=Strict&{BY_US}", deployments(of.key));
    send(Method::POST, &path, JSON, &deployment(of, pods, &of.scratch_name()))
}

/// Stores a revision's template under its number, which stands in the metadata, too: that is all that is watched of it.
pub fn create_record(of: &Of<'_>, template: &Value, number: u32) -> Request<Vec<u8>> {
    let mut metadata = of.metadata(&of.name());
    metadata["annotations"][NUMBER] = number.to_string().into();
    let body = json!({
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": metadata,
        "revision": number,
        "data": template,
    });
    send(Method::POST, &format!("{}?{BY_US}", records(of.key)), JSON, &body)
}

/// Writes what became of a revision, and when, on its record.
pub fn mark_record(key: &Key, revision: &Revision, outcome: &str, at: DateTime<Utc>) -> Request<Vec<u8>> {
    let path = format!("{}/{}?{BY_US}", records(key), child_name(&key.name, revision));
    let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
    send(Method::PATCH, &path, MERGE, &json!({"metadata": {"annotations": {OUTCOME: outcome, OUTCOME_AT: at}}}))
}

/// Reads a revision's record, its template included.
pub fn get_record(key: &Key, revision: &Revision) -> Request<Vec<u8>> {
    bare(Method::GET, &format!("{}/{}", records(key), child_name(&key.name, revision)), JSON, Vec::new())
}

/// Puts a Deployment right as it was seen; any other state of it is a conflict. The whole template is replaced, so nothing that others added stays.
pub fn repair_deployment(of: &Of<'_>, fence: &Fence, right: &Right<'_>) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let replace = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let mut writes = vec![
        replace("/metadata/uid", uid.as_str().into()),
        replace("/metadata/resourceVersion", resource_version.as_str().into()),
        replace("/spec/paused", false.into()),
        replace("/spec/minReadySeconds", right.min_ready_seconds.into()),
    ];
    if let Some(template) = right.template {
        let mut template = labelled(template, of);
        if let Some(restart) = right.restart {
            template["metadata"]["annotations"][RESTART] = restart.as_str().into();
        }
        writes.push(replace("/spec/template", template));
    }
    let path = format!("{}/{}?fieldValidation=Strict&{BY_US}", deployments(of.key), of.name());
    send(Method::PATCH, &path, JSON_PATCH, &Value::Array(writes))
}

/// Writes a restart on a Deployment's template as it was seen; any other state of it is a conflict.
pub fn restart_deployment(key: &Key, revision: &Revision, fence: &Fence, restart: &Restart) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let body = json!({
        "metadata": {"uid": uid, "resourceVersion": resource_version},
        "spec": {"template": {"metadata": {"annotations": {RESTART: restart.as_str()}}}},
    });
    send(Method::PATCH, &format!("{}/{}?{BY_US}", deployments(key), child_name(&key.name, revision)), MERGE, &body)
}

/// Writes an epoch on a Deployment as it was seen; any other state of it is a conflict.
pub fn stamp_deployment(key: &Key, revision: &Revision, fence: &Fence, epoch: Epoch) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let body = json!({"metadata": {"uid": uid, "resourceVersion": resource_version, "annotations": {EPOCH: epoch.to_string()}}});
    send(Method::PATCH, &format!("{}/{}?{BY_US}", deployments(key), child_name(&key.name, revision)), MERGE, &body)
}

/// Writes on a Deployment that a Rollout takes it over, or with `None` that none does; and whether its own roll-outs are stopped.
pub fn hold_deployment(place: &Place, fence: &Fence, by: Option<&str>, paused: bool) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let body = json!({
        "metadata": {"uid": uid, "resourceVersion": resource_version, "annotations": {ADOPTED_BY: by}},
        "spec": {"paused": paused},
    });
    send(Method::PATCH, &format!("{}?{BY_US}", running(place)), MERGE, &body)
}

/// Scales a Deployment that is taken over, as it was seen.
pub fn scale_held(place: &Place, fence: &Fence, replicas: u32) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let body = json!({
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": place.name, "namespace": place.namespace, "uid": uid, "resourceVersion": resource_version},
        "spec": {"replicas": replicas},
    });
    send(Method::PUT, &format!("{}/scale?{BY_US}", running(place)), JSON, &body)
}

/// Reads a Deployment that is taken over.
pub fn get_running(place: &Place) -> Request<Vec<u8>> {
    bare(Method::GET, &running(place), JSON, Vec::new())
}

fn running(Place { namespace, name }: &Place) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
}

/// Reads a revision's Deployment.
pub fn get_deployment(key: &Key, revision: &Revision) -> Request<Vec<u8>> {
    bare(Method::GET, &format!("{}/{}", deployments(key), child_name(&key.name, revision)), JSON, Vec::new())
}

/// Gives a Deployment its labels back, as it was seen.
pub fn label_deployment(of: &Of<'_>, fence: &Fence) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let body = json!({"metadata": {"uid": uid, "resourceVersion": resource_version, "labels": of.labels()}});
    send(Method::PATCH, &format!("{}/{}?{BY_US}", deployments(of.key), of.name()), MERGE, &body)
}

/// Deletes a revision's Deployment with its pods, as it was seen.
pub fn delete_deployment(key: &Key, revision: &Revision, fence: &Fence) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": uid, "resourceVersion": resource_version},
    });
    send(Method::DELETE, &format!("{}/{}", deployments(key), child_name(&key.name, revision)), JSON, &body)
}

/// Deletes a revision's record.
pub fn delete_record(key: &Key, revision: &Revision) -> Request<Vec<u8>> {
    let body = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
    send(Method::DELETE, &format!("{}/{}", records(key), child_name(&key.name, revision)), JSON, &body)
}

/// Reads how far a Deployment is scaled.
pub fn get_scale(key: &Key, revision: &Revision) -> Request<Vec<u8>> {
    bare(Method::GET, &scale_path(key, revision), JSON, Vec::new())
}

/// Scales a Deployment as it was seen; any other state of it is a conflict.
pub fn put_scale(key: &Key, revision: &Revision, fence: &Fence, replicas: u32) -> Request<Vec<u8>> {
    let Fence { uid, resource_version } = fence;
    let name = child_name(&key.name, revision);
    let body = json!({
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": name, "namespace": key.namespace, "uid": uid, "resourceVersion": resource_version},
        "spec": {"replicas": replicas},
    });
    send(Method::PUT, &format!("{}?{BY_US}", scale_path(key, revision)), JSON, &body)
}

/// Writes a Rollout's status as a whole, onto the version that was seen; any other version is a conflict. The API server takes
/// nothing but the status from it, so nothing else is sent.
pub fn put_status(key: &Key, resource_version: &str, status: &Status) -> Request<Vec<u8>> {
    // Written straight: no tree is made of what may be the largest body of all.
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        api_version: &'a str,
        kind: &'a str,
        metadata: Value,
        status: &'a Status,
    }
    let metadata = json!({"name": key.name, "namespace": key.namespace, "resourceVersion": resource_version});
    let body = Body { api_version: "serin.dev/v1alpha1", kind: "Rollout", metadata, status };
    send(Method::PUT, &format!("{}/status?{BY_US}", rollout(key)), JSON, &body)
}

/// Writes on an action what became of it, onto the version that was seen; any other version is a conflict.
pub fn answer_action(key: &Key, handled: &Handled, version: u64) -> Request<Vec<u8>> {
    let Handled { uid, name, answer, message, phase, at } = handled;
    let body = json!({
        "metadata": {"uid": uid, "resourceVersion": version.to_string()},
        "status": {"phase": answer, "message": message, "state": phase, "at": at.to_rfc3339_opts(SecondsFormat::Secs, true)},
    });
    send(Method::PATCH, &format!("{}/{name}/status?{BY_US}", actions(key)), MERGE, &body)
}

/// Deletes an action, and never another one of its name.
pub fn delete_action(key: &Key, name: &str, uid: &str) -> Request<Vec<u8>> {
    let body = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}});
    send(Method::DELETE, &format!("{}/{name}", actions(key)), JSON, &body)
}

/// Writes a Rollout's finalizers: those that were seen, and ours.
pub fn guard(key: &Key, resource_version: &str, seen: &[String]) -> Request<Vec<u8>> {
    let with: Vec<&str> = seen.iter().map(String::as_str).filter(|name| *name != FINALIZER).chain([FINALIZER]).collect();
    finalizers(key, resource_version, &with)
}

/// Writes a Rollout's finalizers: those that were seen, without ours.
pub fn release(key: &Key, resource_version: &str, seen: &[String]) -> Request<Vec<u8>> {
    let without: Vec<&str> = seen.iter().map(String::as_str).filter(|name| *name != FINALIZER).collect();
    finalizers(key, resource_version, &without)
}

/// The resourceVersion in the patch makes it a conflict if anybody else wrote meanwhile, so no finalizer of others is lost.
fn finalizers(key: &Key, resource_version: &str, names: &[&str]) -> Request<Vec<u8>> {
    let body = json!({"metadata": {"resourceVersion": resource_version, "finalizers": names}});
    send(Method::PATCH, &format!("{}?{BY_US}", rollout(key)), MERGE, &body)
}

impl Of<'_> {
    fn name(&self) -> String {
        child_name(&self.key.name, self.revision)
    }

    fn scratch_name(&self) -> String {
        format!("{}-dry", self.name())
    }

    fn labels(&self) -> Value {
        json!({ROLLOUT: self.key.name, REVISION: self.revision.as_str()})
    }

    fn metadata(&self, name: &str) -> Value {
        json!({
            "name": name,
            "namespace": self.key.namespace,
            "labels": self.labels(),
            "annotations": {ROLLOUT_UID: self.uid},
        })
    }
}

/// No ownerReference: a deleted Rollout leaves its stable Deployment serving.
fn deployment(of: &Of<'_>, pods: &Pods<'_>, name: &str) -> Value {
    let Pods { template, min_ready_seconds, replicas, epoch } = *pods;
    let mut metadata = of.metadata(name);
    if !epoch.is_none() {
        metadata["annotations"][EPOCH] = epoch.to_string().into();
    }
    let mut spec = json!({
        "replicas": replicas,
        "selector": {"matchLabels": of.labels()},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"}},
        "progressDeadlineSeconds": NO_DEADLINE,
        "revisionHistoryLimit": 0,
        "template": labelled(template, of),
    });
    if let Some(seconds) = min_ready_seconds {
        spec["minReadySeconds"] = seconds.clone();
    }
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
}

/// The template exactly as the user wrote it, and our two labels.
fn labelled(template: &Value, of: &Of<'_>) -> Value {
    let mut template = template.clone();
    template["metadata"]["labels"][ROLLOUT] = of.key.name.clone().into();
    template["metadata"]["labels"][REVISION] = of.revision.as_str().into();
    template
}

pub(super) const JSON: &str = "application/json";
pub(super) const MERGE: &str = "application/merge-patch+json";
const JSON_PATCH: &str = "application/json-patch+json";

/// Who writes, as the API server notes it in managed fields: see [`super::managers`].
pub(super) const BY_US: &str = "fieldManager=serin";

fn rollout(key: &Key) -> String {
    format!("/apis/serin.dev/v1alpha1/namespaces/{}/rollouts/{}", key.namespace, key.name)
}

fn actions(key: &Key) -> String {
    format!("/apis/serin.dev/v1alpha1/namespaces/{}/rolloutactions", key.namespace)
}

fn deployments(key: &Key) -> String {
    format!("/apis/apps/v1/namespaces/{}/deployments", key.namespace)
}

fn records(key: &Key) -> String {
    format!("/apis/apps/v1/namespaces/{}/controllerrevisions", key.namespace)
}

fn scale_path(key: &Key, revision: &Revision) -> String {
    format!("{}/{}/scale", deployments(key), child_name(&key.name, revision))
}

pub(super) fn send(method: Method, path: &str, content: &str, body: &impl Serialize) -> Request<Vec<u8>> {
    bare(method, path, content, serde_json::to_vec(body).expect("plain data can always be written as JSON"))
}

pub(super) fn bare(method: Method, path: &str, content: &str, body: Vec<u8>) -> Request<Vec<u8>> {
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, content).body(body);
    request.expect("names of Kubernetes objects can stand in a URL")
}
