//! How is each program of the plane started?

use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::pins::Tool;
use crate::plane::{Audit, Lists};
use crate::ports::Ports;
use crate::tools::Tools;

/// Nodes with this label have a heartbeat.
pub(crate) const KUBELET_LABEL: &str = "dev.serin/kubelet";

/// A lease is renewed four times in its life: every 2 s. Three in a row may be late before a node counts as lost.
const NODE_LEASE_S: u32 = 8;
const NODE_LOST_AFTER: &str = "8s";
const NODE_LOOK_EVERY: &str = "2s";

/// A program that can be stopped and started while the plane lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// The controllers of Deployments and all the rest.
    ControllerManager,
    /// The scheduler.
    Scheduler,
    /// The nodes' kubelets: without it pods stay as they are and nodes become not ready.
    Kwok,
    /// The metrics backend.
    Prometheus,
}

impl Part {
    /// Every part, in the order in which they are started.
    pub const ALL: [Self; 6] = [Self::Etcd, Self::ApiServer, Self::Prometheus, Self::ControllerManager, Self::Scheduler, Self::Kwok];

    pub(crate) fn tool(self) -> Tool {
        match self {
            Self::Etcd => Tool::Etcd,
            Self::ApiServer => Tool::ApiServer,
            Self::ControllerManager => Tool::ControllerManager,
            Self::Scheduler => Tool::Scheduler,
            Self::Kwok => Tool::Kwok,
            Self::Prometheus => Tool::Prometheus,
        }
    }

    /// The name of its program, its log and its user.
    pub fn name(self) -> &'static str {
        self.tool().name()
    }
}

/// What the command lines are made of.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) dir: PathBuf,
    /// Where the API server and Prometheus listen.
    pub(crate) address: Ipv4Addr,
    pub(crate) ports: Ports,
    pub(crate) tools: Tools,
    pub(crate) audit: Audit,
    pub(crate) lists: Lists,
}

impl Site {
    pub(crate) fn command(&self, part: Part) -> Vec<String> {
        let flags = match part {
            Part::Etcd => self.etcd(),
            Part::ApiServer => self.api_server(),
            Part::ControllerManager => self.controller_manager(),
            // Port 0: nobody asks the scheduler or the controllers for their health, and a port less can collide.
            Part::Scheduler => vec![format!("--config={}", self.file("scheduler.yaml")), "--secure-port=0".to_owned()],
            Part::Kwok => self.kwok(),
            Part::Prometheus => self.prometheus(),
        };
        let program = self.tools.path(part.tool()).display().to_string();
        [program].into_iter().chain(flags).collect()
    }

    pub(crate) fn log(&self, part: Part) -> PathBuf {
        self.dir.join("log").join(format!("{}.log", part.name()))
    }

    pub(crate) fn marker(&self, part: Part) -> PathBuf {
        self.dir.join("live").join(part.name())
    }

    pub(crate) fn audit_log(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    pub(crate) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.dir.join("users").join(format!("{}.kubeconfig", crate::pki::file_name(user)))
    }

    pub(crate) fn api_url(&self) -> String {
        format!("https://{}:{}", self.address, self.ports.api())
    }

    pub(crate) fn prometheus_url(&self) -> String {
        format!("http://{}:{}", self.address, self.ports.prometheus())
    }

    fn file(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn etcd(&self) -> Vec<String> {
        let (client, peer) = (format!("http://127.0.0.1:{}", self.ports.etcd()), format!("http://127.0.0.1:{}", self.ports.etcd_peer()));
        vec![
            "--name=plane".to_owned(),
            format!("--data-dir={}", self.file("etcd")),
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
            "--quota-backend-bytes=4294967296".to_owned(),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=plane={peer}"),
        ]
    }

    fn api_server(&self) -> Vec<String> {
        let mut flags = vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.ports.etcd()),
            format!("--bind-address={}", self.address),
            format!("--secure-port={}", self.ports.api()),
            format!("--advertise-address={}", self.address),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            format!("--tls-cert-file={}", self.file("pki/apiserver.crt")),
            format!("--tls-private-key-file={}", self.file("pki/apiserver.key")),
            format!("--client-ca-file={}", self.file("pki/ca.crt")),
            "--authorization-mode=Node,RBAC".to_owned(),
            "--enable-admission-plugins=NodeRestriction".to_owned(),
            "--profiling=false".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
            format!("--service-account-key-file={}", self.file("pki/tokens.pub")),
            format!("--service-account-signing-key-file={}", self.file("pki/tokens.key")),
        ];
        if self.address.is_loopback() {
            // The reconciler would refuse to publish such an address and fail for ever. Any other one pods find behind the Service `kubernetes`.
            flags.push("--endpoint-reconciler-type=none".to_owned());
        }
        match self.lists {
            Lists::Streamed => {}
            Lists::Paged => flags.push("--feature-gates=WatchList=false".to_owned()),
        }
        match self.audit {
            Audit::Off => {}
            // The default mode waits until an event is written: what a test did is in the log when it looks.
            Audit::On => flags.extend([
                format!("--audit-policy-file={}", self.file("audit-policy.yaml")),
                format!("--audit-log-path={}", self.audit_log().display()),
                // In megabytes, and more than there will be: what is turned over into another file would not be found.
                "--audit-log-maxsize=100000".to_owned(),
            ]),
        }
        flags
    }

    fn controller_manager(&self) -> Vec<String> {
        vec![
            format!("--kubeconfig={}", self.kubeconfig("system:kube-controller-manager").display()),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            "--use-service-account-credentials=true".to_owned(),
            format!("--root-ca-file={}", self.file("pki/ca.crt")),
            format!("--service-account-private-key-file={}", self.file("pki/tokens.key")),
            // The default limits (20 requests a second) would make it the bottleneck.
            "--kube-api-qps=1000".to_owned(),
            "--kube-api-burst=2000".to_owned(),
            "--concurrent-deployment-syncs=20".to_owned(),
            "--concurrent-replicaset-syncs=20".to_owned(),
            "--concurrent-service-endpoint-syncs=20".to_owned(),
            // It makes this folder if there is none, by default in the machine's own /usr.
            format!("--flex-volume-plugin-dir={}", self.file("volume-plugins")),
            format!("--node-monitor-period={NODE_LOOK_EVERY}"),
            format!("--node-monitor-grace-period={NODE_LOST_AFTER}"),
            // An autoscaler follows what it reads at once: a test waits for it.
            "--horizontal-pod-autoscaler-sync-period=1s".to_owned(),
            "--horizontal-pod-autoscaler-downscale-stabilization=0s".to_owned(),
            "--horizontal-pod-autoscaler-initial-readiness-delay=0s".to_owned(),
            "--horizontal-pod-autoscaler-cpu-initialization-period=0s".to_owned(),
        ]
    }

    fn kwok(&self) -> Vec<String> {
        vec![
            format!("--kubeconfig={}", self.kubeconfig("kwok").display()),
            format!("--config={}", self.file("stages.yaml")),
            "--manage-all-nodes=false".to_owned(),
            format!("--manage-nodes-with-label-selector={KUBELET_LABEL}=kwok"),
            // Addresses of the benchmark range, which nobody should ever connect to.
            "--cidr=198.18.0.1/16".to_owned(),
            "--node-ip=198.19.255.254".to_owned(),
            format!("--node-lease-duration-seconds={NODE_LEASE_S}"),
        ]
    }

    fn prometheus(&self) -> Vec<String> {
        vec![
            format!("--config.file={}", self.file("prometheus.yml")),
            format!("--web.listen-address={}:{}", self.address, self.ports.prometheus()),
            format!("--storage.tsdb.path={}", self.file("prometheus")),
            "--log.level=warn".to_owned(),
        ]
    }
}
