//! What holds in every single cell.

use std::fmt;

use chrono::TimeDelta;
use serin::rollout::{Edge, EventKind, Lifetime, Next, Pausing, Phase, Reach, State, Verdict, Why, changes, reach};

use super::cells::{Cell, DIMENSIONS, cells, row, states};
use crate::given::Given;
use crate::transition::decide;

/// The share of traffic that a state grants the revision on trial, in percent.
fn exposure(state: &State) -> u32 {
    match state {
        State::Installing(_) | State::Adopting(_) | State::Idle(_) | State::RollingBack(_) | State::HandingBack(_) | State::Deleted(_) => 0,
        State::Stepping(at) => at.step.percent(),
        State::Approval(at) => at.step.percent(),
        State::Paused(at) => at.step.percent(),
        State::Promoting(_) | State::Baking(_) => 100,
    }
}

/// The state and the cell that a rule speaks of, in words.
struct Case(&'static str, Cell);

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = DIMENSIONS.iter().zip(self.1).map(|((name, values), value)| format!("{name}: {}", values[value]));
        write!(f, "{} ({})", self.0, seen.collect::<Vec<_>>().join("; "))
    }
}

/// Runs `rule` over all cells of all states.
fn everywhere(rule: impl Fn(&Given, &Next, &Case)) {
    for (name, _, state) in states() {
        for cell in cells() {
            let row = row(&state, &cell);
            rule(&row, &decide(&row), &Case(name, cell));
        }
    }
}

#[test]
fn every_edge_changes_something_that_people_know_and_says_what() {
    everywhere(|row, next, case| {
        let Next::Edge(Edge { state, event, .. }) = next else { return };
        let drift = event.kind == EventKind::DriftCorrected;
        assert!(drift || *state != row.state, "{case}");
        assert!(!event.message.is_empty() && !event.reason.is_empty(), "{case}");
        let about = row.state.attempt().map_or_else(|| state.attempt().map_or(0, |a| a.number), |a| a.number);
        let told = if matches!(state, State::Deleted(_)) { 0 } else { about };
        assert_eq!(event.attempt, told, "{case}: {event:?}");
    });
}

#[test]
fn a_state_that_stays_where_it_is_changes_at_most_its_clocks_and_only_once() {
    everywhere(|row, next, case| {
        let Next::Stay { state, .. } = next else { return };
        assert_eq!(state.phase(), row.state.phase(), "{case}");
        assert_eq!(exposure(state), exposure(&row.state), "{case}");
        assert_eq!(state.attempt(), row.state.attempt(), "{case}");
        assert_eq!(decide(&row.clone().stands(state.clone())), *next, "{case}: looked at again, it moves again");
    });
}

#[test]
fn every_state_that_waits_for_something_wakes_by_itself_and_never_in_the_past() {
    everywhere(|row, next, case| {
        let Next::Stay { state, wake, .. } = next else { return };
        assert!(wake.is_none_or(|at| at > row.now), "{case}: {wake:?}");
        let waits = match state {
            State::Stepping(_) | State::Promoting(_) | State::HandingBack(_) => true,
            State::Approval(_) => !matches!(row.brake, Some(Why::InvalidSpec(_))),
            State::Baking(_) => row.brake.is_none() && row.intent.pausing == Pausing::Off,
            State::Installing(at) => !at.overdue,
            State::Adopting(at) => !at.overdue,
            State::RollingBack(at) => !at.overdue || (!at.blocked && row.now < at.since + TimeDelta::seconds(30)),
            State::Deleted(at) => row.now < at.since + row.intent.deadlines.audit,
            // An outcome that is just being written is looked at again at once.
            State::Idle(_) => wake.is_some(),
            State::Paused(_) => false,
        };
        assert_eq!(wake.is_some(), waits, "{case}");
    });
}

#[test]
fn without_a_pass_no_edge_raises_exposure_but_the_first_of_an_attempt() {
    everywhere(|row, next, case| {
        let Next::Edge(Edge { state, .. }) = next else { return };
        let first = row.state.phase() == Phase::Idle && state.phase() == Phase::Stepping && exposure(state) == 10;
        let raised = exposure(state) > exposure(&row.state);
        assert!(!raised || first || matches!(row.verdict, Verdict::Pass(_)), "{case}: {state:?}");
    });
}

#[test]
fn no_edge_raises_exposure_under_a_brake_or_while_the_spec_is_paused() {
    everywhere(|row, next, case| {
        let Next::Edge(Edge { state, .. }) = next else { return };
        let held = row.brake.is_some() || row.intent.pausing == Pausing::On;
        assert!(!held || exposure(state) <= exposure(&row.state), "{case}: {state:?}");
    });
}

#[test]
fn no_edge_raises_exposure_while_the_canary_has_not_what_it_was_granted_or_more() {
    everywhere(|row, next, case| {
        let (Next::Edge(Edge { state, .. }), Some((attempt, step))) = (next, row.state.trial()) else { return };
        let reached = reach(&row.intent, attempt, step, &row.seen) == Reach::Reached;
        assert!(reached || exposure(state) <= exposure(&row.state), "{case}: {state:?}");
    });
}

#[test]
fn a_fail_in_flight_rolls_back_whatever_else_is_seen() {
    everywhere(|row, next, case| {
        if matches!(row.verdict, Verdict::Fail(_)) && row.state.trial().is_some() {
            assert!(matches!(next, Next::Edge(Edge { state: State::RollingBack(_), .. })), "{case}: {next:?}");
        }
    });
}

#[test]
fn a_deleted_rollout_in_flight_brings_stable_back_before_it_goes() {
    everywhere(|row, next, case| {
        // What is promoted already is stable: there the old pods go first.
        let promoted = row.state.phase() == Phase::Baking && !matches!(row.verdict, Verdict::Fail(_));
        if row.seen.lifetime == Lifetime::Deleting && row.state.trial().is_some() && !promoted {
            assert!(matches!(next, Next::Edge(Edge { state: State::RollingBack(_), .. })), "{case}: {next:?}");
        }
    });
}

#[test]
fn the_same_row_gives_the_same_decision_and_the_same_writes() {
    everywhere(|row, next, case| {
        assert_eq!(decide(row), *next, "{case}");
        let (Next::Stay { state, .. } | Next::Edge(Edge { state, .. }) | Next::Answer(Edge { state, .. }, _)) = next;
        assert_eq!(changes(&row.intent, state, &row.seen), changes(&row.intent, state, &row.seen), "{case}");
    });
}

#[test]
fn edges_at_one_moment_come_to_an_end() {
    everywhere(|row, next, case| {
        let (mut row, mut next) = (row.clone(), next.clone());
        for _ in 0..6 {
            let Next::Edge(Edge { state, event, .. }) = next else { return };
            if event.kind == EventKind::DriftCorrected {
                row.memo.note(&event, row.now);
            }
            row = row.stands(state);
            next = decide(&row);
        }
        panic!("{case}: {next:?}");
    });
}
