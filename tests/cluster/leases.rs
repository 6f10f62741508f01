//! Several controllers at once: one of them writes.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use serin_dev::{AuditEvent, CONTROLLER_USER, Part, Supervised};
use tokio::time::Instant;

use super::ground::{Ground, wait};
use super::rights::SERIN;
use super::shop::{NAME, Shop, quick, revision};

/// Longer than any fact takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// One of several controllers. It runs with the times of the lease that everybody gets.
pub struct Member {
    running: Supervised,
    url: String,
}

impl Member {
    /// Starts one at the plane's address of that number, and waits until it is ready.
    pub async fn start(ground: &Ground, shop: &Shop, number: usize, flags: &[&str]) -> Result<Self> {
        let address = ground.plane.controller_addresses().nth(number).context("an address for each controller")?;
        let config = ground.plane.dir().join(format!("member-{number}.yaml"));
        let provider = json!({"name": "prometheus", "url": ground.plane.prometheus_url(), "timeout": "2s"});
        std::fs::write(&config, json!({"listen": address, "metrics": {"providers": [provider]}}).to_string())?;
        let mut argv = vec![env!("CARGO_BIN_EXE_serin").to_owned(), "run".to_owned(), "--log-format=json".to_owned()];
        argv.push(format!("--config={}", config.display()));
        argv.push(format!("--kubeconfig={}", ground.kubeconfig().display()));
        argv.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let running = ground.plane.supervise(&format!("{}-{number}", shop.namespace), &argv)?;
        let member = Self { running, url: format!("http://{address}") };
        wait("a ready controller", PATIENCE, || async { member.page("readyz").await.is_some_and(|page| page == "ok\n") }).await?;
        Ok(member)
    }

    async fn page(&self, name: &str) -> Option<String> {
        reqwest::Client::new().get(format!("{}/{name}", self.url)).timeout(Duration::from_secs(2)).send().await.ok()?.text().await.ok()
    }

    pub async fn leads(&self) -> bool {
        self.page("metrics").await.is_some_and(|page| page.lines().any(|line| line == "serin_leader 1"))
    }

    pub async fn until_it_leads(&self) -> Result<()> {
        wait("a leader", PATIENCE, || self.leads()).await
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.running.log()).unwrap_or_default()
    }

    /// Its name in the Lease and in the audit log.
    pub fn identity(&self) -> Result<String> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find_map(|line| Some(line["identity"].as_str()?.to_owned())).context("it says who it is")
    }

    /// Waits until it ends; says how.
    async fn end(&mut self) -> Result<String> {
        let begun = Instant::now();
        loop {
            if let Some(end) = self.running.ended() {
                return Ok(end);
            }
            ensure!(begun.elapsed() < PATIENCE, "it did not end; its log:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Two controllers: the first one leads, and the second one stands by with everything in memory.
async fn two(ground: &Ground, shop: &Shop) -> Result<(Member, Member)> {
    hand_on(shop).await?;
    let first = Member::start(ground, shop, 0, &[]).await?;
    first.until_it_leads().await?;
    let second = Member::start(ground, shop, 1, &[]).await?;
    ensure!(!second.leads().await, "there is one leader");
    Ok((first, second))
}

fn leases(shop: &Shop) -> Api<Lease> {
    Api::namespaced(shop.client.clone(), SERIN)
}

/// The tests before this one left the lease to a process that was killed.
pub async fn hand_on(shop: &Shop) -> Result<()> {
    for lease in leases(shop).list(&ListParams::default()).await? {
        let nobody = Patch::Merge(json!({"spec": {"holderIdentity": ""}}));
        leases(shop).patch(&lease.name_any(), &PatchParams::default(), &nobody).await?;
    }
    Ok(())
}

/// How often the lease went to somebody else.
async fn epoch(shop: &Shop) -> Result<String> {
    let spec = leases(shop).get("serin").await?.spec.context("a Lease has a spec")?;
    Ok(spec.lease_transitions.unwrap_or_default().to_string())
}

/// A rollout at its only step, which it holds for so long.
async fn in_flight(shop: &Shop, hold: &str) -> Result<()> {
    shop.service(50).await?;
    let mut spec = quick(4, "v1");
    spec["steps"] = json!([{"weight": 50, "hold": hold}]);
    shop.create(spec).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.at_weight(50).await?;
    Ok(())
}

/// Lets it go on at once.
async fn go_on(shop: &Shop) -> Result<()> {
    shop.edit(json!({"steps": [{"weight": 50, "hold": "1s"}]})).await
}

/// What the controllers wrote, but for their leases.
pub fn writes(ground: &Ground) -> Result<Vec<AuditEvent>> {
    let is_write = |r: &AuditEvent| {
        ["create", "update", "patch", "delete"].contains(&r.verb.as_str())
            && !["leases", "selfsubjectreviews"].contains(&r.resource.as_str())
            && !r.uri.contains("dryRun=All")
    };
    Ok(ground.plane.audit_events(CONTROLLER_USER)?.into_iter().filter(is_write).collect())
}

pub fn by<'a>(writes: &'a [AuditEvent], identity: &str) -> Vec<&'a AuditEvent> {
    writes.iter().filter(|write| write.agent.contains(identity)).collect()
}

/// In this namespace one of them wrote, then the other one, and never the first one again.
fn never_two_writers(ground: &Ground, shop: &Shop, members: [&str; 2]) -> Result<()> {
    let agents: Vec<String> =
        writes(ground)?.into_iter().filter(|write| write.namespace == shop.namespace).map(|write| write.agent).collect();
    let mut turns = agents.clone();
    turns.dedup();
    println!("{} writes, by {turns:?}", agents.len());
    ensure!(turns.len() == 2 && turns.iter().zip(members).all(|(turn, member)| turn.contains(member)), "{turns:?}, not {members:?}");
    Ok(())
}

/// Everything of a rollout in flight carries the epoch of whoever took over.
async fn all_carry(shop: &Shop, epoch: &str) -> Result<()> {
    let rollout = serde_json::to_value(shop.rollouts().get(NAME).await?)?;
    let memo = &rollout["status"]["memo"];
    ensure!(memo["epoch"].as_u64() == epoch.parse().ok(), "{memo:#}");
    for deployment in shop.deployments().await? {
        ensure!(deployment.annotations().get("serin.dev/epoch").is_some_and(|there| there == epoch), "{:?}", deployment.annotations());
    }
    Ok(())
}

/// Scenario 35, kill -9.
pub async fn a_standby_takes_over_within_20_s_of_a_kill(ground: &Ground, shop: &Shop) -> Result<()> {
    let (first, second) = two(ground, shop).await?;
    in_flight(shop, "10m").await?;
    let (before, one, two) = (epoch(shop).await?, first.identity()?, second.identity()?);
    all_carry(shop, &before).await?;
    let begun = Instant::now();
    drop(first);
    second.until_it_leads().await?;
    let taken = begun.elapsed();
    println!("taken over {:.1} s after the kill", taken.as_secs_f64());
    ensure!(taken < Duration::from_secs(20), "{taken:?}");
    let after = epoch(shop).await?;
    ensure!(before != after, "the epoch is another one");
    let carried = || async { all_carry(shop, &after).await.is_ok() };
    wait("the new epoch on everything in flight", PATIENCE, carried).await?;
    go_on(shop).await?;
    shop.promoted(&revision("v2")).await?;
    never_two_writers(ground, shop, [&one, &two])
}

/// Scenario 35, a clean stop.
pub async fn a_standby_takes_over_within_3_s_of_a_clean_stop(ground: &Ground, shop: &Shop) -> Result<()> {
    let (mut first, second) = two(ground, shop).await?;
    in_flight(shop, "10m").await?;
    let (one, two) = (first.identity()?, second.identity()?);
    let begun = Instant::now();
    first.running.signal("TERM")?;
    second.until_it_leads().await?;
    let taken = begun.elapsed();
    let end = first.end().await?;
    println!("taken over {:.1} s after the signal; it ended within {:.1} s: {end}", taken.as_secs_f64(), begun.elapsed().as_secs_f64());
    ensure!(taken < Duration::from_secs(3), "{taken:?}");
    ensure!(end == "exit code 0" && begun.elapsed() < Duration::from_secs(20), "{end}");
    go_on(shop).await?;
    shop.promoted(&revision("v2")).await?;
    never_two_writers(ground, shop, [&one, &two])
}

/// A virtual machine that is moved, a laptop that is closed: when it wakes up, somebody else leads.
pub async fn a_leader_that_slept_writes_nothing_more_and_ends(ground: &Ground, shop: &Shop) -> Result<()> {
    let (mut first, second) = two(ground, shop).await?;
    in_flight(shop, "10m").await?;
    let (one, two) = (first.identity()?, second.identity()?);
    let slept = Instant::now();
    first.running.signal("STOP")?;
    second.until_it_leads().await?;
    println!("taken over {:.1} s after it fell asleep", slept.elapsed().as_secs_f64());
    go_on(shop).await?;
    shop.promoted(&revision("v2")).await?;
    // There is something to write at the moment at which it wakes up.
    shop.image("v3").await?;
    shop.at_weight(50).await?;
    tokio::time::sleep(Duration::from_mins(1).saturating_sub(slept.elapsed())).await;
    let before = by(&all_requests(ground)?, &one).len();
    first.running.signal("CONT")?;
    let end = first.end().await?;
    println!("it slept for {:.0} s, then: {end}", slept.elapsed().as_secs_f64());
    ensure!(end == "exit code 1", "{end}");
    ensure!(first.log().contains("may not write any more"), "{}", first.log());
    let requests = all_requests(ground)?;
    let late: Vec<&AuditEvent> =
        by(&requests, &one).split_off(before).into_iter().filter(|r| r.verb != "watch" && r.verb != "list").collect();
    ensure!(late.is_empty(), "{late:#?}");
    shop.promoted(&revision("v3")).await?;
    never_two_writers(ground, shop, [&one, &two])
}

pub fn all_requests(ground: &Ground) -> Result<Vec<AuditEvent>> {
    ground.plane.audit_events(CONTROLLER_USER)
}

/// A leader that nobody hears may be one that somebody has replaced.
pub async fn a_leader_that_cannot_renew_ends(ground: &Ground, shop: &Shop) -> Result<()> {
    hand_on(shop).await?;
    let mut leader = Member::start(ground, shop, 0, &[]).await?;
    leader.until_it_leads().await?;
    let begun = Instant::now();
    ground.plane.stop_part(Part::ApiServer);
    let end = leader.end().await;
    let took = begun.elapsed();
    ground.plane.start_part(Part::ApiServer).await?;
    println!("it ended {:.1} s after the API server: {end:?}", took.as_secs_f64());
    ensure!(end? == "exit code 1" && leader.log().contains("the lease was not renewed for"), "{}", leader.log());
    // Ten seconds after the last renewal, which had been two seconds before at most, or a little more on a busy machine.
    ensure!(took > Duration::from_secs(5) && took < Duration::from_secs(13), "{took:?}");
    Ok(())
}

/// A Lease that is made anew begins at the first epoch, and everything carries a higher one.
pub async fn a_lease_that_somebody_deletes_is_no_dead_end(ground: &Ground, shop: &Shop) -> Result<()> {
    let (first, second) = two(ground, shop).await?;
    in_flight(shop, "10m").await?;
    let old: u32 = epoch(shop).await?.parse()?;
    drop(first);
    leases(shop).delete("serin", &DeleteParams::default()).await?;
    second.until_it_leads().await?;
    go_on(shop).await?;
    shop.promoted(&revision("v2")).await?;
    let new: u32 = epoch(shop).await?.parse()?;
    ensure!(new > old, "{new} is past {old}");
    Ok(())
}
