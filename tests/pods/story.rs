//! What happens to the team's pods while requests come in? A take-over, five bad revisions, five good ones, a hand-back; and meanwhile of Serin's own pods
//! the leading one is killed, and later evicted.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use serin_dev::{ControlPlane, Load, Node};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::SERVING;
use super::controllers::Controllers;
use super::figures::Figures;
use super::grants::{Grants, reason};
use super::shop::{Shop, Version};

/// So many bad revisions, and so many good ones.
const ATTEMPTS: u8 = 5;
/// The good one during which the leading controller is killed, at its first step.
const KILLED_AT: u8 = 4;
/// The good one during which the leading controller is evicted, at its first step.
const EVICTED_AT: u8 = 5;
/// Requests to the Service.
const EACH_SECOND: u32 = 100;
/// After the end: longer than pods that were told to end go on.
const AFTERWARDS: Duration = Duration::from_secs(8);
/// From ready pods to the first rules: a second, or more on a busy machine.
const SERVED_WITHIN: Duration = Duration::from_secs(30);
/// Three times as long as it takes.
const LONGEST: Duration = Duration::from_mins(8);

/// Plays it all and tells the figures. True if nothing was lost and nobody got more than was granted.
pub async fn play(group: &str) -> Result<bool> {
    let begun = Instant::now();
    let say = |what: &str| println!("[{:5.1} s] {what}", begun.elapsed().as_secs_f64());
    let plane = ControlPlane::start_without_nodes("pods").await?;
    let node = Node::start(&plane, group).await?;
    say("the control plane and the node are up");
    let controllers = Controllers::install(&plane, &node).await?;
    say("Serin is installed: both pods are ready, and one of them leads");
    let shop = Shop::open(plane.client().await?).await?;
    let address = shop.address().await?;
    answers(address).await?;
    say(&format!("the Deployment serves at {address}; requests begin, {EACH_SECOND} a second"));
    let load = Load::on(address, EACH_SECOND);
    let grants = Grants::watch(shop.rollouts());
    let mut stage = Stage { controllers, shop, grants };
    let outcome = timeout(LONGEST, stage.acts(say)).await.unwrap_or_else(|_| bail!("the story takes longer than {LONGEST:?}"));
    sleep(AFTERWARDS).await;
    let requests = load.end().await;
    let figures = Figures::of(&requests, &stage.grants.end());
    println!("\n{figures}");
    if outcome.is_err() || !figures.hold() {
        stage.controllers.keep_logs()?;
        println!("the logs are kept in {}", plane.keep_logs()?.display());
    }
    outcome.map(|()| figures.hold())
}

/// Waits until the Service answers: its first rules come a moment after its pods.
async fn answers(address: SocketAddr) -> Result<()> {
    let begun = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        ensure!(begun.elapsed() < SERVED_WITHIN, "nobody answers at {address} within {SERVED_WITHIN:?}");
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// A node whose pods serve, until the process is killed; but not for ever.
pub async fn hold(group: &str) -> Result<()> {
    let plane = ControlPlane::start_without_nodes("pods").await?;
    let _node = Node::start(&plane, group).await?;
    let _shop = Shop::open(plane.client().await?).await?;
    println!("{SERVING}");
    sleep(LONGEST).await;
    Ok(())
}

/// What the acts are played with.
struct Stage<'plane> {
    controllers: Controllers<'plane>,
    shop: Shop,
    grants: Grants,
}

impl Stage<'_> {
    async fn acts(&mut self, say: impl Fn(&str)) -> Result<()> {
        self.shop.take_over().await?;
        self.shop.until("adopted", |seen| seen["status"]["phase"] == "Idle" && reason(seen) == "Settled").await?;
        say("a Rollout has taken it over");
        for number in 2..ATTEMPTS + 2 {
            let bad = Version::Bad(number);
            self.roll_out(bad).await?;
            self.ends(bad, "Rejected").await?;
            say(&format!("{} is rolled back", bad.name()));
            let good = Version::Good(number);
            self.roll_out(good).await?;
            if number == KILLED_AT {
                let taken = self.controllers.kill_leader().await?;
                say(&format!("the leading controller was killed; another one led after {:.1} s", taken.as_secs_f64()));
            }
            if number == EVICTED_AT {
                let taken = self.controllers.evict_leader().await?;
                say(&format!("the leading controller was evicted; another one led after {:.1} s", taken.as_secs_f64()));
            }
            self.ends(good, "Settled").await?;
            say(&format!("{} is promoted", good.name()));
        }
        self.shop.let_go().await?;
        self.shop.serves().await?;
        say("the Rollout is deleted, and the Deployment serves again");
        self.controllers.look_back().await?;
        self.controllers.uninstall()?;
        say("Serin is uninstalled");
        Ok(())
    }

    /// Rolls a version out and waits until its first step has its share.
    async fn roll_out(&self, version: Version) -> Result<()> {
        self.grants.trying(version);
        self.shop.roll_out(version).await?;
        let has_its_share =
            |seen: &Value| seen["status"]["phase"] == "Stepping" && seen["status"]["state"]["stepping"]["clock"]["running"].is_object();
        self.shop.until(&format!("{} has its first share", version.name()), has_its_share).await?;
        Ok(())
    }

    async fn ends(&self, version: Version, expected: &str) -> Result<()> {
        let name = version.name();
        let end = self.shop.until(&format!("{name} has ended"), |seen| seen["status"]["phase"] == "Idle").await?;
        ensure!(reason(&end) == expected, "{name} has not ended as {expected}: {:#}", end["status"]);
        Ok(())
    }
}
