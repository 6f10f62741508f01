//! Shares of pods that are not shares of requests, shares that pods cannot give, and rollouts without a Service.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Service;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::ground::Ground;
use super::shop::{NAME, Shop, condition, message, phase, quick, reason, revision};

fn services(shop: &Shop) -> Api<Service> {
    Api::namespaced(shop.client.clone(), &shop.namespace)
}

/// Changes the Service as it was made by [`Shop::service`].
async fn serve(shop: &Shop, change: Value) -> Result<()> {
    services(shop).patch(NAME, &PatchParams::default(), &Patch::Merge(change)).await?;
    Ok(())
}

/// Waits until the condition about the Service stands so, and says whether the rollout still rests.
async fn told(shop: &Shop, status: &str, wanted: &str) -> Result<()> {
    let is = |r: &Value| {
        r["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|c| c["type"] == "TrafficByShare" && c["status"] == status && c["reason"] == wanted)
    };
    let seen = shop.until(&format!("TrafficByShare {status} {wanted}"), is).await?;
    ensure!(phase(&seen) == "Idle", "{seen:#}");
    Ok(())
}

pub async fn a_service_that_skews_the_shares_is_warned_about_at_once(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    told(shop, "True", "EachRequest").await?;
    let hints = |mode: Value| json!({"metadata": {"annotations": {"service.kubernetes.io/topology-mode": mode}}});
    let spec = |spec: Value| json!({"spec": spec});
    let ways = [
        (
            "SessionAffinity",
            spec(json!({"sessionAffinity": "ClientIP"})),
            spec(json!({"sessionAffinity": "None", "sessionAffinityConfig": null})),
        ),
        ("LocalPolicy", spec(json!({"internalTrafficPolicy": "Local"})), spec(json!({"internalTrafficPolicy": "Cluster"}))),
        ("Topology", spec(json!({"trafficDistribution": "PreferClose"})), spec(json!({"trafficDistribution": null}))),
        ("Topology", hints("Auto".into()), hints(Value::Null)),
        (
            "LocalPolicy",
            spec(json!({"type": "NodePort", "externalTrafficPolicy": "Local"})),
            spec(json!({"type": "NodePort", "externalTrafficPolicy": "Cluster"})),
        ),
    ];
    for (wanted, skewed, straight) in ways {
        serve(shop, skewed).await?;
        told(shop, "False", wanted).await?;
        serve(shop, straight).await?;
        told(shop, "True", "EachRequest").await?;
    }
    // Whether it is headless is decided when it is made.
    services(shop).delete(NAME, &DeleteParams::default()).await?;
    shop.until("without its Service", |r| reason(r) == "Service").await?;
    let headless = json!({"metadata": {"name": NAME}, "spec": {"clusterIP": "None", "selector": {"app": NAME}, "ports": [{"port": 80}]}});
    services(shop).create(&PostParams::default(), &serde_json::from_value(headless)?).await?;
    told(shop, "False", "Headless").await?;
    let seen = shop.installed().await?;
    ensure!(condition(&seen, "Ready") == "True", "a warning is no reason to stand still: {seen:#}");
    Ok(())
}

pub async fn strict_shares_begin_nothing_behind_a_service_that_skews_them(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    serve(shop, json!({"spec": {"sessionAffinity": "ClientIP"}})).await?;
    let mut spec = quick(4, "v1");
    spec["traffic"] = json!({"replicas": {"strict": true}});
    shop.create(spec).await?;
    let stalled = shop.until("stalled", |r| reason(r) == "Service").await?;
    ensure!(condition(&stalled, "Stalled") == "True", "{stalled:#}");
    ensure!(message(&stalled).contains("sessionAffinity ClientIP") && message(&stalled).contains("strict"), "{stalled:#}");
    ensure!(shop.deployments().await?.is_empty(), "nothing is made");
    serve(shop, json!({"spec": {"sessionAffinity": "None", "sessionAffinityConfig": null}})).await?;
    shop.installed().await?;
    Ok(())
}

pub async fn strict_shares_begin_nothing_with_steps_that_pods_cannot_give(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let mut spec = quick(2, "v1");
    spec["traffic"] = json!({"replicas": {"strict": true}});
    spec["steps"] = json!([{"weight": 5, "hold": "1s"}]);
    shop.create(spec).await?;
    let stalled = shop.until("stalled", |r| reason(r) == "StepsUnattainable").await?;
    ensure!(condition(&stalled, "Stalled") == "True" && condition(&stalled, "StepsAttainable") == "False", "{stalled:#}");
    ensure!(message(&stalled).contains("with 2 replicas 5% becomes 33%"), "{stalled:#}");
    shop.edit(json!({"steps": [{"weight": 33, "hold": "1s"}]})).await?;
    shop.installed().await?;
    Ok(())
}

/// Two workers of queues: what they share is pods, and neither has anything to do with the other.
pub async fn a_rollout_without_a_service_shifts_shares_of_pods(_: &Ground, shop: &Shop) -> Result<()> {
    let mut spec = quick(4, "v1");
    spec.as_object_mut().map(|spec| spec.remove("service"));
    spec["analysis"] = json!({"none": {}});
    shop.create_named("other", spec.clone()).await?;
    shop.create(spec).await?;
    shop.until_of("other", "installed", |r| reason(r) == "Settled").await?;
    shop.installed().await?;
    told(shop, "Unknown", "NoService").await?;
    shop.image("v2").await?;
    shop.promoted(&revision("v2")).await?;
    shop.image("v3-crash").await?;
    shop.aborted().await?;
    let mine = shop.deployments().await?.into_iter().filter(|one| one.metadata.name.as_deref().is_some_and(|name| name.starts_with(NAME)));
    let serving: Vec<i32> = mine.filter_map(|one| one.spec?.replicas).filter(|replicas| *replicas > 0).collect();
    ensure!(serving == [4], "{serving:?}");
    Ok(())
}
