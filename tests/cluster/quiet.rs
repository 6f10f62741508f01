//! What does the controller ask of the API server? Counted in the audit log.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use serin_dev::{AuditEvent, CONTROLLER_USER};

use super::ground::{Ground, wait};
use super::shop::{Shop, quick, revision, template};

/// The plan whose writes are counted: 25 check 50 check 75 check 100, no pauses, four replicas.
pub async fn a_whole_rollout_reads_nothing_and_writes_little(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 25, "hold": "0s"}, {"weight": 50, "hold": "0s"}, {"weight": 75, "hold": "0s"}]);
    spec["analysis"]["warmUp"] = json!("0s");
    shop.create(spec).await?;
    shop.installed().await?;
    quiet(ground, shop).await?;
    let before = asked(ground)?.len();
    shop.image("v2").await?;
    shop.promoted(&revision("v2")).await?;
    quiet(ground, shop).await?;

    let requests = asked(ground)?.split_off(before);
    let (reads, writes): (Vec<_>, Vec<_>) =
        requests.iter().filter(|r| r.verb != "watch").partition(|r| ["get", "list"].contains(&r.verb.as_str()));
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for write in &writes {
        let dry = if write.uri.contains("dryRun") { " (dry run)" } else { "" };
        *counted.entry(format!("{:6} {}/{}{dry} {}", write.verb, write.resource, write.subresource, write.code)).or_default() += 1;
    }
    println!("{} writes:", writes.len());
    for (what, count) in &counted {
        println!("  {count:2} {what}");
    }
    ensure!(reads.is_empty(), "0 reads besides watches: {reads:#?}");
    ensure!(writes.iter().all(|w| w.code < 500), "{counted:#?}");
    ensure!(writes.len() <= 22, "at most 22 writes: {counted:#?}");
    status_is_one_field(&shop.until("there", |_| true).await?)
}

/// The API server notes who owns which field of an object, with every write. Of a status that would be as much text again.
fn status_is_one_field(rollout: &Value) -> Result<()> {
    let owners = rollout["metadata"]["managedFields"].as_array().context("who owns what is noted")?;
    let ours = owners.iter().find(|owner| owner["subresource"] == "status").context("the status has an owner")?;
    ensure!(ours["fieldsV1"] == json!({"f:status": {}}), "{ours}");
    Ok(())
}

/// Scenario 36.
pub async fn two_hundred_settled_rollouts_ask_for_nothing_in_a_minute(ground: &Ground, shop: &Shop) -> Result<()> {
    for number in 0..200 {
        let name = format!("settled-{number}");
        let mut spec = quick(1, "v1");
        spec["service"] = json!(name);
        let mut template = template("v1");
        template["metadata"]["labels"] = json!({"app": name});
        spec["template"] = template;
        shop.apply(&format!("{{apiVersion: v1, kind: Service, metadata: {{name: {name}, annotations: {{dev.serin/rps: \"0\"}}}}, spec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}}}")).await?;
        shop.create_named(&name, spec).await?;
    }
    for number in 0..200 {
        let acked = |r: &serde_json::Value| {
            r["status"]["why"]["reason"] == "Settled" && r["status"]["audit"]["pending"].as_array().is_some_and(Vec::is_empty)
        };
        shop.until_of(&format!("settled-{number}"), "settled and told", acked).await?;
    }
    quiet(ground, shop).await?;
    let before = asked(ground)?.len();
    tokio::time::sleep(Duration::from_mins(1)).await;
    let requests: Vec<AuditEvent> = asked(ground)?.split_off(before).into_iter().filter(|r| r.verb != "watch").collect();
    ensure!(requests.is_empty(), "{requests:#?}");
    Ok(())
}

/// Scenario 38: a new process, as after an upgrade of the controller, finds promoted and rejected revisions, makes none and writes nothing but that it leads.
/// What is there comes as the beginning of each watch.
pub async fn a_new_controller_over_settled_rollouts_writes_nothing(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.promoted(&revision("v2")).await?;
    shop.image("v3-err50").await?;
    shop.aborted().await?;
    quiet(ground, shop).await?;
    let (before, pods) = (asked(ground)?.len(), shop.pods(&revision("v2")).await?);
    ground.kill_controller();
    ground.start_controller().await?;
    quiet(ground, shop).await?;
    let requests = asked(ground)?.split_off(before);
    // Who it is and which cluster that is it asks once.
    let known = |r: &&AuditEvent| ["get", "list", "watch"].contains(&r.verb.as_str()) || r.resource == "selfsubjectreviews";
    // That it leads is told, and acknowledged.
    let (own, writes): (Vec<&AuditEvent>, Vec<_>) = requests.iter().filter(|r| !known(r)).partition(|r| r.resource == "configmaps");
    ensure!(!requests.is_empty() && writes.is_empty(), "{writes:#?}");
    ensure!(own.len() <= 2, "{own:#?}");
    // Whether a kind exists is asked once, and a new leader reads the Rollouts.
    let lists = |r: &&AuditEvent| r.verb == "list" && r.resource != "rollouts" && !r.uri.ends_with("limit=1");
    let listed: Vec<&AuditEvent> = requests.iter().filter(lists).collect();
    ensure!(listed.is_empty(), "{listed:#?}");
    ensure!(shop.pods(&revision("v2")).await? == pods && shop.deployments().await?.len() == 3);
    Ok(())
}

/// Nobody reads Secrets, and nothing is asked that is not granted.
pub async fn the_controller_is_refused_nothing_and_reads_no_secret(ground: &Ground, _: &Shop) -> Result<()> {
    let requests = asked(ground)?;
    ensure!(!requests.is_empty());
    let refused: Vec<&AuditEvent> = requests.iter().filter(|r| r.code == 401 || r.code == 403).collect();
    ensure!(refused.is_empty(), "{refused:#?}");
    ensure!(requests.iter().all(|r| r.resource != "secrets"));
    Ok(())
}

/// But for the lease, which is renewed every two seconds.
fn asked(ground: &Ground) -> Result<Vec<AuditEvent>> {
    Ok(ground.plane.audit_events(CONTROLLER_USER)?.into_iter().filter(|request| request.resource != "leases").collect())
}

/// Waits until the controller has asked for nothing but watches for ten seconds: longer than anything that it delays.
async fn quiet(ground: &Ground, shop: &Shop) -> Result<()> {
    let settled = tokio::sync::Mutex::new((0, tokio::time::Instant::now()));
    wait(&format!("silence in {}", shop.namespace), Duration::from_secs(90), || async {
        let count = asked(ground).map_or(0, |all| all.iter().filter(|r| r.verb != "watch").count());
        let mut last = settled.lock().await;
        if last.0 != count {
            *last = (count, tokio::time::Instant::now());
        }
        last.1.elapsed() > Duration::from_secs(10)
    })
    .await
}
