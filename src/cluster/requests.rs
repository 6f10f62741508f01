//! Which request makes a change? Paths and bodies only: nothing is sent here.

use http::header::CONTENT_TYPE;
use http::{Method, Request};
use serde_json::{Value, json};

use super::meta::{FINALIZER, OUTCOME, REVISION, ROLLOUT, ROLLOUT_UID, child_name};
use crate::api::Status;
use crate::rollout::{Fence, Key, Revision};

/// Who writes, as the API server notes it in managed fields.
const WRITER: &str = "fieldManager=serin";

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
}

/// Creates a revision's Deployment. Strictly: a field that the API server does not know is refused, never dropped in silence.
pub fn create_deployment(of: &Of<'_>, pods: &Pods<'_>) -> Request<Vec<u8>> {
    let path = format!("{}?fieldValidation=Strict&{WRITER}", deployments(of.key));
    send(Method::POST, &path, JSON, &deployment(of, pods, &of.name()))
}

/// Asks whether the API server would create a revision's Deployment. Under a scratch name, so that one that exists does not answer.
pub fn try_deployment(of: &Of<'_>, pods: &Pods<'_>) -> Request<Vec<u8>> {
    let path = format!("{}?dryRun=All&fieldValidation=Strict&{WRITER}", deployments(of.key));
    send(Method::POST, &path, JSON, &deployment(of, pods, &of.scratch_name()))
}

/// Stores a revision's template under its number.
pub fn create_record(of: &Of<'_>, template: &Value, number: u32) -> Request<Vec<u8>> {
    let body = json!({
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": of.metadata(&of.name()),
        "revision": number,
        "data": template,
    });
    send(Method::POST, &format!("{}?{WRITER}", records(of.key)), JSON, &body)
}

/// Writes what became of a revision on its record.
pub fn mark_record(key: &Key, revision: &Revision, outcome: &str) -> Request<Vec<u8>> {
    let path = format!("{}/{}?{WRITER}", records(key), child_name(&key.name, revision));
    send(Method::PATCH, &path, MERGE, &json!({"metadata": {"annotations": {OUTCOME: outcome}}}))
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
    send(Method::PUT, &format!("{}?{WRITER}", scale_path(key, revision)), JSON, &body)
}

/// Writes a Rollout's status as a whole, onto the version that was seen; any other version is a conflict. The API server takes
/// nothing but the status from it, so nothing else is sent.
pub fn put_status(key: &Key, resource_version: &str, status: &Status) -> Request<Vec<u8>> {
    let body = json!({
        "apiVersion": "serin.dev/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": key.name, "namespace": key.namespace, "resourceVersion": resource_version},
        "status": status,
    });
    send(Method::PUT, &format!("{}/status?{WRITER}", rollout(key)), JSON, &body)
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
    send(Method::PATCH, &format!("{}?{WRITER}", rollout(key)), MERGE, &body)
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
    let Pods { template, min_ready_seconds, replicas } = *pods;
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
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": of.metadata(name), "spec": spec})
}

/// The template exactly as the user wrote it, and our two labels.
fn labelled(template: &Value, of: &Of<'_>) -> Value {
    let mut template = template.clone();
    template["metadata"]["labels"][ROLLOUT] = of.key.name.clone().into();
    template["metadata"]["labels"][REVISION] = of.revision.as_str().into();
    template
}

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";

fn rollout(key: &Key) -> String {
    format!("/apis/serin.dev/v1alpha1/namespaces/{}/rollouts/{}", key.namespace, key.name)
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

fn send(method: Method, path: &str, content: &str, body: &Value) -> Request<Vec<u8>> {
    bare(method, path, content, body.to_string().into_bytes())
}

fn bare(method: Method, path: &str, content: &str, body: Vec<u8>) -> Request<Vec<u8>> {
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, content).body(body);
    request.expect("names of Kubernetes objects can stand in a URL")
}
