//! Can an object break the watch?

use std::sync::Arc;

use kube::core::{ObjectList, WatchEvent};
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};
use serin::api::{Object, Status};
use serin::rollout::State;

use super::api_given::spec;
use super::given::{idle, stepping};

fn rollout(spec: &Value, status: Option<Value>) -> Value {
    let mut object = json!({
        "apiVersion": "serin.dev/v1alpha1",
        "kind": "Rollout",
        "metadata": {
            "name": "checkout",
            "namespace": "shop",
            "generation": 3,
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "money", "serin.dev/requested-by": "carol"},
            "managedFields": [{"manager": "kubectl", "operation": "Apply"}],
        },
        "spec": spec,
    });
    if let Some(status) = status {
        object["status"] = status;
    }
    object
}

fn read(object: &Value) -> Object {
    serde_json::from_str(&object.to_string()).expect("every object can be read")
}

#[test]
fn a_watch_survives_every_spec_and_every_status() {
    let specs = [spec(), json!({}), json!({"replicas": "many", "template": 7}), json!(null), json!([]), json!("x")];
    let statuses = [
        None,
        Some(json!(null)),
        Some(json!({})),
        Some(json!({"state": {"flying": {}}})),
        Some(json!({"conditions": 7})),
        Some(json!("x")),
    ];
    for (spec, status) in specs.iter().flat_map(|spec| statuses.iter().map(move |status| (spec, status))) {
        let object = rollout(spec, status.clone());
        // The API server always writes the type first; only so can the spec stay text.
        let event: WatchEvent<Object> = serde_json::from_str(&format!("{{\"type\":\"MODIFIED\",\"object\":{object}}}")).unwrap();
        let WatchEvent::Modified(found) = event else { panic!("not a modification") };
        assert_eq!((found.name_any().as_str(), found.spec()), ("checkout", spec.clone()));
        let list =
            json!({"apiVersion": "serin.dev/v1alpha1", "kind": "RolloutList", "metadata": {"resourceVersion": "9"}, "items": [object]});
        let list: ObjectList<Object> = serde_json::from_slice(&serde_json::to_vec(&list).unwrap()).unwrap();
        assert_eq!(list.items[0].spec(), *spec);
    }
}

#[test]
fn an_object_without_a_status_was_never_looked_at() {
    assert_eq!(read(&rollout(&spec(), None)).status, Ok(Arc::new(Status::default())));
}

#[test]
fn a_state_that_this_build_does_not_know_is_an_error_and_is_never_written() {
    let object = read(&rollout(&spec(), Some(json!({"phase": "Flying", "state": {"flying": {"height": 3}}}))));
    let told = object.status.clone().unwrap_err();
    assert!(told.contains("unknown variant `flying`") && told.contains("run the version that wrote it"), "{told}");
    assert!(serde_json::to_value(&object).unwrap_err().to_string().contains("run the version that wrote it"));
}

#[test]
fn an_outbox_that_this_build_does_not_know_is_an_error() {
    let state = serde_json::to_value(idle()).unwrap();
    assert!(read(&rollout(&spec(), Some(json!({"state": state, "audit": {"seq": "one"}})))).status.is_err());
}

#[test]
fn columns_that_somebody_broke_do_not_cost_the_state() {
    let state = serde_json::to_value(stepping(25)).unwrap();
    let status = json!({"state": state, "conditions": [{"type": 1}], "weight": "much", "step": "1/3"});
    let found = read(&rollout(&spec(), Some(status))).status.unwrap();
    assert_eq!((&found.state, &found.step), (&Some(stepping(25)), &None));
}

#[test]
fn every_state_survives_its_way_through_a_status() {
    for state in [idle(), stepping(25), super::given::installing(), super::given::promoting(), super::given::reaching(10)] {
        let status = Status { state: Some(state.clone()), ..Status::default() };
        let object = read(&rollout(&spec(), Some(serde_json::to_value(&status).unwrap())));
        assert_eq!(object.status.as_deref(), Ok(&status));
        let again = serde_json::to_value(&object).unwrap();
        assert_eq!((&again["apiVersion"], &again["kind"], &again["spec"]), (&json!("serin.dev/v1alpha1"), &json!("Rollout"), &spec()));
        assert_eq!(serde_json::from_value::<State>(again["status"]["state"].clone()).unwrap(), state);
    }
}

#[test]
fn what_only_takes_memory_is_not_read() {
    let object = read(&rollout(&spec(), None));
    assert_eq!(object.metadata.managed_fields, None);
    assert_eq!(object.annotations().keys().collect::<Vec<_>>(), ["serin.dev/requested-by"]);
    assert_eq!(object.spec(), spec());
}

#[test]
fn the_tolerant_view_is_the_same_resource() {
    assert_eq!(
        (Object::api_version(&()), Object::kind(&()), Object::plural(&())),
        ("serin.dev/v1alpha1".into(), "Rollout".into(), "rollouts".into())
    );
}
