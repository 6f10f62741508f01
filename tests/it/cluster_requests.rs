//! Which request makes a change? Each one as it goes over the wire.

use chrono::DateTime;
use std::fmt::Write as _;

use http::Request;
use serde_json::{Value, json};
use serin::api::Status;
use serin::cluster::requests::{self, Of, Pods};
use serin::rollout::{Epoch, Fence, Revision};

use crate::given::checkout;

fn fence() -> Fence {
    Fence { uid: "d-uid".to_owned(), resource_version: "41".to_owned() }
}

fn revision() -> Revision {
    Revision::new("0123456789")
}

/// A template with a field that no build of Serin knows.
fn template() -> Value {
    json!({
        "metadata": {"labels": {"app": "checkout"}},
        "spec": {"containers": [{"name": "web", "image": "registry.example/checkout:v1", "fieldOfTomorrow": {"on": true}}]},
    })
}

/// A request as text: what would go over the wire.
fn text(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        let _ = writeln!(text, "{name}: {}", value.to_str().expect("plain text"));
    }
    if !request.body().is_empty() {
        let body: Value = serde_json::from_slice(request.body()).expect("JSON");
        let _ = write!(text, "{body:#}");
    }
    text
}

fn with_parts<T>(body: impl FnOnce(&Of<'_>, &Pods<'_>) -> T) -> T {
    let (key, revision, template, seconds) = (checkout(), revision(), template(), json!(5));
    let of = Of { key: &key, uid: "r-uid", revision: &revision };
    body(&of, &Pods { template: &template, min_ready_seconds: Some(&seconds), replicas: 2, epoch: Epoch::new(7) })
}

#[test]
fn a_deployment_is_created_strictly_with_the_template_as_it_was_written() {
    insta::assert_snapshot!(with_parts(|of, pods| text(&requests::create_deployment(of, pods))));
}

#[test]
fn a_dry_run_is_the_same_request_under_a_scratch_name() {
    let created = with_parts(|of, pods| text(&requests::create_deployment(of, pods)));
    let tried = with_parts(|of, pods| text(&requests::try_deployment(of, pods)));
    assert_eq!(tried.replace("?dryRun=All&", "?").replace("checkout-0123456789-dry", "checkout-0123456789"), created);
    assert_ne!(tried, created);
}

#[test]
fn without_min_ready_seconds_kubernetes_own_default_holds() {
    let body = with_parts(|of, pods| text(&requests::create_deployment(of, &Pods { min_ready_seconds: None, ..*pods })));
    assert!(!body.contains("minReadySeconds"));
}

#[test]
fn a_record_holds_the_template_and_its_number() {
    insta::assert_snapshot!(with_parts(|of, pods| text(&requests::create_record(of, pods.template, 7))));
}

#[test]
fn a_scale_carries_what_was_looked_at() {
    insta::assert_snapshot!(text(&requests::put_scale(&checkout(), &revision(), &fence(), 3)), @r#"
    PUT /apis/apps/v1/namespaces/shop/deployments/checkout-0123456789/scale?fieldManager=serin
    content-type: application/json
    {
      "apiVersion": "autoscaling/v1",
      "kind": "Scale",
      "metadata": {
        "name": "checkout-0123456789",
        "namespace": "shop",
        "resourceVersion": "41",
        "uid": "d-uid"
      },
      "spec": {
        "replicas": 3
      }
    }
    "#);
    insta::assert_snapshot!(text(&requests::get_scale(&checkout(), &revision())), @r"
    GET /apis/apps/v1/namespaces/shop/deployments/checkout-0123456789/scale
    content-type: application/json
    ");
}

#[test]
fn an_epoch_is_written_on_what_was_looked_at() {
    insta::assert_snapshot!(text(&requests::stamp_deployment(&checkout(), &revision(), &fence(), Epoch::new(7))), @r#"
    PATCH /apis/apps/v1/namespaces/shop/deployments/checkout-0123456789?fieldManager=serin
    content-type: application/merge-patch+json
    {
      "metadata": {
        "annotations": {
          "serin.dev/epoch": "7"
        },
        "resourceVersion": "41",
        "uid": "d-uid"
      }
    }
    "#);
}

#[test]
fn a_status_is_written_whole_and_alone() {
    insta::assert_snapshot!(text(&requests::put_status(&checkout(), "17", &Status::default())), @r#"
    PUT /apis/serin.dev/v1alpha1/namespaces/shop/rollouts/checkout/status?fieldManager=serin
    content-type: application/json
    {
      "apiVersion": "serin.dev/v1alpha1",
      "kind": "Rollout",
      "metadata": {
        "name": "checkout",
        "namespace": "shop",
        "resourceVersion": "17"
      },
      "status": {
        "audit": {
          "acked": {},
          "head": "sha256:0000000000000000000000000000000000000000000000000000000000000000",
          "pending": [],
          "seq": 0
        },
        "replicas": 0,
        "selector": ""
      }
    }
    "#);
}

#[test]
fn a_finalizer_of_others_is_kept() {
    let seen = ["example.com/other".to_owned(), "serin.dev/rollout".to_owned()];
    insta::assert_snapshot!(text(&requests::guard(&checkout(), "17", &seen[..1])), @r#"
    PATCH /apis/serin.dev/v1alpha1/namespaces/shop/rollouts/checkout?fieldManager=serin
    content-type: application/merge-patch+json
    {
      "metadata": {
        "finalizers": [
          "example.com/other",
          "serin.dev/rollout"
        ],
        "resourceVersion": "17"
      }
    }
    "#);
    insta::assert_snapshot!(text(&requests::release(&checkout(), "18", &seen)), @r#"
    PATCH /apis/serin.dev/v1alpha1/namespaces/shop/rollouts/checkout?fieldManager=serin
    content-type: application/merge-patch+json
    {
      "metadata": {
        "finalizers": [
          "example.com/other"
        ],
        "resourceVersion": "18"
      }
    }
    "#);
}

#[test]
fn an_outcome_touches_nothing_but_its_annotation() {
    insta::assert_snapshot!(text(&requests::mark_record(&checkout(), &revision(), "promoted", DateTime::UNIX_EPOCH)), @r#"
    PATCH /apis/apps/v1/namespaces/shop/controllerrevisions/checkout-0123456789?fieldManager=serin
    content-type: application/merge-patch+json
    {
      "metadata": {
        "annotations": {
          "serin.dev/outcome": "promoted",
          "serin.dev/outcome-at": "1970-01-01T00:00:00Z"
        }
      }
    }
    "#);
}

#[test]
fn an_old_revision_is_deleted_only_as_it_was_seen() {
    insta::assert_snapshot!(text(&requests::delete_deployment(&checkout(), &revision(), &fence())), @r#"
    DELETE /apis/apps/v1/namespaces/shop/deployments/checkout-0123456789
    content-type: application/json
    {
      "apiVersion": "v1",
      "kind": "DeleteOptions",
      "preconditions": {
        "resourceVersion": "41",
        "uid": "d-uid"
      },
      "propagationPolicy": "Background"
    }
    "#);
    insta::assert_snapshot!(text(&requests::delete_record(&checkout(), &revision())), @r#"
    DELETE /apis/apps/v1/namespaces/shop/controllerrevisions/checkout-0123456789
    content-type: application/json
    {
      "apiVersion": "v1",
      "kind": "DeleteOptions"
    }
    "#);
}
