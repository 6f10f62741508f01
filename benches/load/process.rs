//! What does a process cost, on which machine? Its processor time and its memory, as Linux counts them.

use std::fs;

use anyhow::{Context, Result};

/// `/proc` counts processor time in hundredths of a second on every Linux that Rust runs on.
const TICK_MS: u32 = 10;

/// A running process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// Its processor time since it began, in user and in kernel mode, in milliseconds. Steps of 10 ms.
    pub(crate) fn cpu(self) -> Result<f64> {
        let stat = self.read("stat")?;
        // The second field is the name, and may hold anything.
        let (_, rest) = stat.rsplit_once(')').context("no process has such a stat")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok()).context("no processor time in stat");
        Ok(f64::from(TICK_MS * (ticks(11)? + ticks(12)?)))
    }

    /// Its resident memory now, in MiB.
    pub(crate) fn memory(self) -> Result<f64> {
        self.status("VmRSS:")
    }

    /// Its largest resident memory since [`Process::forget_peak`], in MiB.
    pub(crate) fn peak(self) -> Result<f64> {
        self.status("VmHWM:")
    }

    /// Counts the largest memory from now on.
    pub(crate) fn forget_peak(self) -> Result<()> {
        fs::write(format!("/proc/{}/clear_refs", self.0), "5").context("the peak cannot be forgotten")
    }

    fn status(self, field: &str) -> Result<f64> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)).with_context(|| format!("no {field} in status"))?;
        let kib: u32 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(f64::from(kib) / 1024.0)
    }

    fn read(self, file: &str) -> Result<String> {
        fs::read_to_string(format!("/proc/{}/{file}", self.0)).context("the process ended")
    }
}

/// The machine that everything runs on: its processors and its memory.
pub(crate) fn machine() -> Result<String> {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file)?;
        let line = text.lines().find(|line| line.starts_with(name)).with_context(|| format!("no {name} in {file}"))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).context("a field without a value")
    };
    let memory: f64 = field("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse()?;
    let (cores, model) = (std::thread::available_parallelism()?, field("/proc/cpuinfo", "model name")?);
    Ok(format!("{cores} cores of {model}, {:.0} GiB of memory", memory / 1024.0 / 1024.0))
}
