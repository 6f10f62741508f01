//! Which states lead to which? A diagram for people, drawn from every cell, every command and every beginning, so that it cannot lie.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serin::rollout::{Edge, EventKind, Next, Phase, State, Verb, Workload, begin};

use super::cells::{cells, row, states};
use super::commands::{asked, rows};
use crate::given::{Given, child, given, idle, noon, running, v1};
use crate::transition::decide;

const HEAD: &str = "
## The states

Each arrow is labelled with the events that tell it. Not drawn are the events that lead to no other state: `drift.corrected`, `action.refused`,
`action.superseded`, `provider.silent`, `provider.answers`, and those of a state that takes longer than it should. With `deletionPolicy: Delete` every state leads to Deleted at once.

";

/// From where to where, and what tells it. No phase is a Rollout without a state.
type Edges = BTreeMap<(Option<Phase>, Phase), BTreeSet<EventKind>>;

/// The section of the page.
pub(super) fn section() -> String {
    let mut out = format!("{HEAD}```mermaid\nstateDiagram-v2\n");
    for ((from, to), kinds) in edges() {
        let from = from.map_or("[*]", Phase::name);
        let kinds: Vec<&str> = kinds.into_iter().map(EventKind::name).collect();
        let _ = writeln!(out, "    {from} --> {to}: {}", kinds.join("<br/>"));
    }
    let _ = writeln!(out, "    {} --> [*]\n```", Phase::Deleted);
    out
}

fn edges() -> Edges {
    let mut edges = Edges::new();
    let new = given(idle());
    let takes_over = new.clone().sees(|seen| seen.workload = Workload::There(running()));
    let lost = new.clone().with(v1(), child(10, 10)).remembers(v1(), "installed", 0);
    for row in [new, takes_over, lost] {
        note(&mut edges, None, &begin(&row.intent, &row.seen, noon()));
    }
    for (_, _, state) in states() {
        for cell in cells() {
            follow(&mut edges, &state.state, &decide(&row(&state, &cell)));
        }
    }
    for (_, row) in rows() {
        for verb in Verb::ALL {
            // With a Pass, and without one.
            let open = Given { verdict: given(idle()).verdict, ..row.clone() };
            for row in [asked(&row, verb), asked(&open, verb)] {
                follow(&mut edges, &row.state, &decide(&row));
            }
        }
    }
    edges
}

fn follow(edges: &mut Edges, from: &State, next: &Next) {
    match next {
        Next::Stay { .. } => {}
        Next::Edge(edge) | Next::Answer(edge, _) => note(edges, Some(from.phase()), edge),
    }
}

fn note(edges: &mut Edges, from: Option<Phase>, Edge { state, event, .. }: &Edge) {
    let stays = from == Some(state.phase()) && !moves(event.kind);
    if !stays {
        edges.entry((from, state.phase())).or_default().insert(event.kind);
    }
}

/// Whether an event within one phase tells that something of it is another than before, and not only that something is so.
fn moves(kind: EventKind) -> bool {
    match kind {
        EventKind::StepStarted | EventKind::StepSkipped | EventKind::ApprovalGranted | EventKind::Superseded | EventKind::Restarted => true,
        EventKind::Created
        | EventKind::SpecChanged
        | EventKind::Installed
        | EventKind::Adopted
        | EventKind::HandBackStarted
        | EventKind::InstallFailed
        | EventKind::Started
        | EventKind::Paused
        | EventKind::Resumed
        | EventKind::PromotionStarted
        | EventKind::Promoted
        | EventKind::Aborted
        | EventKind::RolledBack
        | EventKind::RollbackOverdue
        | EventKind::Deleted
        | EventKind::ApprovalRequested
        | EventKind::PromotionForced
        | EventKind::Baked
        | EventKind::Undone
        | EventKind::Recovered
        | EventKind::Reinstalled
        | EventKind::DriftCorrected
        | EventKind::RollbackBlocked
        | EventKind::ActionRefused
        | EventKind::ActionSuperseded
        | EventKind::ProviderSilent
        | EventKind::ProviderAnswers => false,
    }
}

#[test]
fn every_event_but_those_that_move_nothing_is_drawn() {
    let drawn: BTreeSet<EventKind> = edges().into_values().flatten().collect();
    let missing: Vec<&str> = EventKind::ALL.into_iter().filter(|kind| !drawn.contains(kind)).map(EventKind::name).collect();
    let still = [
        "rollout.install-failed",
        "rollout.spec-changed",
        "rollback.overdue",
        "drift.corrected",
        "rollback.blocked",
        "action.refused",
        "action.superseded",
        "provider.silent",
        "provider.answers",
    ];
    assert_eq!(missing, still);
}

#[test]
fn every_state_is_reached_and_left() {
    let edges = edges();
    for phase in Phase::ALL {
        assert!(edges.keys().any(|(from, to)| *to == phase && *from != Some(phase)), "{phase} is not reached");
        let last = phase == Phase::Deleted;
        assert!(last || edges.keys().any(|(from, to)| *from == Some(phase) && *to != phase), "{phase} is not left");
    }
}
