//! Who may look and who may write? The command line and the rights of `deploy/`, on a real API server.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::process::Command;

use super::ground::{Ground, wait};
use super::shop::{NAME, Shop, quick, revision};

/// The policy of `deploy/` holds for administrators too.
pub async fn only_serin_writes_a_status(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    shop.installed().await?;
    let forged = Patch::Merge(json!({"status": {"phase": "Promoting"}}));
    let refused = shop.rollouts().patch_status(NAME, &PatchParams::default(), &forged).await.map(drop);
    let text = refused.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(text.contains("only Serin writes the status of a Rollout"), "{text}");
    Ok(())
}

/// What people type first, and what it answers when there is nothing.
pub async fn status_says_where_a_rollout_stands(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    let missing = serin(&ground.plane.kubeconfig(), &["status", NAME, "-n", &shop.namespace]).await?;
    ensure!(missing.status.code() == Some(1) && missing.stdout.is_empty(), "{missing:?}");
    let told = String::from_utf8(missing.stderr)?;
    ensure!(told.contains(&format!("there is no Rollout {NAME}")) && told.contains("\nhint: "), "{told}");

    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    let page = serin(&ground.plane.kubeconfig(), &["status", NAME, "-n", &shop.namespace]).await?;
    ensure!(page.status.success() && page.stderr.is_empty(), "{page:?}");
    let text = String::from_utf8(page.stdout)?;
    ensure!(text.starts_with(&format!("Rollout {}/{NAME}\nphase     Idle\nwhy       Settled: ", shop.namespace)), "{text}");
    ensure!(text.contains(&format!("\nstable    {}\n", revision("v1"))), "{text}");

    let data = serin(&ground.plane.kubeconfig(), &["status", NAME, "-n", &shop.namespace, "-o", "json"]).await?;
    let object: serde_json::Value = serde_json::from_slice(&data.stdout)?;
    ensure!(object["phase"] == "Idle" && object["stable"] == revision("v1").as_str(), "{object:#}");
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

async fn serin(kubeconfig: &Path, args: &[&str]) -> Result<Output> {
    Ok(Command::new(env!("CARGO_BIN_EXE_serin")).args(args).arg("--kubeconfig").arg(kubeconfig).output().await?)
}
