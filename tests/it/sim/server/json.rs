//! How does an object look on the wire? What is made here is read by the code that reads a real cluster.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serin::cluster::{self, Item};
use serin::rollout::{Meaning, PodState, Revision};

use super::objects::{Action, Deployment, Pod, Record, Rollout, Writer};
use crate::sim::acts::Power;

pub(super) fn rollout(rollout: &Rollout) -> Item {
    Item::rollout(rollout.object()).expect("it has a name")
}

/// The shared Service; it selects these pods.
pub(super) fn service(version: u64, app: &str) -> Item {
    let text = format!(
        r#"{{"metadata":{{"name":"shop","namespace":"shop","resourceVersion":"{version}"}},"spec":{{"selector":{{"app":"{app}"}}}}}}"#
    );
    Item::service(read(&text)).expect("it has a name")
}

pub(super) fn deployment(revision: &Revision, image: &str, deployment: &Deployment) -> Item {
    Item::deployment(&read::<cluster::Deployment>(&deployment_text(revision, image, deployment))).expect("it has our labels")
}

/// As the reply to a repair.
pub(super) fn repaired(revision: &Revision, image: &str, deployment: &Deployment) -> Item {
    Item::repaired(&read::<cluster::Deployment>(&deployment_text(revision, image, deployment))).expect("it has our labels")
}

fn deployment_text(revision: &Revision, image: &str, deployment: &Deployment) -> String {
    let Deployment { uid, version, generation, observed, desired, created, replicas, updated, available, paused, min_ready, epoch, .. } =
        deployment;
    let restart = deployment.restart.as_ref().map(|(restart, _)| restart.as_str());
    let image = if deployment.edited_by == Writer::Stranger { "edited" } else { image };
    let failing = r#""conditions":[{"type":"ReplicaFailure","status":"True","message":"exceeded quota"}],"#;
    let conditions = if deployment.quota == Power::Down { failing } else { "" };
    format!(
        r#"{{"metadata":{{{},"uid":"{uid}","resourceVersion":"{version}","generation":{generation},"creationTimestamp":"{}","annotations":{{"serin.dev/epoch":"{epoch}"}},"managedFields":[{}]}},"spec":{{"replicas":{desired},"paused":{paused},"minReadySeconds":{min_ready},"template":{}}},"status":{{{conditions}"observedGeneration":{observed},"replicas":{replicas},"updatedReplicas":{updated},"availableReplicas":{available}}}}}"#,
        names(&format!("checkout-{revision}"), revision),
        stamp(*created),
        strangers(deployment),
        template(revision, image, restart),
    )
}

/// The managed fields of those who are not Serin.
fn strangers(deployment: &Deployment) -> String {
    let entry = |manager: &str, fields: &str| format!(r#"{{"manager":"{manager}","fieldsV1":{{"f:spec":{fields}}}}}"#);
    let scaled = (deployment.scaled_by == Writer::Stranger).then(|| entry("kubectl", r#"{"f:replicas":{}}"#));
    let edited = (deployment.edited_by == Writer::Stranger).then(|| entry("kubectl-edit", r#"{"f:template":{"f:spec":{}}}"#));
    scaled.into_iter().chain(edited).collect::<Vec<_>>().join(",")
}

/// A revision's pod template as the API server completes it.
fn template(revision: &Revision, image: &str, restart: Option<&str>) -> String {
    let restart = restart.map_or(String::new(), |restart| format!(r#""annotations":{{"serin.dev/restart":"{restart}"}},"#));
    format!(
        r#"{{"metadata":{{{restart}"labels":{{"serin.dev/rollout":"checkout","serin.dev/revision":"{revision}"}}}},"spec":{{"image":"{image}"}}}}"#
    )
}

/// What that means, in the eyes of the code that reads a real cluster.
pub(in crate::sim) fn meaning(revision: &Revision, image: &str) -> Meaning {
    let text = format!(r#"{{"metadata":{{}},"spec":{{"template":{}}}}}"#, template(revision, image, None));
    cluster::child_view(&read(&text)).meaning
}

pub(super) fn record(revision: &Revision, version: u64, record: &Record) -> Item {
    let outcome = record
        .outcome
        .as_ref()
        .map_or(String::new(), |(outcome, at)| format!(r#","serin.dev/outcome":"{outcome}","serin.dev/outcome-at":"{}""#, stamp(*at)));
    let text = format!(
        r#"{{"metadata":{{{},"resourceVersion":"{version}","annotations":{{"serin.dev/number":"{}"{outcome}}}}}}}"#,
        names(&format!("checkout-{revision}"), revision),
        record.number,
    );
    Item::record(&read::<cluster::Record>(&text)).expect("it has our labels")
}

pub(super) fn action(action: &Action) -> Item {
    let Action { name, uid, version, verb, revision, attempt, created, answer } = action;
    let revision = revision.as_ref().map_or(String::new(), |revision| format!(r#","revision":"{revision}""#));
    let attempt = attempt.map_or(String::new(), |attempt| format!(r#","attempt":{attempt}"#));
    let status =
        answer.as_ref().map_or(String::new(), |(answer, at)| format!(r#","status":{{"phase":"{answer:?}","at":"{}"}}"#, stamp(*at)));
    let text = format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{uid}","resourceVersion":"{version}","creationTimestamp":"{}"}},"spec":{{"rollout":"checkout","verb":"{verb}","reason":"because"{revision}{attempt}}}{status}}}"#,
        stamp(*created),
    );
    Item::action(&read::<cluster::Action>(&text)).expect("it has a name")
}

pub(super) fn pod(pod: &Pod, version: u64) -> Item {
    let leaves = if pod.state == PodState::Leaving { r#","deletionTimestamp":"2027-01-15T12:00:00Z""# } else { "" };
    let text = format!(
        r#"{{"metadata":{{{},"resourceVersion":"{version}"{leaves}}},"status":{{"phase":"Running",{}}}}}"#,
        names(&pod.name(), &pod.revision),
        status(pod)
    );
    Item::pod(&read::<cluster::Pod>(&text)).expect("it has our labels")
}

/// A pod's conditions and its one container.
fn status(pod: &Pod) -> String {
    let started = stamp(pod.started);
    let running = |is_ready: bool| format!(r#""ready":{is_ready},"state":{{"running":{{"startedAt":"{started}"}}}}"#);
    let waiting =
        |reason: &str, message: &str| format!(r#""ready":false,"state":{{"waiting":{{"reason":"{reason}","message":"{message}"}}}}"#);
    let (ready, since, container) = match &pod.state {
        PodState::Leaving | PodState::Starting => (false, pod.started, waiting("ContainerCreating", "")),
        PodState::Unscheduled => return r#""conditions":[{"type":"PodScheduled","status":"False"}]"#.to_owned(),
        PodState::Broken { reason } => (false, pod.started, waiting("ErrImagePull", reason)),
        PodState::Blocked { reason } => (false, pod.started, waiting("ImagePullBackOff", reason)),
        PodState::Crashing { reason } => (false, pod.started, waiting("CrashLoopBackOff", reason)),
        PodState::Unready => (false, pod.started, running(false)),
        PodState::Regressed { since } => (false, *since, running(false)),
        PodState::Unreachable => (false, pod.started, running(true)),
        PodState::Ready { since } => (true, *since, running(true)),
    };
    let condition = |kind: &str, is: bool| {
        let (is, since) = (if is { "True" } else { "False" }, stamp(since));
        format!(r#"{{"type":"{kind}","status":"{is}","lastTransitionTime":"{since}"}}"#)
    };
    let mut out = format!(
        r#""conditions":[{},{}],"containerStatuses":[{{"name":"app","restartCount":{},{container}"#,
        condition("Ready", ready),
        condition("ContainersReady", ready || pod.state == PodState::Unreachable),
        pod.restarts,
    );
    if let Some(code) = pod.last_exit {
        write!(out, r#","lastState":{{"terminated":{{"exitCode":{code},"finishedAt":"{started}"}}}}"#).expect("text");
    }
    out.push_str("}]");
    out
}

fn names(name: &str, revision: &Revision) -> String {
    format!(r#""name":"{name}","namespace":"shop","labels":{{"serin.dev/rollout":"checkout","serin.dev/revision":"{revision}"}}"#)
}

/// Kubernetes' times are whole seconds.
fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("what a real API server would send")
}
