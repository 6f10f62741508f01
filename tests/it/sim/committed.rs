//! What must hold whenever a status is committed.

use serin::api::Status;
use serin::audit::{Body, HOLD_AT, Record};
use serin::controller::Seen;
use serin::rollout::{
    Attempt, AttemptResult, Cause, Child, Idle, Intent, Lifetime, Pausing, PodState, Promoting, Reading, RollingBack, State, Stepping,
    Weight,
};

use super::model::Committed;
use super::state::Sim;

/// What is committed has to stay far below what etcd takes.
const MAX_STATUS_BYTES: usize = 160 * 1024;

type Held = Result<(), String>;

/// An event that was committed just now, and what it says.
type Fresh<'a> = (&'a Record, Option<Body>);

/// Checks a status against the one before it, and writes down what it tells.
pub(super) fn check(sim: &mut Sim, before: &Committed, after: &Committed) {
    let Some(seen) = sim.process.seen.clone() else { return };
    let (old, new) = (&before.status, &after.status);
    let fresh: Vec<(&Record, Option<Body>)> =
        after.waiting.iter().filter(|record| record.seq > old.audit.seq()).map(|record| (record, record.body().ok())).collect();
    for (promise, held) in [
        ("one event for each edge, in the same write", one_event_per_edge(old, new, &fresh)),
        ("numbers have no gap and each event names its predecessor", chained(sim, new, &fresh)),
        ("no event is let go of before the sink has it", nothing_lost(sim, before, after, &fresh)),
        ("exposure grows only on a Pass", only_on_a_pass(sim, &seen, before, new)),
        ("no promotion without a Pass", no_promotion_without(sim, old, new)),
        ("an attempt ends only for a cause", only_for_a_cause(sim, &seen, old, new)),
        ("a status stays small", bounded(after)),
    ] {
        if let Err(how) = held {
            let how = format!("{how}\nbefore {:?}\nafter  {:?}", old.state, new.state);
            sim.ledger.violated(promise, how);
        }
    }
    note(sim, old, new, &fresh);
    if !fresh.is_empty() {
        sim.stir_users();
    }
    sim.tell("commit", |_| {
        let why = new.why.as_ref().map_or(String::new(), |why| format!("{}: {}", why.reason, why.message));
        let events: Vec<String> = fresh.iter().filter_map(|(_, body)| body.as_ref()).map(|b| format!("#{} {}", b.seq, b.kind)).collect();
        format!("{} | {} | {why}", brief(new.state.as_ref()), events.join(" "))
    });
}

/// A state in a few words.
pub(super) fn brief(state: Option<&State>) -> String {
    let Some(state) = state else { return "nothing yet".to_owned() };
    let attempt = state.attempt().map_or(String::new(), |a| format!(" {} {}->{}", a.number, a.stable, a.canary));
    let weight = state.trial().map_or(String::new(), |(_, weight)| format!(" {weight}"));
    let stable = if let State::Idle(at) = state { format!(" {} rejected {:?}", at.stable, at.rejected) } else { String::new() };
    format!("{}{attempt}{weight}{stable}", state.phase())
}

/// Writes down what later checks go by.
fn note(sim: &mut Sim, old: &Status, new: &Status, fresh: &[Fresh]) {
    for (record, body) in fresh {
        if let Some(body) = body {
            if let Some(gap) = body.gap {
                sim.ledger.dropped.extend(gap.from..=gap.to);
            }
            sim.ledger.count(kind(&body.kind));
        }
        sim.ledger.head = (record.seq, record.hash.clone());
        sim.ledger.told.push(record.text.clone());
    }
    let Some(state) = &new.state else { return };
    if let State::Stepping(Stepping { attempt, step, .. }) = state
        && sim.ledger.entered.is_none_or(|(number, weight, _)| (number, weight) != (attempt.number, *step))
    {
        sim.ledger.entered = Some((attempt.number, *step, sim.now));
    }
    if let State::Promoting(Promoting { attempt, .. }) = state {
        sim.ledger.passed.insert(attempt.number);
    }
    if let State::Idle(Idle { last, .. }) = state
        && last.result == AttemptResult::Aborted
        && matches!(old.state, Some(State::RollingBack(_)))
    {
        let wanted = sim.server.rollout.as_ref().map(|rollout| &rollout.spec.intent.revision);
        sim.ledger.rejected = Some(last.revision.clone()).filter(|rejected| wanted == Some(rejected));
    }
    sim.ledger.last_stable = state.stable().cloned();
}

fn kind(name: &str) -> &'static str {
    let known = serin::rollout::EventKind::ALL.into_iter().map(serin::rollout::EventKind::name);
    known.into_iter().find(|known| *known == name).unwrap_or("audit.gap")
}

/// Invariant 6. An edge changes phase, step, attempt, revision or outcome; clocks and reasons are no edges.
fn one_event_per_edge(old: &Status, new: &Status, fresh: &[Fresh]) -> Held {
    // Drift and answers are told without another place in the state machine.
    let moves = |body: &Body| body.gap.is_none() && !body.kind.starts_with("drift.") && !body.kind.starts_with("action.");
    let told = fresh.iter().filter(|(_, body)| body.as_ref().is_some_and(moves)).count();
    let edges = usize::from(place(old.state.as_ref()) != place(new.state.as_ref()));
    if told == edges { Ok(()) } else { Err(format!("{edges} edges, {told} events")) }
}

/// Where a state is, without what may move inside it.
fn place(state: Option<&State>) -> String {
    match state {
        None => String::new(),
        Some(State::Installing(at)) => format!("installing {} {}", at.revision, at.overdue),
        Some(State::Adopting(at)) => format!("adopting {} {}", at.revision, at.overdue),
        Some(State::HandingBack(at)) => format!("handing back {}", at.stable),
        Some(State::Idle(at)) => format!("idle {} {} {:?}", at.stable, at.attempts, at.last),
        Some(State::Stepping(at)) => format!("stepping {:?} {}", at.attempt, at.step),
        Some(State::Approval(at)) => format!("approval {:?} {}", at.attempt, at.step),
        Some(State::Paused(at)) => format!("paused {:?} {}", at.attempt, at.step),
        Some(State::Promoting(at)) => format!("promoting {:?}", at.attempt),
        Some(State::Baking(at)) => format!("baking {:?}", at.attempt),
        Some(State::RollingBack(at)) => format!("rolling back {:?} {:?} {} {}", at.attempt, at.cause, at.overdue, at.blocked),
        Some(State::Deleted(at)) => format!("deleted {:?}", at.stable),
    }
}

fn bounded(after: &Committed) -> Held {
    let size = after.text.len();
    if size <= MAX_STATUS_BYTES { Ok(()) } else { Err(format!("{size} bytes")) }
}

fn chained(sim: &Sim, new: &Status, fresh: &[Fresh]) -> Held {
    let (mut seq, mut head) = sim.ledger.head.clone();
    for (record, _) in fresh {
        if record.seq != seq + 1 || record.prev != head {
            return Err(format!("event {} names {} after event {seq} with {head}", record.seq, record.prev));
        }
        (seq, head) = (record.seq, record.hash.clone());
    }
    if new.audit.seq() == seq { Ok(()) } else { Err(format!("the newest number is {} after {seq}", new.audit.seq())) }
}

fn nothing_lost(sim: &Sim, before: &Committed, after: &Committed, fresh: &[Fresh]) -> Held {
    let oldest = after.waiting.first().map_or(u64::MAX, |record| record.seq);
    let gap = fresh.iter().filter_map(|(_, body)| body.as_ref()?.gap).next_back();
    for record in before.waiting.iter().filter(|record| record.seq < oldest) {
        let dropped = gap.is_some_and(|gap| (gap.from..=gap.to).contains(&record.seq));
        if !dropped && !sim.delivered(record) {
            return Err(format!("event {} is gone and was never delivered", record.seq));
        }
    }
    Ok(())
}

/// Invariant 3: more exposure only on evidence of this attempt, gathered at this step, new enough, after its hold.
fn only_on_a_pass(sim: &Sim, seen: &Seen, before: &Committed, new: &Status) -> Held {
    let step = |state: &Option<State>| state.as_ref().and_then(|s| s.trial().map(|(attempt, weight)| (attempt.clone(), weight)));
    match (step(&before.status.state), step(&new.state)) {
        (_, None) => Ok(()),
        (None, Some((attempt, weight))) => may_start(sim, seen, before, (&attempt, weight)),
        (Some((a, from)), Some((b, to))) if a == b && to <= from => Ok(()),
        (Some((a, from)), Some((b, _))) if a == b => may_grow(sim, seen, before, (&a, from)),
        (Some((a, _)), Some((b, _))) => Err(format!("attempt {} follows on attempt {} without an end", b.number, a.number)),
    }
}

fn may_start(sim: &Sim, seen: &Seen, before: &Committed, (attempt, weight): (&Attempt, Weight)) -> Held {
    let intent = seen.intent.as_ref().map_err(|_| "the spec cannot be read".to_owned())?;
    if Some(weight) != intent.steps.first().map(|step| step.weight) {
        return Err(format!("the first step is not {weight}"));
    }
    if sim.ledger.rejected.as_ref() == Some(&attempt.canary) {
        return Err(format!("{} was rejected and the template did not change since", attempt.canary));
    }
    open(seen, intent, attempt, before)
}

/// What has to be so whenever exposure grows.
fn open(seen: &Seen, intent: &Intent, attempt: &Attempt, before: &Committed) -> Held {
    if intent.pausing == Pausing::On || seen.observed.lifetime != Lifetime::Guarded || intent.revision != attempt.canary {
        return Err(format!("paused, being deleted, or {} is not wanted", attempt.canary));
    }
    // What was acknowledged meanwhile does not wait any more.
    let acked = seen.sinks.values().flatten().map(|ack| ack.receipt.seq).max().unwrap_or(0);
    let waiting = before.waiting.iter().filter(|record| record.seq > acked).count();
    if waiting >= HOLD_AT { Err(format!("{waiting} events wait")) } else { Ok(()) }
}

fn may_grow(sim: &Sim, seen: &Seen, before: &Committed, (attempt, from): (&Attempt, Weight)) -> Held {
    let intent = seen.intent.as_ref().map_err(|_| "the spec cannot be read".to_owned())?;
    open(seen, intent, attempt, before)?;
    if !matches!(before.status.state, Some(State::Stepping(_))) {
        return Err("from a state that is no step".to_owned());
    }
    let Some((_, _, entered)) = sim.ledger.entered.filter(|(number, step, _)| (*number, *step) == (attempt.number, from)) else {
        return Err("from a step that was never entered".to_owned());
    };
    if sim.now - entered < intent.hold(from) {
        return Err(format!("{from} was held for {} only", sim.now - entered));
    }
    let canary = seen.observed.children.get(&attempt.canary).map_or(&[][..], |Child { pods, .. }| pods.as_slice());
    if !canary.iter().any(|pod| matches!(pod.state, PodState::Ready { .. })) {
        return Err("no canary pod is ready".to_owned());
    }
    for check in &intent.checks {
        let good = seen.observed.samples.iter().any(|sample| {
            let within =
                |value: f64| check.threshold.max.is_none_or(|max| value <= max) && check.threshold.min.is_none_or(|min| value >= min);
            let passes = matches!(sample.reading, Reading::Value(value) if within(value));
            let fresh = sample.at >= entered && sim.now - sample.at <= intent.every * 3 + chrono::TimeDelta::minutes(2);
            sample.check == check.name && (sample.attempt, sample.step) == (attempt.number, from) && passes && fresh
        });
        if !good {
            return Err(format!("{} did not pass: {:?}", check.name, seen.observed.samples));
        }
    }
    Ok(())
}

/// Invariant 4.
fn no_promotion_without(sim: &Sim, old: &Status, new: &Status) -> Held {
    let Some(State::Idle(idle)) = &new.state else { return Ok(()) };
    let moved = old.state.as_ref().and_then(State::stable).is_some_and(|stable| *stable != idle.stable);
    match &old.state {
        Some(State::Promoting(at)) if idle.stable == at.attempt.canary => {
            let (stable, canary) = (sim.server.desired(&at.attempt.stable), sim.server.desired(&at.attempt.canary));
            let all = sim.ledger.passed.contains(&at.attempt.number) && stable == 0;
            if all { Ok(()) } else { Err(format!("without a Pass, or too early: stable asks for {stable} pods, the canary for {canary}")) }
        }
        _ if moved => Err("stable moved without a promotion".to_owned()),
        _ => Ok(()),
    }
}

/// No attempt is given up without a cause that somebody else can see, too.
fn only_for_a_cause(sim: &Sim, seen: &Seen, old: &Status, new: &Status) -> Held {
    let Some(State::RollingBack(RollingBack { attempt, cause, .. })) = &new.state else { return Ok(()) };
    if matches!(old.state, Some(State::RollingBack(_))) {
        return Ok(());
    }
    let intent = seen.intent.as_ref();
    let waited = |limit: fn(&Intent) -> chrono::TimeDelta, since: chrono::DateTime<chrono::Utc>| {
        // The product counts from its decision, which is a moment before the commit.
        intent.map_or(true, |intent| sim.now - since + chrono::TimeDelta::seconds(10) >= limit(intent))
    };
    let since = sim.ledger.entered.map_or(sim.now, |(_, _, at)| at);
    let truth = sim.truths[&attempt.canary];
    let legal = match cause {
        Cause::Failed(failure) if failure.check == "workload" => {
            sim.ledger.hurt.contains(&attempt.canary) || matches!(truth, super::truth::Truth::Crashing | super::truth::Truth::NoImage)
        }
        Cause::Failed(_) => matches!(truth, super::truth::Truth::BadFrom(_) | super::truth::Truth::Flapping),
        Cause::Unavailable(_) => waited(|intent| intent.deadlines.available, since),
        Cause::Undecided(_) => waited(|intent| intent.deadlines.step, since),
        Cause::Superseded(by) => *by != attempt.canary && intent.is_ok_and(|intent| intent.revision == *by),
        Cause::Deleted => seen.observed.lifetime == Lifetime::Deleting,
        Cause::Unapproved(_) | Cause::Aborted(_) | Cause::Undone(_) => false,
    };
    if legal { Ok(()) } else { Err(format!("{cause:?}, but the revision is {truth:?}")) }
}
