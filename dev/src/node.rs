//! How does a node come up whose pods are real? containerd, a kubelet and kube-proxy, in the namespaces of a program that runs apart.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::{Instant, sleep};

use crate::apart::NODE_ADDRESS;
use crate::image::archive;
use crate::names::Names;
use crate::nodes;
use crate::pins::{Kit, Tool};
use crate::plane::ControlPlane;
use crate::supervise::Supervised;
use crate::targets::Targets;
use crate::tools::{Tools, last_lines};

/// The image that pods run; the variables that it knows are told in `tests/control-plane/pod/main.go`.
pub const POD_IMAGE: &str = "localhost/pod:1";
/// What holds a pod's network; the runtime's configuration names it.
const PAUSE_IMAGE: &str = "localhost/pause:1";
/// On an idle machine a part needs 2 s; a busy one may be twenty times slower.
const READY_WITHIN: Duration = Duration::from_mins(1);

const CONTAINERD: &str = include_str!("../../tests/control-plane/node/containerd.toml");
const NETWORK: &str = include_str!("../../tests/control-plane/node/network.conflist");
const KUBELET: &str = include_str!("../../tests/control-plane/node/kubelet.yaml");
const PROXY: &str = include_str!("../../tests/control-plane/node/kube-proxy.yaml");

/// A program of the machine that a node needs, and Debian's package that has it.
const NEEDED: [(&str, &str); 9] = [
    ("/usr/bin/containerd", "containerd"),
    ("/usr/bin/ctr", "containerd"),
    ("/usr/sbin/runc", "runc"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("/usr/lib/cni/host-local", "containernetworking-plugins"),
    ("/usr/sbin/nft", "nftables"),
    ("/usr/sbin/ip", "iproute2"),
    ("/usr/bin/unshare", "util-linux"),
    ("/usr/bin/mount", "mount"),
];

/// A node, `node-0`, until this value is dropped. Its pods end with the namespaces they are in.
#[derive(Debug)]
pub struct Node {
    dir: PathBuf,
    _targets: Targets,
    _names: Names,
    _running: Vec<Supervised>,
}

impl Node {
    /// Says why this machine cannot have one.
    ///
    /// # Errors
    /// That is the reason, and what to do.
    pub fn possible() -> Result<()> {
        ensure!(cfg!(target_os = "linux"), "real pods need Linux, and this is {}", std::env::consts::OS);
        let status = fs::read_to_string("/proc/self/status").context("cannot read /proc/self/status")?;
        let root = status.lines().any(|line| line.split_whitespace().take(3).eq(["Uid:", "0", "0"]));
        ensure!(root, "real pods need root, for namespaces, mounts and control groups of their own: run it with sudo");
        let missing: Vec<_> = NEEDED.iter().filter(|(program, _)| !Path::new(program).exists()).collect();
        if !missing.is_empty() {
            let mut packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
            packages.dedup();
            let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
            bail!(
                "real pods need {}: on Debian, `apt-get install --no-install-recommends {}` brings them",
                programs.join(", "),
                packages.join(" ")
            );
        }
        controllers_reach_groups()
    }

    /// Starts a node on a plane and waits until it takes pods. They are counted in this control group.
    ///
    /// # Errors
    /// The tools cannot be built, or a part does not come up; the end of its log is told.
    pub async fn start(plane: &ControlPlane, group: &str) -> Result<Self> {
        let tools = Tools::ensure(Kit::Node)?;
        let dir = plane.dir().join("node");
        configure(plane, &dir, group)?;
        let words = |program: PathBuf, flags: &[String]| [&[program.display().to_string()], flags].concat();
        let config = |name: &str| format!("--config={}", dir.join(name).display());
        let mut running = vec![plane.supervise("containerd", &words("/usr/bin/containerd".into(), &[config("containerd.toml")]))?];
        let program = fs::read(tools.path(Tool::Pod)).context("the program of the pods is not built")?;
        let images = archive(("pod", &program), &[(PAUSE_IMAGE, &["/pod", "pause"]), (POD_IMAGE, &["/pod"])]);
        import(&dir, &images).await.map_err(|error| explain(plane, "containerd", &error))?;
        let kubelet = [
            config("kubelet.yaml"),
            format!("--kubeconfig={}", plane.kubeconfig_for("system:node:node-0", "system:nodes")?.display()),
            format!("--root-dir={}", dir.join("kubelet").display()),
            format!("--cert-dir={}", dir.join("kubelet-certificates").display()),
            "--hostname-override=node-0".to_owned(),
            format!("--node-ip={NODE_ADDRESS}"),
        ];
        running.push(plane.supervise("kubelet", &words(tools.path(Tool::Kubelet), &kubelet))?);
        running.push(plane.supervise("kube-proxy", &words(tools.path(Tool::KubeProxy), &[config("kube-proxy.yaml")]))?);
        let client = plane.client().await?;
        let targets = Targets::keep(client.clone(), plane.dir().join("pods.json"));
        let names = Names::serve(client.clone()).await?;
        let begun = Instant::now();
        while !nodes::some_ready(&client).await {
            for program in &mut running {
                if let Some(end) = program.ended() {
                    let said = fs::read_to_string(program.log()).unwrap_or_default();
                    bail!("a part of the node ended ({end}):\n{}", last_lines(&said, 20));
                }
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(explain(plane, "kubelet", &anyhow::anyhow!("the node was not ready within {} s", READY_WITHIN.as_secs())));
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(Self { dir, _targets: targets, _names: names, _running: running })
    }

    /// Gives it an image by this name that holds one program and nothing else.
    ///
    /// # Errors
    /// There is no such program, or the container runtime does not take it.
    pub async fn import(&self, image: &str, program: &Path) -> Result<()> {
        let name = program.file_name().and_then(|name| name.to_str()).context("a program has a name")?;
        let bytes = fs::read(program).with_context(|| format!("there is no {}", program.display()))?;
        import(&self.dir, &archive((name, &bytes), &[(image, &[&format!("/{name}")])])).await
    }

    /// Where the pods' containers write what they print, in a folder for each pod.
    pub fn pod_logs(&self) -> PathBuf {
        self.dir.join("logs")
    }
}

/// Where one hierarchy is for all controllers, a kubelet wants each of these in its own group. With a hierarchy for each there is nothing to ask.
fn controllers_reach_groups() -> Result<()> {
    let Ok(there) = fs::read_to_string("/sys/fs/cgroup/cgroup.controllers") else { return Ok(()) };
    let passed_on = fs::read_to_string("/sys/fs/cgroup/cgroup.subtree_control").context("cannot read the machine's control groups")?;
    let has = |list: &str, name: &str| list.split_whitespace().any(|one| one == name);
    let wanted = ["cpu", "cpuset", "hugetlb", "memory", "pids"].into_iter().filter(|name| has(&there, name) && !has(&passed_on, name));
    let missing: Vec<String> = wanted.map(|name| format!("+{name}")).collect();
    ensure!(
        missing.is_empty(),
        "real pods need control groups of their own with all controllers: `echo {} > /sys/fs/cgroup/cgroup.subtree_control` enables them until this \
         machine starts again",
        missing.join(" ")
    );
    Ok(())
}

/// Writes what the parts read.
fn configure(plane: &ControlPlane, dir: &Path, group: &str) -> Result<()> {
    let proxy = plane.kubeconfig_for("system:kube-proxy", "serin-dev")?;
    fs::create_dir_all(dir.join("cni"))?;
    let replaced = [
        ("@DIR@", dir.display().to_string()),
        ("@GROUP@", group.to_owned()),
        ("@ADDRESS@", NODE_ADDRESS.to_string()),
        ("@AUTHORITY@", plane.dir().join("pki/ca.crt").display().to_string()),
        ("@KUBECONFIG@", proxy.display().to_string()),
    ];
    let files = [("containerd.toml", CONTAINERD), ("cni/pods.conflist", NETWORK), ("kubelet.yaml", KUBELET), ("kube-proxy.yaml", PROXY)];
    for (name, text) in files {
        let text = replaced.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, value));
        fs::write(dir.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

/// Gives the container runtime its images, as soon as it answers.
async fn import(dir: &Path, images: &[u8]) -> Result<()> {
    let file = dir.join("images.tar");
    fs::write(&file, images)?;
    let begun = Instant::now();
    loop {
        let mut ctr = Command::new("/usr/bin/ctr");
        ctr.arg("--address").arg(dir.join("containerd.sock")).args(["--namespace", "k8s.io", "images", "import"]).arg(&file);
        let output = ctr.stdin(Stdio::null()).output().context("cannot run ctr")?;
        if output.status.success() {
            return Ok(());
        }
        ensure!(begun.elapsed() < READY_WITHIN, "the images cannot be imported: {}", String::from_utf8_lossy(&output.stderr));
        sleep(Duration::from_millis(200)).await;
    }
}

fn explain(plane: &ControlPlane, part: &str, error: &anyhow::Error) -> anyhow::Error {
    let said = fs::read_to_string(plane.logs().join(format!("{part}.log"))).unwrap_or_default();
    anyhow::anyhow!("{error:#}\n--- the end of {part}'s log ---\n{}", last_lines(&said, 20))
}
