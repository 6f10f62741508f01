//! Several looks in a row: what a pause, a brake or a way back costs in time.

use serin::rollout::{EventKind, Next, PauseCause, Pausing, State, Why};

use crate::given::{Given, child, given, paused, stepping, v1, v2};

/// A second after noon, and what changed before that look.
type Look = (i64, fn(Given) -> Given);

/// Looks at those seconds after noon, each time after that edit, and lists what happened: events, else the reason to wait.
fn walk(mut row: Given, looks: &[Look]) -> Vec<&'static str> {
    let mut out = Vec::new();
    for (seconds, edit) in looks {
        row = edit(row).after(*seconds);
        let (state, said) = match super::decide(&row) {
            Next::Stay { state, why, .. } => (state, why.reason()),
            Next::Edge(edge) | Next::Answer(edge, _) => (edge.state, edge.event.kind.name()),
        };
        if said == EventKind::DriftCorrected.name() {
            row.memo.drift.extend([v1(), v2()].map(|revision| (revision.to_string(), row.now)));
        }
        out.push(said);
        row = row.stands(state);
    }
    out
}

fn same(row: Given) -> Given {
    row
}

fn pause(row: Given) -> Given {
    row.paused()
}

fn resume(row: Given) -> Given {
    row.spec(|intent| intent.pausing = Pausing::Off)
}

fn backlog(row: Given) -> Given {
    row.brake(Why::AuditBacklog(512))
}

fn flows(row: Given) -> Given {
    Given { brake: None, ..row }
}

/// v2 holds 25 % since noon, and every check passes.
fn passing() -> Given {
    given(stepping(25)).pods(8, 2).passing()
}

#[test]
fn a_pause_does_not_eat_the_hold() {
    let looks: [Look; 5] = [(40, pause), (340, resume), (341, same), (360, same), (361, same)];
    let expected = ["rollout.paused", "rollout.resumed", "Holding", "Holding", "step.started"];
    assert_eq!(walk(passing(), &looks), expected, "40 s before the pause, 20 s after 341");
}

#[test]
fn pods_that_were_missing_stop_the_hold_and_no_more() {
    fn lost(row: Given) -> Given {
        row.with(v2(), child(2, 1))
    }
    fn back(row: Given) -> Given {
        row.with(v2(), child(2, 2))
    }
    let looks: [Look; 4] = [(40, lost), (340, back), (359, same), (360, same)];
    assert_eq!(walk(passing(), &looks), ["WaitingForPods", "Holding", "Holding", "step.started"]);
}

#[test]
fn a_pause_by_deadline_that_is_taken_over_and_resumed_has_the_whole_time_for_a_pass_again() {
    let row = given(paused(25, PauseCause::Deadline, 3660)).pods(8, 2);
    let looks: [Look; 5] = [(0, pause), (10, resume), (20, same), (3619, same), (3620, same)];
    let expected = ["PausedBySpec", "rollout.resumed", "Inconclusive", "Inconclusive", "rollout.paused"];
    assert_eq!(walk(row, &looks), expected);
}

#[test]
fn two_hours_of_a_full_audit_backlog_cost_the_step_nothing() {
    let row = given(stepping(25)).pods(8, 2);
    let looks: [Look; 6] = [(70, backlog), (3700, same), (7200, same), (7201, flows), (7202, same), (7202 + 3590, same)];
    let expected = ["AuditBacklog", "AuditBacklog", "AuditBacklog", "Inconclusive", "Inconclusive", "rollout.paused"];
    assert_eq!(walk(row, &looks), expected, "ten seconds of the hour were used before");
}

#[test]
fn a_rejected_template_is_tried_again_only_after_another_one_was_there() {
    fn stable(row: Given) -> Given {
        row.wants(v1())
    }
    fn again(row: Given) -> Given {
        row.wants(v2())
    }
    let row = super::idle::after_an_abort();
    let looks: [Look; 4] = [(0, same), (10, stable), (20, again), (21, same)];
    assert_eq!(walk(row, &looks), ["Rejected", "Settled", "rollout.started", "WaitingForPods"]);
}

#[test]
fn a_promotion_is_told_and_the_next_look_is_settled() {
    let row = given(crate::given::promoting()).pods(0, 10);
    assert_eq!(walk(row.clone(), &[(0, same), (1, same)]), [EventKind::Promoted.name(), "Settled"]);
    assert!(matches!(row.state, State::Promoting(_)));
}
