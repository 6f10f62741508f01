//! What did a program that ran apart leave on this machine? Nothing, if the two looks are equal and no process knows its marks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// Where the programs of a node write, if they are let.
const FOLDERS: [&str; 11] = [
    "/etc/cni",
    "/opt/cni",
    "/opt/containerd",
    "/run/containerd",
    "/run/netns",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
];

/// What a node's programs set for the whole machine, if they are let.
const SETTINGS: [&str; 8] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
];

/// By what the processes of a program that runs apart are known.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Marks {
    /// Its namespaces, as `net:[4026532000]`.
    pub namespaces: BTreeSet<String>,
    /// Its control group.
    pub group: String,
}

impl Marks {
    /// Those of this process, whose pods are in this group.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn own(group: &str) -> Result<Self> {
        Ok(Self { namespaces: namespaces(Path::new("/proc/self")).context("cannot read /proc/self/ns")?, group: group.to_owned() })
    }

    /// The processes that have them, and the control groups.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn alive(&self) -> Result<Vec<String>> {
        let mut alive = Vec::new();
        let below = format!("{}/", self.group);
        for entry in fs::read_dir("/proc")?.flatten() {
            let process = entry.path();
            // What ends while we look has no namespaces any more.
            let Some(of) = namespaces(&process) else { continue };
            let groups = fs::read_to_string(process.join("cgroup")).unwrap_or_default();
            if !of.is_disjoint(&self.namespaces) || groups.contains(&below) {
                let command = fs::read_to_string(process.join("cmdline")).unwrap_or_default().replace('\0', " ");
                alive.push(format!("process {}: {command}", entry.file_name().display()));
            }
        }
        for hierarchy in fs::read_dir("/sys/fs/cgroup")?.flatten().map(|entry| entry.path()).chain(["/sys/fs/cgroup".into()]) {
            let group = hierarchy.join(self.group.trim_start_matches('/'));
            if group.exists() {
                alive.push(format!("control group {}", group.display()));
            }
        }
        Ok(alive)
    }
}

/// What there is on this machine of the things that a node makes.
#[derive(Debug, Clone)]
pub struct Traces(BTreeSet<String>);

impl Traces {
    /// Looks.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn look() -> Result<Self> {
        let mut found = BTreeSet::new();
        for line in fs::read_to_string("/proc/self/mounts").context("cannot read this machine's mounts")?.lines() {
            found.insert(format!("mount {line}"));
        }
        for device in
            fs::read_to_string("/proc/net/dev").context("cannot read /proc/net/dev")?.lines().filter_map(|line| line.split_once(':'))
        {
            found.insert(format!("network device {}", device.0.trim()));
        }
        for namespace in fs::read_dir("/run/netns").into_iter().flatten().flatten() {
            found.insert(format!("network namespace {}", namespace.file_name().display()));
        }
        for group in
            ["kubepods", "k8s.io"].iter().flat_map(|name| [format!("/sys/fs/cgroup/{name}"), format!("/sys/fs/cgroup/memory/{name}")])
        {
            found.extend(Path::new(&group).exists().then(|| format!("control group {group}")));
        }
        for folder in FOLDERS {
            found.extend(Path::new(folder).exists().then(|| format!("folder {folder}")));
        }
        for name in SETTINGS {
            let value = fs::read_to_string(Path::new("/proc/sys").join(name)).unwrap_or_default();
            found.insert(format!("setting {name} = {}", value.trim()));
        }
        // Both kinds of rules, without the packets that they counted.
        let rules = Command::new("/usr/sbin/nft").args(["--stateless", "list", "ruleset"]).output().context("cannot run nft")?;
        found.extend(String::from_utf8_lossy(&rules.stdout).lines().map(|line| format!("rule {}", line.trim())));
        let tables = fs::read_to_string("/proc/net/ip_tables_names").unwrap_or_default();
        found.extend(tables.lines().map(|table| format!("table of rules {table}")));
        Ok(Self(found))
    }

    /// What came, and what went, between an earlier look and this one.
    pub fn since(&self, before: &Self) -> Vec<String> {
        let came = self.0.difference(&before.0).map(|what| format!("new: {what}"));
        let went = before.0.difference(&self.0).map(|what| format!("gone: {what}"));
        came.chain(went).collect()
    }
}

/// The kinds of namespaces that pods' programs share with those of the node, or that hold what pods leave behind.
fn namespaces(process: &Path) -> Option<BTreeSet<String>> {
    let of = |kind: &str| fs::read_link(process.join("ns").join(kind)).ok().map(|link| link.display().to_string());
    ["net", "pid", "mnt"].into_iter().map(of).collect()
}
