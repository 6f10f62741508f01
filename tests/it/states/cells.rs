//! Every abstract observation of every state, as rows that a transition can decide.

use chrono::TimeDelta;
use serin::rollout::{
    Cause, Child, Clock, Lifetime, Meaning, PauseCause, Pausing, RollingBack, ServiceView, State, Stepping, Template, Why,
};

use crate::given::{
    Given, attempt, child, failure, given, idle, installing, noon, paused, promoting, rejected, rolling_back, stepping, v1, v2, v3, weight,
};

/// What can be seen, and its values in words.
pub(super) const DIMENSIONS: [(&str, &[&str]); 9] = [
    ("life", &["not guarded yet", "guarded", "being deleted"]),
    ("brake", &["none", "the audit's backlog is full", "the spec is not readable"]),
    ("verdict", &["Pass", "Fail", "Inconclusive", "Error"]),
    ("template", &["of the canary", "of stable", "another"]),
    ("paused", &["no", "yes"]),
    ("pods", &["on their way", "there", "canary has too much", "stable is gone"]),
    ("time", &["within the hold", "after the hold", "deadline passed"]),
    ("service", &["fits", "missing"]),
    ("dry run", &["accepted", "refused", "not answered", "unknown"]),
];

/// One value of each dimension.
pub(super) type Cell = [usize; DIMENSIONS.len()];

/// All cells, the last dimension fastest.
pub(super) fn cells() -> Vec<Cell> {
    let mut cells = vec![[0; DIMENSIONS.len()]];
    for (dimension, (_, values)) in DIMENSIONS.iter().enumerate() {
        let with = |cell: &Cell, value| {
            let mut cell = *cell;
            cell[dimension] = value;
            cell
        };
        cells = cells.iter().flat_map(|cell| (0..values.len()).map(move |value| with(cell, value))).collect();
    }
    cells
}

/// Every state, with the sentence that stands above its table.
pub(super) fn states() -> Vec<(&'static str, &'static str, State)> {
    let overdue = |state| match state {
        State::Installing(at) => State::Installing(serin::rollout::Installing { overdue: true, ..at }),
        State::RollingBack(at) => State::RollingBack(RollingBack { overdue: true, ..at }),
        other => other,
    };
    let waiting = |percent| {
        let clock = Clock::Waiting { since: noon(), held: TimeDelta::zero() };
        State::Stepping(Stepping { attempt: attempt(), step: weight(percent), clock, approved: false })
    };
    let failed = || rolling_back(Cause::Failed(failure()));
    vec![
        ("Installing", "The first revision comes up; nothing is stable yet. Here the canary is that first revision.", first(installing())),
        ("Installing, overdue", "Its deadline passed and that was told.", first(overdue(installing()))),
        ("Idle", "Stable serves everything.", idle()),
        ("Idle, the canary was rejected", "An attempt was aborted; its revision is not tried again by itself.", rejected()),
        ("Stepping, share not reached", "The canary was granted a step; the step's clock stands.", waiting(25)),
        ("Stepping", "The canary serves its share and holds it; the step's clock runs.", stepping(25)),
        ("Stepping, last step", "As before; the next Pass earns the promotion.", stepping(50)),
        ("Paused by spec.paused", "Exposure stands still because somebody said so.", paused(25, PauseCause::Spec, 40)),
        ("Paused by a deadline", "Exposure stands still because no Pass came in time.", paused(25, PauseCause::Deadline, 3660)),
        ("Promoting", "The canary earned everything and replaces stable.", promoting()),
        ("RollingBack from a Fail", "Stable comes back, the canary goes; the revision will be rejected.", failed()),
        ("RollingBack, superseded", "As before; the revision may be tried again.", rolling_back(Cause::Superseded(v3()))),
        ("RollingBack, overdue", "Its deadline passed and that was told; it goes on.", overdue(failed())),
        ("Deleted", "The last event is told; the finalizer goes once it is delivered.", deleted()),
    ]
}

/// The installation of the revision that the table calls the canary.
fn first(state: State) -> State {
    match state {
        State::Installing(at) => State::Installing(serin::rollout::Installing { revision: v2(), ..at }),
        other => other,
    }
}

fn deleted() -> State {
    State::Deleted(serin::rollout::Deleted { stable: Some(v1()), since: noon() })
}

/// The row of a state and a cell.
pub(super) fn row(state: &State, cell: &Cell) -> Given {
    let [life, brake, verdict, template, paused, pods, time, service, dry_run] = *cell;
    let wanted = [v2(), v1(), v3()][template].clone();
    let row = with_pods(given(state.clone()).wants(wanted.clone()), pods).after([10, 70, 7200][time]);
    let row = match verdict {
        0 => row.passing(),
        1 => row.failing(),
        2 => row,
        _ => row.verdict(serin::rollout::Verdict::Error("errors: prometheus does not answer in time".to_owned())),
    };
    let row = match brake {
        0 => row,
        1 => row.brake(Why::AuditBacklog(512)),
        _ => row.brake(Why::InvalidSpec("spec.steps: weights must increase".to_owned())),
    };
    row.spec(|intent| intent.pausing = [Pausing::Off, Pausing::On][paused]).sees(|seen| {
        seen.lifetime = [Lifetime::Unguarded, Lifetime::Guarded, Lifetime::Deleting][life];
        seen.service = [ServiceView::Fits, ServiceView::Missing][service].clone();
        seen.template = match dry_run {
            0 => Template::Accepted { meaning: Meaning::new(wanted.as_str()), revision: wanted },
            1 => Template::Refused { revision: wanted, text: "unknown field".to_owned(), at: noon() },
            2 => Template::Unasked,
            _ => Template::Unknown { revision: wanted, text: "no answer".to_owned(), at: noon() },
        };
    })
}

/// The pods that mean, in this state, what the value says. Where a canary cannot have too much, pods are on their way.
fn with_pods(row: Given, pods: usize) -> Given {
    let (stable, canary) = match &row.state {
        State::Installing(_) | State::Adopting(_) => return installing_pods(row, pods),
        State::Idle(_) => return idle_pods(row, pods),
        State::Deleted(_) | State::HandingBack(_) | State::RollingBack(_) => (10, 0),
        State::Promoting(_) => (0, 10),
        State::Baking(_) => (3, 10),
        State::Stepping(Stepping { step, .. }) if step.percent() == 50 => (5, 5),
        State::Stepping(_) | State::Approval(_) | State::Paused(_) => (8, 2),
    };
    let shares = matches!(row.state, State::Stepping(_) | State::Approval(_) | State::Paused(_));
    match pods {
        0 if shares => row.with(v1(), few(stable, stable)).with(v2(), few(canary, 0)),
        1 => row.with(v1(), few(stable, stable)).with(v2(), few(canary, canary)),
        2 if shares => row.with(v1(), few(stable, 1)).with(v2(), few(canary, canary)),
        3 => row.with(v2(), few(canary, canary)),
        _ => row.with(v1(), few(stable, stable / 2)).with(v2(), few(canary, canary / 2)),
    }
}

/// The canary's Deployment was pruned: its template is asked about like any other.
fn idle_pods(row: Given, pods: usize) -> Given {
    match pods {
        1 => row.with(v1(), few(10, 10)),
        3 => row,
        _ => row.with(v1(), few(10, 4)),
    }
}

/// Nothing is stable while installing: there the last value is a Deployment that does not exist yet.
fn installing_pods(row: Given, pods: usize) -> Given {
    match pods {
        1 => row.with(v2(), few(10, 10)),
        3 => row,
        _ => row.with(v2(), few(10, 4)),
    }
}

/// A Deployment whose pods nobody looks at one by one: transitions only count them.
fn few(desired: u32, available: u32) -> Child {
    Child { available, ..child(desired, 0) }
}
