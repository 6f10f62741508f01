//! Which control groups are pods counted in, and who removes them?
//!
//! They have no namespace that would end with its processes: a group stays until somebody removes it.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Waits for the end of this process (see `supervise`), then for that of the processes in the groups, at most 30 s.
const SWEEPER: &str = r#"
read -r _
tries=0
while [ "$tries" -lt 300 ]; do
  left=
  for dir in "$@"; do
    [ -d "$dir" ] || continue
    find "$dir" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$dir" ] && left=yes
  done
  [ -n "$left" ] || exit 0
  sleep 0.1
  tries=$((tries + 1))
done
exit 1
"#;

/// One group in every hierarchy, that is gone when this value is dropped, or when this process is, however it ends.
#[derive(Debug)]
pub(crate) struct ControlGroups {
    name: String,
    sweeper: Child,
}

impl ControlGroups {
    pub(crate) fn new() -> Result<Self> {
        let name = format!("/serin-{}", std::process::id());
        let dirs: Vec<PathBuf> = hierarchies()?.into_iter().map(|root| root.join(&name[1..])).collect();
        ensure!(!dirs.is_empty(), "this machine has no control groups: nothing is mounted under /sys/fs/cgroup");
        let mut sweeper = Command::new("/bin/sh");
        sweeper.arg("-c").arg(SWEEPER).arg("sweeper").args(&dirs);
        sweeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let sweeper = sweeper.spawn().context("cannot run /bin/sh")?;
        let groups = Self { name, sweeper };
        for dir in dirs {
            fs::create_dir_all(&dir).with_context(|| format!("cannot make the control group {}", dir.display()))?;
        }
        Ok(groups)
    }

    /// Its path in each hierarchy.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for ControlGroups {
    fn drop(&mut self) {
        drop(self.sweeper.stdin.take());
        let _ = self.sweeper.wait();
    }
}

/// Where groups can be made: one hierarchy for each controller, or one for all.
fn hierarchies() -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mounts").context("cannot read this machine's mounts")?;
    let of = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?, words.next()?);
        matches!(kind, "cgroup" | "cgroup2").then(|| PathBuf::from(place))
    };
    Ok(mounts.lines().filter_map(of).collect())
}
