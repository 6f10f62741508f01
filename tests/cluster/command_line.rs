//! What people type, and who may: `serin status`, `kubectl get` and `kubectl wait`, the roles and the policy of `deploy/`.

use std::time::Duration;

use anyhow::{Result, ensure};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use serin_dev::Tool;
use tokio::process::Command;

use super::ground::{Ground, wait};
use super::people::{Person, kubectl, serin};
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
    page.expect(0, &["Stepping", "Holding", "25% wanted, 25% granted, 25% achieved", &revision("v1"), &revision("v2")])?;
    let json: Value = serde_json::from_str(&serin(ground, shop, &["status", NAME, "-o", "json"]).await?.stdout)?;
    ensure!(json.to_string().contains(&revision("v2")), "{json:#}");
    let missing = serin(ground, shop, &["status", "nobody"]).await?;
    ensure!(missing.expect(1, &["there is no Rollout nobody", "hint:"])?.stdout.is_empty());
    Ok(())
}

/// The tools that people have understand the object.
pub async fn kubectl_understands_a_rollout(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(4, "v1")).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    let waited = kubectl(ground, shop, &["wait", "--for=condition=Promoted", "rollout/checkout", "--timeout=80s"]).await?;
    waited.expect(0, &["condition met"])?;
    ensure!(shop.promoted(&revision("v2")).await?["status"]["stable"] == revision("v2").as_str(), "it waited for v2, not for v1");
    let columns = kubectl(ground, shop, &["get", "sro"]).await?;
    columns.expect(0, &["PHASE", "STEP", "STABLE", "CANARY", "WHY", "Idle", &revision("v2")])?;
    kubectl(ground, shop, &["scale", "rollout/checkout", "--replicas=2"]).await?.expect(0, &["scaled"])?;
    super::installing::wait_for_replicas(shop, &[("v2", 2)]).await?;
    kubectl(ground, shop, &["explain", "rollout.spec.steps"]).await?.expect(0, &["weight"])?;

    serin(ground, shop, &["restart", NAME, "--reason", "new certificates"]).await?.expect(0, &["Done: "])?;
    let columns = kubectl(ground, shop, &["get", "sra"]).await?;
    columns.expect(0, &["ROLLOUT", "VERB", "ACTOR", "PHASE", "MESSAGE", "checkout", "Restart", "admin", "Done"])?;
    kubectl(ground, shop, &["explain", "rolloutaction.spec.verb"]).await?.expect(0, &["Approve", "Undo", "replaces a Pass"])?;
    Ok(())
}

/// `deploy/` as the README installs it, here and on Kubernetes below 1.36, whose API server knows no policy that changes objects.
pub async fn deploy_is_taken_with_and_without_the_policy_that_stamps(ground: &Ground, _: &Shop) -> Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let deploy = std::fs::canonicalize(serin_dev::repository("deploy"))?;
    for (components, stamps) in [("", 2), ("components: [DEPLOY/below-1.36]", 0)] {
        let up = "../".repeat(std::fs::canonicalize(folder.path())?.components().count() - 1);
        let deploy = format!("{up}{}", deploy.strip_prefix("/")?.display());
        let text = format!("kind: Kustomization\nresources: [DEPLOY]\n{components}\n").replace("DEPLOY", &deploy);
        std::fs::write(folder.path().join("kustomization.yaml"), text)?;
        let mut kubectl = Command::new(ground.plane.tools().path(Tool::Kubectl));
        kubectl.args(["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-k"]).arg(folder.path());
        let taken = kubectl.arg("--kubeconfig").arg(ground.plane.kubeconfig()).output().await?;
        let words = String::from_utf8_lossy(&taken.stdout).into_owned();
        ensure!(taken.status.success() && words.contains("serin-actions"), "{taken:?}");
        ensure!(words.matches("mutatingadmissionpolic").count() == stamps, "{words}");
    }
    Ok(())
}

/// Made for this test; it signs nothing else.
const KEY: &str =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEICSzAZK38W0qvuc8bHbo5kbpS/V061I126oPkcT49T3p\n-----END PRIVATE KEY-----\n";

/// What was delivered is what was told, up to the heads that somebody else signed.
pub async fn the_trail_is_whole_up_to_a_signed_checkpoint(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    shop.installed().await?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [key, checkpoint] = ["key.pem", "checkpoint"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(&key, KEY)?;
    let signed = serin(ground, shop, &["audit", "checkpoint", "--key", &key, "--journal", "serin/serin-events"]).await?;
    std::fs::write(&checkpoint, &signed.expect(0, &["audit.checkpoint", &shop.namespace, "\"stream\":\"controller/"])?.stdout)?;
    let offline = |words: Vec<String>| async move { Command::new(env!("CARGO_BIN_EXE_serin")).arg("audit").args(words).output().await };
    let public = String::from_utf8(offline(vec!["key".to_owned(), key]).await?.stdout)?;
    let log = ground.log().display().to_string();
    let words = ["verify", &log, "--checkpoint", &checkpoint, "--key", public.trim(), "-o", "json"].map(str::to_owned);
    // The last event may be on its way still.
    let whole = || async {
        let said = offline(words.to_vec()).await.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let said: Value = serde_json::from_str(&said).unwrap_or_default();
        let own = said["streams"].as_array().into_iter().flatten().find(|stream| stream["rollout"] == format!("{}/{NAME}", shop.namespace));
        said["missingHeads"] == json!([]) && own.is_some_and(|stream| stream["whole"] == true && stream["from"] == 1)
    };
    wait("the last event", Duration::from_secs(30), whole).await
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
    let bob = Person::with(ground, shop, "bob", "edit").await?;
    let create = || async { bob.shop.create(quick(1, "v1")).await.is_ok() };
    wait("bob's right to create", Duration::from_secs(30), create).await?;
    let as_bob = &bob.shop;
    as_bob.edit(json!({"paused": true})).await?;
    let forged = Patch::Merge(json!({"status": {"phase": "Promoting"}}));
    let refused = as_bob.rollouts().patch_status(NAME, &PatchParams::default(), &forged).await;
    ensure!(matches!(&refused, Err(kube::Error::Api(status)) if status.code == 403), "{refused:?}");
    Ok(())
}
