//! What does the controller tell of itself, and who hears of it when one of the sinks fails?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::Api;
use serde_json::{Value, json};
use serin::audit::{Export, Record};
use serin_dev::CONTROLLER_USER;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::ground::{Ground, wait};
use super::rights::SERIN;
use super::shop::{NAME, Shop, quick, revision};

/// Longer than any fact takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A receiver that does what it is told to, and writes down what it took.
pub struct Moody {
    url: String,
    heard: Arc<Mutex<Heard>>,
    serving: JoinHandle<()>,
}

struct Heard {
    answer: StatusCode,
    /// Only these are answered so; all others are taken.
    about: &'static str,
    took: Vec<String>,
}

impl Moody {
    pub async fn start() -> Result<Self> {
        let heard = Arc::new(Mutex::new(Heard { answer: StatusCode::OK, about: "", took: Vec::new() }));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let router = Router::new().route("/", post(hear)).with_state(Arc::clone(&heard));
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, heard, serving })
    }

    /// A sink that is required.
    pub fn sink(&self) -> Value {
        json!({"name": "moody", "type": "webhook", "url": self.url, "format": "json"})
    }

    fn answers(&self, answer: StatusCode, about: &'static str) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        (heard.answer, heard.about) = (answer, about);
    }

    fn took(&self) -> Vec<Record> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.took.iter().filter_map(|text| Record::read(text)).collect()
    }
}

impl Drop for Moody {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn hear(State(heard): State<Arc<Mutex<Heard>>>, body: String) -> StatusCode {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    if heard.answer != StatusCode::OK && body.contains(heard.about) {
        return heard.answer;
    }
    heard.took.push(body);
    StatusCode::OK
}

/// A sink is away for a rollout, and refuses an event of it; a controller is killed: each is told once, to the other sink at once and to this one when it is back.
pub async fn what_happens_to_a_sink_is_told_to_the_others_and_a_start_once(ground: &Ground, shop: &Shop) -> Result<()> {
    let moody = &ground.receivers.as_ref().context("this plane has receivers")?.moody;
    shop.service(50).await?;
    shop.create(quick(2, "v1")).await?;
    shop.installed().await?;
    let starts = told(ground, "controller.started")?.len();

    moody.answers(StatusCode::SERVICE_UNAVAILABLE, "");
    shop.image("v2").await?;
    until(ground, "sink.failing", 1).await?;
    shop.promoted(&revision("v2")).await?;
    ensure!(moody.took().iter().all(|record| !record.text.contains("sink.failing")), "it is away");
    moody.answers(StatusCode::OK, "");
    until(ground, "sink.recovered", 1).await?;

    moody.answers(StatusCode::BAD_REQUEST, "\"rollout.restarted\"");
    super::people::serin(ground, shop, &["restart", NAME, "--reason", "to be refused"]).await?.expect(0, &["Done: "])?;
    let refused = until(ground, "event.refused", 1).await?;
    let message = refused["message"].as_str().unwrap_or_default();
    ensure!(refused["sink"] == "moody" && message.contains(&format!("{}/{NAME}: answered 400", shop.namespace)), "{refused}");
    moody.answers(StatusCode::OK, "");

    ground.kill_controller();
    ground.start_controller().await?;
    until(ground, "controller.started", starts + 1).await?;
    let (stream, head) = settled(shop).await?;
    for sink in [taken_by_stdout(ground)?, moody.took()] {
        let own: Vec<Record> = sink.into_iter().filter(|record| record.stream == stream).collect();
        let mut export = Export::default();
        for record in &own {
            export.read(&record.text);
        }
        let found = export.examine(&BTreeSet::from([head.clone()]));
        ensure!(found.missing.is_empty() && found.streams.len() == 1 && found.streams[0].broken.is_none(), "{found:?}");
        let (events, from) = (found.streams[0].events, found.streams[0].from);
        println!("{events} events of the controller's own, {} of them twice, 0 lost", own.len() - events);
        ensure!(from == 1, "it has all of them: {found:?}");
    }
    for (kind, times) in [
        ("sink.failing", 1),
        ("sink.recovered", 1),
        ("event.refused", 1),
        ("controller.started", starts + 1),
        ("leader.elected", starts + 1),
    ] {
        ensure!(told(ground, kind)?.len() == times, "{kind}: {:#?}", told(ground, kind)?);
    }
    at_rest(ground).await
}

/// The events of a type, each once.
fn told(ground: &Ground, kind: &str) -> Result<Vec<Value>> {
    let lines = ground.events()?.into_iter().map(|line| line["event"].clone()).filter(|event| event["type"] == kind);
    let by_id: BTreeMap<String, Value> = lines.map(|event| (event["id"].to_string(), event)).collect();
    Ok(by_id.into_values().collect())
}

fn taken_by_stdout(ground: &Ground) -> Result<Vec<Record>> {
    let log = std::fs::read_to_string(ground.log())?;
    let events = log.lines().filter(|line| line.starts_with("{\"log\":\"audit\"")).filter_map(|line| line.split_once("\"event\":"));
    Ok(events.filter_map(|(_, event)| Record::read(event.strip_suffix('}')?)).collect())
}

/// The newest of so many.
async fn until(ground: &Ground, kind: &str, times: usize) -> Result<Value> {
    wait(&format!("{kind} is told"), PATIENCE, || async { told(ground, kind).is_ok_and(|all| all.len() >= times) }).await?;
    told(ground, kind)?.pop().context("it was told")
}

/// The stream and its head, once everything is acknowledged.
async fn settled(shop: &Shop) -> Result<(String, String)> {
    let maps: Api<ConfigMap> = Api::namespaced(shop.client.clone(), SERIN);
    let journal = || async {
        let data = maps.get("serin-events").await.ok()?.data?;
        let journal: Value = serde_json::from_str(data.get("journal")?).ok()?;
        Some((journal, data.get("head")?.clone()))
    };
    let empty = |journal: &Value| journal["outbox"]["pending"].as_array().is_some_and(Vec::is_empty);
    wait("every event of the controller is acknowledged", PATIENCE, || async {
        journal().await.is_some_and(|(journal, _)| empty(&journal))
    })
    .await?;
    let (journal, head) = journal().await.context("it is there")?;
    Ok((journal["stream"].as_str().unwrap_or_default().to_owned(), head))
}

/// Nothing is asked for the controller's own events while nothing happens.
async fn at_rest(ground: &Ground) -> Result<()> {
    let asked = || -> Result<usize> {
        Ok(ground.plane.audit_events(CONTROLLER_USER)?.iter().filter(|request| request.resource == "configmaps").count())
    };
    let before = asked()?;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let after = asked()?;
    println!("{before} requests for configmaps, {} of them in 20 s at rest", after - before);
    ensure!(after == before, "{} requests at rest", after - before);
    Ok(())
}
