//! Which command does what in which state? A table for the page, and the edges that only commands lead to.

use std::fmt::Write;

use serin::rollout::{Action, Answer, Edge, Next, OnStep, PauseCause, State, Verb, Workload};

use super::page::arrives;
use crate::given::{
    Given, action, adopting, approval, baking, child, given, held, idle, installing, paused, promoting, rejected, rolling_back, stepping,
    v1, v2, v3,
};
use crate::transition::decide;

const HEAD: &str = "
## Commands

What a RolloutAction does that names the right revision, where no brake is on and the checks pass. It is done, and leads to the state that is named;
or it is *refused*, because it cannot be done there, or *superseded*, because what it was meant for is over. What may raise exposure is refused under a
brake and while `spec.paused` is set. A failed check and a deletion count for more than any command.

";

/// The states that commands tell apart, each with all its pods.
pub(super) fn rows() -> Vec<(&'static str, Given)> {
    let shared = |state| given(state).pods(8, 2);
    vec![
        ("Installing", given(installing()).with(v1(), child(10, 4))),
        ("Adopting", given(adopting()).with(v1(), child(4, 4)).sees(|seen| seen.workload = Workload::There(held(6)))),
        ("Idle", served(given(idle()).with(v1(), child(10, 10)))),
        ("Idle, a new template", served(given(idle()).with(v1(), child(10, 10)).wants(v2()).accepting(v2()))),
        ("Idle, rejected", served(given(rejected()).wants(v2()).pods(10, 0))),
        ("Stepping", shared(stepping(25)).passing()),
        ("Stepping, with a gate", shared(stepping(25)).gated(OnStep::Abort).passing()),
        ("Stepping, last step", given(stepping(50)).pods(5, 5).passing()),
        ("Approval", shared(approval(25)).gated(OnStep::Abort).passing()),
        ("Approval, last step", given(approval(50)).pods(5, 5).gated(OnStep::Abort).passing()),
        ("Paused", shared(paused(25, PauseCause::Action, 40)).passing()),
        ("Promoting", given(promoting()).pods(5, 5).passing()),
        ("Baking", given(baking()).pods(3, 10).baked().passing()),
        ("RollingBack", given(rolling_back(serin::rollout::Cause::Deleted)).pods(5, 5)),
    ]
}

/// v3 was stable before v1, the outcome of the last attempt is on its record.
fn served(row: Given) -> Given {
    let State::Idle(at) = &row.state else { return row };
    let last = at.last.clone();
    row.remembers(v1(), "installed", 0).remembers(last.revision, last.result.word(), 0).remembers(v3(), "promoted", -600)
}

/// Asks for that, naming what it has to name.
pub(super) fn asked(row: &Given, verb: Verb) -> Given {
    let revision = verb.raises().then(|| row.intent.revision.clone());
    row.clone().asked(Action { revision, ..action(verb) })
}

/// The section of the page.
pub(super) fn section() -> String {
    let verbs: Vec<&str> = Verb::ALL.iter().map(|verb| verb.name()).collect();
    let mut out = format!("{HEAD}| | {} |\n|---|{}\n", verbs.join(" | "), "---|".repeat(verbs.len()));
    for (name, row) in rows() {
        let cells: Vec<String> = Verb::ALL.iter().map(|verb| cell(&asked(&row, *verb))).collect();
        let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    }
    out
}

fn cell(row: &Given) -> String {
    match decide(row) {
        Next::Answer(Edge { state, .. }, handled) => match handled.answer {
            Answer::Done => format!("**{}**", arrives(&state)),
            Answer::Refused => "refused".to_owned(),
            Answer::Superseded => "superseded".to_owned(),
        },
        Next::Stay { .. } | Next::Edge(_) => panic!("{:?} is not answered", row.state),
    }
}
