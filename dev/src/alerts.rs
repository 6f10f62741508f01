//! How does an alert get from Serin's metrics to somebody? As at users': a Prometheus with the rules of `deploy/`, an Alertmanager, and a receiver.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::fetch;
use crate::objects::repository;
use crate::pins::{Kit, Tool};
use crate::ports::Ports;
use crate::scratch::Scratch;
use crate::supervise::Supervised;
use crate::tools::{Tools, cache_dir, last_lines};

/// Either needs a second; a busy machine is slower.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// One alert as it was notified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notified {
    /// `firing` or `resolved`.
    pub status: String,
    /// Its labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Prometheus, Alertmanager and a receiver. They end, with their files, when this value is dropped or its process is gone.
#[derive(Debug)]
pub struct Alerts {
    // Dropped in this order: the programs end before their folder goes.
    running: Vec<Supervised>,
    receiver: JoinHandle<()>,
    heard: Arc<Mutex<Vec<Notified>>>,
    prometheus: String,
    _scratch: Scratch,
    _ports: Ports,
}

impl Alerts {
    /// Starts all three; `target` is where Serin's metrics are, as `address:port`. Builds Alertmanager first if need be: a minute or two, once.
    ///
    /// # Errors
    /// Something cannot be built, or does not come up; the end of its log is told.
    pub async fn start(name: &str, target: &str) -> Result<Self> {
        let ensure = |kit| async move { tokio::task::spawn_blocking(move || Tools::ensure(kit)).await.context("the build broke off")? };
        let (plane, alerts) = (ensure(Kit::Plane).await?, ensure(Kit::Alerts).await?);
        let (ports, scratch) = (Ports::reserve(&cache_dir()?)?, Scratch::new(name)?);
        let [prometheus, alertmanager] = two(ports.controllers())?;
        let (receiver, heard, hook) = receive().await?;
        let dir = scratch.dir();
        let manager = json!({
            "route": {"receiver": "people", "group_by": ["..."], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"},
            "receivers": [{"name": "people", "webhook_configs": [{"url": hook, "send_resolved": true}]}],
        });
        let scraper = json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [repository("deploy/monitoring/rules.yaml")],
            "scrape_configs": [{"job_name": "serin", "static_configs": [{"targets": [target]}]}],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [format!("127.0.0.1:{alertmanager}")]}]}]},
        });
        // JSON is YAML.
        std::fs::write(dir.join("alertmanager.yml"), manager.to_string())?;
        std::fs::write(dir.join("prometheus.yml"), scraper.to_string())?;
        let file = |name: &str| dir.join(name).display().to_string();
        let commands = [
            (
                Tool::Alertmanager,
                alertmanager,
                vec![
                    alerts.path(Tool::Alertmanager).display().to_string(),
                    format!("--config.file={}", file("alertmanager.yml")),
                    format!("--storage.path={}", file("alertmanager")),
                    format!("--web.listen-address=127.0.0.1:{alertmanager}"),
                    // One alone.
                    "--cluster.listen-address=".to_owned(),
                ],
            ),
            (
                Tool::Prometheus,
                prometheus,
                vec![
                    plane.path(Tool::Prometheus).display().to_string(),
                    format!("--config.file={}", file("prometheus.yml")),
                    format!("--storage.tsdb.path={}", file("prometheus")),
                    format!("--web.listen-address=127.0.0.1:{prometheus}"),
                ],
            ),
        ];
        let mut running = Vec::new();
        for (tool, port, command) in commands {
            let log = dir.join("log").join(format!("{}.log", tool.name()));
            let program = Supervised::start(&command, &log, &dir.join("live").join(tool.name()))?;
            running.push(until_ready(program, &format!("http://127.0.0.1:{port}/-/ready")).await?);
        }
        let prometheus = format!("http://127.0.0.1:{prometheus}");
        Ok(Self { running, receiver, heard, prometheus, _scratch: scratch, _ports: ports })
    }

    /// All alerts that were notified so far, in their order.
    pub fn heard(&self) -> Vec<Notified> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a query finds now: each series' labels and value.
    ///
    /// # Errors
    /// Prometheus does not take the query.
    pub async fn query(&self, query: &str) -> Result<Vec<Value>> {
        let data = self.ask("query", query).await?;
        Ok(data["result"].as_array().cloned().unwrap_or_default())
    }

    /// The selectors of a query, as Prometheus' own parser reads them: the metric's name, and the labels that are matched, grouped by or joined on.
    ///
    /// # Errors
    /// Prometheus does not take the query.
    pub async fn selectors(&self, query: &str) -> Result<Vec<(String, Vec<String>)>> {
        let tree = self.ask("parse_query", query).await?;
        let mut found = Vec::new();
        collect(&tree, &mut Vec::new(), &mut found);
        Ok(found)
    }

    async fn ask(&self, what: &str, query: &str) -> Result<Value> {
        let mut url = reqwest::Url::parse(&format!("{}/api/v1/{what}", self.prometheus))?;
        url.query_pairs_mut().append_pair("query", query);
        let answer: Value = reqwest::get(url).await?.json().await?;
        ensure!(answer["status"] == "success", "{query}: {answer}");
        Ok(answer["data"].clone())
    }

    /// Says which program ended, if one did.
    pub fn ended(&mut self) -> Option<String> {
        self.running.iter_mut().find_map(Supervised::ended)
    }
}

impl Drop for Alerts {
    fn drop(&mut self) {
        self.receiver.abort();
    }
}

/// Labels that a query groups by or joins on count for every selector below.
fn collect(node: &Value, around: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    let words = |list: &Value| list.as_array().into_iter().flatten().filter_map(|word| Some(word.as_str()?.to_owned())).collect::<Vec<_>>();
    if node["type"] == "vectorSelector" || node["type"] == "matrixSelector" {
        let named = node["matchers"].as_array().into_iter().flatten().filter_map(|one| Some(one["name"].as_str()?.to_owned()));
        let labels = named.filter(|name| name != "__name__").chain(around.iter().cloned()).collect();
        found.push((node["name"].as_str().unwrap_or_default().to_owned(), labels));
    }
    let here = around.len();
    around.extend(words(&node["grouping"]));
    around.extend(words(&node["matching"]["labels"]));
    for inner in ["expr", "lhs", "rhs"] {
        collect_inner(&node[inner], around, found);
    }
    for argument in node["args"].as_array().into_iter().flatten() {
        collect(argument, around, found);
    }
    around.truncate(here);
}

fn collect_inner(node: &Value, around: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    if node.is_object() {
        collect(node, around, found);
    }
}

fn two(mut free: impl Iterator<Item = u16>) -> Result<[u16; 2]> {
    Ok([free.next().context("a port")?, free.next().context("a second port")?])
}

/// Whoever has to know: writes down what Alertmanager posts.
async fn receive() -> Result<(JoinHandle<()>, Arc<Mutex<Vec<Notified>>>, String)> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let router = Router::new().route("/", post(hear)).with_state(Arc::clone(&heard));
    let serving = tokio::spawn(async move {
        // It ends with the task.
        let _ = axum::serve(listener, router).await;
    });
    Ok((serving, heard, url))
}

async fn hear(State(heard): State<Arc<Mutex<Vec<Notified>>>>, body: String) {
    let text: Value = serde_json::from_str(&body).unwrap_or_default();
    let words = |object: &Value| {
        let pairs = object.as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
    };
    let alerts = text["alerts"].as_array().into_iter().flatten().map(|alert| Notified {
        status: alert["status"].as_str().unwrap_or_default().to_owned(),
        labels: words(&alert["labels"]),
        annotations: words(&alert["annotations"]),
    });
    heard.lock().unwrap_or_else(PoisonError::into_inner).extend(alerts);
}

async fn until_ready(mut program: Supervised, url: &str) -> Result<Supervised> {
    let begun = Instant::now();
    while !fetch::answers(url).await {
        let said = last_lines(&std::fs::read_to_string(program.log()).unwrap_or_default(), 20);
        if let Some(end) = program.ended() {
            bail!("it ended ({end}):\n{said}");
        }
        ensure!(begun.elapsed() < READY_WITHIN, "{url} did not answer within {} s:\n{said}", READY_WITHIN.as_secs());
        sleep(Duration::from_millis(50)).await;
    }
    Ok(program)
}
