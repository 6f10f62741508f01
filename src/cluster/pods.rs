//! What does a pod say of its revision?

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::Resource;
use serde::Deserialize;

use crate::api::{from_time, slim};
use crate::rollout::{self, PodState};

/// Kubernetes' times are whole seconds: two that were the same moment may be one apart.
const GRAIN: TimeDelta = TimeDelta::seconds(1);

/// A container that ended with an error this often and is not running again is crashing even before Kubernetes says so.
const CRASHES: u32 = 2;

/// The longest reason that is kept, in bytes: it is told in status, events and logs.
const MAX_REASON_BYTES: usize = 300;

/// A registry that answers like this has no such image, or not for us; waiting does not mend it.
const FINAL_PULLS: [&str; 8] = [
    "not found",
    "manifest unknown",
    "name unknown",
    "unauthorized",
    "denied",
    "forbidden",
    "authentication required",
    "no match for platform",
];

/// A registry that cannot be asked. Looked for first: what a broken registry says beside it proves nothing.
const PULL_TROUBLE: [&str; 14] = [
    "timeout",
    "timed out",
    "deadline exceeded",
    "connection refused",
    "connection reset",
    "no such host",
    "no route to host",
    "toomanyrequests",
    "too many requests",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "unexpected status code 5",
    "server misbehaving",
];

/// A pod, as far as it is looked at.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = "k8s_openapi::api::core::v1::Pod")]
pub struct Pod {
    #[serde(deserialize_with = "slim")]
    pub(super) metadata: ObjectMeta,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    conditions: Vec<Condition>,
    init_container_statuses: Vec<Container>,
    container_statuses: Vec<Container>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    last_transition_time: Option<Time>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    name: String,
    #[serde(default)]
    image: String,
    #[serde(default)]
    ready: bool,
    #[serde(default)]
    restart_count: u32,
    #[serde(default)]
    state: Activity,
    #[serde(default)]
    last_state: Activity,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Activity {
    waiting: Option<Waiting>,
    running: Option<Running>,
    terminated: Option<Terminated>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Waiting {
    reason: String,
    message: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Running {
    started_at: Option<Time>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Terminated {
    exit_code: i32,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    finished_at: Option<Time>,
}

/// What a pod says of its revision, compactly.
pub fn pod_view(pod: &Pod) -> rollout::Pod {
    let Pod { metadata, status } = pod;
    let restarts = status.containers().map(|container| container.restart_count).fold(0, u32::saturating_add);
    let ends = status.containers().flat_map(|container| [&container.state, &container.last_state]).filter_map(|a| a.terminated.as_ref());
    let last_exit = ends.max_by_key(|end| end.finished_at.as_ref().map(from_time)).map(|end| end.exit_code);
    let state = if metadata.deletion_timestamp.is_some() { PodState::Leaving } else { state(status) };
    rollout::Pod { name: metadata.name.clone().unwrap_or_default(), state, restarts, last_exit }
}

fn state(status: &Status) -> PodState {
    // A Deployment's pods restart their containers for ever: what ends one is the node or an eviction, never the revision.
    let ended = matches!(status.phase.as_str(), "Succeeded" | "Failed");
    if ended || status.is("DisruptionTarget", "True") {
        return PodState::Leaving;
    }
    if status.is("PodScheduled", "False") {
        return PodState::Unscheduled;
    }
    let ready = status.condition("Ready");
    let since = ready.and_then(|ready| ready.last_transition_time.as_ref()).map(from_time);
    if let (Some(Condition { status, .. }), Some(since)) = (ready, since)
        && status == "True"
    {
        return PodState::Ready { since };
    }
    if let Some(trouble) = status.containers().find_map(trouble) {
        return trouble;
    }
    let all_ready = !status.container_statuses.is_empty() && status.container_statuses.iter().all(|container| container.ready);
    let gated = ready.is_some_and(|ready| ready.reason == "ReadinessGatesNotReady");
    if all_ready && !gated && ready.is_some() && status.is("ContainersReady", "True") {
        // The kubelet would not say so: the node's controller took the readiness away because the kubelet is silent.
        return PodState::Unreachable;
    }
    match (status.running_since(all_ready), since) {
        (Some(started), Some(since)) if since > started + GRAIN => PodState::Regressed { since },
        (Some(_), _) => PodState::Unready,
        (None, _) => PodState::Starting,
    }
}

impl Status {
    fn containers(&self) -> impl Iterator<Item = &Container> {
        self.init_container_statuses.iter().chain(&self.container_statuses)
    }

    fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    fn is(&self, kind: &str, status: &str) -> bool {
        self.condition(kind).is_some_and(|condition| condition.status == status)
    }

    /// When the last of the containers that are not ready started; all of them count where a gate is what is missing. `None` while one does not run.
    fn running_since(&self, all_ready: bool) -> Option<DateTime<Utc>> {
        let mut last = None;
        for container in &self.container_statuses {
            let started = from_time(container.state.running.as_ref()?.started_at.as_ref()?);
            if all_ready || !container.ready {
                last = last.max(Some(started));
            }
        }
        last
    }
}

/// Why a container does not run, where that says more than that it starts.
fn trouble(container: &Container) -> Option<PodState> {
    let Container { name, restart_count, state, last_state, .. } = container;
    if let Some(end) = &state.terminated {
        return (end.exit_code != 0 && *restart_count >= CRASHES).then(|| PodState::Crashing { reason: ended(name, "", end) });
    }
    let Waiting { reason, message } = state.waiting.as_ref()?;
    let text = || told(name, reason, message);
    match reason.as_str() {
        "InvalidImageName" | "ErrImageNeverPull" | "SignatureValidationFailed" => Some(PodState::Broken { reason: text() }),
        "ErrImagePull" | "ImagePullBackOff" if is_final(message, &container.image) => Some(PodState::Broken { reason: text() }),
        "ErrImagePull"
        | "ImagePullBackOff"
        | "RegistryUnavailable"
        | "ImageInspectError"
        | "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError" => Some(PodState::Blocked { reason: text() }),
        // Kubernetes backs off after the second end; the first restart comes at once.
        "CrashLoopBackOff" if *restart_count >= 1 => {
            let reason = last_state.terminated.as_ref().map_or_else(text, |end| ended(name, reason, end));
            Some(PodState::Crashing { reason })
        }
        _ => None,
    }
}

/// Whether the registry itself refused the image. The image's own name says nothing, whatever words it is made of.
fn is_final(message: &str, image: &str) -> bool {
    let unquoted: String = message.split('"').step_by(2).collect();
    let said = if image.is_empty() { unquoted } else { unquoted.replace(image, "") }.to_ascii_lowercase();
    !PULL_TROUBLE.iter().any(|trouble| said.contains(trouble)) && FINAL_PULLS.iter().any(|refusal| said.contains(refusal))
}

fn ended(name: &str, why: &str, end: &Terminated) -> String {
    let mut text = format!("container {name} ended with exit code {}", end.exit_code);
    for word in [end.reason.as_str(), why].into_iter().filter(|word| !word.is_empty() && *word != "Error") {
        // Writing to a String cannot fail.
        let _ = write!(text, ", {word}");
    }
    text
}

fn told(name: &str, reason: &str, message: &str) -> String {
    let mut text = format!("container {name} waits: {reason}");
    if !message.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {message}");
    }
    text.truncate(text.floor_char_boundary(MAX_REASON_BYTES));
    text
}
