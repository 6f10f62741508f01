//! How does somebody get a control plane, use it, break parts of it and let go of it?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kube::Client;

use crate::audit::{self, AuditEvent};
use crate::part::{Part, Site};
use crate::pki::Authority;
use crate::ports::Ports;
use crate::scratch::Scratch;
use crate::supervise::Supervised;
use crate::tools::{Tools, cache_dir, last_lines};
use crate::traffic::Traffic;
use crate::{fetch, nodes, users};

/// On an idle machine a part needs 4 s; a busy one may be ten times slower.
const PART_READY_WITHIN: Duration = Duration::from_secs(60);
/// Of each log, when a start failed.
const SHOWN_LINES: usize = 12;

const SCHEDULER: &str = include_str!("../../tests/control-plane/scheduler.yaml");
const STAGES: &str = include_str!("../../tests/control-plane/kwok/stages.yaml");
const AUDIT_POLICY: &str = include_str!("../../tests/control-plane/audit-policy.yaml");
const PROMETHEUS: &str = include_str!("../../tests/control-plane/prometheus.yml");

/// Whether the API server writes down who asked for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audit {
    /// No log.
    #[default]
    Off,
    /// Every request of every user, without bodies.
    On,
}

/// What kind of plane to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Shows in the folder's name; planes may share it.
    pub name: String,
    /// How many nodes: `node-0`, `node-1` and so on.
    pub nodes: u16,
    /// Whether there is an audit log.
    pub audit: Audit,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "plane".to_owned(), nodes: 2, audit: Audit::Off }
    }
}

/// A running control plane. It ends, with all its programs and files, when this value is dropped or its process is gone.
#[derive(Debug)]
pub struct ControlPlane {
    // Fields are dropped in this order: the programs end before their folder goes.
    running: Mutex<BTreeMap<Part, Supervised>>,
    traffic: Option<Traffic>,
    site: Site,
    authority: Authority,
    scratch: Scratch,
}

impl ControlPlane {
    /// Starts a plane and waits until it works: the API answers, nodes are ready, Prometheus scrapes the traffic. Builds the tools first if need be.
    ///
    /// # Errors
    /// The tools cannot be built, or a part does not come up; then the ends of the logs are in the error, and the place where they are kept.
    pub async fn start(options: Options) -> Result<Self> {
        let tools = tokio::task::spawn_blocking(Tools::ensure).await.context("the build of the tools broke off")??;
        let mut plane = Self::prepare(&options, tools)?;
        match plane.bring_up(options.nodes).await {
            Ok(()) => Ok(plane),
            Err(error) => Err(plane.explain(error)),
        }
    }

    /// Ends the plane, like dropping it, without blocking the runtime.
    pub async fn stop(self) {
        // A panic while dropping has been told already.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }

    /// The kubeconfig of the user `admin`, who may do everything.
    pub fn kubeconfig(&self) -> PathBuf {
        self.site.kubeconfig("admin")
    }

    /// A client that is `admin`, for the runtime that this is called in.
    ///
    /// # Errors
    /// The kubeconfig cannot be read.
    pub async fn client(&self) -> Result<Client> {
        users::client(&self.kubeconfig()).await
    }

    /// The kubeconfig of a user with a certificate of its own; what it may do is up to RBAC. Each client should be its own user, so that the audit
    /// log tells them apart. The group `system:masters` may do everything.
    ///
    /// # Errors
    /// The files cannot be written.
    pub fn kubeconfig_for(&self, user: &str, group: &str) -> Result<PathBuf> {
        let path = self.site.kubeconfig(user);
        let identity = self.authority.user(user, group)?;
        users::write_for_certificate(&path, &self.site.api_url(), &self.authority.certificate(), &identity)?;
        Ok(path)
    }

    /// The kubeconfig of a service account, with a token for one day. In the audit log it is `system:serviceaccount:<namespace>:<name>`.
    ///
    /// # Errors
    /// There is no such service account, or the API does not answer.
    pub async fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let token = users::token(self.client().await?, namespace, name).await?;
        let path = self.site.kubeconfig(&format!("{namespace}.{name}"));
        users::write_for_token(&path, &self.site.api_url(), &self.authority.certificate(), &token)?;
        Ok(path)
    }

    /// Where Prometheus answers.
    pub fn prometheus_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.site.ports.prometheus())
    }

    /// Where a controller on this plane may listen: an address that nobody else uses.
    pub fn controller_address(&self) -> String {
        format!("127.0.0.1:{}", self.site.ports.controller())
    }

    /// Starts a program that ends with the plane at the latest; what it prints is appended to `<name>.log` among the logs.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn supervise(&self, name: &str, argv: &[String]) -> Result<Supervised> {
        Supervised::start(argv, &self.logs().join(format!("{name}.log")), &self.site.dir.join("live").join(name))
    }

    /// Where the traffic tells what it counted: `/metrics`, `/healthz`.
    pub fn traffic_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.site.ports.traffic())
    }

    /// The API server's audit log; empty or missing without [`Audit::On`].
    pub fn audit_log(&self) -> PathBuf {
        self.site.audit_log()
    }

    /// What one user asked of the API server so far, in order; a watch counts from its first answer.
    ///
    /// # Errors
    /// There is no audit log, or it cannot be read.
    pub fn audit_events(&self, user: &str) -> Result<Vec<AuditEvent>> {
        audit::events(&self.audit_log(), user)
    }

    /// The folder with the logs of all parts.
    pub fn logs(&self) -> PathBuf {
        self.site.dir.join("log")
    }

    /// The folder that is removed when the plane ends.
    pub fn dir(&self) -> &Path {
        self.scratch.dir()
    }

    /// The programs this plane runs on; kubectl is among them.
    pub fn tools(&self) -> &Tools {
        &self.site.tools
    }

    /// Kills a part at once (SIGKILL). Its data stay for [`ControlPlane::start_part`].
    pub fn stop_part(&self, part: Part) {
        let stopped = self.running().remove(&part);
        drop(stopped);
    }

    /// Starts a stopped part and waits until it answers. Does nothing if it runs.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn start_part(&self, part: Part) -> Result<()> {
        self.launch(part)?;
        self.wait_until_ready(part).await
    }

    /// Kills a part and starts it again.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn restart_part(&self, part: Part) -> Result<()> {
        self.stop_part(part);
        self.start_part(part).await
    }

    /// Cuts a node's heartbeat: within 10 s the node is not ready, and so are its pods. They stay as they are otherwise.
    ///
    /// # Errors
    /// There is no such node.
    pub async fn lose_node(&self, name: &str) -> Result<()> {
        nodes::cut_heartbeat(self.client().await?, name).await
    }

    /// Gives a lost node its heartbeat back.
    ///
    /// # Errors
    /// There is no such node.
    pub async fn return_node(&self, name: &str) -> Result<()> {
        nodes::resume_heartbeat(self.client().await?, name).await
    }

    /// Deletes a node, as when a spot instance is taken away; its pods are deleted after it.
    ///
    /// # Errors
    /// There is no such node.
    pub async fn delete_node(&self, name: &str) -> Result<()> {
        nodes::delete(self.client().await?, name).await
    }

    fn prepare(options: &Options, tools: Tools) -> Result<Self> {
        let ports = Ports::reserve(&cache_dir()?)?;
        let scratch = Scratch::new(&options.name)?;
        let authority = Authority::new(&scratch.dir().join("pki"))?;
        authority.server()?;
        authority.token_keys()?;
        let site = Site { dir: scratch.dir().to_path_buf(), ports, tools, audit: options.audit };
        let plane = Self { running: Mutex::default(), traffic: None, site, authority, scratch };
        for (user, group) in [
            ("admin", "system:masters"),
            ("kwok", "system:masters"),
            ("system:kube-controller-manager", "serin-dev"),
            ("system:kube-scheduler", "serin-dev"),
            (users::TRAFFIC, "serin-dev"),
        ] {
            plane.kubeconfig_for(user, group)?;
        }
        let scheduler = plane.site.kubeconfig("system:kube-scheduler").display().to_string();
        let traffic = format!("127.0.0.1:{}", plane.site.ports.traffic());
        for (name, text) in [
            ("scheduler.yaml", SCHEDULER.replace("@KUBECONFIG@", &scheduler)),
            ("prometheus.yml", PROMETHEUS.replace("@TRAFFIC@", &traffic)),
            ("stages.yaml", STAGES.to_owned()),
            ("audit-policy.yaml", AUDIT_POLICY.to_owned()),
        ] {
            std::fs::write(plane.site.dir.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
        Ok(plane)
    }

    async fn bring_up(&mut self, node_count: u16) -> Result<()> {
        for part in [Part::Etcd, Part::ApiServer, Part::Prometheus] {
            self.launch(part)?;
        }
        self.wait_until_ready(Part::Etcd).await?;
        let hasty = users::impatient_client(&self.kubeconfig()).await?;
        self.wait("the API server's port", &[Part::Etcd, Part::ApiServer], || users::api_says(&hasty, "/livez/ping")).await?;
        // They come up while the API server sets itself up, and wait for it where they must.
        for part in [Part::ControllerManager, Part::Scheduler, Part::Kwok] {
            self.launch(part)?;
        }
        self.wait_until_ready(Part::ApiServer).await?;
        let admin = self.client().await?;
        users::allow_traffic(admin.clone()).await?;
        nodes::create(admin.clone(), node_count).await?;
        self.traffic = Some(Traffic::start(self.site.kubeconfig(users::TRAFFIC), self.site.ports.traffic())?);
        self.wait("the default service account", &Part::ALL, || users::default_account_exists(&admin)).await?;
        self.wait("ready nodes", &Part::ALL, || nodes::all_ready(&admin)).await?;
        let health = format!("{}/healthz", self.traffic_url());
        self.wait("the traffic", &[], || fetch::answers(&health)).await?;
        self.wait_until_ready(Part::Prometheus).await
    }

    fn launch(&self, part: Part) -> Result<()> {
        let mut running = self.running();
        if !running.contains_key(&part) {
            let program = Supervised::start(&self.site.command(part), &self.site.log(part), &self.site.marker(part))?;
            running.insert(part, program);
        }
        Ok(())
    }

    async fn wait_until_ready(&self, part: Part) -> Result<()> {
        let etcd = format!("http://127.0.0.1:{}/health", self.site.ports.etcd());
        let prometheus = format!("{}/-/ready", self.prometheus_url());
        let what = part.name();
        match part {
            Part::Etcd => self.wait(what, &[part], || fetch::answers(&etcd)).await,
            Part::ApiServer => {
                let admin = users::impatient_client(&self.kubeconfig()).await?;
                self.wait(what, &[part], || users::api_says(&admin, "/readyz")).await
            }
            Part::Prometheus => self.wait(what, &[part], || fetch::answers(&prometheus)).await,
            // They have no port; that they work shows in what they do.
            Part::ControllerManager | Part::Scheduler | Part::Kwok => Ok(()),
        }
    }

    /// Asks until the answer is yes, for as long as the parts that it needs are alive.
    async fn wait<F: Future<Output = bool>>(&self, what: &str, needs: &[Part], check: impl Fn() -> F) -> Result<()> {
        let clock = tokio::time::Instant::now();
        while !check().await {
            for (part, program) in self.running().iter_mut().filter(|(part, _)| needs.contains(part)) {
                if let Some(end) = program.ended() {
                    bail!("{} ended ({end}) while waiting for {what}", part.name());
                }
            }
            if clock.elapsed() > PART_READY_WITHIN {
                bail!("{what} did not come up within {} s", PART_READY_WITHIN.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let mut text = format!("the control plane did not start: {error:#}");
        for (part, program) in self.running().iter() {
            let log = std::fs::read_to_string(program.log()).unwrap_or_default();
            text += &format!("\n--- the end of {}'s log ---\n{}", part.name(), last_lines(&log, SHOWN_LINES));
        }
        match self.scratch.keep_logs() {
            Ok(kept) => text += &format!("\n--- the whole logs are in {} ---", kept.display()),
            Err(error) => text += &format!("\n--- the logs could not be kept: {error:#} ---"),
        }
        anyhow::Error::msg(text)
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<Part, Supervised>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ControlPlane {
    /// When a test fails, its logs outlive the plane.
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Ok(kept) = self.scratch.keep_logs()
        {
            eprintln!("the logs of the control plane are in {}", kept.display());
        }
        self.running().clear();
    }
}
