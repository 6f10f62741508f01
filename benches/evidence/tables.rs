//! How are the outcomes told?

use std::fmt::Write as _;

use super::Outcome;
use super::judges::Rule;
use super::scenarios::{Bound, Scenario};

type Outcomes<'a> = [(&'a Scenario, Vec<Outcome>)];

/// Both tables, in Markdown.
pub(crate) fn tables(outcomes: &Outcomes<'_>, runs: u32) -> String {
    let harmless = |(scenario, _): &&(&Scenario, Vec<Outcome>)| matches!(scenario.bound, Bound::Harmless);
    let mut text = format!("\nGood canaries that were aborted, of {runs} each, with the standard error:\n\n{}", head());
    for (scenario, outcomes) in outcomes.iter().filter(harmless) {
        let _ = writeln!(text, "{}", row(scenario, outcomes, |outcome| rate(outcome, runs)));
    }
    let _ = write!(
        text,
        "\nBad ones: how many were aborted; the middle of the seconds until then, and of the bad requests that were served:\n\n{}",
        head()
    );
    for (scenario, outcomes) in outcomes.iter().filter(|row| !harmless(row)) {
        let _ = writeln!(text, "{}", row(scenario, outcomes, |outcome| found(outcome, runs)));
    }
    text.push('\n');
    text
}

fn head() -> String {
    let names = Rule::ALL.map(Rule::name).join(" | ");
    format!("| | {names} |\n|---{}|\n", "|---".repeat(Rule::ALL.len()))
}

fn row(scenario: &Scenario, outcomes: &[Outcome], cell: impl Fn(&Outcome) -> String) -> String {
    let cells: Vec<String> = outcomes.iter().map(cell).collect();
    format!("| **{}** {} | {} |", scenario.name, scenario.about, cells.join(" | "))
}

fn share(outcome: &Outcome, runs: u32) -> f64 {
    f64::from(u32::try_from(outcome.aborted.len()).unwrap_or(u32::MAX)) / f64::from(runs)
}

fn rate(outcome: &Outcome, runs: u32) -> String {
    let share = share(outcome, runs);
    let error = (share * (1.0 - share) / f64::from(runs)).sqrt();
    if error > 0.0 { format!("{:.1} % ± {:.1}", share * 100.0, error * 100.0) } else { format!("{:.0} %", share * 100.0) }
}

fn found(outcome: &Outcome, runs: u32) -> String {
    let share = share(outcome, runs);
    let mut blast = outcome.blast.clone();
    blast.sort_by(f64::total_cmp);
    let served = blast.get(blast.len() / 2).copied().unwrap_or(0.0);
    match median(outcome, runs) {
        Some(seconds) => format!("{:.0} %, {seconds} s, {served:.0}", share * 100.0),
        None => format!("{:.0} %, –, {served:.0}", share * 100.0),
    }
}

/// When the middle one of all runs was aborted, if that many were.
fn median(outcome: &Outcome, runs: u32) -> Option<u32> {
    let mut sorted = outcome.aborted.clone();
    sorted.sort_unstable();
    sorted.get(usize::try_from(runs / 2).unwrap_or(usize::MAX)).copied()
}

/// What the product did not hold.
pub(crate) fn missed(outcomes: &Outcomes<'_>, runs: u32) -> Vec<String> {
    let product = |outcomes: &[Outcome]| outcomes.iter().position(|outcome| outcome.rule == Rule::Serin).unwrap_or_default();
    let miss = |(scenario, outcomes): &(&Scenario, Vec<Outcome>)| {
        let outcome = &outcomes[product(outcomes)];
        let held = match scenario.bound {
            Bound::Harmless => share(outcome, runs) <= 0.01,
            Bound::Within(seconds) => median(outcome, runs).is_some_and(|median| median <= seconds),
            Bound::None => true,
        };
        (!held).then(|| format!("{}: {}, {}", scenario.name, rate(outcome, runs), found(outcome, runs)))
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
        let seconds = outcomes.iter().find(|(scenario, _)| scenario.name == "H4").and_then(|(_, outcomes)| median(&outcomes[index], runs));
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
