//! Which pods carry traffic?

use serin::rollout::{Cause, Change, Child, PodState, Settled, changes};

use super::scales;
use crate::given::{Seeing, child, failure, intent, promoting, rolling_back, seen, v1, v2};

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

/// Somebody scaled the canary down below what a rollback wanted in its first step; the write was tried again on what was there by then, and
/// brought canary pods back. Whoever tries again knows what the decision was about, not what the watch has brought since.
#[test]
fn a_scale_says_which_replicas_were_looked_at() {
    let look = seen().with(v1(), just_scaled(0, 0)).with(v2(), child(10, 10));
    let changes = changes(&intent(v2()), &rolling_back(Cause::Failed(failure())), &look);
    let from = |change: &Change| if let Change::Scale { from, replicas, .. } = change { Some((*from, *replicas)) } else { None };
    assert_eq!(changes.iter().filter_map(from).collect::<Vec<_>>(), [(0, 10), (10, 8)]);
}
