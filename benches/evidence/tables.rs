//! How are the outcomes told?

use std::fmt::Write as _;

use super::Outcome;
use super::judges::Rule;
use super::scenarios::{Bound, Scenario};

type Outcomes<'a> = [(&'a Scenario, Vec<Outcome>)];

/// What a table shows of its rows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Good,
    OnLine,
    Bad,
}

impl Table {
    const fn of(scenario: &Scenario) -> Self {
        match scenario.bound {
            Bound::Harmless => Self::Good,
            Bound::OnAlarm | Bound::OnLimit => Self::OnLine,
            Bound::Within(_) | Bound::None => Self::Bad,
        }
    }
}

/// All tables, in Markdown.
pub(crate) fn tables(outcomes: &Outcomes<'_>, runs: u32) -> String {
    let table = |table: Table, cell: &dyn Fn(&Outcome) -> String| {
        let rows = outcomes.iter().filter(|(scenario, _)| Table::of(scenario) == table);
        let rows = rows.map(|(scenario, outcomes)| row(scenario, outcomes, runs, (table != Table::Bad, cell)));
        format!("{}{}", head(table != Table::Bad), rows.collect::<String>())
    };
    let rate = |outcome: &Outcome| rate(outcome.aborted.len(), runs);
    format!(
        "\nGood canaries that were aborted, of {runs} each, with the standard error; and how many of Serin's had a proof by the end, and when the middle one:\n\n{}\n\
         Canaries on a line, where at most 5 % may be wrong: an abort on the alarm, a proof on the limit.\n\n{}\n\
         Bad ones: how many were aborted, with the standard error; the middle of the seconds until then, and of the bad requests that were served:\n\n{}\n",
        table(Table::Good, &rate),
        table(Table::OnLine, &rate),
        table(Table::Bad, &|outcome| found(outcome, runs)),
    )
}

fn head(proofs: bool) -> String {
    let names = Rule::ALL.map(Rule::name).join(" | ");
    let (more, columns) = if proofs { (" Serin's proof |", Rule::ALL.len() + 1) } else { ("", Rule::ALL.len()) };
    format!("| | {names} |{more}\n|---{}|\n", "|---".repeat(columns))
}

fn row(scenario: &Scenario, outcomes: &[Outcome], runs: u32, (proofs, cell): (bool, &dyn Fn(&Outcome) -> String)) -> String {
    let mut cells: Vec<String> = outcomes.iter().map(cell).collect();
    if proofs {
        let proven = &product(outcomes).proven;
        let when = middle(proven, runs).map_or_else(String::new, |seconds| format!(", {seconds} s"));
        cells.push(format!("{}{when}", rate(proven.len(), runs)));
    }
    format!("| **{}** {} | {} |\n", scenario.name, scenario.about, cells.join(" | "))
}

#[expect(clippy::expect_used, reason = "a benchmark that does not judge by the product has failed")]
fn product(outcomes: &[Outcome]) -> &Outcome {
    outcomes.iter().find(|outcome| outcome.rule == Rule::Serin).expect("the product is one of the judges")
}

fn share(count: usize, runs: u32) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / f64::from(runs)
}

fn rate(count: usize, runs: u32) -> String {
    let share = share(count, runs);
    let error = (share * (1.0 - share) / f64::from(runs)).sqrt();
    if error > 0.0 { format!("{:.1} % ± {:.1}", share * 100.0, error * 100.0) } else { format!("{:.0} %", share * 100.0) }
}

fn found(outcome: &Outcome, runs: u32) -> String {
    let rate = rate(outcome.aborted.len(), runs);
    let mut blast = outcome.blast.clone();
    blast.sort_by(f64::total_cmp);
    let served = blast.get(blast.len() / 2).copied().unwrap_or(0.0);
    match middle(&outcome.aborted, runs) {
        Some(seconds) => format!("{rate}, {seconds} s, {served:.0}"),
        None => format!("{rate}, –, {served:.0}"),
    }
}

/// When it was so in the middle one of all runs, if it was in that many.
fn middle(times: &[u32], runs: u32) -> Option<u32> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(usize::try_from(runs / 2).unwrap_or(usize::MAX)).copied()
}

/// What the product did not hold.
pub(crate) fn missed(outcomes: &Outcomes<'_>, runs: u32) -> Vec<String> {
    let miss = |(scenario, outcomes): &(&Scenario, Vec<Outcome>)| {
        let outcome = product(outcomes);
        let held = match scenario.bound {
            Bound::Harmless => share(outcome.aborted.len(), runs) <= 0.01,
            Bound::OnAlarm => share(outcome.aborted.len(), runs) <= 0.05,
            Bound::OnLimit => share(outcome.proven.len(), runs) <= 0.05,
            Bound::Within(seconds) => middle(&outcome.aborted, runs).is_some_and(|middle| middle <= seconds),
            Bound::None => true,
        };
        (!held).then(|| format!("{}: {}, proof {}", scenario.name, found(outcome, runs), rate(outcome.proven.len(), runs)))
    };
    outcomes.iter().filter_map(miss).collect()
}

/// Bad and good at a glance: for each judge its false aborts over all good canaries, and the middle time to abort 1 -> 5 %.
pub(crate) fn figure(outcomes: &Outcomes<'_>, runs: u32) -> String {
    let mut dots = String::new();
    for (index, rule) in Rule::ALL.iter().enumerate() {
        let of = |outcomes: &[Outcome]| outcomes[index].aborted.len();
        let good = || outcomes.iter().filter(|(scenario, _)| matches!(scenario.bound, Bound::Harmless));
        let aborted = u32::try_from(good().map(|(_, outcomes)| of(outcomes)).sum::<usize>()).unwrap_or(u32::MAX);
        let all = u32::try_from(good().count()).unwrap_or(1) * runs;
        let false_aborts = f64::from(aborted) / f64::from(all);
        let seconds =
            outcomes.iter().find(|(scenario, _)| scenario.name == "H4").and_then(|(_, outcomes)| middle(&outcomes[index].aborted, runs));
        let (x, y) = (60.0 + f64::from(seconds.unwrap_or(300)).min(300.0) * 1.6, 300.0 - false_aborts * 260.0);
        let _ = writeln!(
            dots,
            "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"6\"/><text x=\"{:.0}\" y=\"{:.0}\">{}: {:.1} %, {}</text>",
            x + 12.0,
            // The first two lie close together.
            if index == 0 { y + 18.0 } else { y - 6.0 },
            rule.name(),
            false_aborts * 100.0,
            seconds.map_or_else(|| "not aborted".to_owned(), |s| format!("{s} s")),
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 360\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>False aborts against time to abort</title>\n<rect width=\"640\" height=\"360\" fill=\"white\"/>\n\
         <path d=\"M60 40V300H600\" fill=\"none\" stroke=\"black\"/>\n\
         <text x=\"60\" y=\"28\">good canaries that are aborted, over all scenarios (top: all of them)</text>\n\
         <text x=\"220\" y=\"335\">seconds until a canary with 5 % instead of 1 % errors is aborted (right: 300 s)</text>\n{dots}</svg>\n"
    )
}
