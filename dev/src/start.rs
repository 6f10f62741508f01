//! How does a plane come up, and what is said when it does not?

use std::collections::btree_map::Entry;
use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Error, Result, bail};

use crate::part::{Part, Site};
use crate::pki::Authority;
use crate::plane::{ControlPlane, Options};
use crate::ports::Ports;
use crate::scratch::Scratch;
use crate::supervise::Supervised;
use crate::tools::{Tools, cache_dir, last_lines};
use crate::traffic::Traffic;
use crate::{fetch, nodes, users};

/// On an idle machine a part needs 4 s; a busy one may be ten times slower.
const PART_READY_WITHIN: Duration = Duration::from_mins(1);
/// Of each log, when a start failed.
const SHOWN_LINES: usize = 12;

const SCHEDULER: &str = include_str!("../../tests/control-plane/scheduler.yaml");
const STAGES: &str = include_str!("../../tests/control-plane/kwok/stages.yaml");
const AUDIT_POLICY: &str = include_str!("../../tests/control-plane/audit-policy.yaml");
const PROMETHEUS: &str = include_str!("../../tests/control-plane/prometheus.yml");

impl ControlPlane {
    /// Everything that needs no program: ports, folder, certificates, configuration.
    pub(crate) fn prepare(options: &Options, address: Ipv4Addr, tools: Tools) -> Result<Self> {
        let ports = Ports::reserve(&cache_dir()?)?;
        let scratch = Scratch::new(&options.name)?;
        let authority = Authority::new(&scratch.dir().join("pki"))?;
        authority.server_at(address)?;
        authority.token_keys()?;
        let site = Site { dir: scratch.dir().to_path_buf(), address, ports, tools, audit: options.audit, lists: options.lists };
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
            ("prometheus.yml", PROMETHEUS.replace("@TRAFFIC@", &traffic).replace("@DIR@", &plane.site.dir.display().to_string())),
            ("stages.yaml", STAGES.to_owned()),
            ("audit-policy.yaml", AUDIT_POLICY.to_owned()),
        ] {
            std::fs::write(plane.site.dir.join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
        Ok(plane)
    }

    /// Starts what every plane has, and waits until it works.
    pub(crate) async fn bring_up(&self) -> Result<()> {
        for part in [Part::Etcd, Part::ApiServer, Part::Prometheus] {
            self.launch(part)?;
        }
        self.wait_until_ready(Part::Etcd).await?;
        let hasty = users::impatient_client(&self.kubeconfig()).await?;
        self.wait("the API server's port", &[Part::Etcd, Part::ApiServer], || users::api_says(&hasty, "/livez/ping")).await?;
        // They come up while the API server sets itself up, and wait for it where they must.
        for part in [Part::ControllerManager, Part::Scheduler] {
            self.launch(part)?;
        }
        self.wait_until_ready(Part::ApiServer).await?;
        let admin = self.client().await?;
        self.wait("the default service account", &Part::ALL, || users::default_account_exists(&admin)).await?;
        self.wait_until_ready(Part::Prometheus).await
    }

    /// Starts everything, nodes and traffic that are played as well, and waits until it works.
    pub(crate) async fn bring_up_played(&mut self, node_count: u16) -> Result<()> {
        self.bring_up().await?;
        let admin = self.client().await?;
        self.launch(Part::Kwok)?;
        users::allow_traffic(admin.clone()).await?;
        nodes::create(admin.clone(), node_count).await?;
        self.traffic = Some(Traffic::start(self.site.kubeconfig(users::TRAFFIC), self.site.ports.traffic())?);
        self.wait("ready nodes", &Part::ALL, || nodes::all_ready(&admin)).await?;
        let health = format!("{}/healthz", self.traffic_url());
        self.wait("the traffic", &[], || fetch::answers(&health)).await
    }

    pub(crate) fn launch(&self, part: Part) -> Result<()> {
        if let Entry::Vacant(place) = self.running().entry(part) {
            place.insert(Supervised::start(&self.site.command(part), &self.site.log(part), &self.site.marker(part))?);
        }
        Ok(())
    }

    pub(crate) async fn wait_until_ready(&self, part: Part) -> Result<()> {
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

    /// The error with the ends of the logs, and the place where they are kept.
    pub(crate) fn explain(&self, error: &Error) -> Error {
        let mut parts = vec![format!("the control plane did not start: {error:#}")];
        for (part, program) in self.running().iter() {
            let log = std::fs::read_to_string(program.log()).unwrap_or_default();
            parts.push(format!("--- the end of {}'s log ---\n{}", part.name(), last_lines(&log, SHOWN_LINES)));
        }
        match self.scratch.keep_logs() {
            Ok(kept) => parts.push(format!("--- the whole logs are in {} ---", kept.display())),
            Err(error) => parts.push(format!("--- the logs could not be kept: {error:#} ---")),
        }
        Error::msg(parts.join("\n"))
    }
}
