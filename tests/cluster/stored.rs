//! Twenty kills in a row while events go over the network: a log store and a webhook have every event, in order, and what came twice is the same.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use futures::try_join;
use serde_json::{Value, json};
use serin::audit::{Record, verify};
use serin_dev::{LogStore, Tenant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::ground::{Ground, wait};
use super::own_events::Moody;
use super::shop::{NAME, Shop, quick};
use super::storm::{aborts, kills, promotions};

const KILLS: u64 = 20;

/// Whose logs they are in the store.
const TENANT: Tenant = Tenant(7);

/// Where events go on this plane: a store that proves what it has, and a receiver that writes down in which order it came.
pub struct Receivers {
    store: LogStore,
    /// A third one, which a test takes away.
    pub moody: Moody,
    url: String,
    came: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Receivers {
    pub async fn start() -> Result<Self> {
        let (store, came) = (LogStore::start("stored").await?, Arc::new(Mutex::new(Vec::new())));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let router = Router::new().route("/", post(note)).with_state(Arc::clone(&came));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { store, moody: Moody::start().await?, url, came, serving })
    }

    /// All are required.
    pub fn sinks(&self) -> Value {
        let store = format!("{}/insert/opentelemetry/v1/logs", self.store.url());
        json!([
            {"name": "stdout", "type": "stdout"},
            {"name": "store", "type": "otlp", "url": store, "headers": {"AccountID": TENANT.0.to_string()}},
            {"name": "witness", "type": "webhook", "url": self.url, "format": "json"},
            self.moody.sink(),
        ])
    }

    fn came(&self) -> Vec<Record> {
        let texts = self.came.lock().unwrap_or_else(PoisonError::into_inner).clone();
        texts.iter().filter_map(|text| Record::read(text)).collect()
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn note(State(came): State<Arc<Mutex<Vec<String>>>>, body: String) {
    came.lock().unwrap_or_else(PoisonError::into_inner).push(body);
}

/// Nothing lost, nothing invented, in order, and repetitions with the same bytes: at two receivers, over twenty kills.
pub async fn twenty_kills_lose_no_event_on_its_way_to_a_log_store(ground: &Ground, shop: &Shop) -> Result<()> {
    let receivers = ground.receivers.as_ref().context("this plane has receivers")?;
    let (good, bad) = (shop, &Shop::open(ground, "twenty-kills-and-bad-revisions").await?);
    for shop in [good, bad] {
        shop.service(50).await?;
        shop.create(quick(4, "v1")).await?;
    }
    let over = AtomicBool::new(false);
    let (promoted, aborted, ()) = try_join!(promotions(good, &over), aborts(bad, &over), kills(ground, &over, KILLS))?;
    ensure!(promoted >= 2 && aborted >= 2, "every kill should hit something");
    let mut told = 0;
    for shop in [good, bad] {
        let head = settled(shop).await?;
        told += arrived_in_order(receivers, &head)?;
        stored_whole(receivers, &head).await?;
    }
    let came = receivers.came().len();
    println!("{KILLS} kills, {promoted} promotions, {aborted} aborts: {told} events, {came} arrivals, {} repeated, 0 lost", came - told);
    Ok(())
}

/// How far a stream is, once all of it is acknowledged.
struct Head {
    stream: String,
    seq: u64,
    hash: String,
}

async fn settled(shop: &Shop) -> Result<Head> {
    let pending = |r: &Value| r["status"]["audit"]["pending"].as_array().map_or(0, Vec::len);
    let rollout = shop.until_of(NAME, "every event is acknowledged", |r| pending(r) == 0).await?;
    let (text, audit) = (|value: &Value| value.as_str().unwrap_or_default().to_owned(), &rollout["status"]["audit"]);
    Ok(Head { stream: text(&rollout["metadata"]["uid"]), seq: audit["seq"].as_u64().context("a number")?, hash: text(&audit["head"]) })
}

/// Says how many events there are.
fn arrived_in_order(receivers: &Receivers, head: &Head) -> Result<usize> {
    let mut first: BTreeMap<u64, Record> = BTreeMap::new();
    for record in receivers.came().into_iter().filter(|record| record.stream == head.stream) {
        let newest = first.keys().next_back().copied().unwrap_or(0);
        ensure!(record.seq <= newest + 1, "event {} came right after {newest}", record.seq);
        let known = first.entry(record.seq).or_insert_with(|| record.clone());
        ensure!(*known == record, "event {} came twice, and differs", record.seq);
    }
    whole(head, first.values())
}

async fn stored_whole(receivers: &Receivers, head: &Head) -> Result<()> {
    let query = format!("\"serin.event.stream\":=\"{}\"", head.stream);
    let rows = || async { receivers.store.query(TENANT, &query).await };
    let seqs = |rows: &[Value]| rows.iter().filter_map(|row| row["serin.event.seq"].as_str()?.parse().ok()).max().unwrap_or(0);
    wait("the store has the newest", Duration::from_secs(30), || async { rows().await.is_ok_and(|rows| seqs(&rows) == head.seq) }).await?;
    let mut found: BTreeMap<u64, Record> = BTreeMap::new();
    for row in rows().await? {
        let record = row["_msg"].as_str().and_then(Record::read).with_context(|| format!("no event in {row}"))?;
        let known = found.entry(record.seq).or_insert_with(|| record.clone());
        ensure!(*known == record, "event {} is there twice, and differs", record.seq);
    }
    whole(head, found.values()).map(drop)
}

/// The chain is unbroken from the first event to the head.
fn whole<'a>(head: &Head, records: impl Iterator<Item = &'a Record>) -> Result<usize> {
    let records: Vec<&Record> = records.collect();
    ensure!(records.len() as u64 == head.seq, "{} of {} events", records.len(), head.seq);
    ensure!(records.last().is_some_and(|last| last.hash == head.hash), "the newest is not the head");
    verify(records.iter().map(|record| record.text.as_str())).map_err(|broken| anyhow::anyhow!("{broken}"))?;
    Ok(records.len())
}
