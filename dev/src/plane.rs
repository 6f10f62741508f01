//! How does somebody get a control plane, use it, break parts of it and let go of it?

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use kube::Client;

use crate::apart::NODE_ADDRESS;
use crate::audit::{self, AuditEvent};
use crate::part::{Part, Site};
use crate::pins::Kit;
use crate::pki::Authority;
use crate::scratch::Scratch;
use crate::supervise::Supervised;
use crate::tools::Tools;
use crate::traffic::Traffic;
use crate::{nodes, users};

/// Whether the API server writes down who asked for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Audit {
    /// No log.
    #[default]
    Off,
    /// Every request of every user, without bodies.
    On,
}

/// How the API server gives a watcher what is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lists {
    /// As the beginning of the watch, which is the default from Kubernetes 1.34 on.
    #[default]
    Streamed,
    /// Only as pages, before the watch.
    Paged,
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
    /// Whether the API server streams lists.
    pub lists: Lists,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: "plane".to_owned(), nodes: 2, audit: Audit::Off, lists: Lists::Streamed }
    }
}

/// A running control plane. It ends, with all its programs and files, when this value is dropped or its process is gone.
#[derive(Debug)]
pub struct ControlPlane {
    // Fields are dropped in this order: the programs end before their folder goes.
    pub(crate) running: Mutex<BTreeMap<Part, Supervised>>,
    pub(crate) traffic: Option<Traffic>,
    pub(crate) site: Site,
    pub(crate) authority: Authority,
    pub(crate) scratch: Scratch,
}

impl ControlPlane {
    /// Starts a plane and waits until it works: the API answers, nodes are ready, Prometheus scrapes the traffic. Builds the tools first if need be.
    ///
    /// # Errors
    /// The tools cannot be built, or a part does not come up; then the ends of the logs are in the error, and the place where they are kept.
    pub async fn start(options: Options) -> Result<Self> {
        let mut plane = Self::make(&options, Ipv4Addr::LOCALHOST).await?;
        match plane.bring_up_played(options.nodes).await {
            Ok(()) => Ok(plane),
            Err(error) => Err(plane.explain(&error)),
        }
    }

    /// Starts a plane on which nothing is played: no nodes, no traffic. For a [`Node`](crate::Node) whose pods are real, beside which it runs apart: they
    /// reach the API server, behind its own Service, and Prometheus. It has an audit log.
    ///
    /// # Errors
    /// As for [`ControlPlane::start`].
    pub async fn start_without_nodes(name: &str) -> Result<Self> {
        let options = Options { name: name.to_owned(), audit: Audit::On, ..Options::default() };
        let plane = Self::make(&options, NODE_ADDRESS).await?;
        match plane.bring_up().await {
            Ok(()) => Ok(plane),
            Err(error) => Err(plane.explain(&error)),
        }
    }

    async fn make(options: &Options, address: Ipv4Addr) -> Result<Self> {
        let tools = tokio::task::spawn_blocking(|| Tools::ensure(Kit::Plane)).await.context("the build of the tools broke off")??;
        Self::prepare(options, address, tools)
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
        self.site.prometheus_url()
    }

    /// Where the store answers.
    pub fn etcd_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.site.ports.etcd())
    }

    /// Where controllers on this plane may listen: addresses that nobody else uses.
    pub fn controller_addresses(&self) -> impl Iterator<Item = String> {
        self.site.ports.controllers().map(|port| format!("127.0.0.1:{port}"))
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

    /// Copies the logs to a folder that stays, for somebody who wants to know what went wrong.
    ///
    /// # Errors
    /// They cannot be copied.
    pub fn keep_logs(&self) -> Result<PathBuf> {
        self.scratch.keep_logs()
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

    /// Creates a node, one that was deleted for example.
    ///
    /// # Errors
    /// There is one of that name.
    pub async fn create_node(&self, name: &str) -> Result<()> {
        nodes::create_one(self.client().await?, name).await
    }

    /// Deletes a node, as when a spot instance is taken away. As on any cluster its pods stay for 40 to 80 s, then they are collected.
    ///
    /// # Errors
    /// There is no such node.
    pub async fn delete_node(&self, name: &str) -> Result<()> {
        nodes::delete(self.client().await?, name).await
    }

    pub(crate) fn running(&self) -> MutexGuard<'_, BTreeMap<Part, Supervised>> {
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
