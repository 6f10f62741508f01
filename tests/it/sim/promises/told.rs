//! Invariant 6. One event for each edge, in the same write, numbered without a gap; none lost or invented.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serin::api::Status;
use serin::audit::{Body, Record, verify};
use serin::rollout::{AttemptResult, EventKind, Idle, Promoting, State, Stepping};

use super::{Commit, Fresh, Held};
use crate::audit_schema::violations;
use crate::sim::ledger::Entered;
use crate::sim::process::Life;
use crate::sim::process::sinks::REQUIRED;
use crate::sim::state::Sim;
use crate::sim::words::brief;

/// What is committed has to stay far below what etcd takes.
const MAX_STATUS_BYTES: usize = 160 * 1024;

/// An edge changes phase, step, attempt, revision or outcome; clocks and reasons are no edges.
pub(super) fn one_for_each_edge(commit: &Commit) -> Held {
    // Drift, answers, edits and the silence of a provider are told without another place in the state machine.
    let still = ["drift.", "action.", "provider.", "rollout.spec-changed"];
    let moves = |body: &Body| body.gap.is_none() && !still.iter().any(|family| body.kind.starts_with(family));
    let told = commit.fresh.iter().filter(|(_, body)| body.as_ref().is_some_and(moves)).count();
    let edges = usize::from(place(commit.old.state.as_ref()) != place(commit.new.state.as_ref()));
    if told == edges { Ok(()) } else { Err(format!("{edges} edges, {told} events: {}", kinds(commit.fresh))) }
}

/// Where a state is, without what may move inside it.
fn place(state: Option<&State>) -> String {
    match state {
        None => String::new(),
        Some(State::Installing(at)) => format!("installing {} {}", at.revision, at.overdue),
        Some(State::Adopting(at)) => format!("adopting {} {}", at.revision, at.overdue),
        Some(State::HandingBack(at)) => format!("handing back {}", at.stable),
        Some(State::Idle(at)) => format!("idle {} {} {:?} {:?}", at.stable, at.attempts, at.last, at.restart),
        Some(State::Stepping(at)) => format!("stepping {:?} {} {}", at.attempt, at.step, at.approved),
        Some(State::Approval(at)) => format!("approval {:?} {}", at.attempt, at.step),
        Some(State::Paused(at)) => format!("paused {:?} {}", at.attempt, at.step),
        Some(State::Promoting(at)) => format!("promoting {:?}", at.attempt),
        Some(State::Baking(at)) => format!("baking {:?}", at.attempt),
        Some(State::RollingBack(at)) => format!("rolling back {:?} {:?} {} {}", at.attempt, at.cause, at.overdue, at.blocked),
        Some(State::Deleted(at)) => format!("deleted {:?}", at.stable),
    }
}

/// What changed in the spec is told once, and in its order.
pub(super) fn edits_once(commit: &Commit) -> Held {
    let mut told = commit.sim.ledger.edits;
    for spec in commit.fresh.iter().filter_map(|(_, body)| body.as_ref()?.spec.as_ref()) {
        if spec.from <= told || spec.to < spec.from || spec.changed.is_empty() {
            return Err(format!("{spec:?} after generation {told}"));
        }
        told = spec.to;
    }
    Ok(())
}

/// Every edit was told in the end, but for those of the replicas alone.
pub(super) fn edits_all(sim: &Sim) -> Held {
    let Some(rollout) = sim.server.rollout.as_ref().filter(|rollout| !rollout.deleting) else { return Ok(()) };
    let Some(known) = &rollout.committed.status().memo.spec else { return Ok(()) };
    let fields = &sim.server.spec_of(rollout.generation).fields;
    let untold: Vec<&str> = fields.changed(&known.fields).into_iter().filter(|name| *name != "replicas").collect();
    if untold.is_empty() { Ok(()) } else { Err(format!("{untold:?} since generation {}", known.generation)) }
}

pub(super) fn chained(commit: &Commit) -> Held {
    let (mut seq, mut head) = commit.sim.ledger.head.clone();
    for (record, _) in commit.fresh {
        if record.seq != seq + 1 || record.prev != head {
            return Err(format!("event {} names {} after event {seq} with {head}", record.seq, record.prev));
        }
        (seq, head) = (record.seq, record.hash.clone());
    }
    let newest = commit.new.audit.seq();
    if newest == seq { Ok(()) } else { Err(format!("the newest number is {newest} after {seq}")) }
}

pub(super) fn nothing_lost(commit: &Commit) -> Held {
    let oldest = commit.after.waiting.first().map_or(u64::MAX, |record| record.seq);
    let gap = commit.fresh.iter().filter_map(|(_, body)| body.as_ref()?.gap).next_back();
    for record in commit.before.waiting.iter().filter(|record| record.seq < oldest) {
        let dropped = gap.is_some_and(|gap| (gap.from..=gap.to).contains(&record.seq));
        if !dropped && !commit.sim.delivered(record) {
            return Err(format!("event {} is gone and was never delivered", record.seq));
        }
    }
    Ok(())
}

pub(super) fn drift_once(commit: &Commit) -> Held {
    let Commit { sim, old, new, .. } = commit;
    let told = new.memo.drift.iter().filter(|(revision, at)| old.memo.drift.get(*revision) != Some(*at));
    for (revision, _) in told {
        let before = sim.ledger.drift.get(revision).filter(|_| sim.ledger.jumps == 0);
        if before.is_some_and(|before| sim.now - *before < TimeDelta::minutes(59)) {
            return Err(format!("that of {revision} was told at {before:?}"));
        }
    }
    Ok(())
}

pub(super) fn bounded(commit: &Commit) -> Held {
    let size = commit.after.text.len();
    if size <= MAX_STATUS_BYTES { Ok(()) } else { Err(format!("{size} bytes")) }
}

/// Writes down what later judgements go by.
pub(super) fn note(sim: &mut Sim, life: Life, (old, new): (&Status, &Status), fresh: &[Fresh]) {
    for (record, body) in fresh {
        if let Some(body) = body {
            if let Some(spec) = &body.spec {
                sim.ledger.edits = spec.to;
            }
            if let Some(gap) = body.gap {
                sim.ledger.dropped.extend(gap.from..=gap.to);
            }
            let known = EventKind::ALL.into_iter().map(EventKind::name).find(|name| *name == body.kind);
            sim.ledger.count(known.unwrap_or("audit.gap"));
            if body.kind == EventKind::ApprovalRequested.name() {
                sim.approval_asked();
            }
        }
        sim.ledger.head = (record.seq, record.hash.clone());
        sim.ledger.told.push((record.hash.clone(), record.text.clone()));
    }
    if !fresh.is_empty() {
        sim.stir_users();
    }
    sim.tell(life, |_| {
        let why = new.why.as_ref().map_or(String::new(), |why| format!("{}: {}", why.reason, why.message));
        format!("commits  {} | {} | {why}", brief(new.state.as_ref()), kinds(fresh))
    });
    for (revision, _) in new.memo.drift.iter().filter(|(revision, at)| old.memo.drift.get(*revision) != Some(*at)) {
        sim.ledger.drift.insert(revision.clone(), sim.now);
    }
    let Some(state) = &new.state else { return };
    if let State::Stepping(Stepping { attempt, .. }) = state {
        sim.ledger.beside = Some(attempt.stable.clone());
    }
    if let State::Stepping(Stepping { attempt, step, .. }) = state
        && sim.ledger.entered.is_none_or(|entered| (entered.attempt, entered.step) != (attempt.number, *step))
    {
        sim.ledger.entered = Some(Entered { attempt: attempt.number, step: *step, at: sim.now });
    }
    if let State::Promoting(Promoting { attempt, .. }) = state {
        sim.ledger.passed.insert(attempt.number);
    }
    if let State::Idle(Idle { last, .. }) = state
        && last.result == AttemptResult::Aborted
        && matches!(old.state, Some(State::RollingBack(_)))
    {
        let wanted = sim.server.spec().map(|spec| &spec.intent.revision);
        sim.ledger.rejected = Some(last.revision.clone()).filter(|rejected| wanted == Some(rejected));
    }
    sim.ledger.last_stable = state.stable().cloned();
}

fn kinds(fresh: &[Fresh]) -> String {
    let kinds: Vec<String> = fresh.iter().filter_map(|(_, body)| body.as_ref()).map(|b| format!("#{} {}", b.seq, b.kind)).collect();
    kinds.join(" ")
}

/// Every committed event reached the required sink, in its order, and came again only as it was; and the whole chain verifies.
pub(super) fn delivered(sim: &Sim) -> Held {
    verify(sim.ledger.told.iter().map(|(_, text)| text.as_str())).map_err(|broken| format!("what was committed: {broken}"))?;
    if let Some(violation) = sim.ledger.told.iter().flat_map(|(_, text)| violations(text)).next() {
        return Err(format!("what was committed is not as the schema says: {violation}"));
    }
    let wanted = |seq: &u64| !sim.ledger.dropped.contains(seq);
    let told: Vec<u64> = (1..=sim.ledger.head.0).filter(wanted).collect();
    let got: Vec<u64> = firsts(sim, REQUIRED, |_| true).into_iter().filter(wanted).collect();
    if told == got { Ok(()) } else { Err(format!("told {told:?}, received {got:?}")) }
}

/// The other sink gets from no process an event before one that was told earlier, and all of them where none died and nothing was given up. What a
/// process had under way when it died may come after what the next one sends: nothing waits for this sink.
pub(super) fn best_effort(sim: &Sim) -> Held {
    for life in 1..=sim.lives {
        let got = firsts(sim, REQUIRED + 1, |sender| sender == life);
        if !got.is_sorted() {
            return Err(format!("received {got:?} from process {life}"));
        }
    }
    let got = firsts(sim, REQUIRED + 1, |_| true);
    let lost: u64 = sim.processes.values().flat_map(|process| process.lanes.standings()).map(|standing| standing.lost).sum();
    let all = got.iter().copied().eq(1..=sim.ledger.head.0);
    if all || sim.lives > 1 || lost > 0 || !sim.ledger.dropped.is_empty() { Ok(()) } else { Err(format!("received {got:?} only")) }
}

/// What comes twice has the same id and the same bytes, at every sink.
pub(super) fn same_again(sim: &Sim) -> Held {
    let mut known: BTreeMap<&str, &Record> = BTreeMap::new();
    for (_, record) in sim.sinks.iter().flat_map(|sink| &sink.had) {
        if *known.entry(&record.id).or_insert(record) != record {
            return Err(format!("the id {} has two events: {} and {}", record.id, known[record.id.as_str()].text, record.text));
        }
    }
    Ok(())
}

/// The numbers of the events of this life of the stream that a sink had of these processes, each as it came first.
fn firsts(sim: &Sim, sink: usize, from: impl Fn(Life) -> bool) -> Vec<u64> {
    let hashes: BTreeSet<&str> = sim.ledger.told.iter().map(|(hash, _)| hash.as_str()).collect();
    let mut known = BTreeSet::new();
    let had = sim.sinks[sink].had.iter().filter(|(sender, _)| from(*sender)).map(|(_, record)| record);
    had.filter(|record| hashes.contains(record.hash.as_str()) && known.insert(&record.hash)).map(|record| record.seq).collect()
}
