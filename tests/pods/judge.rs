//! Does a run leave anything on the machine, and is it the same after one that is killed?

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serin_dev::{Kit, Marks, Node, Tools, Traces};
use tokio::time::{Instant, sleep};

use super::{MARKS, SERVING};

/// How long the kernel and the sweepers may take after the end.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// Runs the story, then a run that is killed in the middle. True if all went well.
pub async fn judge() -> Result<bool> {
    Node::possible()?;
    Tools::ensure(Kit::Plane)?;
    Tools::ensure(Kit::Node)?;
    let before = Traces::look()?;
    let mut keeper = Keeper::start("story")?;
    let marks = keeper.listen(|_| false)?;
    let played = keeper.wait()?;
    let clean = clean("the story", &before, &marks).await?;

    let mut keeper = Keeper::start("hold")?;
    let marks = keeper.listen(|line| line == SERVING)?;
    if !marks.alive()?.iter().any(|what| what.contains("containerd")) {
        bail!("the pods of a run that is to be killed are not found: {:?}", marks.alive()?);
    }
    drop(keeper);
    let clean_after_kill = self::clean("a run that was killed", &before, &marks).await?;
    Ok(played && clean && clean_after_kill)
}

/// Compares the machine with what it was.
async fn clean(what: &str, before: &Traces, marks: &Marks) -> Result<bool> {
    let begun = Instant::now();
    loop {
        let left = [marks.alive()?, Traces::look()?.since(before)].concat();
        if left.is_empty() {
            println!("{what} left no process, mount, network device, namespace, control group, folder, setting or rule");
            return Ok(true);
        }
        if begun.elapsed() > GONE_WITHIN {
            println!("{what} left on this machine:\n  {}", left.join("\n  "));
            return Ok(false);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// The process that runs the rest apart from the machine. It is killed when this is dropped.
struct Keeper {
    child: Child,
    /// It ends when nobody holds this any more.
    _held: Option<ChildStdin>,
}

impl Keeper {
    fn start(what: &str) -> Result<Self> {
        let mut keeper = Command::new(std::env::current_exe()?);
        let mut child =
            keeper.args(["keep", what]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start this program again")?;
        let held = child.stdin.take();
        Ok(Self { child, _held: held })
    }

    /// True if all went well.
    fn wait(mut self) -> Result<bool> {
        Ok(self.child.wait()?.success())
    }

    /// Prints what it says until a line is the last one, or all is said; gives its marks.
    fn listen(&mut self, last: impl Fn(&str) -> bool) -> Result<Marks> {
        let mut marks = None;
        for line in BufReader::new(self.child.stdout.take().context("a keeper is listened to once")?).lines() {
            let line = line?;
            match line.strip_prefix(MARKS) {
                Some(json) => marks = Some(serde_json::from_str(json)?),
                None => println!("{line}"),
            }
            if last(&line) {
                break;
            }
        }
        marks.context("the run ended before it was at home")
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
