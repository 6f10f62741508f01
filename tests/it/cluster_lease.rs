//! How is the Lease asked for? Each request as it goes over the wire, and whose Rollouts an instance has.

use serde_json::{Value, json};
use serin::api::Object;
use serin::cluster::{Instance, LeaseName, lease_request};
use serin::lease::{Ask, Record};
use serin::rollout::Epoch;

fn sent(ask: &Ask) -> Value {
    let name = LeaseName { namespace: "serin".to_owned(), name: "serin-trial".to_owned() };
    let request = lease_request(&name, ask, "2026-01-01T00:00:00.000001Z");
    let body = if request.body().is_empty() { Value::Null } else { serde_json::from_slice(request.body()).expect("JSON") };
    json!([format!("{} {}", request.method(), request.uri()), body])
}

fn record(acquired: Option<&str>) -> Record {
    Record { holder: "me".to_owned(), seconds: 15, epoch: Epoch::new(4), acquired: acquired.map(str::to_owned), renewed: None }
}

#[test]
fn a_renewal_says_when_it_is_and_leaves_what_others_wrote() {
    let expected = json!([
        "PATCH /apis/coordination.k8s.io/v1/namespaces/serin/leases/serin-trial?fieldManager=serin",
        {"metadata": {"resourceVersion": "17"}, "spec": {
            "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 4,
            "acquireTime": "2025-12-31T00:00:00.000000Z", "renewTime": "2026-01-01T00:00:00.000001Z",
        }},
    ]);
    assert_eq!(sent(&Ask::Write("17".to_owned(), record(Some("2025-12-31T00:00:00.000000Z")))), expected);
}

#[test]
fn a_lease_is_made_with_its_holder() {
    let expected = json!([
        "POST /apis/coordination.k8s.io/v1/namespaces/serin/leases?fieldManager=serin",
        {
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "serin-trial", "namespace": "serin"},
            "spec": {
                "holderIdentity": "me", "leaseDurationSeconds": 15, "leaseTransitions": 4,
                "acquireTime": "2026-01-01T00:00:00.000001Z", "renewTime": "2026-01-01T00:00:00.000001Z",
            },
        },
    ]);
    assert_eq!(sent(&Ask::Create(record(None))), expected);
    assert_eq!(sent(&Ask::Read), json!(["GET /apis/coordination.k8s.io/v1/namespaces/serin/leases/serin-trial", null]));
}

#[test]
fn a_rollout_belongs_to_the_instance_that_its_label_names() {
    let first = Instance::default();
    let trial = Instance::new(Some("trial".to_owned()));
    for (labels, expected) in [
        (json!({}), (true, false)),
        (json!({"serin.dev/instance": ""}), (true, false)),
        (json!({"serin.dev/instance": "trial"}), (false, true)),
        (json!({"serin.dev/instance": "another"}), (false, false)),
    ] {
        let rollout: Object =
            serde_json::from_value(json!({"metadata": {"name": "checkout", "labels": labels}, "spec": {}})).expect("a Rollout");
        assert_eq!((first.owns(&rollout), trial.owns(&rollout)), expected, "{labels}");
    }
    assert_eq!((first.lease(), trial.lease()), ("serin".to_owned(), "serin-trial".to_owned()));
}
