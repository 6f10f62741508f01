//! Which Rollouts has an instance, and what does a shadow do?

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::ground::{Ground, wait};
use super::leases::{Member, PATIENCE, all_requests, by, hand_on, writes};
use super::rights::SERIN;
use super::shop::{NAME, Shop, phase, quick, template};

/// An instance of its own, for a new version of Serin for example, has the Rollouts that carry its name.
pub async fn each_instance_works_on_its_own_rollouts(ground: &Ground, shop: &Shop) -> Result<()> {
    hand_on(shop).await?;
    let right = json!({"metadata": {"name": "serin-lease-trial"}, "rules": [
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["serin-trial"], "verbs": ["get", "patch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["serin-trial-events"], "verbs": ["get", "patch"]},
    ]});
    let bound = json!({
        "metadata": {"name": "serin-lease-trial"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "serin-lease-trial"},
        "subjects": [{"kind": "ServiceAccount", "name": SERIN, "namespace": SERIN}],
    });
    Api::<Role>::namespaced(shop.client.clone(), SERIN).create(&PostParams::default(), &serde_json::from_value(right)?).await?;
    Api::<RoleBinding>::namespaced(shop.client.clone(), SERIN).create(&PostParams::default(), &serde_json::from_value(bound)?).await?;
    let first = Member::start(ground, shop, 0, &[]).await?;
    let trial = Member::start(ground, shop, 1, &["--instance-id=trial"]).await?;
    first.until_it_leads().await?;
    trial.until_it_leads().await?;

    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    let labels = json!({"serin.dev/instance": "trial"});
    shop.create_labelled("tried", &labels, tried("v1")).await?;
    shop.apply("{apiVersion: v1, kind: Service, metadata: {name: tried}, spec: {selector: {app: tried}, ports: [{port: 80}]}}").await?;
    shop.installed().await?;
    shop.until_of("tried", "installed by its instance", |r| phase(r) == "Idle").await?;
    let before = who_wrote(ground, shop)?;
    println!("{before:?}");
    let (one, two) = (first.identity()?, trial.identity()?);
    ensure!(before[NAME].len() == 1 && before[NAME][0].contains(&one), "{before:?}");
    ensure!(before["tried"].len() == 1 && before["tried"][0].contains(&two), "{before:?}");

    // Without its label it is the first instance's, whatever the epochs of the two leases are.
    let unlabelled = Patch::Merge(json!({"metadata": {"labels": {"serin.dev/instance": null}}}));
    shop.rollouts().patch("tried", &PatchParams::default(), &unlabelled).await?;
    shop.rollouts().patch("tried", &PatchParams::default(), &Patch::Merge(json!({"spec": tried("v2")}))).await?;
    let second = serin::api::revision(&tried("v2")["template"]).to_string();
    let promoted = |r: &Value| phase(r) == "Idle" && r["status"]["stable"] == second.as_str();
    shop.until_of("tried", "promoted by the first instance", promoted).await?;
    let after = who_wrote(ground, shop)?;
    ensure!(after["tried"].len() == 2 && after["tried"][1].contains(&one), "{after:?}");
    Ok(())
}

/// A rollout beside the first one, whose canary's pods are all that is looked at.
fn tried(tag: &str) -> Value {
    let mut template = template(tag);
    template["metadata"]["labels"] = json!({"app": "tried"});
    json!({"replicas": 2, "service": "tried", "template": template, "steps": [{"weight": 50, "hold": "1s"}], "analysis": {"none": {}}})
}

/// Who wrote to each Rollout, turn by turn.
fn who_wrote(ground: &Ground, shop: &Shop) -> Result<BTreeMap<String, Vec<String>>> {
    let mut turns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for write in writes(ground)?.into_iter().filter(|write| write.namespace == shop.namespace && write.resource == "rollouts") {
        turns.entry(write.name).or_default().push(write.agent);
    }
    turns.values_mut().for_each(Vec::dedup);
    Ok(turns)
}

/// The right way to look at what a new version would do.
pub async fn a_shadow_says_what_it_would_do_and_writes_nothing(ground: &Ground, shop: &Shop) -> Result<()> {
    hand_on(shop).await?;
    let shadow = Member::start(ground, shop, 0, &["--shadow"]).await?;
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    let says = |text: &'static str| {
        let shadow = &shadow;
        async move {
            wait(text, PATIENCE, || async { shadow.log().lines().any(|line| line.contains(text) && line.contains(&shop.namespace)) }).await
        }
    };
    says("would have guarded by a finalizer").await?;
    let untouched = shop.rollouts().get(NAME).await?;
    ensure!(untouched.finalizers().is_empty() && untouched.data["status"].is_null(), "{untouched:#?}");

    // Beside a leader it looks at what that one does.
    let leader = Member::start(ground, shop, 1, &[]).await?;
    shop.installed().await?;
    drop(leader);
    shop.image("v2").await?;
    says("would commit Stepping").await?;
    says("would have created revision").await?;
    ensure!(!shadow.leads().await);
    let (all, name) = (writes(ground)?, shadow.identity()?);
    let written = by(&all, &name);
    ensure!(written.is_empty(), "{written:#?}");
    let leases = all_requests(ground)?.into_iter().filter(|r| r.agent.contains(&name) && r.resource == "leases").count();
    ensure!(leases == 0, "it does not even ask for the lease");
    // Nobody delivered the events that nobody but the leader has committed.
    ensure!(!shadow.log().contains("\"log\":\"audit\""), "{}", shadow.log());
    Ok(())
}
