//! What the simulator found, once more as tables: each of these was a run that broke a promise.

use std::collections::BTreeMap;

use serin::api::{Invalid, Status};
use serin::audit::{Cluster, Teller};
use serin::controller::{Key, Seen, decide};
use serin::rollout::{Cause, Change, Child, Observed, PodState, Revision, Settled, State, changes};

use crate::given::{Seeing, after, child, failure, idle, intent, noon, promoting, rolling_back, seen, v1, v2};

/// Which revision gets how many replicas.
fn scales(changes: &[Change]) -> Vec<(&Revision, u32)> {
    changes.iter().filter_map(scale).collect()
}

fn scale(change: &Change) -> Option<(&Revision, u32)> {
    match change {
        Change::Scale { revision, replicas, .. } => Some((revision, *replicas)),
        Change::Guard
        | Change::Record { .. }
        | Change::Create { .. }
        | Change::Mark { .. }
        | Change::Repair { .. }
        | Change::Restart { .. }
        | Change::Prune { .. }
        | Change::Discard { .. }
        | Change::Hold { .. }
        | Change::Unpause { .. }
        | Change::ScaleHeld { .. }
        | Change::LetGo { .. }
        | Change::Answer(_)
        | Change::Forget { .. }
        | Change::Release => None,
    }
}

/// Scaled a moment ago: the status still speaks of the pods of an older spec.
fn just_scaled(desired: u32, available: u32) -> Child {
    Child { settled: Settled::Unseen, ..child(desired, available) }
}

/// Stable had been scaled to zero, a check failed, stable was scaled up again: the zero pods that were left counted as ten, the canary went,
/// and nothing served.
#[test]
fn pods_that_an_older_spec_has_taken_away_carry_no_rollback() {
    let state = rolling_back(Cause::Failed(failure()));
    let look = |stable| seen().with(v1(), stable).with(v2(), child(10, 10));
    assert_eq!(scales(&changes(&intent(v2()), &state, &look(just_scaled(10, 10)))), [(&v2(), 8)]);
    assert_eq!(scales(&changes(&intent(v2()), &state, &look(child(10, 10)))), [(&v2(), 0)]);
}

/// The same the other way round: stable went while nobody knew how many pods the canary had.
#[test]
fn pods_that_an_older_spec_has_taken_away_carry_no_promotion() {
    let look = |canary| seen().with(v1(), child(5, 5)).with(v2(), canary);
    assert_eq!(scales(&changes(&intent(v2()), &promoting(), &look(just_scaled(10, 10)))), []);
    assert_eq!(scales(&changes(&intent(v2()), &promoting(), &look(child(10, 10)))), [(&v1(), 0)]);
}

/// The Deployment's status may be older than what is known of its pods.
#[test]
fn only_pods_that_are_ready_carry_a_rollback() {
    let mut stable = child(10, 10);
    for pod in stable.pods.iter_mut().skip(3) {
        pod.state = PodState::Leaving;
    }
    let look = seen().with(v1(), stable).with(v2(), child(10, 10));
    let state = rolling_back(Cause::Failed(failure()));
    assert_eq!(scales(&changes(&intent(v2()), &state, &look)), [(&v2(), 5)], "a floor of 8 less the 3 that are ready");
}

fn unreadable(state: State, replicas: i64, observed: Observed) -> Seen {
    Seen {
        version: "7".to_owned(),
        generation: 3,
        uid: "uid".to_owned(),
        intent: Err(Invalid::NoRoom),
        replicas: None,
        status: Ok(Status { state: Some(state), replicas, ..Status::default() }),
        observed,
        sinks: BTreeMap::new(),
        teller: Teller { cluster: Cluster { name: "test".to_owned(), uid: None }, controller: "serin".to_owned() },
    }
}

fn key() -> Key {
    Key { namespace: "shop".to_owned(), name: "checkout".to_owned() }
}

/// Stable grew by the canary's pods in every pass: what was there was taken for what was wanted.
#[test]
fn a_rollback_whose_spec_cannot_be_read_asks_for_what_was_asked_for_last() {
    for (stable, canary) in [(7, 3), (10, 3), (10, 1)] {
        let look = seen().with(v1(), child(stable, stable)).with(v2(), child(canary, canary));
        let decision = decide(&key(), &unreadable(rolling_back(Cause::Failed(failure())), 10, look), after(1));
        let most = scales(&decision.changes).into_iter().filter(|(revision, _)| **revision == v1()).map(|(_, replicas)| replicas).max();
        assert!(most.is_none_or(|most| most == 10), "{stable} and {canary}: {:?}", decision.changes);
    }
}

/// A status whose columns were lost says nothing of replicas: then no side grows above what one side has.
#[test]
fn a_rollback_that_knows_no_replicas_at_all_keeps_the_larger_side() {
    let look = seen().with(v1(), child(4, 4)).with(v2(), child(6, 6));
    let decision = decide(&key(), &unreadable(rolling_back(Cause::Failed(failure())), 0, look), after(1));
    assert_eq!(scales(&decision.changes).first(), Some(&(&v1(), 6)));
}

/// A spec that could not be read for a while made a rejected revision be tried again.
#[test]
fn a_spec_that_cannot_be_read_forgets_no_rejected_revision() {
    let State::Idle(mut at) = idle() else { unreachable!("idle is idle") };
    at.rejected = Some(v2());
    let state = State::Idle(at);
    let decision = decide(&key(), &unreadable(state.clone(), 10, seen().with(v1(), child(10, 10))), noon());
    assert_eq!(decision.status.and_then(|status| status.state), Some(state));
}
