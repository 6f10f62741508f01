//! Where does a plane keep its files, and who removes them?

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// Memory, where there is some: etcd and Prometheus write a lot, and nothing of it is worth a disk.
const FAST: &str = "/dev/shm";

/// Waits for the end of this process (see `supervise`), then for the plane's programs, at most 15 s, and removes the folder.
const SWEEPER: &str = r#"
read -r _
tries=0
while [ -n "$(ls -A "$1/live" 2>/dev/null)" ] && [ "$tries" -lt 150 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$1"
"#;

/// A folder that is gone when this value is dropped, or when this process is, however it ends.
#[derive(Debug)]
pub(crate) struct Scratch {
    dir: PathBuf,
    sweeper: Child,
}

impl Scratch {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let mut prefix = tempfile::Builder::new();
        let prefix = prefix.prefix("serin-");
        let suffix = format!("-{name}");
        let prefix = prefix.suffix(&suffix);
        let dir = prefix.tempdir_in(FAST).or_else(|_| prefix.tempdir()).context("cannot make a folder for the control plane")?.keep();
        for part in ["live", "log", "pki", "users"] {
            std::fs::create_dir(dir.join(part))?;
        }
        let mut sweeper = Command::new("/bin/sh");
        sweeper.arg("-c").arg(SWEEPER).arg("sweeper").arg(&dir);
        sweeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let sweeper = sweeper.spawn().context("cannot run /bin/sh")?;
        Ok(Self { dir, sweeper })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Copies the logs to a place that stays, for somebody who wants to know what went wrong.
    pub(crate) fn keep_logs(&self) -> Result<PathBuf> {
        let kept = tempfile::Builder::new().prefix("serin-logs-").tempdir().context("cannot keep the logs")?.keep();
        for entry in std::fs::read_dir(self.dir.join("log"))? {
            let entry = entry?;
            std::fs::copy(entry.path(), kept.join(entry.file_name()))?;
        }
        Ok(kept)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        let _ = self.sweeper.wait();
    }
}
