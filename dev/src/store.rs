//! Where do events go in the tests and in the demo? A real log store, VictoriaLogs, and what it has got.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::fetch;
use crate::pins::{Kit, Tool};
use crate::ports::Ports;
use crate::scratch::Scratch;
use crate::supervise::Supervised;
use crate::tools::{Tools, cache_dir, last_lines};

/// It needs a tenth of a second; a busy machine is slower.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Whose logs: those of one do not mix with those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenant(pub u32);

impl Tenant {
    /// Whatever comes by syslog is this one's.
    pub const SYSLOG: Self = Self(6514);
}

/// A log store. It ends, with its files, when this value is dropped or its process is gone.
#[derive(Debug)]
pub struct LogStore {
    // Dropped in this order: the program ends before its folder goes.
    running: Option<Supervised>,
    command: Vec<String>,
    http: u16,
    syslog: u16,
    scratch: Scratch,
    _ports: Ports,
}

impl LogStore {
    /// Starts a store and waits until it answers. Builds it first if need be: a minute, once.
    ///
    /// # Errors
    /// It cannot be built, or does not come up; the end of its log is told.
    pub async fn start(name: &str) -> Result<Self> {
        let tools = tokio::task::spawn_blocking(|| Tools::ensure(Kit::Store)).await.context("the build of the log store broke off")??;
        let (ports, scratch) = (Ports::reserve(&cache_dir()?)?, Scratch::new(name)?);
        let mut free = ports.controllers();
        let (http, syslog) = (free.next().context("a port")?, free.next().context("a second port")?);
        drop(free);
        let command = vec![
            tools.path(Tool::VictoriaLogs).display().to_string(),
            format!("-httpListenAddr=127.0.0.1:{http}"),
            format!("-storageDataPath={}", scratch.dir().join("logs").display()),
            format!("-syslog.listenAddr.tcp=127.0.0.1:{syslog}"),
            format!("-syslog.tenantID.tcp={}:0", Tenant::SYSLOG.0),
            "-loggerLevel=WARN".to_owned(),
        ];
        let mut store = Self { running: None, command, http, syslog, scratch, _ports: ports };
        store.go_on().await?;
        Ok(store)
    }

    /// The address that begins all its paths.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// Where it takes syslog over TCP.
    pub fn syslog_address(&self) -> String {
        format!("127.0.0.1:{}", self.syslog)
    }

    /// Kills it, as a machine does that loses its power; what it has on disk stays.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again, on the same addresses and with the same files.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn go_on(&mut self) -> Result<()> {
        let dir = self.scratch.dir();
        let mut running = Supervised::start(&self.command, &dir.join("log/victoria-logs.log"), &dir.join("live/victoria-logs"))?;
        let (health, begun) = (format!("{}/health", self.url()), Instant::now());
        while !fetch::answers(&health).await {
            let said = || last_lines(&std::fs::read_to_string(running.log()).unwrap_or_default(), 20);
            if begun.elapsed() > READY_WITHIN {
                bail!("the log store did not answer within {} s:\n{}", READY_WITHIN.as_secs(), said());
            }
            if let Some(end) = running.ended() {
                bail!("the log store ended ({end}):\n{}", last_lines(&std::fs::read_to_string(running.log()).unwrap_or_default(), 20));
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.running = Some(running);
        Ok(())
    }

    /// What a query in LogsQL finds now, each line as its fields.
    ///
    /// # Errors
    /// It does not answer, or not with what was asked.
    pub async fn query(&self, Tenant(tenant): Tenant, query: &str) -> Result<Vec<Value>> {
        let client = reqwest::Client::new();
        // What came a moment ago would be found only seconds later.
        client.get(format!("{}/internal/force_flush", self.url())).send().await?.error_for_status()?;
        let mut url = reqwest::Url::parse(&format!("{}/select/logsql/query", self.url()))?;
        url.query_pairs_mut().append_pair("query", query);
        let answer = client.get(url).header("AccountID", tenant.to_string()).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("the log store answered {status}: {text}");
        }
        text.lines().map(|line| serde_json::from_str(line).with_context(|| format!("not a line of JSON: {line}"))).collect()
    }
}
