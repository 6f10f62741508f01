//! Does the control plane do what the demo and the tests rely on? On the real thing.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test waits for facts by the clock, and may end by a panic"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Event, Node, Pod, Service, ServiceAccount};
use kube::api::{ListParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use serin_dev::{Audit, ControlPlane, Options, Part};

/// Generous: a fact that comes sooner is seen sooner.
const SOON: Duration = Duration::from_mins(1);
/// Two at once need 9 s on two idle cores; other tests may run beside this one.
const READY_WITHIN: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_planes_at_once_are_real_and_know_nothing_of_each_other() {
    let start = Instant::now();
    let options = |name: &str| Options { name: name.to_owned(), nodes: 2, audit: Audit::On, ..Options::default() };
    let (one, two) = tokio::join!(ControlPlane::start(options("one")), ControlPlane::start(options("two")));
    let (one, two) = (one.unwrap(), two.unwrap());
    eprintln!("two planes were ready within {:.1} s", start.elapsed().as_secs_f64());
    assert!(start.elapsed() < READY_WITHIN, "two planes took {:?}", start.elapsed());
    let dirs = [one.dir().to_path_buf(), two.dir().to_path_buf()];

    tokio::join!(every_tag_behaves(&one), the_parts_break_and_mend(&two));

    let elsewhere: Api<Deployment> = Api::namespaced(two.client().await.unwrap(), "default");
    let found: Vec<_> = elsewhere.list(&ListParams::default()).await.unwrap().iter().map(ResourceExt::name_any).collect();
    assert_eq!(found, ["tag-v1"]);
    one.stop().await;
    drop(two);
    for dir in dirs {
        assert_eq!(left_of(&dir), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_plane_that_is_up_stays_until_it_is_taken_down() {
    let run = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_serin-dev")).args(words).args(["--name", "test-of-up"]).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let told = run(&["up", "--nodes", "1"]);
    assert_eq!(run(&["up"]), told, "the second call finds the first plane");
    let kubeconfig = Path::new(told.lines().find_map(|line| line.strip_prefix("export KUBECONFIG=")).unwrap());
    let nodes: Api<Node> = Api::all(serin_dev::client(kubeconfig).await.unwrap());
    assert_eq!(nodes.list(&ListParams::default()).await.unwrap().items.len(), 1);

    assert_eq!(run(&["down"]), "the control plane test-of-up is down\n");

    assert_eq!(left_of(kubeconfig.parent().and_then(Path::parent).unwrap()), Vec::<String>::new());
    assert_eq!(run(&["down"]), "no control plane test-of-up was running\n");
}

#[tokio::test]
async fn nothing_is_left_when_the_process_that_holds_a_plane_is_killed() {
    let mut holder = Command::new(env!("CARGO_BIN_EXE_serin-dev"));
    let mut holder = holder.args(["hold", "--name", "killed", "--nodes", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let kubeconfig = PathBuf::from(told["Ok"]["kubeconfig"].as_str().unwrap_or_else(|| panic!("the plane did not start: {line}")));
    let dir = kubeconfig.parent().and_then(Path::parent).unwrap().to_path_buf();
    assert!(left_of(&dir).len() > 6, "programs, their supervisors and the sweeper run: {:?}", left_of(&dir));

    holder.kill().unwrap();
    holder.wait().unwrap();

    until("everything is gone", async || left_of(&dir).is_empty()).await;
}

async fn every_tag_behaves(plane: &ControlPlane) {
    let client = plane.client().await.unwrap();
    let tags = [
        "v1",
        "v1-slow",
        "v2-flaky",
        "v2-neverready",
        "v2-stuck",
        "v2-crash",
        "v2-nopull",
        "v2-registrydown",
        "v2-badname",
        "v3-err20-lat250",
    ];
    for tag in tags {
        deploy(&client, tag).await;
    }
    let service: Service = from(json!({
        "metadata": {"name": "web", "annotations": {"dev.serin/rps": "100"}},
        "spec": {"selector": {"part-of": "web"}, "ports": [{"port": 80}]},
    }));
    Api::namespaced(client.clone(), "default").create(&PostParams::default(), &service).await.unwrap();

    for tag in ["v1", "v1-slow", "v2-flaky", "v3-err20-lat250"] {
        pod_with(&client, tag, "it is ready", |pod| condition(pod, "Ready") == "True" && condition(pod, "ContainersReady") == "True").await;
    }
    let unready = |pod: &Pod| condition(pod, "Ready") == "False" && !first_container(pod)["ready"].as_bool().unwrap();
    for (tag, phase) in [("v2-flaky", "Running"), ("v2-neverready", "Running")] {
        pod_with(&client, tag, "it runs and is not ready", |pod| unready(pod) && phase_of(pod) == phase).await;
    }
    let waits = |reason: &'static str, message: &'static str| {
        move |pod: &Pod| {
            let waiting = &first_container(pod)["state"]["waiting"];
            unready(pod) && waiting["reason"] == reason && waiting["message"].as_str().unwrap_or_default().contains(message)
        }
    };
    pod_with(&client, "v2-stuck", "it is being created", waits("ContainerCreating", "")).await;
    pod_with(&client, "v2-nopull", "the image is not found", waits("ImagePullBackOff", "code = NotFound")).await;
    pod_with(&client, "v2-registrydown", "the registry is down", waits("ImagePullBackOff", "i/o timeout")).await;
    pod_with(&client, "v2-badname", "the image has no good name", waits("InvalidImageName", "couldn't parse")).await;
    pod_with(&client, "v2-crash", "it is restarted again and again", |pod| {
        let container = first_container(pod);
        waits("CrashLoopBackOff", "back-off")(pod)
            && container["restartCount"].as_u64() >= Some(3)
            && container["lastState"]["terminated"]["exitCode"] == 1
    })
    .await;

    // Prometheus counts failures of the pods that fail, and sees zero, not nothing, for the others.
    let failures = |tag: &str| format!(r#"sum(http_requests_total{{code="500",service="web",pod=~"tag-{tag}-.+"}})"#);
    let seen = async || answer(plane, &failures("v3-err20-lat250")).await.is_some_and(|count| count >= 10.0);
    until("Prometheus counts failures", seen).await;
    assert_eq!(answer(plane, &failures("v1")).await, Some(0.0));
    assert_eq!(answer(plane, &failures("v2-nopull")).await.unwrap_or(0.0), 0.0);
    let all = r#"sum(http_requests_total{service="web",pod=~"tag-v3-err20-lat250-.+"})"#;
    let share = answer(plane, &format!("{} / {all}", failures("v3-err20-lat250"))).await.unwrap();
    assert!((share - 0.2).abs() < 0.02, "{share}");
    let even = r#"max(rate(http_requests_total{service="web",code="200",pod=~"tag-v1-[^s].+"}[5s])) / min(rate(http_requests_total{service="web",code="200",pod=~"tag-v1-[^s].+"}[5s]))"#;
    until("ready pods get even shares", async || answer(plane, even).await.is_some_and(|ratio| ratio < 1.1)).await;
    let slow = r#"histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{service="web",pod=~"tag-v3-.+"}[10s])))"#;
    until("latencies follow the tag", async || answer(plane, slow).await.is_some_and(|seconds| seconds > 0.1 && seconds <= 0.25)).await;
}

async fn the_parts_break_and_mend(plane: &ControlPlane) {
    let client = plane.client().await.unwrap();
    deploy(&client, "v1").await;
    pod_with(&client, "v1", "it is ready", |pod| condition(pod, "Ready") == "True").await;

    // A user of its own may do nothing until RBAC says so, and the audit log names it.
    let alice = serin_dev::client(&plane.kubeconfig_for("alice", "developers").unwrap()).await.unwrap();
    let refused = Api::<Pod>::namespaced(alice, "default").list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(&refused, kube::Error::Api(status) if status.code == 403), "{refused}");
    let account: ServiceAccount = from(json!({"metadata": {"name": "robot"}}));
    Api::namespaced(client.clone(), "default").create(&PostParams::default(), &account).await.unwrap();
    let robot = plane.service_account_kubeconfig("default", "robot").await.unwrap();
    let robot = serin_dev::client(&robot).await.unwrap();
    assert!(Api::<Pod>::namespaced(robot, "default").get("none").await.is_err());
    for (user, verb, code) in [("alice", "list", 403), ("system:serviceaccount:default:robot", "get", 403)] {
        let events = plane.audit_events(user).unwrap();
        let [event] = events.as_slice() else { panic!("{user}: {events:?}") };
        assert_eq!((event.verb.as_str(), event.resource.as_str(), event.code), (verb, "pods", code));
    }

    // A lost node takes its pods' readiness along; the other node does not flicker.
    plane.lose_node("node-1").await.unwrap();
    let nodes: Api<Node> = Api::all(client.clone());
    let status = async || node_ready(&nodes, "node-1").await;
    until("the lost node is not ready", async || status().await == "Unknown").await;
    plane.return_node("node-1").await.unwrap();
    until("the node is back", async || status().await == "True").await;

    plane.restart_part(Part::ApiServer).await.unwrap();
    plane.restart_part(Part::Etcd).await.unwrap();
    until("the objects are still there", async || nodes.get("node-0").await.is_ok()).await;
    plane.stop_part(Part::Prometheus);
    assert_eq!(answer(plane, "vector(1)").await, None);
    plane.start_part(Part::Prometheus).await.unwrap();
    assert_eq!(answer(plane, "vector(1)").await, Some(1.0));

    plane.delete_node("node-1").await.unwrap();
    until("the deleted node is gone", async || nodes.get_opt("node-1").await.is_ok_and(|node| node.is_none())).await;
    let told = Api::<Event>::namespaced(client, "default").list(&ListParams::default()).await.unwrap();
    let flickered = told.items.iter().find(|event| {
        event.reason.as_deref() == Some("NodeNotReady")
            && event.involved_object.kind.as_deref() == Some("Node")
            && event.involved_object.name.as_deref() == Some("node-0")
    });
    assert!(flickered.is_none(), "{flickered:?}");
}

async fn deploy(client: &Client, tag: &str) {
    let deployment: Deployment = from(json!({
        "metadata": {"name": format!("tag-{tag}")},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": tag}}, "template": {
            "metadata": {"labels": {"app": tag, "part-of": "web"}},
            "spec": {"containers": [{"name": "app", "image": format!("registry.example:5000/shop/web:{tag}")}, {"name": "proxy", "image": "proxy:v1"}]},
        }},
    }));
    Api::namespaced(client.clone(), "default").create(&PostParams::default(), &deployment).await.unwrap();
}

async fn pod_with(client: &Client, tag: &str, what: &str, check: impl Fn(&Pod) -> bool) {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    let of_tag = ListParams::default().labels(&format!("app={tag}"));
    let seen = async || {
        let found = pods.list(&of_tag).await.unwrap().items;
        found.len() == 2 && found.iter().filter(|pod| !condition(pod, "Ready").is_empty()).any(&check)
    };
    until(&format!("{tag}: {what}"), seen).await;
}

async fn until(what: &str, check: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < SOON, "did not come true: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The one value of a query; none if there is no series, or no answer.
async fn answer(plane: &ControlPlane, query: &str) -> Option<f64> {
    let url = reqwest::Url::parse_with_params(&format!("{}/api/v1/query", plane.prometheus_url()), [("query", query)]).unwrap();
    let body: Value = reqwest::get(url).await.ok()?.json().await.ok()?;
    body["data"]["result"][0]["value"][1].as_str()?.parse().ok()
}

async fn node_ready(nodes: &Api<Node>, name: &str) -> String {
    let node = nodes.get(name).await.unwrap();
    let conditions = node.status.and_then(|status| status.conditions).unwrap_or_default();
    conditions.iter().find(|condition| condition.type_ == "Ready").map(|condition| condition.status.clone()).unwrap_or_default()
}

fn condition(pod: &Pod, type_: &str) -> String {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.and_then(|all| all.iter().find(|condition| condition.type_ == type_)).map(|found| found.status.clone()).unwrap_or_default()
}

fn phase_of(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

fn first_container(pod: &Pod) -> Value {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    serde_json::to_value(statuses.and_then(|all| all.first())).unwrap()
}

/// The processes that name the folder and are alive, and the folder itself.
fn left_of(dir: &Path) -> Vec<String> {
    let name = dir.display().to_string();
    let mut left: Vec<String> = dir.exists().then(|| name.clone()).into_iter().collect();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        // A process that has ended and was not collected yet has an empty command line.
        let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        if command.contains(&name) {
            left.push(command);
        }
    }
    left
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}
