//! Objects of each kind, as large as they usually are.

use serde_json::{Value, json};
use serin::cluster::{Item, Kind};

use crate::given::idle;
use crate::parts::{at_rest, key, settled};

/// Pods of one rollout.
const PODS: usize = 4;

/// One of many of a kind: the pods of a rollout follow each other, of all else each rollout has one.
pub(crate) fn object(kind: Kind, number: usize) -> Item {
    let rollout = key(if kind == Kind::Pod { number / PODS } else { number }).name;
    let child = format!("{rollout}-1111111111");
    let item = match kind {
        Kind::Rollout => {
            let status = settled(idle(), &at_rest(), 0).status.expect("a status that was just made");
            let spec =
                json!({"replicas": PODS, "template": template(), "steps": [{"weight": 25}, {"weight": 50}], "analysis": {"none": {}}});
            Item::rollout(read(json!({"metadata": metadata(&rollout, &rollout), "spec": spec, "status": *status})))
        }
        Kind::Deployment => Item::deployment(&read(json!({
            "metadata": metadata(&rollout, &child),
            "spec": {"replicas": PODS, "template": template()},
            "status": {"observedGeneration": 7, "replicas": PODS, "updatedReplicas": PODS, "availableReplicas": PODS},
        }))),
        Kind::Pod => Item::pod(&read(json!({
            "metadata": metadata(&rollout, &format!("{child}-{}", number % PODS)),
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-23T12:00:00Z"}]},
        }))),
        Kind::Service => Item::service(read(json!({
            "metadata": metadata(&rollout, &rollout),
            "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": {"app": "checkout"}, "sessionAffinity": "None"},
        }))),
        Kind::Record => Item::record(&read(json!({"metadata": metadata(&rollout, &child)}))),
        Kind::Action => Item::action(&read(json!({
            "metadata": metadata(&rollout, &rollout),
            "spec": {"rollout": rollout, "verb": "Abort", "reason": "the error rate grows", "actor": {"username": "carol@example.com"}},
        }))),
        Kind::Template => {
            let checks = json!([{"name": "errors", "sequential": {"of": "errors"}}]);
            Item::template(read(json!({"metadata": metadata(&rollout, &rollout), "spec": {"checks": checks}})))
        }
        Kind::Binding => Item::binding(&read(json!({"metadata": metadata(&rollout, &rollout), "spec": {}}))),
    };
    item.expect("it has our labels and a name")
}

fn metadata(rollout: &str, name: &str) -> Value {
    json!({
        "name": name, "namespace": "shop", "uid": "7f0c1c9e-8f2b-4f0e-9a53-1f6f0d7c1a11", "resourceVersion": "7", "generation": 7,
        "labels": {"serin.dev/rollout": rollout, "serin.dev/revision": "1111111111"}, "creationTimestamp": "2026-11-23T12:00:00Z",
    })
}

fn read<T: serde::de::DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("an object of its kind")
}

/// A template of the usual size.
pub(crate) fn template() -> Value {
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 5});
    json!({
        "metadata": {"labels": {"app": "checkout", "team": "payments"}, "annotations": {"prometheus.io/scrape": "true"}},
        "spec": {
            "serviceAccountName": "checkout",
            "containers": [{
                "name": "web",
                "image": "registry.example/checkout:1.0",
                "ports": [{"containerPort": 8080}],
                "env": (0..8).map(|at| json!({"name": format!("OPTION_{at}"), "value": "on"})).collect::<Vec<_>>(),
                "readinessProbe": probe,
                "livenessProbe": probe,
                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
                "securityContext": {"runAsNonRoot": true, "readOnlyRootFilesystem": true},
            }],
        },
    })
}
