//! How many instructions does each part take? Counted by valgrind, compared with what docs/performance.md says.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serin_dev::{repository, write_between};

use crate::parts::{NAMES, named};

/// Each part is done so often, so that what is around it does not count.
const TIMES: u64 = 100;
/// Growth that is told, in parts of a hundred: below it lies what another neighbour in memory makes.
const TOLERANCE: u64 = 3;
/// Between these lines the page holds what is written here.
const MARKS: (&str, &str) = ("<!-- written by make bench-count -->", "<!-- end of counts -->");
const PAGE: &str = "docs/performance.md";

/// What valgrind runs: the part once, so that everything is there that is made at first use, and then often.
pub(crate) fn once(name: &str) -> Result<(), Box<dyn Error>> {
    let part = named(name).ok_or("there is no such part")?;
    part();
    often(&part);
    Ok(())
}

/// The one function whose instructions are counted, those of what it calls included. Valgrind finds it by its name.
#[inline(never)]
fn often(part: &dyn Fn()) {
    for _ in 0..TIMES {
        part();
    }
}

/// Says what grew since it was written down.
pub(crate) fn check() -> Result<(), Box<dyn Error>> {
    let page = fs::read_to_string(repository(PAGE))?;
    let mut grown = Vec::new();
    for name in NAMES {
        let (now, before) = (count(name)?, written(&page, name)?);
        println(&format!("{name}: {now} instructions, {before} before"))?;
        if now > before + before * TOLERANCE / 100 {
            grown.push(format!("{name} takes {now} instructions instead of {before}"));
        }
    }
    if grown.is_empty() { Ok(()) } else { Err(format!("{}; if that is worth it, run make bench-count", grown.join("; ")).into()) }
}

/// Writes down what each part takes now.
pub(crate) fn write() -> Result<(), Box<dyn Error>> {
    let mut table = String::from("\n| part | instructions |\n|---|---|\n");
    for name in NAMES {
        let _ = writeln!(table, "| {name} | {} |", count(name)?);
    }
    println(&table)?;
    write_between(PAGE, MARKS, &format!("{table}\n"))?;
    Ok(())
}

fn written(page: &str, name: &str) -> Result<u64, Box<dyn Error>> {
    let row = format!("| {name} | ");
    let count = page.lines().find_map(|line| line.strip_prefix(&row)?.strip_suffix(" |"));
    Ok(count.ok_or_else(|| format!("docs/performance.md does not say what {name} takes; run make bench-count"))?.parse()?)
}

/// The instructions of one part, done once.
fn count(name: &str) -> Result<u64, Box<dyn Error>> {
    let arguments = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*parts*counts*often*"];
    let ran = Command::new("valgrind")
        .args(arguments)
        .arg(std::env::current_exe()?)
        .args(["--once", name])
        .output()
        .map_err(|error| format!("valgrind cannot be run ({error}); install it"))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    if !ran.status.success() {
        return Err(format!("valgrind failed: {said}").into());
    }
    let total = said.lines().find_map(|line| line.split_once("Collected :")).map(|(_, total)| total.trim());
    Ok(total.ok_or("valgrind counted nothing")?.parse::<u64>()? / TIMES)
}

pub(crate) fn println(text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{text}")
}
