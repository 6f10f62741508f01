//! Is a request lost? Real pods on a real node, real requests, the metrics of the pods themselves: `make test-pods`.
//!
//! Three processes, one inside the other. The judge looks at the machine before and after. The keeper, which the judge starts, and once kills, runs the
//! third one apart from the machine. That one plays the story.

#![expect(unreachable_pub, reason = "nobody uses a test binary as a library")]
#![expect(clippy::print_stdout, reason = "a test says what it sees")]

mod controllers;
mod figures;
mod grants;
mod judge;
mod process;
mod shop;
mod story;

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serin_dev::{Apart, Marks, Node, settle};
use tokio::runtime::Runtime;

/// Before a line with the marks of what runs apart, as JSON.
const MARKS: &str = "apart: ";
/// The line that says that pods serve.
const SERVING: &str = "the pods serve";

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(101),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = Runtime::new().context("threads can be started")?;
    match words.as_slice() {
        ["possible"] => Node::possible().map(|()| true),
        [] => runtime.block_on(judge::judge()),
        ["keep", what @ ("story" | "hold")] => {
            std::thread::spawn(end_with_the_judge);
            let argv = [std::env::current_exe()?.display().to_string(), (*what).to_owned()];
            let end = runtime.block_on(Apart::start(&argv)?.wait());
            Ok(end == "exit code 0")
        }
        ["story", group] => {
            apart(group)?;
            runtime.block_on(story::play(group))
        }
        ["hold", group] => {
            apart(group)?;
            runtime.block_on(story::hold(group))?;
            Ok(true)
        }
        _ => bail!("this program takes no arguments but `possible`: it is one test"),
    }
}

/// The judge holds the other end of this process' input; however it ends, the kernel closes it.
fn end_with_the_judge() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    std::process::exit(101)
}

/// Makes itself at home and says how it can be known.
fn apart(group: &str) -> Result<()> {
    settle()?;
    println!("{MARKS}{}", serde_json::to_string(&Marks::own(group)?)?);
    Ok(())
}
