//! Installing, letting go: scenarios of the first revision and of the last event.

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, DeleteParams, PropagationPolicy};
use serde_json::json;

use super::ground::Ground;
use super::shop::{NAME, Shop, condition, message, phase, quick, reason, revision, template};

/// Scenario 1.
pub async fn a_first_revision_is_stable_only_once_it_is_available(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1-slow")).await?;
    let installing = shop.until("installing", |r| phase(r) == "Installing").await?;
    ensure!(condition(&installing, "Ready") != "True", "not ready while it is installed: {installing:#}");
    ensure!(!shop.told(ground)?.contains(&"rollout.installed".to_owned()), "installed is told after availability");

    let installed = shop.installed().await?;
    ensure!(condition(&installed, "Ready") == "True" && condition(&installed, "Reconciling") != "True", "{installed:#}");
    ensure!(installed["status"]["stable"] == revision("v1-slow").as_str());
    shop.hears(ground, "rollout.installed").await?;
    ensure!(shop.told(ground)? == ["rollout.created", "rollout.installed"], "no step, no analysis: {:?}", shop.told(ground)?);
    ensure!(shop.pods(&revision("v1-slow")).await?.len() == 4);
    Ok(())
}

/// Scenario 2.
pub async fn a_first_revision_that_crashes_is_told_and_a_fixed_one_installs_at_once(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(2, "v1-crash");
    spec["deadlines"] = json!({"available": "8s"});
    shop.create(spec).await?;
    let stalled = shop.until("stalled", |r| condition(r, "Stalled") == "True" && message(r).contains("CrashLoopBackOff")).await?;
    ensure!(phase(&stalled) == "Installing");
    shop.hears(ground, "rollout.install-failed").await?;

    shop.image("v2").await?;
    shop.until("v2 installed", |r| phase(r) == "Idle" && r["status"]["stable"] == revision("v2").as_str()).await?;
    ensure!(shop.told(ground)?.iter().all(|t| t != "rollout.aborted" && t != "rollout.rolled-back"), "there was nothing to go back to");
    shop.until("the broken revision is gone", |_| true).await?;
    wait_for_replicas(shop, &[("v2", 2)]).await
}

/// Scenario 4, idle, with foreground deletion, which kills whatever is owned.
pub async fn deleting_an_idle_rollout_leaves_its_pods_serving(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(3, "v1")).await?;
    shop.installed().await?;
    let before = shop.pods(&revision("v1")).await?;
    let foreground = DeleteParams { propagation_policy: Some(PropagationPolicy::Foreground), ..DeleteParams::default() };
    shop.delete(&foreground).await?;
    shop.until("the Rollout is gone", serde_json::Value::is_null).await?;
    shop.hears(ground, "rollout.deleted").await?;
    ensure!(shop.pods(&revision("v1")).await? == before, "the same pods go on serving");
    Ok(())
}

/// Scenario 4, in flight.
pub async fn deleting_a_rollout_in_flight_brings_stable_back_first(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "10m"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    shop.delete(&DeleteParams::default()).await?;
    shop.until("the Rollout is gone", serde_json::Value::is_null).await?;
    ensure!(
        shop.told(ground)?.ends_with(&["rollout.aborted".into(), "rollout.rolled-back".into(), "rollout.deleted".into()]),
        "{:?}",
        shop.told(ground)?
    );
    wait_for_replicas(shop, &[("v1", 4)]).await
}

/// Scenario 6.
pub async fn nothing_is_written_until_the_service_fits(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.create(quick(2, "v1")).await?;
    let stalled = shop.until("stalled", |r| condition(r, "Stalled") == "True").await?;
    ensure!(reason(&stalled) == "Service" && message(&stalled).contains("does not exist"), "{}", message(&stalled));
    ensure!(shop.deployments().await?.is_empty(), "no Deployment without a Service");
    shop.service(0).await?;
    shop.installed().await?;
    ensure!(shop.told(ground)?.starts_with(&["rollout.created".to_owned()]));
    Ok(())
}

/// Scenario 6, the selector.
pub async fn a_service_that_does_not_select_the_template_stalls_with_the_reason(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(2, "v1");
    spec["template"]["metadata"]["labels"] = json!({"app": "other"});
    shop.create(spec).await?;
    let stalled = shop.until("stalled", |r| condition(r, "Stalled") == "True").await?;
    ensure!(reason(&stalled) == "Service" && message(&stalled).contains("app"), "{}", message(&stalled));
    ensure!(shop.deployments().await?.is_empty());
    Ok(())
}

/// Scenario 5, within what this version has.
pub async fn a_second_rollout_on_the_same_service_is_stalled_naming_the_first(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(2, "v1")).await?;
    shop.installed().await?;
    shop.create_named("intruder", quick(2, "v1")).await?;
    let stalled = shop.until_of("intruder", "stalled", |r| condition(r, "Stalled") == "True").await?;
    ensure!(message(&stalled).contains(NAME), "{}", message(&stalled));
    ensure!(shop.deployments().await?.len() == 1, "only the first Rollout's Deployment");
    Ok(())
}

/// The template is kept as the user wrote it.
pub async fn the_template_reaches_the_deployment_as_it_was_written(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(1, "v1");
    spec["template"]["spec"]["hostnameOverride"] = json!("young-field");
    shop.create(spec).await?;
    shop.until("installed or refused", |r| reason(r) == "Settled" || reason(r) == "InvalidTemplate").await?;
    let deployment = &shop.deployments().await?[0];
    let live = Api::<Deployment>::namespaced(shop.client.clone(), &shop.namespace)
        .get(deployment.metadata.name.as_deref().unwrap_or_default())
        .await?;
    ensure!(live.metadata.owner_references.is_none(), "nothing owns it, so nothing can take it away");
    // This build's types are those of an older Kubernetes: what they do not know must be read as plain JSON.
    let raw: serde_json::Value = shop
        .client
        .request(
            axum::http::Request::get(format!(
                "/apis/apps/v1/namespaces/{}/deployments/{}",
                shop.namespace,
                live.metadata.name.unwrap_or_default()
            ))
            .body(Vec::new())?,
        )
        .await?;
    ensure!(raw["spec"]["template"]["spec"]["hostnameOverride"] == "young-field", "{raw:#}");
    Ok(())
}

/// A misspelt field.
pub async fn a_misspelt_field_of_the_template_is_stalled_in_words(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(1, "v1");
    spec["template"]["spec"]["containers"][0]["imagePullPolcy"] = json!("Always");
    shop.create(spec).await?;
    let stalled = shop.until("stalled", |r| condition(r, "Stalled") == "True").await?;
    ensure!(reason(&stalled) == "InvalidTemplate" && message(&stalled).contains("imagePullPolcy"), "{}", message(&stalled));
    ensure!(shop.deployments().await?.is_empty());
    shop.edit(json!({"template": null})).await.ok();
    shop.image("v1").await?;
    shop.installed().await?;
    ensure!(template("v1")["spec"]["containers"][0]["imagePullPolcy"].is_null());
    Ok(())
}

/// Waits until exactly these revisions have pods.
pub async fn wait_for_replicas(shop: &Shop, wanted: &[(&str, i32)]) -> Result<()> {
    let wanted = wanted.iter().map(|(tag, replicas)| (revision(tag), *replicas)).collect();
    super::ground::wait("the wanted replicas", std::time::Duration::from_mins(1), || async {
        shop.replicas().await.is_ok_and(|got| got == wanted)
    })
    .await
}
