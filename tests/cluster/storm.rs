//! Fifty kills in a row, about one a second, while users go on: the same end as without.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use futures::{StreamExt, try_join};
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::ground::{Ground, wait};
use super::shop::{Shop, phase, quick, revision};

const KILLS: u64 = 50;

/// Scenario 33: no event lost or doubled, no extra Deployment, no extra pod, every attempt ends as it should.
pub async fn fifty_kills_in_a_row_change_nothing(ground: &Ground, shop: &Shop) -> Result<()> {
    let (good, bad) = (shop, &Shop::open(ground, "fifty-kills-and-bad-revisions").await?);
    for shop in [good, bad] {
        shop.service(50).await?;
        let mut spec = quick(4, "v1");
        spec["revisionHistoryLimit"] = json!(50);
        shop.create(spec).await?;
    }
    let made = Made::by(good);
    let over = AtomicBool::new(false);
    let (promoted, aborted, ()) = try_join!(promotions(good, &over), aborts(bad, &over), kills(ground, &over, KILLS))?;
    println!("{KILLS} kills, {promoted} promotions and {aborted} aborts meanwhile");
    ensure!(promoted >= 3 && aborted >= 3, "every kill should hit something");

    let cycle = ["rollout.started", "step.started", "promotion.started", "rollout.promoted"];
    tells(ground, good, &["rollout.created", "rollout.installed"], &cycle, promoted).await?;
    let cycle = ["rollout.started", "rollout.aborted", "rollout.rolled-back"];
    tells(ground, bad, &["rollout.created", "rollout.installed"], &cycle, aborted).await?;
    one_deployment_each(good, promoted + 1).await?;
    one_deployment_each(bad, aborted + 1).await?;
    let made = made.pods();
    ensure!(made.values().all(|pods| pods.len() == 4), "four pods of each revision, none made anew: {made:#?}");
    Ok(())
}

/// Kills the controller again and again, each time in another moment of its life.
pub async fn kills(ground: &Ground, over: &AtomicBool, times: u64) -> Result<()> {
    for number in 0..times {
        tokio::time::sleep(Duration::from_millis(200 + number * 271 % 1000)).await;
        ground.kill_controller();
        ground.start_controller().await?;
    }
    over.store(true, Ordering::Relaxed);
    Ok(())
}

/// One good revision after the other; says how many.
pub async fn promotions(shop: &Shop, over: &AtomicBool) -> Result<usize> {
    shop.installed().await?;
    let mut done = 0;
    while !over.load(Ordering::Relaxed) {
        let tag = format!("v{}", done + 2);
        shop.image(&tag).await?;
        shop.promoted(&revision(&tag)).await?;
        done += 1;
    }
    Ok(done)
}

/// One bad revision after the other; says how many.
pub async fn aborts(shop: &Shop, over: &AtomicBool) -> Result<usize> {
    shop.installed().await?;
    let mut done = 0;
    while !over.load(Ordering::Relaxed) {
        let tag = format!("v{}-err50", done + 2);
        shop.image(&tag).await?;
        let ended = |r: &Value| r["status"]["lastOutcome"]["revision"] == revision(&tag) && phase(r) == "Idle";
        let seen = shop.until("the end of a bad revision", ended).await?;
        ensure!(seen["status"]["lastOutcome"]["result"] == "Aborted" && seen["status"]["stable"] == revision("v1"), "{seen:#}");
        done += 1;
    }
    Ok(done)
}

/// The events are those of so many cycles, numbered without a gap, and what was delivered twice is the same.
async fn tells(ground: &Ground, shop: &Shop, first: &[&str], cycle: &[&str], times: usize) -> Result<()> {
    let wanted: Vec<&str> = first.iter().chain(std::iter::repeat_n(cycle, times).flatten()).copied().collect();
    let all = || async { shop.told(ground).is_ok_and(|told| told.len() >= wanted.len()) };
    wait("every event", Duration::from_mins(1), all).await?;
    let events = shop.events(ground)?;
    let told: Vec<&str> = events.iter().filter_map(|e| e["type"].as_str()).collect();
    ensure!(told == wanted, "{told:?}");
    let numbers: Vec<usize> = events.iter().filter_map(|e| e["seq"].as_u64()?.try_into().ok()).collect();
    ensure!(numbers == (1..=wanted.len()).collect::<Vec<_>>(), "gap-free: {numbers:?}");
    let mut by_id: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in ground.events()? {
        by_id.entry(line["event"]["id"].to_string()).or_default().insert(line.to_string());
    }
    ensure!(by_id.values().all(|lines| lines.len() == 1), "what was delivered twice is the same");
    Ok(())
}

/// So many Deployments, each with the one ReplicaSet that it began with: no pod was rolled.
async fn one_deployment_each(shop: &Shop, revisions: usize) -> Result<()> {
    let sets = Api::<ReplicaSet>::namespaced(shop.client.clone(), &shop.namespace).list(&ListParams::default()).await?;
    let (deployments, sets) = (shop.deployments().await?.len(), sets.items.len());
    ensure!((deployments, sets) == (revisions, revisions), "{deployments} Deployments and {sets} ReplicaSets of {revisions} revisions");
    Ok(())
}

/// Every pod that was ever there, by revision.
struct Made {
    pods: Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>,
    watch: JoinHandle<()>,
}

impl Made {
    fn by(shop: &Shop) -> Self {
        let pods = Arc::new(Mutex::new(BTreeMap::new()));
        let watch = tokio::spawn(note(shop.client.clone(), shop.namespace.clone(), Arc::clone(&pods)));
        Self { pods, watch }
    }

    fn pods(self) -> BTreeMap<String, BTreeSet<String>> {
        self.watch.abort();
        self.pods.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn note(client: Client, namespace: String, made: Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>) {
    let mut pods = pin!(watcher(Api::<Pod>::namespaced(client, &namespace), watcher::Config::default()).applied_objects());
    while let Some(pod) = pods.next().await {
        let Ok(pod) = pod else { continue };
        let Some(revision) = pod.labels().get("serin.dev/revision") else { continue };
        made.lock().unwrap_or_else(PoisonError::into_inner).entry(revision.clone()).or_default().insert(pod.name_any());
    }
}
