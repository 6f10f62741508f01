//! What does a pod say of its revision? One row for each thing that a kubelet says.

use serde::Deserialize as _;
use serde_json::{Value, json};
use serin::cluster::{Pod, pod_view};
use serin::rollout::PodState;

const STARTED: &str = "2026-11-23T12:00:00Z";
const IMAGE: &str = "registry.example/denied:forbidden";

/// A pod with these parts of its status, running on a node unless they say otherwise.
#[expect(clippy::needless_pass_by_value, reason = "the macro that writes it makes a value")]
fn pod(status: Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": "web-1", "namespace": "shop", "labels": {}, "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:a": {}}}]},
        "spec": {"containers": [{"name": "web", "image": IMAGE}]},
        "status": {"phase": "Running", "conditions": [condition("PodScheduled", "True", STARTED)]},
    });
    for (key, value) in status.as_object().cloned().unwrap_or_default() {
        match (pod["status"][&key].as_array_mut(), value) {
            (Some(known), Value::Array(more)) => known.extend(more),
            (_, value) => pod["status"][&key] = value,
        }
    }
    pod
}

fn condition(kind: &str, status: &str, since: &str) -> Value {
    json!({"type": kind, "status": status, "lastTransitionTime": since})
}

/// A container in this state.
fn container(ready: bool, restarts: u32, state: &Value) -> Value {
    json!({"name": "web", "image": IMAGE, "ready": ready, "restartCount": restarts, "state": state})
}

fn running() -> Value {
    json!({"running": {"startedAt": STARTED}})
}

fn waiting(reason: &str, message: &str) -> Value {
    pod(json!({
        "phase": "Pending",
        "conditions": [condition("Ready", "False", STARTED)],
        "containerStatuses": [container(false, 0, &json!({"waiting": {"reason": reason, "message": message}}))],
    }))
}

/// A pod whose containers run and whose Ready condition is this.
#[expect(clippy::needless_pass_by_value, reason = "the macro that writes it makes a value")]
fn serving(ready: Value, all_ready: &str, this_ready: bool) -> Value {
    pod(json!({
        "conditions": [ready, condition("ContainersReady", all_ready, STARTED)],
        "containerStatuses": [container(this_ready, 0, &running())],
    }))
}

fn ended(code: i32, restarts: u32) -> Value {
    let end = json!({"terminated": {"exitCode": code, "reason": "Error", "finishedAt": STARTED}});
    pod(json!({"containerStatuses": [container(false, restarts, &end)]}))
}

fn view(pod: &Value) -> serin::rollout::Pod {
    pod_view(&Pod::deserialize(pod).expect("a pod"))
}

/// A state in a word, with its reason.
fn told(pod: &Value) -> String {
    match view(pod).state {
        PodState::Leaving => "leaving".to_owned(),
        PodState::Unscheduled => "unscheduled".to_owned(),
        PodState::Starting => "starting".to_owned(),
        PodState::Broken { reason } => format!("broken: {reason}"),
        PodState::Blocked { reason } => format!("blocked: {reason}"),
        PodState::Crashing { reason } => format!("crashing: {reason}"),
        PodState::Unready => "unready".to_owned(),
        PodState::Regressed { since } => format!("regressed since {}", since.format("%T")),
        PodState::Unreachable => "unreachable".to_owned(),
        PodState::Ready { since } => format!("ready since {}", since.format("%T")),
    }
}

#[test]
fn a_pod_that_is_taken_away_says_nothing_of_its_revision() {
    let mut deleted = serving(condition("Ready", "True", STARTED), "True", true);
    deleted["metadata"]["deletionTimestamp"] = json!(STARTED);
    assert_eq!(told(&deleted), "leaving");
    assert_eq!(told(&pod(json!({"phase": "Failed", "reason": "Evicted"}))), "leaving");
    assert_eq!(told(&pod(json!({"phase": "Succeeded"}))), "leaving");
    assert_eq!(told(&pod(json!({"conditions": [condition("DisruptionTarget", "True", STARTED)]}))), "leaving");
}

#[test]
fn a_pod_that_is_on_its_way_is_told_apart_from_one_without_a_node() {
    let unscheduled = json!({"status": {"phase": "Pending", "conditions": [condition("PodScheduled", "False", STARTED)]}});
    let mut nowhere = pod(json!({}));
    nowhere["status"] = unscheduled["status"].clone();
    assert_eq!(told(&nowhere), "unscheduled");
    assert_eq!(told(&waiting("ContainerCreating", "")), "starting");
    assert_eq!(told(&waiting("PodInitializing", "")), "starting");
    assert_eq!(told(&pod(json!({"phase": "Pending"}))), "starting");
    assert_eq!(view(&json!({"metadata": {"name": "bare"}})).state, PodState::Starting);
}

#[test]
fn a_registry_that_refuses_is_final_and_one_that_is_down_is_not() {
    let unpack = |cause: &str| format!("failed to pull and unpack image \"{IMAGE}\": failed to resolve reference \"{IMAGE}\": {cause}");
    let pull = |cause: &str| told(&waiting("ErrImagePull", &unpack(cause)));
    for refusal in [
        format!("{IMAGE}: not found"),
        "manifest unknown: no such tag".to_owned(),
        "pull access denied, repository does not exist".to_owned(),
        "failed to authorize: unexpected status: 401 Unauthorized".to_owned(),
        "unexpected status from HEAD request: 403 Forbidden".to_owned(),
        "unauthorized: authentication required".to_owned(),
        "no match for platform in manifest".to_owned(),
    ] {
        assert!(pull(&refusal).starts_with("broken: container web waits: ErrImagePull"), "{refusal}");
    }
    for trouble in [
        "dial tcp 10.0.0.1:443: i/o timeout",
        "dial tcp 10.0.0.1:443: connect: connection refused",
        "dial tcp: lookup registry.example: no such host",
        "unexpected status code 503 Service Unavailable",
        "unexpected status code 500 Internal Server Error: denied",
        "toomanyrequests: You have reached your pull rate limit: access denied",
        "net/http: TLS handshake timeout",
        "context deadline exceeded",
        "httpReadSeeker: failed open",
    ] {
        assert!(pull(trouble).starts_with("blocked: container web waits: ErrImagePull"), "{trouble}");
    }
}

#[test]
fn the_words_of_an_images_own_name_prove_nothing() {
    let backing_off = waiting("ImagePullBackOff", &format!("Back-off pulling image \"{IMAGE}\""));
    assert_eq!(told(&backing_off), format!("blocked: container web waits: ImagePullBackOff: Back-off pulling image \"{IMAGE}\""));
}

#[test]
fn other_reasons_to_wait_are_final_only_where_the_template_is_to_blame() {
    for (reason, expected) in [
        ("InvalidImageName", "broken: container web waits: InvalidImageName"),
        ("ErrImageNeverPull", "broken: container web waits: ErrImageNeverPull"),
        ("CreateContainerConfigError", "blocked: container web waits: CreateContainerConfigError"),
        ("CreateContainerError", "blocked: container web waits: CreateContainerError"),
        ("RegistryUnavailable", "blocked: container web waits: RegistryUnavailable"),
    ] {
        assert_eq!(told(&waiting(reason, "")), expected);
    }
}

#[test]
fn a_container_is_crashing_once_it_ended_with_an_error_again() {
    assert_eq!(told(&ended(1, 0)), "starting");
    assert_eq!(told(&ended(0, 5)), "starting");
    assert_eq!(told(&ended(137, 2)), "crashing: container web ended with exit code 137");
    let mut loops = waiting("CrashLoopBackOff", "back-off 10s restarting failed container");
    assert_eq!(told(&loops), "starting");
    loops["status"]["containerStatuses"][0]["restartCount"] = json!(1);
    loops["status"]["containerStatuses"][0]["lastState"] = json!({"terminated": {"exitCode": 1, "reason": "OOMKilled"}});
    assert_eq!(told(&loops), "crashing: container web ended with exit code 1, OOMKilled, CrashLoopBackOff");
    assert_eq!((view(&loops).restarts, view(&loops).last_exit), (1, Some(1)));
}

#[test]
fn an_init_container_counts_like_any_other() {
    let mut starting = pod(json!({"phase": "Pending"}));
    starting["status"]["initContainerStatuses"] =
        json!([{"name": "migrate", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
    assert_eq!(told(&starting), "crashing: container migrate waits: CrashLoopBackOff");
    assert_eq!(view(&starting).restarts, 3);
}

#[test]
fn readiness_that_was_lost_is_told_apart_from_readiness_that_never_was() {
    let ready = |status: &str, since: &str| condition("Ready", status, since);
    assert_eq!(told(&serving(ready("True", "2026-11-23T12:00:07Z"), "True", true)), "ready since 12:00:07");
    assert_eq!(told(&serving(ready("False", "2026-11-23T11:59:58Z"), "False", false)), "unready");
    assert_eq!(told(&serving(ready("False", "2026-11-23T12:00:01Z"), "False", false)), "unready");
    assert_eq!(told(&serving(ready("False", "2026-11-23T12:05:00Z"), "False", false)), "regressed since 12:05:00");
}

#[test]
fn a_kubelet_that_is_gone_does_not_make_its_pods_bad() {
    let lost = condition("Ready", "False", "2026-11-23T12:05:00Z");
    assert_eq!(told(&serving(lost.clone(), "True", true)), "unreachable");
    let mut gate = lost;
    gate["reason"] = json!("ReadinessGatesNotReady");
    assert_eq!(told(&serving(gate, "True", true)), "regressed since 12:05:00");
}
