//! What people type, and who may: `serin status`, `kubectl get` and `kubectl wait`, the roles and the policy of `deploy/`.

use std::process::Output;
use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use serin_dev::Tool;
use tokio::process::Command;

use super::ground::{Ground, wait};
use super::shop::{NAME, Shop, quick, revision};

/// The page, the JSON, and the answer for a Rollout that is not there.
pub async fn status_says_where_a_rollout_stands(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "10m"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await?;

    let page = serin(ground, shop, &["status", NAME]).await?;
    let text = String::from_utf8_lossy(&page.stdout).into_owned();
    ensure!(page.status.code() == Some(0), "{page:?}");
    for words in ["Stepping", "Holding", "25% wanted, 25% granted, 25% achieved", &revision("v1"), &revision("v2")] {
        ensure!(text.contains(words), "{words} is missing in {text}");
    }
    let json: Value = serde_json::from_slice(&serin(ground, shop, &["status", NAME, "-o", "json"]).await?.stdout)?;
    ensure!(json.to_string().contains(&revision("v2")), "{json:#}");

    let missing = serin(ground, shop, &["status", "nobody"]).await?;
    let words = String::from_utf8_lossy(&missing.stderr).into_owned();
    ensure!(missing.status.code() == Some(1) && missing.stdout.is_empty() && words.contains("hint:"), "{words}");
    Ok(())
}

/// The tools that people have understand the object.
pub async fn kubectl_understands_a_rollout(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let waited = kubectl(ground, shop, &["wait", "--for=condition=Promoted", "rollout/checkout", "--timeout=80s"]).await?;
    ensure!(waited.status.success(), "{waited:?}");
    ensure!(shop.promoted(&revision("v2")).await?["status"]["stable"] == revision("v2").as_str(), "it waited for v2, not for v1");
    let columns = String::from_utf8_lossy(&kubectl(ground, shop, &["get", "sro"]).await?.stdout).into_owned();
    for words in ["PHASE", "STEP", "STABLE", "CANARY", "WHY", "Idle", &revision("v2")] {
        ensure!(columns.contains(words), "{words} is missing in {columns}");
    }
    let scaled = kubectl(ground, shop, &["scale", "rollout/checkout", "--replicas=2"]).await?;
    ensure!(scaled.status.success(), "{scaled:?}");
    super::installing::wait_for_replicas(shop, &[("v2", 2)]).await?;
    let explained = String::from_utf8_lossy(&kubectl(ground, shop, &["explain", "rollout.spec.steps"]).await?.stdout).into_owned();
    ensure!(explained.contains("weight"), "{explained}");
    Ok(())
}

/// The policy of `deploy/`: nobody but Serin writes a status, not even an admin.
pub async fn nobody_else_writes_a_status(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    shop.installed().await?;
    let forged = json!({"status": {"phase": "Promoted"}});
    let error = shop.rollouts().patch_status(NAME, &PatchParams::default(), &Patch::Merge(forged)).await.err().map(|e| e.to_string());
    ensure!(error.as_ref().is_some_and(|e| e.contains("only Serin writes the status of a Rollout")), "{error:?}");
    Ok(())
}

/// The roles of `deploy/` go with the built-in ones.
pub async fn who_may_edit_a_namespace_may_edit_its_rollouts(ground: &Ground, shop: &Shop) -> Result<()> {
    let kubeconfig = ground.plane.kubeconfig_for("bob", "people")?;
    let as_bob = Shop { client: serin_dev::client(&kubeconfig).await?, namespace: shop.namespace.clone() };
    let create = || async { as_bob.create(quick(1, "v1")).await };
    ensure!(create().await.is_err(), "bob may do nothing yet");
    let binding: RoleBinding = serde_json::from_value(json!({
        "metadata": {"name": "bob"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bob"}],
    }))?;
    Api::<RoleBinding>::namespaced(shop.client.clone(), &shop.namespace).create(&PostParams::default(), &binding).await?;
    wait("bob's right to create", Duration::from_secs(30), || async { create().await.is_ok() }).await?;
    as_bob.edit(json!({"paused": true})).await?;
    let forged = Patch::Merge(json!({"status": {"phase": "Promoting"}}));
    let refused = as_bob.rollouts().patch_status(NAME, &PatchParams::default(), &forged).await;
    ensure!(matches!(&refused, Err(kube::Error::Api(status)) if status.code == 403), "{refused:?}");
    Ok(())
}

async fn serin(ground: &Ground, shop: &Shop, words: &[&str]) -> Result<Output> {
    run(env!("CARGO_BIN_EXE_serin").as_ref(), ground, shop, words).await
}

async fn kubectl(ground: &Ground, shop: &Shop, words: &[&str]) -> Result<Output> {
    run(&ground.plane.tools().path(Tool::Kubectl), ground, shop, words).await
}

async fn run(program: &std::path::Path, ground: &Ground, shop: &Shop, words: &[&str]) -> Result<Output> {
    let ended =
        Command::new(program).args(words).args(["--namespace", &shop.namespace, "--kubeconfig"]).arg(ground.plane.kubeconfig()).output();
    Ok(ended.await?)
}
