//! `serin wait`, `serin history` and `serin status --watch`: what a pipeline and a person look at.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::ground::Ground;
use super::people::serin;
use super::shop::{NAME, Shop, quick, revision};

/// Scenario 42: each end has its exit code, whether it is waited for or over, by revision or by image.
pub async fn waiting_ends_with_what_became_of_the_revision(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    serin(ground, shop, &["wait", NAME, "--timeout", "80s"]).await?.expect(0, &["Installed", &revision("v1")])?;

    shop.image("v2").await?;
    serin(ground, shop, &["wait", NAME, "--timeout", "80s"]).await?.expect(0, &["Promoted", &revision("v2")])?;
    shop.promoted(&revision("v2")).await?;

    shop.image("v3-err50").await?;
    let aborted = serin(ground, shop, &["wait", NAME, "--image", "registry.example/checkout:v3-err50", "--timeout", "80s"]).await?;
    aborted.expect(2, &["Aborted", &revision("v3-err50"), "errors is"])?;
    shop.aborted().await?;
    serin(ground, shop, &["wait", NAME]).await?.expect(2, &["Aborted", "errors is"])?;

    shop.edit(json!({"steps": [{"weight": 50, "hold": "1h"}]})).await?;
    shop.image("v4").await?;
    shop.at_weight(50).await?;
    let late = serin(ground, shop, &["wait", NAME, "--timeout", "2s"]).await?;
    late.expect(4, &["not decided within 2s", "Stepping, Holding", "hint:"])?;
    shop.image("v5").await?;
    shop.at_weight(50).await?;
    shop.until("v5 on trial", |r| r["status"]["canary"] == revision("v5").as_str()).await?;

    // All of these are over, and the status speaks of something else by now.
    for (tag, code, word) in [("v1", 0, "Installed"), ("v2", 0, "Promoted"), ("v3-err50", 2, "Aborted"), ("v4", 3, "Superseded")] {
        serin(ground, shop, &["wait", NAME, "--revision", &revision(tag)]).await?.expect(code, &[word, &revision(tag)])?;
        let image = format!("registry.example/checkout:{tag}");
        serin(ground, shop, &["wait", NAME, "--image", &image]).await?.expect(code, &[word, &revision(tag)])?;
    }
    let unknown = serin(ground, shop, &["wait", NAME, "--image", "registry.example/checkout:v9", "--timeout", "1s"]).await?;
    unknown.expect(4, &["no revision has the image registry.example/checkout:v9"])?;
    serin(ground, shop, &["wait", "nobody"]).await?.expect(1, &["there is no Rollout nobody", "hint:"])?;
    Ok(())
}

/// What is kept of a Rollout, for people and for scripts.
pub async fn history_lists_what_became_of_each_revision(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    shop.installed().await?;
    shop.image("v2").await?;
    shop.promoted(&revision("v2")).await?;
    shop.image("v3-err50").await?;
    shop.aborted().await?;
    let read = async || anyhow::Ok(serde_json::from_str::<Value>(&serin(ground, shop, &["history", NAME, "-o", "json"]).await?.stdout)?);
    let mut json = read().await?;
    while json["revisions"][2]["outcome"].is_null() {
        json = read().await?;
    }
    let told = json["revisions"].as_array().context("revisions")?;
    let wanted = [(0, "v1", "installed", None), (1, "v2", "promoted", Some("stable")), (2, "v3-err50", "aborted", None)];
    ensure!(told.len() == wanted.len(), "{told:#?}");
    for (past, (number, tag, outcome, role)) in told.iter().zip(wanted) {
        ensure!(past["number"] == number && past["revision"] == revision(tag).as_str(), "{past:#}");
        ensure!(past["outcome"] == outcome && past["role"].as_str() == role && past["at"].is_string(), "{past:#}");
    }
    let page = serin(ground, shop, &["history", NAME]).await?;
    page.expect(0, &["NUMBER", "registry.example/checkout:v3-err50", "aborted", "T"])?;
    Ok(())
}

/// Without a terminal each change is a line, and Ctrl-C is a good end.
pub async fn a_watched_status_prints_each_change_until_it_is_interrupted(ground: &Ground, shop: &Shop) -> Result<()> {
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    shop.installed().await?;
    let mut watch = Command::new(env!("CARGO_BIN_EXE_serin"))
        .args(["status", NAME, "--watch", "--namespace", &shop.namespace, "--kubeconfig"])
        .arg(ground.plane.kubeconfig())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(watch.stdout.take().context("a pipe")?).lines();
    let mut seen = Vec::new();
    let mut read_until = async |word: &str| {
        while let Some(line) = lines.next_line().await? {
            seen.push(line);
            if seen.last().is_some_and(|line| line.contains(word)) {
                return Ok(());
            }
        }
        anyhow::bail!("no {word} in {seen:?}")
    };
    let patience = Duration::from_secs(80);
    tokio::time::timeout(patience, read_until("Settled")).await??;
    shop.image("v2").await?;
    tokio::time::timeout(patience, read_until("Promoting")).await??;
    tokio::time::timeout(patience, read_until("Settled")).await??;
    ensure!(seen.iter().any(|line| line.starts_with("Stepping 1/2")), "{seen:?}");
    ensure!(seen.iter().all(|line| !line.contains('\x1b')), "no colour and no cursor: {seen:?}");
    let interrupt = watch.id().context("it runs")?.to_string();
    Command::new("kill").args(["-INT", &interrupt]).status().await?;
    let end = tokio::time::timeout(patience, watch.wait()).await??;
    ensure!(end.code() == Some(0), "{end:?}");
    Ok(())
}
