//! Commands as objects: done once, in order, for what they were meant for, by whom they say.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding};
use kube::api::{Api, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use serin::api::{ActionStatus, RolloutAction};

use super::ground::{Ground, wait};
use super::people::{Person, serin};
use super::shop::{NAME, Shop, phase, quick, reason, revision};

/// Longer than any answer takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

pub fn actions(shop: &Shop) -> Api<RolloutAction> {
    Api::namespaced(shop.client.clone(), &shop.namespace)
}

/// Gives a command as it stands, in the name of nobody: the API server knows who gives it.
pub async fn give(shop: &Shop, spec: Value) -> Result<RolloutAction, kube::Error> {
    give_with(shop, spec, &PostParams::default()).await
}

pub async fn give_with(shop: &Shop, mut spec: Value, how: &PostParams) -> Result<RolloutAction, kube::Error> {
    spec["rollout"] = NAME.into();
    let action = json!({
        "apiVersion": "serin.dev/v1alpha1", "kind": "RolloutAction", "metadata": {"generateName": "given-"}, "spec": spec,
    });
    let action: RolloutAction = serde_json::from_value(action).map_err(kube::Error::SerdeError)?;
    actions(shop).create(how, &action).await
}

/// Waits for the answer to a command.
pub async fn answer(shop: &Shop, action: &RolloutAction) -> Result<ActionStatus> {
    let (all, name) = (actions(shop), action.name_any());
    let answered = || async { all.get(&name).await.is_ok_and(|action| action.status.is_some_and(|status| status.phase.is_some())) };
    wait("the answer", PATIENCE, answered).await?;
    all.get(&name).await?.status.context("a status")
}

/// The test's namespace, as the controller.
async fn as_serin(ground: &Ground, shop: &Shop) -> Result<Shop> {
    let kubeconfig = ground.plane.service_account_kubeconfig("serin", "serin").await?;
    Ok(Shop { client: serin_dev::client(&kubeconfig).await?, namespace: shop.namespace.clone() })
}

/// What a command that was refused is told.
fn words(refused: Result<RolloutAction, kube::Error>) -> Result<String> {
    let error = refused.err().context("it should be refused")?;
    Ok(error.to_string())
}

/// A rollout that stands at its first step for as long as it is let.
async fn at_a_long_step(shop: &Shop) -> Result<Value> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "1h"}, {"weight": 50, "hold": "1h"}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(25).await
}

/// Scenario 40, the order: what is asked for between two passes is done one after the other.
pub async fn commands_that_come_between_two_passes_are_done_in_their_order(ground: &Ground, shop: &Shop) -> Result<()> {
    at_a_long_step(shop).await?;
    ground.kill_controller();
    let given = [
        give(shop, json!({"verb": "Pause", "reason": "a look at the graphs"})).await?,
        give(shop, json!({"verb": "Resume", "revision": revision("v2")})).await?,
        give(shop, json!({"verb": "Skip", "revision": revision("v2"), "reason": "they look good"})).await?,
        give(shop, json!({"verb": "Abort", "reason": "they do not"})).await?,
    ];
    ground.start_controller().await?;
    for action in &given {
        let status = answer(shop, action).await?;
        ensure!(status.phase.as_deref() == Some("Done"), "{action:?}: {status:?}");
    }
    shop.aborted().await?;
    shop.hears(ground, "rollout.rolled-back").await?;
    let told = shop.told(ground)?;
    let wanted = ["rollout.paused", "rollout.resumed", "step.skipped", "rollout.aborted", "rollout.rolled-back"];
    ensure!(told.ends_with(&wanted.map(str::to_owned)), "{told:?}");
    for event in shop.events(ground)?.iter().rev().skip(1).take(4) {
        ensure!(event["actor"] == json!({"type": "user", "name": "admin"}), "{event:#}");
    }
    let aborted = shop.hears(ground, "rollout.aborted").await?;
    ensure!(aborted["comment"] == "they do not", "{aborted:#}");
    Ok(())
}

/// Scenario 40, once: the controller is killed when the decision is committed and the answer is not written.
pub async fn a_kill_between_a_command_s_commit_and_its_answer_does_it_once(ground: &Ground, shop: &Shop) -> Result<()> {
    at_a_long_step(shop).await?;
    let gag = Gag::of(ground, shop).await?;
    let action = give(shop, json!({"verb": "Skip", "revision": revision("v2"), "reason": "it is urgent"})).await?;
    shop.until("skipped", |r| r["status"]["weight"]["wanted"] == 50).await?;
    let asked = actions(shop).get(&action.name_any()).await?;
    ensure!(asked.status.is_none(), "nobody could answer: {asked:?}");
    ground.kill_controller();
    gag.lift().await?;
    ground.start_controller().await?;
    let status = answer(shop, &action).await?;
    ensure!(status.phase.as_deref() == Some("Done") && status.state.as_deref() == Some("Stepping"), "{status:?}");
    shop.at_weight(50).await?;
    ensure!(shop.told(ground)?.iter().filter(|told| *told == "step.skipped").count() == 1, "{:?}", shop.told(ground)?);
    Ok(())
}

/// Keeps everybody from answering in one namespace.
struct Gag {
    client: Client,
    name: String,
}

impl Gag {
    async fn of(ground: &Ground, shop: &Shop) -> Result<Self> {
        let (client, name) = (shop.client.clone(), shop.namespace.clone());
        let rule = json!({
            "apiGroups": ["serin.dev"], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": ["rolloutactions/status"],
        });
        let refusal = json!({"expression": format!("request.namespace != '{name}'"), "message": "nobody answers here"});
        let policy: ValidatingAdmissionPolicy = serde_json::from_value(json!({
            "metadata": {"name": name},
            "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [refusal]},
        }))?;
        let binding: ValidatingAdmissionPolicyBinding =
            serde_json::from_value(json!({"metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}))?;
        Api::<ValidatingAdmissionPolicy>::all(client.clone()).create(&PostParams::default(), &policy).await?;
        Api::<ValidatingAdmissionPolicyBinding>::all(client.clone()).create(&PostParams::default(), &binding).await?;
        let probe = give(shop, json!({"verb": "Retry", "revision": revision("v1")})).await?;
        let serin = as_serin(ground, shop).await?;
        let gagged = || async {
            let empty = Patch::Merge(json!({"status": {}}));
            let refused = actions(&serin).patch_status(&probe.name_any(), &PatchParams::default(), &empty).await;
            refused.is_err_and(|error| error.to_string().contains("nobody answers here"))
        };
        wait("the gag", Duration::from_secs(30), gagged).await?;
        Ok(Self { client, name })
    }

    async fn lift(self) -> Result<()> {
        Api::<ValidatingAdmissionPolicyBinding>::all(self.client.clone()).delete(&self.name, &DeleteParams::default()).await?;
        Api::<ValidatingAdmissionPolicy>::all(self.client).delete(&self.name, &DeleteParams::default()).await?;
        Ok(())
    }
}

/// Scenario 40: what was meant for something else is never done to what is there now.
pub async fn a_command_for_another_revision_or_attempt_is_superseded(ground: &Ground, shop: &Shop) -> Result<()> {
    at_a_long_step(shop).await?;
    for (spec, words) in [
        (json!({"verb": "Skip", "revision": revision("v3"), "reason": "too early"}), "it is meant for revision"),
        (json!({"verb": "Promote", "revision": revision("v2"), "attempt": 7, "reason": "too late"}), "it is meant for attempt 7"),
    ] {
        let status = answer(shop, &give(shop, spec).await?).await?;
        let message = status.message.as_deref().unwrap_or_default();
        ensure!(status.phase.as_deref() == Some("Superseded") && status.state.as_deref() == Some("Stepping"), "{status:?}");
        ensure!(message.contains(words) && status.at.is_some(), "{status:?}");
    }
    let said = serin(ground, shop, &["approve", NAME, "--revision", &revision("v3")]).await?;
    said.expect(3, &["Superseded: it is meant for revision"])?;
    let said = serin(ground, shop, &["approve", NAME]).await?;
    said.expect(2, &["Refused: the step at 25% asks for no approval"])?;
    let here = shop.until("here", |_| true).await?;
    ensure!(phase(&here) == "Stepping" && here["status"]["weight"]["wanted"] == 25, "{here:#}");
    Ok(())
}

/// Scenario 40: nobody changes a command, what it lacks is said, and one that was answered a day ago goes.
pub async fn a_command_is_immutable_and_goes_a_day_after_its_answer(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    shop.installed().await?;
    for (spec, expected) in [
        (json!({"verb": "Skip", "reason": "x"}), "set revision to the one that is meant"),
        (json!({"verb": "Promote", "revision": revision("v1")}), "give a reason"),
        (json!({"verb": "Undo", "reason": "  "}), "give a reason"),
        (json!({"verb": "Abort", "to": revision("v1")}), "only Undo goes to a revision"),
        (json!({"verb": "Abort", "attempt": 1}), "set revision as well"),
        (json!({"verb": "Abort", "revision": "v1"}), "name a revision by its ten hex digits"),
    ] {
        let refusal = words(give(shop, spec.clone()).await)?;
        ensure!(refusal.contains(expected), "{spec}: {refusal}");
    }
    let action = give(shop, json!({"verb": "Abort"})).await?;
    let status = answer(shop, &action).await?;
    ensure!(status.phase.as_deref() == Some("Refused"), "{status:?}");
    let (all, name, how) = (actions(shop), action.name_any(), PatchParams::default());
    let changed = all.patch(&name, &how, &Patch::Merge(json!({"spec": {"reason": "other"}}))).await;
    ensure!(words(changed)?.contains("an action cannot be changed once it is created"));
    let forged = all.patch_status(&name, &how, &Patch::Merge(json!({"status": {"phase": "Done"}}))).await;
    ensure!(words(forged)?.contains("only Serin writes the status of a RolloutAction"));

    let old = Patch::Merge(json!({"status": {"at": "2020-01-01T00:00:00Z"}}));
    actions(&as_serin(ground, shop).await?).patch_status(&name, &how, &old).await?;
    wait("that it goes", PATIENCE, || async { matches!(all.get_opt(&name).await, Ok(None)) }).await
}

/// A command for a Rollout that is not there is answered, too.
pub async fn a_command_for_nobody_is_refused(_: &Ground, shop: &Shop) -> Result<()> {
    let action = give(shop, json!({"verb": "Abort"})).await?;
    // It has waited for its Rollout for a minute by then.
    let all = actions(shop);
    let answered =
        || async { all.get(&action.name_any()).await.is_ok_and(|action| action.status.is_some_and(|status| status.phase.is_some())) };
    wait("the answer", Duration::from_secs(90), answered).await?;
    let status = answer(shop, &action).await?;
    ensure!(status.phase.as_deref() == Some("Refused") && status.state.as_deref() == Some("Absent"), "{status:?}");
    Ok(())
}

/// Scenario 41, on this API server: who asks is written into the command, whatever stood there.
pub async fn a_forged_actor_is_overwritten(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    shop.installed().await?;
    let alice = Person::with(ground, shop, "alice", "serin-promoter").await?;
    let forged = json!({"verb": "Pause", "actor": {"username": "the-boss", "uid": "1"}});
    let action = give(&alice.shop, forged).await?;
    ensure!(action.spec.actor.as_ref().is_some_and(|actor| actor.username == alice.name), "{action:?}");
    answer(shop, &action).await?;
    let refused = shop.hears(ground, "action.refused").await?;
    ensure!(refused["actor"] == json!({"type": "user", "name": alice.name}), "{refused:#}");
    Ok(())
}

/// The bindings of the policies that change objects: this build's types are those of Kubernetes 1.33, which has none of them.
fn stamping(client: &Client) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding"));
    Api::all_with(client.clone(), &kind)
}

/// Scenario 41, below Kubernetes 1.36: nothing is overwritten there, so whoever speaks for somebody else is refused; `serin` speaks for who types it.
pub async fn without_the_stamping_policy_a_forged_actor_is_refused(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    shop.installed().await?;
    let alice = Person::with(ground, shop, "alice", "serin-promoter").await?;
    let bindings = stamping(&shop.client);
    let stamp = bindings.get("serin-actor").await?;
    bindings.delete("serin-actor", &DeleteParams::default()).await?;
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let forged = || give_with(&alice.shop, json!({"verb": "Pause", "actor": {"username": "the-boss"}}), &dry);
    wait("that nothing is stamped", Duration::from_secs(30), || async { forged().await.is_err() }).await?;
    for refused in [forged().await, give_with(&alice.shop, json!({"verb": "Pause"}), &dry).await] {
        let refusal = words(refused)?;
        ensure!(refusal.contains(&format!("you are {}, and spec.actor has to say so", alice.name)), "{refusal}");
    }
    alice.serin(&["pause", NAME]).await?.expect(2, &["Refused: no attempt is in flight"])?;
    let refused = shop.hears(ground, "action.refused").await?;
    ensure!(refused["actor"] == json!({"type": "user", "name": alice.name}), "{refused:#}");
    let mut again = stamp;
    again.metadata = ObjectMeta { name: Some("serin-actor".to_owned()), ..ObjectMeta::default() };
    bindings.create(&PostParams::default(), &again).await?;
    wait("that it is stamped again", Duration::from_secs(30), || async { forged().await.is_ok() }).await
}

/// Scenario 41: who may give which command, by the roles of `deploy/`; a refusal says which right is missing.
pub async fn every_role_gives_the_commands_of_its_own_and_no_others(ground: &Ground, shop: &Shop) -> Result<()> {
    let verbs = ["Approve", "Promote", "Abort", "Pause", "Resume", "Retry", "Skip", "Restart", "Undo"];
    let roles: [(&str, &[&str]); 6] = [
        ("serin-viewer", &[]),
        ("serin-editor", &["Abort", "Pause", "Resume", "Retry", "Restart", "Undo"]),
        ("edit", &["Abort", "Pause", "Resume", "Retry", "Restart", "Undo"]),
        ("serin-ci", &["Approve", "Abort", "Retry"]),
        ("serin-promoter", &verbs),
        ("admin", &verbs),
    ];
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    for (role, allowed) in roles {
        let person = Person::with(ground, shop, &format!("the-{role}"), role).await?;
        for verb in verbs {
            let spec = json!({"verb": verb, "revision": revision("v2"), "reason": "asked"});
            let given = give_with(&person.shop, spec, &dry).await;
            ensure!(given.is_ok() == allowed.contains(&verb), "{role} {verb}: {given:?}");
        }
    }
    Ok(())
}

/// Scenario 41: the API server's words, and the right that is missing.
pub async fn a_user_without_the_right_is_told_which_one(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    shop.installed().await?;
    let bob = Person::with(ground, shop, "bob", "serin-editor").await?;
    let said = bob.serin(&["promote", NAME, "--reason", "mine"]).await?;
    let words =
        [&format!("you are {}, and may not force-promote the Rollout checkout", bob.name), "hint: ask for the right to force-promote"];
    said.expect(1, &words)?;
    let said = bob.serin(&["abort", NAME]).await?;
    said.expect(2, &["Refused: no attempt is in flight"])?;
    let eve = Person::with(ground, shop, "eve", "serin-viewer").await?;
    eve.serin(&["abort", NAME]).await?.expect(1, &["cannot create resource \"rolloutactions\"", "hint: ask for the right to abort"])?;
    eve.serin(&["history", NAME]).await?.expect(0, &[&revision("v1"), "installed"])?;
    let here = shop.until("here", |_| true).await?;
    ensure!(reason(&here) == "Settled", "{here:#}");
    Ok(())
}
