//! What does the controller say, and how often does it try, where a right of `deploy/rbac.yaml` is missing?

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use serin::api::Rollout;
use serin_dev::{AuditEvent, CONTROLLER_USER, Installed};

use super::adopting::{running, taking_over};
use super::commands::{answer, give};
use super::ground::{Ground, wait};
use super::rights::{Right, SERIN, account, bind, counted, grant, rights, user};
use super::shop::{NAME, Shop, quick, revision};

/// How long requests are counted, and how many may be refused in that time. Delays grow to seconds within it; news of pods brings a try each.
const WINDOW: Duration = Duration::from_secs(30);
const MOST_REFUSALS: usize = 20;

/// Longer than any fact takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// What has to happen so that a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// A first revision.
    Install,
    /// A second one.
    Attempt,
    /// A second one that leaves no room for the first in the history.
    Prune,
    /// The Rollout is deleted.
    LetGo,
    /// Somebody changes the template of stable's Deployment.
    Repair,
    /// Somebody takes the labels off stable's Deployment.
    Relabel,
    /// A running Deployment is taken over.
    TakeOver,
    /// Somebody gives a command.
    Command,
    /// The Rollout is deleted, and commands were given: they go with it.
    LetGoAfterACommand,
    /// Somebody deletes stable's Deployment while a canary is on trial.
    Remake,
}

/// Where a missing right is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// In the conditions of the Rollout.
    Conditions,
    /// In the log: the status cannot be written, or nothing of the rollout depends on it.
    Log,
}

/// When each right that is used in one namespace is needed, and where it is told that it is missing.
fn needs(right: &Right) -> Result<Vec<(Need, Told)>> {
    Ok(match (right.verb.as_str(), right.resource.as_str()) {
        ("patch", "rollouts") => vec![(Need::Install, Told::Conditions), (Need::LetGo, Told::Conditions)],
        ("update", "rollouts/status") | ("create", "events") => vec![(Need::Attempt, Told::Log)],
        ("create", "deployments" | "controllerrevisions") | ("patch", "controllerrevisions") => vec![(Need::Install, Told::Conditions)],
        ("update", "deployments/scale") => vec![(Need::Attempt, Told::Conditions)],
        ("delete", "deployments" | "controllerrevisions") => vec![(Need::Prune, Told::Conditions)],
        ("patch", "deployments") => vec![(Need::Repair, Told::Conditions)],
        ("get", "deployments") => vec![(Need::Relabel, Told::Conditions)],
        ("get", "controllerrevisions") => vec![(Need::Remake, Told::Conditions)],
        ("patch", "rolloutactions/status") => vec![(Need::Command, Told::Conditions)],
        ("delete", "rolloutactions") => vec![(Need::LetGoAfterACommand, Told::Conditions)],
        ("list", "horizontalpodautoscalers") => vec![(Need::TakeOver, Told::Conditions)],
        // The list is enough to begin with.
        ("watch", "horizontalpodautoscalers") => vec![(Need::TakeOver, Told::Log)],
        // Only a conflict needs it: `fences` has the test.
        ("get", "deployments/scale") => vec![],
        _ => bail!("nobody says what happens where {right:?} is missing"),
    })
}

/// Each right to write, in namespaces where the controller has all the others.
pub async fn a_missing_right_to_write_is_named_and_nothing_spins(ground: &Ground, shop: &Shop) -> Result<()> {
    let all = rights()?;
    let mut cases = Vec::new();
    for right in all.iter().filter(|right| !right.is_wide()) {
        cases.extend(needs(right)?.into_iter().map(|(need, told)| (right, need, told)));
    }
    grant(&shop.client, SERIN, all.iter().filter(|right| right.is_wide())).await?;
    let outcome = try_join_all(cases.into_iter().map(|(right, need, told)| write_without(ground, &all, right, (need, told)))).await;
    grant(&shop.client, SERIN, all.iter()).await?;
    outcome?;
    Ok(())
}

async fn write_without(ground: &Ground, all: &[Right], right: &Right, (need, told): (Need, Told)) -> Result<()> {
    let name = format!("{}-{need:?}", right.name()).to_lowercase();
    let shop = Shop::open(ground, &name).await?;
    grant(&shop.client, &name, all.iter().filter(|other| !other.is_wide())).await?;
    bind(&shop.client, &shop.namespace, &name).await?;
    let spec = before(&shop, need).await.with_context(|| name.clone())?;
    grant(&shop.client, &name, all.iter().filter(|other| !other.is_wide() && *other != right)).await?;
    wait_until_denied(&shop, right).await?;
    happen(&shop, need, spec).await?;
    match told {
        Told::Conditions => {
            shop.until(&format!("{name} is told"), |r| says(r, &right.missing())).await?;
        }
        Told::Log => {
            wait(&format!("{name} is logged"), PATIENCE, || async { logged(&ground.log(), &shop.namespace, &right.missing()) }).await?;
        }
    }
    let before = refusals(ground, CONTROLLER_USER, &shop.namespace)?.len();
    tokio::time::sleep(WINDOW).await;
    let refused = refusals(ground, CONTROLLER_USER, &shop.namespace)?.split_off(before);
    println!("{name}: {} refusals in {} s", refused.len(), WINDOW.as_secs());
    ensure!(refused.len() <= MOST_REFUSALS, "{name}: {:#?}", counted(refused.iter(), |r| format!("{} {}", r.verb, r.uri)));
    mended(&shop, all, &name, need).await
}

/// What is there while no right is missing; says which Rollout comes next, or came.
async fn before(shop: &Shop, need: Need) -> Result<Value> {
    let mut spec = quick(2, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": "1s"}]);
    spec["revisionHistoryLimit"] = json!(if need == Need::Prune { 0 } else { 10 });
    match need {
        Need::TakeOver => running(shop).await?,
        Need::Install => shop.service(50).await?,
        Need::Attempt
        | Need::Prune
        | Need::LetGo
        | Need::LetGoAfterACommand
        | Need::Repair
        | Need::Relabel
        | Need::Command
        | Need::Remake => {
            shop.service(50).await?;
            shop.create(spec.clone()).await?;
            shop.installed().await?;
        }
    }
    Ok(spec)
}

/// What needs the right that is missing.
async fn happen(shop: &Shop, need: Need, spec: Value) -> Result<()> {
    let stable = format!("{NAME}-{}", revision("v1"));
    let deployments: Api<Deployment> = Api::namespaced(shop.client.clone(), &shop.namespace);
    let change = async |patch: Value| deployments.patch(&stable, &PatchParams::default(), &Patch::Merge(patch)).await.map(drop);
    match need {
        Need::Install => shop.create(spec).await?,
        Need::Attempt | Need::Prune => shop.image("v2").await?,
        Need::LetGo => shop.delete(&DeleteParams::default()).await?,
        Need::Repair => change(json!({"spec": {"template": {"metadata": {"labels": {"somebody": "was-here"}}}}})).await?,
        Need::Relabel => change(json!({"metadata": {"labels": {"serin.dev/rollout": null}}})).await?,
        Need::LetGoAfterACommand => {
            answer(shop, &give(shop, json!({"verb": "Pause", "reason": "nothing is in flight"})).await?).await?;
            shop.delete(&DeleteParams::default()).await?;
        }
        Need::TakeOver => shop.create(taking_over()).await?,
        Need::Command => drop(give(shop, json!({"verb": "Pause", "reason": "nothing is in flight"})).await?),
        Need::Remake => {
            shop.edit(json!({"steps": [{"weight": 50, "hold": "10m"}]})).await?;
            shop.image("v2").await?;
            shop.at_weight(50).await?;
            drop(deployments.delete(&stable, &DeleteParams::default()).await?);
        }
    }
    Ok(())
}

/// Gives the right back: everything goes on by itself.
async fn mended(shop: &Shop, all: &[Right], role: &str, need: Need) -> Result<()> {
    grant(&shop.client, role, all.iter().filter(|other| !other.is_wide())).await?;
    let calm = |r: &Value| r["status"]["why"]["reason"] == "Settled" && !says(r, "cannot ");
    match need {
        Need::TakeOver => shop.until(&format!("{role} is mended"), calm).await?,
        Need::Install | Need::Attempt | Need::Prune | Need::Repair | Need::Relabel | Need::Command | Need::Remake => {
            shop.edit(json!({"steps": [{"weight": 50, "hold": "1s"}]})).await?;
            shop.until(&format!("{role} is mended"), calm).await?
        }
        Need::LetGo | Need::LetGoAfterACommand => shop.until(&format!("{role} is mended"), Value::is_null).await?,
    };
    Ok(())
}

async fn wait_until_denied(shop: &Shop, right: &Right) -> Result<()> {
    wait(&format!("{} is denied", right.name()), PATIENCE, || async {
        right.is_denied(&shop.client, &shop.namespace).await.unwrap_or(false)
    })
    .await
}

/// Each right to list or watch, one controller for each: it is not ready, says why, and asks with patience.
pub async fn a_missing_right_to_watch_is_named_and_nothing_spins(ground: &Ground, shop: &Shop) -> Result<()> {
    let seen = Api::<Rollout>::all(shop.client.clone()).list(&ListParams::default()).await?;
    ensure!(seen.items.is_empty(), "several controllers at once need a plane without Rollouts");
    ground.kill_controller();
    let all = rights()?;
    let wide: Vec<&Right> = all.iter().filter(|right| right.is_wide()).collect();
    let places = ground.plane.controller_addresses();
    let outcome = try_join_all(wide.iter().zip(places).map(|(right, place)| watch_without(ground, shop, &wide, (right, place)))).await;
    ground.start_controller().await?;
    outcome?;
    Ok(())
}

async fn watch_without(ground: &Ground, shop: &Shop, wide: &[&Right], (right, place): (&Right, String)) -> Result<()> {
    let name = right.name();
    grant(&shop.client, &name, wide.iter().copied().filter(|other| *other != right)).await?;
    account(&shop.client, &name).await?;
    let installed = Installed::as_account(&ground.plane, &name, place).await?;
    let _running = installed.launch(&ground.plane, env!("CARGO_BIN_EXE_serin").as_ref(), &name)?;
    let log = ground.plane.logs().join(format!("{name}.log"));
    wait(&format!("{name} is logged"), PATIENCE, || async { logged(&log, "", &right.missing()) }).await?;
    let ready = || async { page(&installed, "readyz").await.is_some_and(|text| text == "ok\n") };
    match (right.verb.as_str(), right.resource.as_str()) {
        // Without it there is nothing to do at all, so it says why and ends.
        ("list", "rollouts" | "rolloutactions" | "analysistemplates") => {
            return wait(&format!("{name} ends"), PATIENCE, || async { page(&installed, "readyz").await.is_none() }).await;
        }
        // Only the cluster's uid is missing in events.
        (_, "namespaces") => return wait(&format!("{name} is ready"), PATIENCE, ready).await,
        _ => {}
    }
    let told = || async { page(&installed, "readyz").await.is_some_and(|text| text.contains(&right.missing())) };
    wait(&format!("{name} is told by /readyz"), PATIENCE, told).await?;
    let metric = format!("serin_watch_errors_total{{resource=\"{}\"}}", right.resource);
    ensure!(page(&installed, "metrics").await.is_some_and(|text| text.contains(&metric)), "{name} is counted");

    let before = refusals(ground, &user(&name), "")?.len();
    tokio::time::sleep(WINDOW).await;
    let refused = refusals(ground, &user(&name), "")?.split_off(before);
    println!("{name}: {} refusals in {} s", refused.len(), WINDOW.as_secs());
    ensure!(refused.len() <= MOST_REFUSALS, "{name}: {:#?}", counted(refused.iter(), |r| format!("{} {}", r.verb, r.uri)));

    grant(&shop.client, &name, wide.iter().copied()).await?;
    wait(&format!("{name} is mended"), PATIENCE, ready).await
}

/// Whether the conditions of a Rollout say this.
fn says(rollout: &Value, words: &str) -> bool {
    let conditions = rollout["status"]["conditions"].as_array().into_iter().flatten();
    conditions.filter_map(|condition| condition["message"].as_str()).any(|message| message.contains(words))
}

/// Whether a line of a log says this of a namespace.
fn logged(log: &Path, namespace: &str, words: &str) -> bool {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    // Quotation marks are escaped in JSON; the last words of a program that ends are none.
    let escaped = words.replace('"', "\\\"");
    log.lines().any(|line| line.contains(namespace) && (line.contains(&escaped) || line.contains(words)))
}

/// What was refused to a user in a namespace; everywhere, where that is empty.
fn refusals(ground: &Ground, user: &str, namespace: &str) -> Result<Vec<AuditEvent>> {
    let all = ground.plane.audit_events(user)?;
    Ok(all.into_iter().filter(|event| event.code == 403 && (namespace.is_empty() || event.namespace == namespace)).collect())
}

/// A page of a controller, whatever its status code.
async fn page(installed: &Installed, name: &str) -> Option<String> {
    reqwest::Client::new().get(installed.url(name)).timeout(Duration::from_secs(2)).send().await.ok()?.text().await.ok()
}
