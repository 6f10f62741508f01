//! How does a program run apart from this machine: with processes, mounts and a network of its own that are gone when it is?
//!
//! The kernel does the tidying up: a namespace and all that is in it ends with its first process, and that process with ours, however ours ends. What
//! has no namespace is never written (the kernel's own settings, covered by files) or removed by us (control groups).

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::time::sleep;

use crate::groups::ControlGroups;
use crate::scratch::Scratch;
use crate::supervise::Supervised;

/// The first process in there: it collects processes whose parents are gone, which a shell does while it waits for another one.
const FIRST: &str = r#""$@"; exit "$?""#;

/// Where programs of a node write by names that nobody can change: what they write there is seen by them alone.
const COVERED: [&str; 2] = ["/var/lib", "/var/log"];

/// What a kubelet sets for the whole machine, and to what: it finds it set already, in a file of its own.
const KERNEL_SETTINGS: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];

/// The address of the node in its network.
pub(crate) const NODE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

/// A program that runs apart, until this value is dropped or its process is gone.
#[derive(Debug)]
pub struct Apart {
    // Fields are dropped in this order: the program ends before its groups go.
    running: Supervised,
    _groups: ControlGroups,
    _scratch: Scratch,
}

impl Apart {
    /// Starts `argv` with one more word: the control group that it may make others in. Its first deed has to be [`settle`]. Needs root.
    ///
    /// # Errors
    /// The control groups cannot be made, or there is no `unshare`.
    pub fn start(argv: &[String]) -> Result<Self> {
        let groups = ControlGroups::new()?;
        let scratch = Scratch::new("apart")?;
        let unshare = "unshare --net --mount --ipc --uts --pid --fork --kill-child --mount-proc --propagation private /bin/sh -c";
        let mut whole: Vec<String> = unshare.split(' ').map(str::to_owned).collect();
        whole.extend([FIRST.to_owned(), "first".to_owned()]);
        whole.extend_from_slice(argv);
        whole.push(groups.name().to_owned());
        let running = Supervised::start_aloud(&whole, &scratch.dir().join("live").join("apart"))?;
        Ok(Self { running, _groups: groups, _scratch: scratch })
    }

    /// Waits for the end and says how it ended: `exit code 0` is a success.
    pub async fn wait(mut self) -> String {
        loop {
            if let Some(end) = self.running.ended() {
                return end;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Makes itself at home, as the first deed of a program that runs apart: folders that nobody else sees, a network with the node's address.
///
/// # Errors
/// It does not run apart, or not as root.
pub fn settle() -> Result<()> {
    let devices = fs::read_to_string("/proc/net/dev").context("cannot read /proc/net/dev")?;
    let alone = devices.lines().filter(|line| line.contains(':')).all(|line| line.trim_start().starts_with("lo:"));
    ensure!(alone, "this would change the machine's own network: it has to run apart");
    run("mount -t tmpfs -o mode=755 apart /run")?;
    run("mount -t tmpfs -o mode=1777 apart /dev/shm")?;
    for (at, dir) in COVERED.iter().enumerate() {
        let (upper, work) = (format!("/run/cover/{at}/upper"), format!("/run/cover/{at}/work"));
        fs::create_dir_all(&upper)?;
        fs::create_dir_all(&work)?;
        run(&format!("mount -t overlay -o lowerdir={dir},upperdir={upper},workdir={work} apart {dir}"))?;
    }
    for (name, value) in KERNEL_SETTINGS {
        let (file, setting) = (Path::new("/run/kernel").join(name), PathBuf::from("/proc/sys").join(name));
        fs::create_dir_all(file.parent().context("a setting is in a folder")?)?;
        fs::write(&file, format!("{value}\n"))?;
        if setting.exists() {
            run(&format!("mount --bind {} {}", file.display(), setting.display()))?;
        }
    }
    run("ip link set lo up")?;
    // A way out with nobody behind it: a Service's address needs a route before it becomes a pod's, and nothing leaves the machine.
    run("ip link add node0 type veth peer name nobody")?;
    run(&format!("ip address add {NODE_ADDRESS}/24 dev node0"))?;
    run("ip link set node0 up")?;
    run("ip link set nobody up")?;
    run("ip route add default via 10.99.0.254 dev node0")
}

/// Runs a command whose words have no spaces.
fn run(line: &str) -> Result<()> {
    let mut words = line.split(' ');
    let output = Command::new(words.next().unwrap_or_default()).args(words).output().with_context(|| format!("cannot run `{line}`"))?;
    ensure!(output.status.success(), "`{line}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
