//! Every abstract observation of every state, as rows that a transition can decide.

use serin::rollout::{
    Adoptee, Adopting, Cause, Child, Deleted, HandingBack, Idle, Installing, Lifetime, Meaning, OnStep, PauseCause, Pausing, RollingBack,
    ServiceView, State, Stepping, Template, Verdict, Workload,
};

use crate::given::{
    Given, approval, baking, child, failure, given, held, idle, installing, noon, paused, promoting, reaching, rejected, rolling_back,
    running, stepping, v1, v2, v3,
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

/// Every state, with the sentence that stands above its table. One without a sentence is as the one before but for one edge, and has no table.
pub(super) fn states() -> Vec<(&'static str, &'static str, Given)> {
    let failed = || rolling_back(Cause::Failed(failure()));
    let stopped = |cause, held| given(paused(25, cause, held));
    let gated = |state| given(state).gated(OnStep::Abort);
    vec![
        (
            "Installing",
            "The first revision comes up; nothing is stable yet. Here the canary is that first revision.",
            given(first(installing())),
        ),
        ("Installing, overdue", "Its deadline passed and that was told.", given(first(overdue(installing())))),
        (
            "Adopting",
            "A running Deployment is taken over. Here the canary is what it runs; *there* means that it has no pod left.",
            given(State::Adopting(Adopting { revision: v2(), since: noon(), overdue: false })),
        ),
        ("Idle", "Stable serves everything.", given(idle())),
        ("Idle, after a take-over", "", given(idle()).sees(|seen| seen.workload = Workload::There(held(0)))),
        (
            "Idle, the canary was rejected",
            "An attempt was aborted; its revision is not tried again by itself. Where stable's pods are not *there*, some are missing.",
            given(rejected()),
        ),
        ("Idle, stable is down", "Stable has had no available pod since noon. Where its pods are not *there*, it has none.", given(down())),
        ("Stepping, share not reached", "The canary was granted a step; the step's clock stands.", given(reaching(25))),
        ("Stepping", "The canary serves its share and holds it; the step's clock runs.", given(stepping(25))),
        ("Stepping, last step", "As before; the next Pass earns the promotion.", given(stepping(50))),
        ("Stepping, with a gate", "", gated(stepping(25))),
        ("Approval", "The step passed and somebody has to approve, within an hour.", gated(approval(25))),
        ("Paused by spec.paused", "Exposure stands still because somebody said so.", stopped(PauseCause::Spec, 40)),
        ("Paused by a deadline", "Exposure stands still because no Pass came in time.", stopped(PauseCause::Deadline, 3660)),
        ("Paused by an action", "Exposure stands still because somebody asked for it.", stopped(PauseCause::Action, 40)),
        ("Paused without an approval", "Exposure stands still because nobody approved in time.", stopped(PauseCause::Approval, 60)),
        ("Promoting", "The canary earned everything and replaces stable.", given(promoting())),
        ("Promoting, with a bake", "", given(promoting()).baked()),
        ("Baking", "What was promoted is watched for ten minutes; three old pods stay.", given(baking()).baked()),
        ("RollingBack from a Fail", "Stable comes back, the canary goes; the revision will be rejected.", given(failed())),
        ("RollingBack, superseded", "As before; the revision may be tried again.", given(rolling_back(Cause::Superseded(v3())))),
        ("RollingBack, overdue", "Its deadline passed and that was told; it goes on.", given(overdue(failed()))),
        (
            "HandingBack",
            "The Deployment that was taken over gets its pods back; *there* means that it has them all and was let go.",
            given(State::HandingBack(HandingBack { stable: v1(), since: noon(), alias: None })),
        ),
        ("Deleted", "The last event is told; the finalizer goes once it is delivered.", given(deleted())),
    ]
}

fn overdue(state: State) -> State {
    match state {
        State::Installing(at) => State::Installing(Installing { overdue: true, ..at }),
        State::RollingBack(at) => State::RollingBack(RollingBack { overdue: true, ..at }),
        other => other,
    }
}

fn down() -> State {
    let State::Idle(at) = idle() else { panic!("idle") };
    State::Idle(Idle { down: Some(noon()), ..at })
}

/// The installation of the revision that the table calls the canary.
fn first(state: State) -> State {
    match state {
        State::Installing(at) => State::Installing(Installing { revision: v2(), ..at }),
        other => other,
    }
}

fn deleted() -> State {
    State::Deleted(Deleted { stable: Some(v1()), since: noon() })
}

/// The row of a state, as [`states`] lists it, and a cell.
pub(super) fn row(state: &Given, cell: &Cell) -> Given {
    let [life, brake, verdict, template, paused, pods, time, service, dry_run] = *cell;
    let wanted = [v2(), v1(), v3()][template].clone();
    let row = with_pods(state.clone().wants(wanted.clone()), pods).after([10, 70, 7200][time]);
    let row = match verdict {
        0 => row.passing(),
        1 => row.failing(),
        2 => row,
        _ => row.verdict(Verdict::Error("errors: prometheus does not answer in time".to_owned())),
    };
    let row = match brake {
        0 => row,
        1 => row.backlogged(),
        _ => row.unreadable(),
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
        State::Installing(_) => return installing_pods(row, pods),
        State::Adopting(_) => return adopting_pods(row, pods),
        State::HandingBack(_) => return handing_back_pods(row, pods),
        State::Idle(_) => return idle_pods(row, pods),
        State::Deleted(_) | State::RollingBack(_) => (10, 0),
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
    let State::Idle(Idle { down, rejected, .. }) = &row.state else { return row };
    let left = if down.is_some() { 0 } else { 4 };
    let row = match pods {
        1 => row.with(v1(), few(10, 10)),
        3 if down.is_none() && rejected.is_none() => row,
        _ => row.with(v1(), few(10, left)),
    };
    row.remembers(v1(), "installed", 0)
}

/// Nothing is stable while installing: there the last value is a Deployment that does not exist yet.
fn installing_pods(row: Given, pods: usize) -> Given {
    match pods {
        1 => row.with(v2(), few(10, 10)),
        3 => row,
        _ => row.with(v2(), few(10, 4)),
    }
}

/// The Deployment that is taken over runs what the spec asks for, as the spec is read from it.
fn adopting_pods(row: Given, pods: usize) -> Given {
    let left = if pods == 1 { 0 } else { 6 };
    let adoptee = Adoptee { revision: row.intent.revision.clone(), ..held(left) };
    installing_pods(row, pods).sees(|seen| seen.workload = Workload::There(adoptee))
}

/// What was let go is no longer held by anybody.
fn handing_back_pods(row: Given, pods: usize) -> Given {
    let (adoptee, ours) = if pods == 1 { (running(), 0) } else { (held(4), 6) };
    row.with(v1(), few(ours, ours)).sees(|seen| seen.workload = Workload::There(adoptee))
}

/// A Deployment whose pods nobody looks at one by one: transitions only count them.
fn few(desired: u32, available: u32) -> Child {
    Child { available, ..child(desired, 0) }
}
