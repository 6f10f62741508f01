//! What does the kernel say of the program in a pod? Whose it is, what it may do, and how much it needed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;

/// What is promised of every process of `deploy/`: the numeric user of the image, no capability that it has or could get, no way to gain one, and the
/// runtime's list of system calls.
const BOUNDS: [(&str, &str); 7] = [
    ("Uid", "65532 65532 65532 65532"),
    ("Gid", "65532 65532 65532 65532"),
    ("CapPrm", "0000000000000000"),
    ("CapEff", "0000000000000000"),
    ("CapBnd", "0000000000000000"),
    ("NoNewPrivs", "1"),
    ("Seccomp", "2"),
];
/// So often a second the kernel counts the processor's time.
const TICKS: u64 = 100;

/// The first process of a pod's container.
pub struct Process {
    dir: PathBuf,
}

impl Process {
    /// The one that runs this program, in a control group of the pod's.
    pub fn of(pod: &Pod, program: &str) -> Result<Self> {
        let uid = pod.metadata.uid.as_deref().context("a pod has a uid")?;
        let is_it = |dir: &PathBuf| {
            let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap_or_default();
            read("cmdline").split('\0').next() == Some(program) && read("cgroup").contains(uid)
        };
        let dir = fs::read_dir("/proc")?.flatten().map(|entry| entry.path()).find(is_it);
        Ok(Self { dir: dir.with_context(|| format!("no process {program} in the pod {uid}"))? })
    }

    /// Ends it as nothing else ends it: at once, without a word to it.
    pub fn kill(&self) -> Result<()> {
        let number = self.dir.file_name().context("a process has a number")?;
        let sent = Command::new("/bin/kill").arg("-KILL").arg(number).status().context("cannot run kill")?;
        ensure!(sent.success(), "{} could not be killed", self.dir.display());
        Ok(())
    }

    /// Whether it is held as the pod asks for.
    pub fn is_bound(&self) -> Result<()> {
        for (name, wanted) in BOUNDS {
            let found = self.field(name)?;
            ensure!(found == wanted, "{name} of {} is {found}, not {wanted}", self.dir.display());
        }
        let mounts = fs::read_to_string(self.dir.join("mountinfo"))?;
        let root = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|words| words.get(4) == Some(&"/"));
        let options = root.and_then(|words| words.get(5).copied()).context("a process has a root file system")?;
        ensure!(options.split(',').any(|option| option == "ro"), "its root file system can be written: {options}");
        Ok(())
    }

    /// The most memory that it had at once.
    pub fn most_kib(&self) -> Result<u64> {
        self.field("VmHWM")?.trim_end_matches(" kB").parse().context("the kernel counts in kB")
    }

    /// How long a processor worked for it.
    pub fn worked(&self) -> Result<Duration> {
        let stat = fs::read_to_string(self.dir.join("stat"))?;
        // The name, in brackets, is the second field; the processor's times are the fourteenth and the fifteenth.
        let behind_name = stat.rsplit_once(')').context("a process has a name")?.1;
        let ticks: Vec<u64> = behind_name.split_whitespace().skip(11).take(2).filter_map(|word| word.parse().ok()).collect();
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 1000 / TICKS))
    }

    fn field(&self, name: &str) -> Result<String> {
        let status = fs::read_to_string(self.dir.join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let words = line.with_context(|| format!("the kernel does not tell {name}"))?.split_whitespace();
        Ok(words.collect::<Vec<_>>().join(" "))
    }
}
