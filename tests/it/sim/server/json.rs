//! How does an object look on the wire? What is made here is read by the code that reads a real cluster.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::DeserializeOwned;
use serin::cluster::{self, Item};
use serin::rollout::{Meaning, PodState, Revision};

use super::objects::{Deployment, Pod, Record, Rollout};

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

pub(super) fn deployment(revision: &Revision, deployment: &Deployment) -> Item {
    let Deployment { uid, version, generation, observed, desired, created, replicas, available } = deployment;
    let text = format!(
        r#"{{"metadata":{{{},"uid":"{uid}","resourceVersion":"{version}","generation":{generation},"creationTimestamp":"{}"}},"spec":{{"replicas":{desired},"template":{}}},"status":{{"observedGeneration":{observed},"replicas":{replicas},"updatedReplicas":{replicas},"availableReplicas":{available}}}}}"#,
        names(&format!("checkout-{revision}"), revision),
        stamp(*created),
        template(revision),
    );
    Item::deployment(&read::<cluster::Deployment>(&text)).expect("it has our labels")
}

/// A revision's pod template as the API server completes it.
fn template(revision: &Revision) -> String {
    format!(
        r#"{{"metadata":{{"labels":{{"serin.dev/rollout":"checkout","serin.dev/revision":"{revision}"}}}},"spec":{{"image":"{revision}"}}}}"#
    )
}

/// What that means, in the eyes of the code that reads a real cluster.
pub(in crate::sim) fn meaning(revision: &Revision) -> Meaning {
    let text = format!(r#"{{"metadata":{{}},"spec":{{"template":{}}}}}"#, template(revision));
    cluster::child_view(&read(&text)).meaning
}

pub(super) fn record(revision: &Revision, version: u64, record: &Record) -> Item {
    let annotations =
        record.outcome.as_ref().map_or(String::new(), |outcome| format!(r#","annotations":{{"serin.dev/outcome":"{outcome}"}}"#));
    let text =
        format!(r#"{{"metadata":{{{},"resourceVersion":"{version}"{annotations}}}}}"#, names(&format!("checkout-{revision}"), revision));
    Item::record(&read::<cluster::Record>(&text)).expect("it has our labels")
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
