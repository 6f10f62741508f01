//! How much memory does one object of each kind take? Measured by the growth of a process that keeps many of it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::process::Command;

use serin::cluster::{Index, Kind};
use serin_dev::write_between;

use crate::counts::println;
use crate::objects::object;

/// So many, so that the pages around them do not count.
const MANY: usize = 20_000;
/// Linux counts resident memory in pages of so many bytes on every machine that this runs on.
const PAGE_BYTES: usize = 4096;
/// Between these lines the page holds what is written here.
const MARKS: (&str, &str) = ("<!-- written by make bench-bytes -->", "<!-- end of bytes -->");

/// Prints how much one object of a kind takes; in a process of its own, so that nothing is used again.
pub(crate) fn of(resource: &str) -> Result<(), Box<dyn Error>> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.resource() == resource).ok_or("there is no such kind")?;
    let index = Index::default();
    // What the first few make is there once, however many follow.
    for number in 0..100 {
        index.put(object(kind, number));
    }
    let before = resident()?;
    for number in 100..100 + MANY {
        index.put(object(kind, number));
    }
    let bytes = (resident()? - before) / MANY;
    drop(black_box(index));
    println(&bytes.to_string())?;
    Ok(())
}

/// Writes down what one object of each kind takes.
pub(crate) fn write() -> Result<(), Box<dyn Error>> {
    let mut table = String::from("\n| kept of one | bytes |\n|---|---|\n");
    for kind in Kind::ALL {
        let ran = Command::new(std::env::current_exe()?).args(["--bytes", kind.resource()]).output()?;
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&ran.stderr).into());
        }
        let _ = writeln!(table, "| {} | {} |", kind.resource(), String::from_utf8(ran.stdout)?.trim());
    }
    println(&table)?;
    write_between("docs/performance.md", MARKS, &format!("{table}\n"))?;
    Ok(())
}

/// The resident memory of this process, in bytes.
fn resident() -> Result<usize, Box<dyn Error>> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split_whitespace().nth(1).ok_or("Linux does not say how much memory is used")?.parse()?;
    Ok(pages * PAGE_BYTES)
}
