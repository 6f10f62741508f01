//! Where are the programs of the control plane, and how do they get there?

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::pins::{Kit, Tool, version_numbers};

/// How often a long build says that it is still alive.
const STILL_BUILDING: Duration = Duration::from_secs(30);

/// The built programs, in a cache that outlives the checkout.
#[derive(Debug, Clone)]
pub struct Tools {
    dir: PathBuf,
}

impl Tools {
    /// Finds the built tools, or builds them, once for each set of pins: the plane takes about a quarter of an hour on two cores, the node a few
    /// minutes more. Progress goes to stderr. Two callers at once build once: the second waits for the first.
    ///
    /// # Errors
    /// Go is missing or too old, a build failed, or the cache cannot be written.
    pub fn ensure(kit: Kit) -> Result<Self> {
        let (cache, hash) = (cache_dir()?, kit.hash());
        let tools = Self { dir: cache.join(format!("tools-{hash}")) };
        if tools.has(kit) {
            return Ok(tools);
        }
        let lock = lock(&cache.join(format!("tools-{hash}.lock")))?;
        if !tools.has(kit) {
            tools.build(kit, &cache)?;
        }
        drop(lock);
        Ok(tools)
    }

    /// The folder with the programs: put it into `PATH` to use kubectl.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The program itself.
    pub fn path(&self, tool: Tool) -> PathBuf {
        self.dir.join(tool.name())
    }

    fn has(&self, kit: Kit) -> bool {
        kit.tools().iter().all(|tool| self.path(*tool).is_file())
    }

    fn build(&self, kit: Kit, cache: &Path) -> Result<()> {
        check_go(kit)?;
        let started = Instant::now();
        // Beside the goal, so that the last step is one rename: half a set of tools is never seen. The lock is held, so what lies here is the rest of a
        // build that was broken off.
        let work = cache.join(format!("building-{}", kit.hash()));
        remove(&work)?;
        let out = work.join("bin");
        std::fs::create_dir_all(&out).context("cannot make a folder for the build")?;
        let (what, count) = (kit.name(), kit.tools().len());
        say(&format!("building the {what} into {} (once; the control plane takes a quarter of an hour on two cores)", self.dir.display()));
        for (at, tool) in kit.tools().iter().enumerate() {
            let clock = Instant::now();
            say(&format!("[{}/{count}] {} {} ...", at + 1, tool.name(), tool.version()));
            build_one(*tool, &work, &out)?;
            say(&format!("[{}/{count}] {} built in {} s", at + 1, tool.name(), clock.elapsed().as_secs()));
        }
        remove(&self.dir)?;
        std::fs::rename(&out, &self.dir).with_context(|| format!("cannot move the tools to {}", self.dir.display()))?;
        remove(&work)?;
        say(&format!("the {what} is built, in {} s", started.elapsed().as_secs()));
        Ok(())
    }
}

/// `$SERIN_CACHE`, else `$XDG_CACHE_HOME/serin`, else `~/.cache/serin`; made if it is missing.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let dir = set("SERIN_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|dir| dir.join("serin")))
        .or_else(|| set("HOME").map(|dir| dir.join(".cache/serin")))
        .context("no place for the cache: set SERIN_CACHE to a folder that may be written")?;
    std::fs::create_dir_all(&dir)
        .with_context(|| format!("cannot make the cache {}: set SERIN_CACHE to a folder that may be written", dir.display()))?;
    std::path::absolute(&dir).context("the cache has no absolute path")
}

/// Holds the file's lock until the value is dropped, or its process is gone.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        say(&format!("another process holds {}: waiting for it", path.display()));
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

fn remove(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).with_context(|| format!("cannot remove {}", dir.display())),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn check_go(kit: Kit) -> Result<()> {
    let need = kit.required_go();
    let found = match go().args(["env", "GOVERSION"]).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("go").to_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!(
                "the control plane is built from Go modules, and there is no `go` in PATH: install Go {need} or newer (https://go.dev/dl)"
            )
        }
        Err(error) => return Err(error).context("cannot run `go env GOVERSION`"),
    };
    if version_numbers(&found) < version_numbers(need) {
        bail!("the control plane needs Go {need} or newer, and `go` is {found}: install a newer one (https://go.dev/dl)");
    }
    Ok(())
}

/// Nothing of the reader's own Go settings may change what is built.
fn go() -> Command {
    let mut go = Command::new("go");
    go.env("CGO_ENABLED", "0").env("GOWORK", "off").env("GOTOOLCHAIN", "local").env("GOFLAGS", "-mod=readonly -trimpath");
    go.stdin(Stdio::null());
    go
}

fn build_one(tool: Tool, work: &Path, out: &Path) -> Result<()> {
    let pin = tool.pin();
    let module = work.join(pin.folder);
    std::fs::create_dir_all(&module)?;
    std::fs::write(module.join("go.mod"), pin.go_mod)?;
    std::fs::write(module.join("go.sum"), pin.go_sum)?;
    if let Some(program) = pin.program {
        std::fs::write(module.join("main.go"), program)?;
    }
    let log = work.join(format!("{}.log", tool.name()));
    let link: Vec<String> = ["-s -w".to_owned()].into_iter().chain(tool.stamps().iter().map(|stamp| format!("-X {stamp}"))).collect();
    let mut build = go();
    build.current_dir(&module).arg("build").args(["-tags", pin.tags]).args(["-ldflags", &link.join(" ")]);
    build.arg("-o").arg(out.join(tool.name())).arg(tool.package());
    build.stdout(Stdio::null()).stderr(File::create(&log)?);
    let mut child = build.spawn().context("cannot run `go build`")?;
    let clock = Instant::now();
    let mut said = Duration::ZERO;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if clock.elapsed() >= said + STILL_BUILDING {
            said = clock.elapsed();
            say(&format!("      {} is still being built, {} s", tool.name(), said.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    if !status.success() {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        bail!("building {} {} failed:\n{}", tool.name(), tool.version(), last_lines(&text, 30));
    }
    Ok(())
}

/// The end of a log.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn say(line: &str) {
    // A closed stderr must not end a build.
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn the_end_of_a_log_is_shown_and_a_short_log_as_a_whole() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\n", 2), "a");
        assert_eq!(last_lines("", 2), "");
    }
}
