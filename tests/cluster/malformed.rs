//! What if an object is not what the schema says, because an older definition let it in?

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};

use super::ground::{Ground, wait};
use super::shop::{NAME, Shop, condition, quick, reason, revision};

/// Where a definition keeps its version.
const VERSION: &str = "/spec/versions/0";

/// Scenario 37: they are stalled where that can be told, and stop nobody else, not after a restart either.
pub async fn objects_that_an_older_crd_let_in_stop_nobody_else(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    shop.installed().await?;
    let definitions: Api<CustomResourceDefinition> = Api::all(shop.client.clone());
    let ours = definitions.get("rollouts.serin.dev").await?;
    let version = serde_json::to_value(ours)?.pointer(VERSION).cloned().context("a version")?;

    let mut older = version.clone();
    older["schema"] = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    // The API server reads the replicas for it, and refuses what has none.
    older["subresources"]["scale"].take();
    set_version(&definitions, &older).await?;
    let malformed = malformed();
    for (name, spec) in &malformed {
        // The definition works a moment after it was written.
        wait(name, Duration::from_secs(30), || async { shop.create_named(name, spec.clone()).await.is_ok() }).await?;
    }
    set_version(&definitions, &version).await?;
    wait("the schema", Duration::from_secs(30), || async { shop.create_named("late", json!({"replicas": "many"})).await.is_err() }).await?;

    shop.image("v2").await?;
    shop.promoted(&revision("v2")).await?;
    ground.kill_controller();
    ground.start_controller().await?;
    shop.image("v3").await?;
    shop.promoted(&revision("v3")).await?;
    for (name, _) in &malformed {
        let told = shop.until_of(name, "it is stalled", |r| condition(r, "Stalled") == "True").await?;
        ensure!(reason(&told) == "InvalidSpec", "{told:#}");
    }
    ensure!(shop.deployments().await?.len() == 3, "only {NAME} has any");
    let log = std::fs::read_to_string(ground.log())?;
    ensure!(!log.contains("a defect of Serin"), "no pass panicked");
    Ok(())
}

/// Specs that no schema of ours would let in.
fn malformed() -> Vec<(&'static str, Value)> {
    let with = |field: &str, value: Value| {
        let mut spec = quick(2, "v1");
        // The Service is the bystander's.
        spec["service"] = json!("another");
        spec[field] = value;
        spec
    };
    vec![
        ("empty", json!({})),
        ("a-text", json!("replicas: 2")),
        ("a-list", json!([])),
        ("many", with("replicas", json!("many"))),
        ("below-zero", with("replicas", json!(-1))),
        ("no-template", with("template", json!(7))),
        ("no-labels", with("template", json!({"metadata": {"labels": 7}, "spec": {}}))),
        ("odd-steps", with("steps", json!({"weight": 20}))),
        ("odd-service", with("service", json!(["checkout"]))),
        ("odd-checks", with("analysis", json!({"checks": [{"name": 7}, null]}))),
    ]
}

async fn set_version(definitions: &Api<CustomResourceDefinition>, version: &Value) -> Result<()> {
    let patch = serde_json::from_value(json!([{"op": "replace", "path": VERSION, "value": version}]))?;
    definitions.patch("rollouts.serin.dev", &PatchParams::default(), &Patch::Json::<()>(patch)).await?;
    Ok(())
}
