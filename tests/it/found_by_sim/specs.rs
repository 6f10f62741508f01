//! What is asked for while the spec cannot be read?

use serin::rollout::{Cause, State};

use super::{scales, unreadable};
use crate::given::{Seeing, after, child, decided, failure, idle, noon, rolling_back, seen, stepping, v1, v2};

/// What was asked for last, of which what a spec that cannot be read asks for follows, grew by the surge with each commit.
#[test]
fn a_spec_that_cannot_be_read_asks_for_no_more_from_commit_to_commit() {
    let look = seen().with(v1(), child(2, 2)).with(v2(), child(1, 1));
    let before = unreadable(stepping(10), 2, look);
    let Some(status) = decided(&before, noon()).status else { panic!("it says that it cannot be read") };
    assert_eq!(status.replicas, 2);
}

/// Stable grew by the canary's pods in every pass: what was there was taken for what was wanted.
#[test]
fn a_rollback_whose_spec_cannot_be_read_asks_for_what_was_asked_for_last() {
    for (stable, canary) in [(7, 3), (10, 3), (10, 1)] {
        let look = seen().with(v1(), child(stable, stable)).with(v2(), child(canary, canary));
        let decision = decided(&unreadable(rolling_back(Cause::Failed(failure())), 10, look), after(1));
        let most = scales(&decision.changes).into_iter().filter(|(revision, _)| **revision == v1()).map(|(_, replicas)| replicas).max();
        assert!(most.is_none_or(|most| most == 10), "{stable} and {canary}: {:?}", decision.changes);
    }
}

/// A status whose columns were lost says nothing of replicas: then no side grows above what one side has.
#[test]
fn a_rollback_that_knows_no_replicas_at_all_keeps_the_larger_side() {
    let look = seen().with(v1(), child(4, 4)).with(v2(), child(6, 6));
    let decision = decided(&unreadable(rolling_back(Cause::Failed(failure())), 0, look), after(1));
    assert_eq!(scales(&decision.changes).first(), Some(&(&v1(), 6)));
}

/// A spec that could not be read for a while made a rejected revision be tried again.
#[test]
fn a_spec_that_cannot_be_read_forgets_no_rejected_revision() {
    let State::Idle(mut at) = idle() else { unreachable!("idle is idle") };
    at.rejected = Some(v2());
    let state = State::Idle(at);
    let decision = decided(&unreadable(state.clone(), 10, seen().with(v1(), child(10, 10))), noon());
    assert_eq!(decision.status.and_then(|status| status.state), Some(state));
}
