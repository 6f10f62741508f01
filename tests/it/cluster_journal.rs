//! How is the ConfigMap asked for that keeps the controller's own events? Each request as it goes over the wire.

use http::Request;
use serde_json::{Value, json};
use serin::cluster::{LeaseName, read_journal, write_journal};

fn name() -> LeaseName {
    LeaseName { namespace: "serin".to_owned(), name: "serin-events".to_owned() }
}

fn sent(request: &Request<Vec<u8>>) -> Value {
    let body = if request.body().is_empty() { Value::Null } else { serde_json::from_slice(request.body()).expect("JSON") };
    json!([format!("{} {}", request.method(), request.uri()), body])
}

#[test]
fn it_is_read_by_its_name() {
    assert_eq!(sent(&read_journal(&name())), json!(["GET /api/v1/namespaces/serin/configmaps/serin-events", null]));
}

#[test]
fn it_is_made_once_and_written_onto_the_version_that_was_read() {
    let data = json!({"journal": "{}", "head": "sha256:aa"});
    let metadata = json!({"name": "serin-events", "namespace": "serin"});
    assert_eq!(
        sent(&write_journal(&name(), None, "{}", "sha256:aa")),
        json!([
            "POST /api/v1/namespaces/serin/configmaps?fieldManager=serin",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data},
        ]),
    );
    assert_eq!(
        sent(&write_journal(&name(), Some("17"), "{}", "sha256:aa")),
        json!([
            "PATCH /api/v1/namespaces/serin/configmaps/serin-events?fieldManager=serin",
            {"metadata": {"resourceVersion": "17"}, "data": data},
        ]),
    );
}
