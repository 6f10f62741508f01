//! Which programs make up the control plane, from which pinned Go modules?

use sha2::{Digest, Sha256};

/// Raised by hand when the way of building changes without a change of a pin: the flags, the tags, the stamps.
const RECIPE: &str = "1";

/// A program of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// The controllers of Deployments and all the rest.
    ControllerManager,
    /// The scheduler.
    Scheduler,
    /// The command line client, for people who look around.
    Kubectl,
    /// Plays the kubelets.
    Kwok,
    /// The metrics backend.
    Prometheus,
    /// Its rule checker.
    Promtool,
    /// What runs in the pods of a real node.
    Pod,
    /// Runs the pods of a real node.
    Kubelet,
    /// Spreads a Service's connections over its pods, on a real node.
    KubeProxy,
    /// The log store that events are delivered to.
    VictoriaLogs,
    /// Groups alerts and brings them to whoever has to know.
    Alertmanager,
}

/// What is built together: only who needs a real node waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kit {
    /// The control plane.
    Plane,
    /// A node whose pods are real.
    Node,
    /// A log store, for what is done with events.
    Store,
    /// What brings alerts to people, for those that Serin's metrics raise.
    Alerts,
}

impl Kit {
    /// Its tools, in the order in which they are built: the quick ones first, so that trouble shows early.
    pub fn tools(self) -> &'static [Tool] {
        match self {
            Self::Plane => &[
                Tool::Etcd,
                Tool::Kwok,
                Tool::Prometheus,
                Tool::Promtool,
                Tool::ApiServer,
                Tool::ControllerManager,
                Tool::Scheduler,
                Tool::Kubectl,
            ],
            Self::Node => &[Tool::Pod, Tool::Kubelet, Tool::KubeProxy],
            Self::Store => &[Tool::VictoriaLogs],
            Self::Alerts => &[Tool::Alertmanager],
        }
    }

    /// What it is called in a sentence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plane => "control plane",
            Self::Node => "node",
            Self::Store => "log store",
            Self::Alerts => "alert manager",
        }
    }

    fn pins(self) -> Vec<&'static Pin> {
        match self {
            Self::Plane => vec![&ETCD, &KUBERNETES, &KWOK, &PROMETHEUS],
            Self::Node => vec![&NODE, &POD],
            Self::Store => vec![&VICTORIA_LOGS],
            Self::Alerts => vec![&ALERTMANAGER],
        }
    }

    /// Names the set of its pins: the tools' cache is kept by it.
    pub fn hash(self) -> String {
        let mut hash = Sha256::new();
        for part in [RECIPE, std::env::consts::OS, std::env::consts::ARCH] {
            hash_part(&mut hash, part);
        }
        for pin in self.pins() {
            for part in [pin.folder, pin.go_mod, pin.go_sum].into_iter().chain(pin.program) {
                hash_part(&mut hash, part);
            }
        }
        hash.finalize().iter().take(6).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// The oldest Go release that can build all of it, for example `1.26.0`.
    pub(crate) fn required_go(self) -> &'static str {
        let directives = self.pins().into_iter().filter_map(|pin| pin.go_mod.lines().find_map(|line| line.strip_prefix("go ")));
        directives.map(str::trim).max_by_key(|version| version_numbers(version)).unwrap_or("1.26.0")
    }
}

impl Tool {
    /// The file name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Kubectl => "kubectl",
            Self::Kwok => "kwok",
            Self::Prometheus => "prometheus",
            Self::Promtool => "promtool",
            Self::Pod => "pod",
            Self::Kubelet => "kubelet",
            Self::KubeProxy => "kube-proxy",
            Self::VictoriaLogs => "victoria-logs",
            Self::Alertmanager => "alertmanager",
        }
    }

    pub(crate) fn package(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::ApiServer => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::ControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::Scheduler => "k8s.io/kubernetes/cmd/kube-scheduler",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
            Self::Kwok => "sigs.k8s.io/kwok/cmd/kwok",
            Self::Prometheus => "github.com/prometheus/prometheus/cmd/prometheus",
            Self::Promtool => "github.com/prometheus/prometheus/cmd/promtool",
            Self::Pod => ".",
            Self::Kubelet => "k8s.io/kubernetes/cmd/kubelet",
            Self::KubeProxy => "k8s.io/kubernetes/cmd/kube-proxy",
            Self::VictoriaLogs => "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs",
            Self::Alertmanager => "github.com/prometheus/alertmanager/cmd/alertmanager",
        }
    }

    pub(crate) fn pin(self) -> &'static Pin {
        match self {
            Self::Etcd => &ETCD,
            Self::ApiServer | Self::ControllerManager | Self::Scheduler | Self::Kubectl => &KUBERNETES,
            Self::Kwok => &KWOK,
            Self::Prometheus | Self::Promtool => &PROMETHEUS,
            Self::Kubelet | Self::KubeProxy => &NODE,
            Self::Pod => &POD,
            Self::VictoriaLogs => &VICTORIA_LOGS,
            Self::Alertmanager => &ALERTMANAGER,
        }
    }

    /// The version that the pin names, for example `v1.37.0`; that of our own program is the project's.
    pub fn version(self) -> &'static str {
        let pin = self.pin();
        required_version(pin.go_mod, pin.module).unwrap_or(concat!("v", env!("CARGO_PKG_VERSION")))
    }

    /// What the linker writes into the program so that it can tell its version.
    pub(crate) fn stamps(self) -> Vec<String> {
        let version = self.version();
        match self {
            Self::ApiServer | Self::ControllerManager | Self::Scheduler | Self::Kubectl | Self::Kubelet | Self::KubeProxy => {
                kubernetes_stamps(version)
            }
            Self::Alertmanager => {
                vec![format!("github.com/prometheus/common/version.Version={}", version.trim_start_matches('v'))]
            }
            // Prometheus 3.13.5 is published as module version v0.313.5.
            Self::Prometheus | Self::Promtool => {
                vec![format!("github.com/prometheus/common/version.Version={}", prometheus_version(version))]
            }
            Self::Kwok => vec![format!("sigs.k8s.io/kwok/pkg/consts.Version={version}")],
            Self::Etcd | Self::Pod | Self::VictoriaLogs => vec![],
        }
    }
}

/// One Go module that pins others. It is compiled in, so that the program finds it wherever it runs.
#[derive(Debug)]
pub(crate) struct Pin {
    pub(crate) folder: &'static str,
    pub(crate) module: &'static str,
    pub(crate) go_mod: &'static str,
    pub(crate) go_sum: &'static str,
    /// Go build tags. Without `remove_all_sd`, Prometheus brings the client libraries of two dozen clouds.
    pub(crate) tags: &'static str,
    /// Where the program is our own: its text.
    pub(crate) program: Option<&'static str>,
}

macro_rules! pin {
    ($folder:literal, $module:literal, $tags:literal) => {
        Pin {
            folder: $folder,
            module: $module,
            go_mod: include_str!(concat!("../../tests/control-plane/", $folder, "/go.mod")),
            go_sum: include_str!(concat!("../../tests/control-plane/", $folder, "/go.sum")),
            tags: $tags,
            program: None,
        }
    };
}

static ETCD: Pin = pin!("etcd", "go.etcd.io/etcd/server/v3", "");
static KUBERNETES: Pin = pin!("kubernetes", "k8s.io/kubernetes", "");
static KWOK: Pin = pin!("kwok", "sigs.k8s.io/kwok", "");
static NODE: Pin = pin!("node", "k8s.io/kubernetes", "");
static POD: Pin = Pin {
    folder: "pod",
    module: "serin.dev/control-plane/pod",
    go_mod: include_str!("../../tests/control-plane/pod/go.mod"),
    go_sum: "",
    tags: "",
    program: Some(include_str!("../../tests/control-plane/pod/main.go")),
};
static VICTORIA_LOGS: Pin = pin!("victorialogs", "github.com/VictoriaMetrics/VictoriaLogs", "");
static ALERTMANAGER: Pin = pin!("alertmanager", "github.com/prometheus/alertmanager", "");
static PROMETHEUS: Pin = pin!("prometheus", "github.com/prometheus/prometheus", "remove_all_sd");

/// `1.26.8` as numbers that compare; what is no number counts as 0.
pub(crate) fn version_numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn required_version<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod.lines().find_map(|line| {
        let mut words = line.trim().strip_prefix(module)?.split_whitespace();
        words.next().filter(|word| word.starts_with('v'))
    })
}

/// Without these the API server reports `v0.0.0-master+$Format:%H$`, which no client can parse.
fn kubernetes_stamps(version: &str) -> Vec<String> {
    let minor = version.split('.').nth(1).unwrap_or("0");
    let facts = [
        ("gitVersion", version),
        ("gitMajor", "1"),
        ("gitMinor", minor),
        ("gitTreeState", "clean"),
        ("gitCommit", "0000000000000000000000000000000000000000"),
        ("buildDate", "1970-01-01T00:00:00Z"),
    ];
    let packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
    packages.iter().flat_map(|package| facts.map(|(name, value)| format!("{package}.{name}={value}"))).collect()
}

fn prometheus_version(module_version: &str) -> String {
    let numbers = version_numbers(module_version.trim_start_matches('v'));
    let [_, minor, patch] = numbers.as_slice() else { return module_version.to_owned() };
    format!("{}.{}.{patch}", minor / 100, minor % 100)
}

fn hash_part(hash: &mut Sha256, part: &str) {
    hash.update(part.len().to_le_bytes());
    hash.update(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_pinned_version() {
        for tool in [Kit::Plane, Kit::Node, Kit::Store, Kit::Alerts].iter().flat_map(|kit| kit.tools()) {
            assert!(tool.version().starts_with('v'), "{} is {}", tool.name(), tool.version());
        }
        assert_eq!((Tool::ApiServer.version(), Tool::Kubelet.version()), ("v1.37.0", "v1.37.0"));
    }

    #[test]
    fn the_hash_of_the_pins_is_stable_and_fits_a_file_name() {
        let hash = Kit::Plane.hash();
        assert_eq!(hash, Kit::Plane.hash());
        assert_ne!(hash, Kit::Node.hash());
        assert_eq!(hash.len(), 12);
        assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn a_changed_part_changes_the_hash_even_if_the_whole_text_stays_the_same() {
        let hash = |parts: [&str; 2]| {
            let mut hash = Sha256::new();
            for part in parts {
                hash_part(&mut hash, part);
            }
            hash.finalize()
        };
        assert_ne!(hash(["ab", "c"]), hash(["a", "bc"]));
    }

    #[test]
    fn the_servers_version_can_be_parsed() {
        assert!(Tool::ApiServer.stamps().contains(&"k8s.io/component-base/version.gitMinor=37".to_owned()));
        assert_eq!(prometheus_version("v0.313.5"), "3.13.5");
    }

    #[test]
    fn versions_of_go_compare_as_numbers() {
        assert!(version_numbers("1.26.10") > version_numbers("1.26.9"));
        assert!(version_numbers(Kit::Plane.required_go()) >= version_numbers("1.26.0"));
    }
}
