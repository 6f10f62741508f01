//! Is what we count what scrapes saw? A real Prometheus scrapes a target that restarts, and whose errors are the first of their kind.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use axum::Router;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use serin::config;
use serin::prometheus::Provider;
use serin::rollout::{Ask, Bad, By, Count, Counting, Pattern, Reading, Ready, Revision, Shape, Sides, Targets, Young};

use super::ground::{Ground, wait};
use super::shop::Shop;

/// A window of counts.
const EACH: TimeDelta = TimeDelta::seconds(2);
const POD: &str = "checkout-2222222222-abcde-fghij";
const IDLE: &str = "checkout-2222222222-abcde-idle0";
const GONE: &str = "checkout-2222222222-abcde-gone0";

/// What a process has counted since it began; a counter of errors is there from the first error on.
#[derive(Clone, Copy, Default)]
struct Counters {
    good: u64,
    bad: Option<u64>,
}

/// A process that is scraped, and what each scrape saw of it.
#[derive(Clone, Default)]
struct Target(Arc<Mutex<(Counters, Vec<Counters>)>>);

impl Target {
    fn with<T>(&self, change: impl FnOnce(&mut Counters, &mut Vec<Counters>) -> T) -> T {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (counters, scrapes) = &mut *inner;
        change(counters, scrapes)
    }

    fn scraped(&self) -> String {
        self.with(|now, scrapes| {
            scrapes.push(*now);
            let mut page = format!("# TYPE http_requests_total counter\nhttp_requests_total{{code=\"200\"}} {}\n", now.good);
            // Writing to a String cannot fail.
            let _ = now.bad.map(|bad| writeln!(page, "http_requests_total{{code=\"500\"}} {bad}"));
            page
        })
    }

    async fn serve(&self) -> Result<String> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let (address, target) = (listener.local_addr()?.to_string(), self.clone());
        let app = Router::new().route("/metrics", get(move || async move { target.scraped() }));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(address)
    }

    /// By how much its counters grew, as far as scrapes saw it.
    fn seen(&self) -> Count {
        let grown = |before: u64, now: u64| if now >= before { now - before } else { now };
        self.with(|_, scrapes| {
            let pairs = scrapes.windows(2).map(|pair| (pair[0], pair[1]));
            let (good, bad) = pairs.fold((0, 0), |(good, bad), (before, now)| {
                let errors = now.bad.map_or(0, |now| grown(before.bad.unwrap_or(0), now));
                (good + grown(before.good, now.good), bad + errors)
            });
            #[expect(clippy::cast_precision_loss, reason = "a few thousand requests")]
            Count { total: (good + bad) as f64, bad: bad as f64 }
        })
    }

    /// Ten seconds of traffic: the first error after three, a restart after five, the first error of the new process two seconds later.
    async fn serves_and_restarts(&self) {
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        for tick in 0..100_u32 {
            pace.tick().await;
            self.with(|now, _| match tick {
                50 => *now = Counters::default(),
                _ => {
                    now.good += 7;
                    let fails = (30..50).contains(&tick) && tick % 3 == 0 || tick >= 70 && tick % 5 == 0;
                    now.bad = if fails { Some(now.bad.unwrap_or(0) + 1) } else { now.bad };
                }
            });
        }
    }
}

fn query(namespace: &str) -> String {
    format!("http_requests_total{{namespace=\"{namespace}\",pod=\"{POD}\"}}")
}

/// The question for one window, as `of: errors` asks it.
fn window(namespace: &str, from: DateTime<Utc>) -> Counting {
    let bad = Bad::Values { label: "code".to_owned(), values: Pattern::new("5..").expect("a pattern") };
    let by = Some(By::Pod("pod".to_owned()));
    Counting {
        query: format!("{}[92s]", query(namespace)),
        from,
        shape: Shape::Samples(bad),
        sides: Sides { rollout: "checkout".to_owned(), stable: Revision::new("1111111111"), canary: Revision::new("2222222222"), by },
        before: None,
        past: None,
        young: Young::All,
        targets: None,
    }
}

/// The same question where these pods of the canary should have been scraped.
fn expecting(namespace: &str, pods: &[&str], at: DateTime<Utc>) -> Ask {
    let rule = include_str!("../../docs/queries.yml")
        .lines()
        .find(|line| line.contains("label_replace((max by (pod)") && line.contains("http_requests_total"));
    let query =
        rule.unwrap_or_default().trim().trim_start_matches("expr: ").trim_matches('\'').replace("\"shop\"", &format!("{namespace:?}"));
    let ready = Ready { canary: pods.iter().map(|pod| (*pod).to_owned()).collect(), stable: BTreeSet::new() };
    let targets = Some(Targets { ready, label: "pod".to_owned(), query });
    Ask::Counts(Box::new(Counting { targets, ..window(namespace, at - EACH) }))
}

/// How many pods of the canary were scraped, of how many.
fn reached(reading: &Reading) -> Result<(u32, u32)> {
    let Reading::Counts(counted) = reading else { bail!("no counts: {reading:?}") };
    let canary = counted.scraped.context("nothing is known of targets")?.canary;
    Ok((canary.scraped, canary.ready))
}

/// A process that is scraped and has counted nothing yet.
async fn idle() -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let app = Router::new().route("/metrics", get(|| async { "# TYPE http_requests_total counter\n" }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

/// The plane's Prometheus, asked as Serin asks.
pub fn real(ground: &Ground) -> Result<Provider> {
    let config = config::parse(&format!("metrics: {{providers: [{{name: real, url: '{}'}}]}}", ground.plane.prometheus_url()))?;
    Ok(Provider::new(config.metrics.providers()[0].clone()))
}

#[expect(clippy::disallowed_methods, reason = "windows are those of the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

pub async fn what_scrapes_saw_is_what_is_counted(ground: &Ground, shop: &Shop) -> Result<()> {
    let (target, namespace) = (Target::default(), &shop.namespace);
    let scraped = |address: String, pod: &str| json!({"targets": [address], "labels": {"namespace": namespace, "pod": pod}});
    let targets = json!([scraped(target.serve().await?, POD), scraped(idle().await?, IDLE)]).to_string();
    let file = ground.plane.dir().join("pods.json");
    std::fs::write(file.with_extension("new"), targets)?;
    std::fs::rename(file.with_extension("new"), &file)?;
    wait("a scrape", Duration::from_mins(1), || async { target.with(|_, scrapes| scrapes.len() >= 2) }).await?;

    let begin = now();
    target.serves_and_restarts().await;
    // Whatever is still on its way is in the last windows; nothing grows at either end of the time.
    let enough = target.with(|_, scrapes| scrapes.len() + 4);
    wait("the last scrapes", Duration::from_mins(1), || async { target.with(|_, scrapes| scrapes.len() >= enough) }).await?;
    let end = now();

    let provider = real(ground)?;
    let (mut counted, mut plain, mut windows) = (Count::default(), 0.0, 0);
    let mut from = begin;
    while from < end {
        let at = from + EACH;
        match provider.ask(&Ask::Counts(Box::new(window(namespace, from))), at).await {
            Reading::Counts(counts) => counted = counted.plus(counts.counts.canary),
            other => bail!("no counts: {other:?}"),
        }
        let increase = Ask::Number(format!("sum(increase({}[2s])) or vector(0)", query(namespace)));
        if let Reading::Value(value) = provider.ask(&increase, at).await {
            plain += value;
        }
        (from, windows) = (at, windows + 1);
    }
    let (two, three) = (expecting(namespace, &[POD, IDLE], from), expecting(namespace, &[POD, IDLE, GONE], from));
    ensure!(reached(&provider.ask(&two, from).await)? == (2, 2), "both are scraped, and one did nothing yet");
    ensure!(reached(&provider.ask(&three, from).await)? == (2, 3), "nobody scrapes the third");

    let seen = target.seen();
    let told = format!(
        "{windows} windows: scrapes saw {} requests and {} errors, we counted {} and {}; increase() says {plain:.1} requests",
        seen.total, seen.bad, counted.total, counted.bad
    );
    println!("{told}");
    ensure!(seen.total > 600.0 && seen.bad >= 8.0 && counted == seen, "{told}");
    Ok(())
}
