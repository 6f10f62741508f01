//! Can the shared Service carry a rollout? One row for each way in which it cannot.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serin::cluster::{ServiceSpec, Wish, fit};
use serin::rollout::ServiceView;

fn check(service: Option<Value>, first: &str) -> ServiceView {
    let service: Option<ServiceSpec> = service.map(|spec| serde_json::from_value(spec).expect("a Service's spec"));
    let labels = BTreeMap::from([("app".to_owned(), "checkout".to_owned()), ("tier".to_owned(), "web".to_owned())]);
    fit(service.as_ref(), &Wish { service: "shop", rollout: "checkout", first, labels: &labels })
}

fn unfit(spec: Value) -> String {
    match check(Some(spec), "checkout") {
        ServiceView::Unfit(text) => text,
        other @ (ServiceView::Fits | ServiceView::Missing | ServiceView::Taken { .. }) => panic!("{other:?}"),
    }
}

#[test]
fn a_service_fits_where_every_label_that_it_selects_stands_in_the_template() {
    assert_eq!(check(Some(json!({"type": "ClusterIP", "selector": {"app": "checkout"}})), "checkout"), ServiceView::Fits);
    assert_eq!(check(Some(json!({"selector": {"app": "checkout", "tier": "web"}})), "checkout"), ServiceView::Fits);
    assert_eq!(check(Some(json!({"selector": {"serin.dev/rollout": "checkout"}})), "checkout"), ServiceView::Fits);
}

#[test]
fn a_service_that_does_not_exist_is_missing() {
    assert_eq!(check(None, "checkout"), ServiceView::Missing);
}

#[test]
fn a_service_belongs_to_the_oldest_rollout_that_names_it() {
    assert_eq!(check(Some(json!({"selector": {"app": "checkout"}})), "cart"), ServiceView::Taken { by: "cart".to_owned() });
}

#[test]
fn a_service_that_cannot_split_traffic_is_refused_in_words() {
    assert_eq!(unfit(json!({})), "the Service shop has no selector; give it labels of the pod template");
    assert_eq!(
        unfit(json!({"selector": {"app": "cart"}})),
        "the Service shop selects app=cart, which is no label of the pod template; make them agree"
    );
    assert_eq!(
        unfit(json!({"selector": {"app": "checkout", "serin.dev/revision": "1111111111"}})),
        "the Service shop selects serin.dev/revision=1111111111, which is no label of the pod template; make them agree"
    );
    assert_eq!(
        unfit(json!({"selector": {"app": "checkout"}, "publishNotReadyAddresses": true})),
        "the Service shop has publishNotReadyAddresses, so pods get traffic before they are ready; set it to false"
    );
    assert_eq!(
        unfit(json!({"type": "ExternalName"})),
        "the Service shop is of type ExternalName and selects no pods; use one of type ClusterIP"
    );
}
