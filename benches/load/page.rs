//! How are the figures told?

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use serin_dev::write_between;

use crate::idle::Rest;
use crate::plan::{Cost, millis};
use crate::process::machine;
use crate::reaction::Reaction;
use crate::restart::Restart;

/// Between these lines the page holds what is written here.
const MARKS: (&str, &str) = ("<!-- written by make bench -->", "<!-- end -->");

/// Peers, measured by the same plan on a machine of the same kind: at once, wall in s, processor time in ms, reads, writes, MiB, puts, a minute of rest.
const PEERS: [(&str, &str); 5] = [
    ("Argo Rollouts 1.9.1", "20 | 8.0 | | 168 | 44 / 58 | 90 | 108 | 0"),
    ("Argo Rollouts 1.9.1", "200 | 115.6 | | 448 | 37 / 54 | 183 | 104 | left-over events"),
    ("Argo Rollouts 1.9.1", "500 | 499 | | 988 | 37 / 50 | 341 | 101 | "),
    ("Flagger 1.44.0", "20 | 77.9 | | 57 | 112 / 25 | 66 | 180 | 1,200"),
    ("Flagger 1.44.0", "200 | 316 | | 122 | 355 / 22 | 90 | 159 | 12,000"),
];

/// The tables, as far as they were measured.
#[derive(Default)]
pub(crate) struct Page {
    machine: String,
    costs: String,
    kinds: String,
    rests: String,
    sentences: String,
}

impl Page {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { machine: machine()?, ..Self::default() })
    }

    pub(crate) fn cost(&mut self, cost: &Cost) {
        let Cost { count, bare, wall, cpu, reads, writes, kinds, peak, puts, idle: (asked, rest) } = cost;
        let ratio = cost.ratio();
        let _ = writeln!(
            self.costs,
            "| **Serin** | {count} | {:.1} | {ratio:.2} × {:.1} | {cpu:.1} | {reads:.1} / {writes:.1} | {peak:.0} | {puts:.0} ({:.0}) | {} in {rest:.0} ms |",
            wall.as_secs_f64(),
            bare.wall.as_secs_f64(),
            bare.puts,
            asked.reads + asked.writes,
        );
        self.kinds = format!("\nWhat {count} rollouts asked for, by verb, resource and answer:\n\n");
        for (kind, times) in kinds {
            let _ = writeln!(self.kinds, "- {times} × {kind}");
        }
    }

    pub(crate) fn rest(&mut self, rest: &Rest) {
        let Rest { count, memory, asked, cpu, first_watch } = rest;
        let requests = asked.reads + asked.writes;
        let _ = writeln!(self.rests, "| {count} | {memory:.1} | {requests} | {cpu:.0} | {:.0} |", millis(*first_watch));
    }

    pub(crate) fn reaction(&mut self, reaction: &Reaction) {
        let Reaction { gap, times } = reaction;
        let when = if gap.is_zero() { "all at once".to_owned() } else { format!("one {} ms after the other", gap.as_millis()) };
        let at = |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).copied().unwrap_or(Duration::ZERO);
        let _ = writeln!(
            self.sentences,
            "\nOf {} canaries in flight that fail {when}, from the failing answer to the API server's receipt of the write that lowers exposure: {:.0} ms in the middle, {:.0} ms for 99 of 100, at most {:.0} ms.",
            times.len(),
            millis(at(50)),
            millis(at(99)),
            millis(at(100)),
        );
    }

    pub(crate) fn restart(&mut self, restart: &Restart) {
        let Restart { count, resumed, events, repeated, broken } = restart;
        let _ = writeln!(
            self.sentences,
            "\nKilled with {count} in flight: {:.1} s after the start of the next process its first write came. {events} events were told, {repeated} of them twice (with the same id); {broken} of the rollouts told something else than the plan.",
            resumed.as_secs_f64(),
        );
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!("\nMeasured on {}, which all parts share.\n", self.machine);
        text.push_str(
            "\n| | at once | wall, s | of the bare plan, s | processor, ms each | reads / writes each | peak, MiB | etcd puts each (bare) | a minute of rest, requests |\n|---|---|---|---|---|---|---|---|---|\n",
        );
        for (name, cells) in PEERS {
            let _ = writeln!(text, "| {name} | {cells} |");
        }
        let _ = write!(text, "{}{}", self.costs, self.kinds);
        let _ = write!(
            text,
            "\n| at rest | memory, MiB | requests a minute | processor, ms a minute | start to first watch, ms |\n|---|---|---|---|---|\n{}{}",
            self.rests, self.sentences
        );
        text
    }

    pub(crate) fn write(&self) -> Result<()> {
        write_between("docs/performance.md", MARKS, &self.text())
    }
}
