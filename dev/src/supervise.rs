//! How does a program end together with the process that started it, however that process ends?
//!
//! Each program runs under a small shell that reads from a pipe. Only this process holds the other end; when it closes it, or dies, be it by
//! `kill -9`, the kernel closes it, the shell reads the end and kills the program. (A parent-death signal would need unsafe code.)

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// `$1` marks the program as alive in the plane's folder while it runs, for the sweeper, and holds its number. When the folder is gone already, nothing starts.
const SUPERVISOR: &str = r#"
exec 3<&0
marker=$1; shift
: >"$marker" || exit 1
"$@" </dev/null 3<&- &
program=$!
echo "$program" >"$marker"
( read -r _ <&3; kill -KILL "$program" ) 2>/dev/null &
watch=$!
exec 3<&-
wait "$program"
code=$?
kill -KILL "$watch" 2>/dev/null
rm -f "$marker"
exit "$code"
"#;

/// How long a killed program may take to be gone. It is killed with SIGKILL, so only a stuck kernel needs longer.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// A program that runs until this value is dropped.
#[derive(Debug)]
pub struct Supervised {
    shell: Child,
    hold: Option<ChildStdin>,
    log: PathBuf,
    marker: PathBuf,
}

impl Supervised {
    /// Starts `argv`; what it prints is appended to `log`, and `marker` exists while it runs.
    pub(crate) fn start(argv: &[String], log: &Path, marker: &Path) -> Result<Self> {
        let out = File::options().create(true).append(true).open(log).with_context(|| format!("cannot write {}", log.display()))?;
        Self::spawn(argv, marker, (out.try_clone()?.into(), out.into()), log)
    }

    /// Starts `argv`, which prints where this process does.
    pub(crate) fn start_aloud(argv: &[String], marker: &Path) -> Result<Self> {
        Self::spawn(argv, marker, (Stdio::inherit(), Stdio::inherit()), Path::new("/dev/null"))
    }

    fn spawn(argv: &[String], marker: &Path, (out, err): (Stdio, Stdio), log: &Path) -> Result<Self> {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(SUPERVISOR).arg("supervisor").arg(marker).args(argv);
        // A group of its own: Ctrl-C in a terminal reaches only this process, which then stops the programs in order.
        shell.stdin(Stdio::piped()).stdout(out).stderr(err).process_group(0);
        let mut shell = shell.spawn().context("cannot run /bin/sh")?;
        let hold = shell.stdin.take();
        Ok(Self { shell, hold, log: log.to_path_buf(), marker: marker.to_path_buf() })
    }

    /// The file with what the program printed.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Sends a signal such as `STOP` to the program.
    ///
    /// # Errors
    /// It is not there, or ended.
    pub fn signal(&self, name: &str) -> Result<()> {
        let number = self.pid()?.to_string();
        let sent = Command::new("/bin/kill").arg(format!("-{name}")).arg(&number).status().context("cannot run kill")?;
        ensure!(sent.success(), "the program {number} did not get the signal {name}");
        Ok(())
    }

    /// The program's number.
    ///
    /// # Errors
    /// It ended.
    pub fn pid(&self) -> Result<u32> {
        let number = std::fs::read_to_string(&self.marker).context("the program is gone")?;
        number.trim().parse().context("the program has no number yet")
    }

    /// Says how the program ended, if it did.
    pub fn ended(&mut self) -> Option<String> {
        let status = self.shell.try_wait().ok().flatten()?;
        Some(status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}")))
    }
}

impl Drop for Supervised {
    /// Kills the program and waits until it is gone. Everything on the plane is thrown away, so nobody is asked politely.
    fn drop(&mut self) {
        self.hold = None;
        let clock = Instant::now();
        while let Ok(None) = self.shell.try_wait() {
            if clock.elapsed() > GONE_WITHIN {
                let _ = self.shell.kill();
                let _ = self.shell.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
