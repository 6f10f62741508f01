//! Can the shared Service carry a rollout? One row for each way in which it cannot.

use serde_json::{Value, json};
use serin::cluster::{Wish, fit, service_view};
use serin::rollout::{ServiceView, Skew, skewed};

fn check(service: Option<Value>, first: &str) -> ServiceView {
    look(service.map(|spec| json!({"metadata": {}, "spec": spec})), first, Some("shop"))
}

/// What is seen of a whole Service by a Rollout that names it so.
fn look(service: Option<Value>, first: &str, name: Option<&str>) -> ServiceView {
    let service = service.map(|object| service_view(serde_json::from_value(object).expect("a Service")));
    let labels = [("app", "checkout"), ("tier", "web")].into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    fit(service.as_ref(), &Wish { service: name, rollout: "checkout", first, labels: &labels })
}

fn unfit(spec: Value) -> String {
    match check(Some(spec), "checkout") {
        ServiceView::Unfit(text) => text,
        other @ (ServiceView::None | ServiceView::Fits | ServiceView::Skewed(_) | ServiceView::Missing | ServiceView::Taken { .. }) => {
            panic!("{other:?}")
        }
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

#[test]
fn a_rollout_that_names_no_service_needs_none() {
    assert_eq!(look(None, "checkout", None), ServiceView::None);
    assert_eq!(look(None, "cart", None), ServiceView::None, "it shares nothing with others that name none either");
}

#[test]
fn a_service_that_does_not_hand_each_request_to_any_pod_is_known_for_it() {
    let skew = |spec: Value| {
        let mut whole = json!({"selector": {"app": "checkout"}, "clusterIP": "10.0.0.7", "sessionAffinity": "None", "internalTrafficPolicy": "Cluster"});
        whole.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        check(Some(whole), "checkout")
    };
    assert_eq!(skew(json!({})), ServiceView::Fits);
    assert_eq!(skew(json!({"externalTrafficPolicy": "Cluster"})), ServiceView::Fits);
    let one = |skew| ServiceView::Skewed(vec![skew]);
    assert_eq!(skew(json!({"clusterIP": "None"})), one(Skew::Headless));
    assert_eq!(skew(json!({"sessionAffinity": "ClientIP"})), one(Skew::SessionAffinity));
    assert_eq!(skew(json!({"trafficDistribution": "PreferClose"})), one(Skew::Topology));
    assert_eq!(skew(json!({"internalTrafficPolicy": "Local"})), one(Skew::InternalLocal));
    assert_eq!(skew(json!({"externalTrafficPolicy": "Local"})), one(Skew::ExternalLocal));
}

#[test]
fn an_annotation_may_prefer_what_is_near() {
    let annotated = |name: &str, mode: &str| {
        let service =
            json!({"metadata": {"annotations": {name: mode, "example.com/else": "Auto"}}, "spec": {"selector": {"app": "checkout"}}});
        look(Some(service), "checkout", Some("shop"))
    };
    for name in ["service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"] {
        assert_eq!(annotated(name, "Auto"), ServiceView::Skewed(vec![Skew::Topology]));
        assert_eq!(annotated(name, "auto"), ServiceView::Skewed(vec![Skew::Topology]));
        assert_eq!(annotated(name, "Disabled"), ServiceView::Fits);
    }
}

#[test]
fn all_that_skews_the_shares_is_named() {
    let spec = json!({"selector": {"app": "checkout"}, "clusterIP": "None", "sessionAffinity": "ClientIP"});
    let ServiceView::Skewed(skews) = check(Some(spec), "checkout") else { panic!("skewed") };
    assert_eq!(
        skewed(&skews),
        "shares of pods are not shares of requests: the Service is headless, so that clients choose a pod themselves and may keep it, \
         and it has sessionAffinity ClientIP, so that a client keeps its pod"
    );
}

#[test]
fn what_does_not_fit_is_said_before_what_is_skewed() {
    let text = unfit(json!({"selector": {"app": "cart"}, "sessionAffinity": "ClientIP"}));
    assert_eq!(text, "the Service shop selects app=cart, which is no label of the pod template; make them agree");
}
