//! What must hold after every step: the invariants of the design, and what goes without saying.
//!
//! Each is judged where it could break: when a status is committed, when a Deployment's size changes, when a pass sets out to change the
//! cluster, and at the end. Nothing else that happens is ours. Each says in its own words how it was broken.

mod asked;
mod capacity;
mod carried;
mod causes;
mod converges;
mod earned;
mod frozen;
mod kept;
mod passed;
pub(super) mod settled;
mod told;

use serin::api::Status;
use serin::audit::{Body, Record};
use serin::controller::Seen;
use serin::rollout::{Change, Handled, Intent, Lifetime, Revision, State};

use super::ledger::{Strange, Wait};
use super::process::{Life, Plan};
use super::server::objects::{Action, Committed, Rollout};
use super::state::Sim;

/// Whether a promise holds; if not, how it was broken.
type Held = Result<(), String>;

/// An event that was not there before, and what it says.
type Fresh<'a> = (&'a Record, Option<Body>);

/// A status that is about to be committed.
struct Commit<'a> {
    sim: &'a Sim,
    plan: &'a Plan,
    before: &'a Committed,
    after: &'a Committed,
    old: &'a Status,
    new: &'a Status,
    /// Its events that were not there before, and what they say.
    fresh: &'a [Fresh<'a>],
}

/// A Deployment's size that is about to change.
struct Write<'a> {
    sim: &'a Sim,
    plan: &'a Plan,
    intent: &'a Intent,
    /// The state that it follows from.
    state: &'a State,
    revision: &'a Revision,
    from: u32,
    to: u32,
}

/// Judges a status before it is committed, and writes down what it tells.
pub(super) fn committed(sim: &mut Sim, plan: &Plan, before: &Committed, after: &Committed) {
    let (old, new) = (before.status(), after.status());
    let fresh: Vec<Fresh> =
        after.waiting.iter().filter(|record| record.seq > old.audit.seq()).map(|record| (record, record.body().ok())).collect();
    let commit = Commit { sim, plan, before, after, old, new, fresh: &fresh };
    let held = [
        ("3: exposure grows only where it was earned", earned::grows(&commit)),
        ("4: no promotion without a Pass", passed::promoted(&commit)),
        ("a lost status is never taken for a first installation", passed::recovered(&commit)),
        ("a command is done once, in its turn, and for what it was meant", asked::once(&commit)),
        ("drift of a Deployment is told at most once an hour", told::drift_once(&commit)),
        ("6: one event for each edge, in the same write", told::one_for_each_edge(&commit)),
        ("what changed in the spec is told once, and in its order", told::edits_once(&commit)),
        ("6: numbers have no gap and each event names its predecessor", told::chained(&commit)),
        ("6: no event is let go of before the sink has it", told::nothing_lost(&commit)),
        ("an attempt ends only for a cause", causes::ended(&commit)),
        ("a status stays small", told::bounded(&commit)),
    ];
    for (promise, held) in held {
        if let Err(how) = held {
            sim.ledger.violated(promise, format!("{how}\nbefore {:?}\nafter  {:?}", old.state, new.state));
        }
    }
    if let Some((_, step)) = new.state.as_ref().and_then(State::trial)
        && new.evidence.baseline(step) > old.evidence.baseline(step)
    {
        sim.ledger.count("baseline.compared");
    }
    asked::note(sim, old, new);
    told::note(sim, plan.life, (old, new), &fresh);
    converges::note(sim, plan, old, new);
    written(sim, plan, None);
}

/// Judges a Deployment's new size before it is stored.
pub(super) fn scaled(sim: &mut Sim, plan: &Plan, (revision, from, to): (&Revision, u32, u32)) {
    if is_old(sim, plan) {
        sim.ledger.count("old.plan");
        return written(sim, plan, Some(revision));
    }
    let Some(state) = &plan.state else {
        return sim.ledger.violated("nothing is written before the first commit", format!("{revision} from {from} to {to}"));
    };
    let Ok(intent) = &plan.seen.intent else {
        frozen::scaled(sim, plan, state, (revision, from, to));
        return written(sim, plan, Some(revision));
    };
    let write = Write { sim, plan, intent, state, revision, from, to };
    let held = [
        ("1: ready pods never fall below the capacity floor because of us", capacity::kept(&write)),
        ("2: no side gives up weight before the other can carry it", carried::carried(&write)),
        ("3: what we ask for never exceeds what the step grants", earned::granted(&write)),
    ];
    for (promise, held) in held {
        if let Err(how) = held {
            let about = format!("{how}\nstate {state:?}\nreplicas {} capacity {:?}", intent.replicas, intent.capacity);
            sim.ledger.violated(promise, about);
        }
    }
    written(sim, plan, Some(revision));
}

/// Judges what a pass sets out to do.
pub(super) fn about_to_change(sim: &mut Sim, life: Life, changes: &[Change]) {
    let Some(plan) = sim.process(life).and_then(|process| process.plan.clone()) else { return };
    // Answers to commands are written on their own.
    if !changes.is_empty() && changes.iter().all(|change| matches!(change, Change::Answer(_) | Change::Forget { .. })) {
        return;
    }
    if let Err(how) = converges::first_write(&plan, changes) {
        sim.ledger.violated("5: the first write of a rollback waits for nothing", format!("{how}\nstate {:?}", plan.state));
    }
}

/// Judges the deletion of a Deployment.
pub(super) fn deleted(sim: &mut Sim, plan: &Plan, revision: &Revision) {
    if !is_old(sim, plan)
        && let Err(how) = kept::deleted(sim, plan, revision)
    {
        sim.ledger.violated("what serves is never deleted", how);
    }
    written(sim, plan, Some(revision));
}

/// Judges what is written on a command.
pub(super) fn answered(sim: &mut Sim, plan: &Plan, action: &Action, handled: &Handled) {
    if !is_old(sim, plan)
        && let Err(how) = asked::answered(sim, plan, action, handled)
    {
        sim.ledger.violated("a command says what was committed about it", how);
    }
}

/// Judges the end of a Rollout.
pub(super) fn released(sim: &mut Sim, rollout: &Rollout) {
    if let Err(how) = kept::released(sim, rollout) {
        sim.ledger.violated("a Rollout is let go only after its last event was told", how);
    }
    // What nobody took in time is given up with the Rollout.
    sim.ledger.dropped.extend(rollout.committed.waiting.iter().map(|record| record.seq));
}

/// Judges any write but a commit.
pub(super) fn guarded_first(sim: &mut Sim, plan: &Plan, what: &str) {
    if plan.seen.observed.lifetime == Lifetime::Unguarded && what != "guards" {
        sim.ledger.violated("nothing is written before the finalizer", what.to_owned());
    }
}

/// Whether a plan knows nothing of a write that was not its process's own, or that its process had given up: it may be wrong then, and only
/// the fences keep it from harm.
fn is_old(sim: &Sim, plan: &Plan) -> bool {
    if sim.wait == Wait::GivenUp {
        return true;
    }
    let knows = |strange: &Strange| match &strange.revision {
        None => plan.looked >= strange.version,
        Some(revision) => version_of(plan, revision) >= strange.version || !sim.server.deployments.contains_key(revision),
    };
    let matters = |strange: &&Strange| strange.life != plan.life || strange.wait == Wait::GivenUp;
    sim.ledger.strange.iter().filter(matters).any(|strange| !knows(strange))
}

/// The version of a Deployment that a plan goes by; 0 where it knows none.
fn version_of(plan: &Plan, revision: &Revision) -> u64 {
    version_in(&plan.seen, revision)
}

fn version_in(seen: &Seen, revision: &Revision) -> u64 {
    seen.observed.children.get(revision).and_then(|child| child.fence.resource_version.parse().ok()).unwrap_or(0)
}

/// A write of a plan takes effect.
fn written(sim: &mut Sim, plan: &Plan, revision: Option<&Revision>) {
    let (life, version) = (plan.life, sim.server.version + 1);
    let wait = sim.wait;
    sim.ledger.strange.push(Strange { life, wait, revision: revision.cloned(), version });
}
