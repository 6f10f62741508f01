//! What does a new leader do with what the one before it left, and what does the one before do when it sees that?

use chrono::TimeDelta;
use serin::api::Status;
use serin::controller::Decision;
use serin::rollout::{Cause, Change, Child, Epoch, Memo, Observed, State, Takeover, takeover};

use crate::given::{self, Seeing as _, child, failure, idle, intent, look, noon, rolling_back, seen, stepping, v1, v2, v3};

fn epoch(number: i64) -> Epoch {
    Epoch::new(number)
}

/// What a leader of the second epoch decides of a rollout that was left in the first one.
fn decided(state: State, observed: Observed) -> Decision {
    let status = Status { state: Some(state), memo: Memo { epoch: epoch(1), ..Memo::default() }, ..Status::default() };
    given::decided(&look(status, intent(v2()), observed), noon())
}

/// Ten pods of stable and none of the canary, whose Deployment is there; seen in the second epoch.
fn about_to_raise(stable: i64, canary: i64) -> Observed {
    let carrying = |of: i64, child: Child| Child { epoch: epoch(of), ..child };
    let observed = seen().with(v1(), carrying(stable, child(10, 10))).with(v2(), carrying(canary, child(0, 0)));
    Observed { epoch: epoch(2), ..observed }
}

fn told(decision: &Decision) -> Vec<String> {
    let words = |change: &Change| match change {
        Change::Stamp { revision, epoch, .. } => format!("stamp {revision} with {epoch}"),
        Change::Scale { revision, replicas, direction, .. } => format!("scale {revision} to {replicas}: {direction:?}"),
        other => format!("{other:?}"),
    };
    decision.changes.iter().map(words).collect()
}

#[test]
fn before_anything_is_raised_every_deployment_in_flight_carries_the_new_epoch() {
    let decision = decided(stepping(25), about_to_raise(1, 1));
    assert_eq!(told(&decision), [format!("stamp {} with 2", v1()), format!("stamp {} with 2", v2())]);
    assert_eq!(decision.wake, Some(noon()), "the next pass goes on");
    let kept = decision.status.is_none_or(|status| status.memo.epoch == epoch(1));
    assert!(kept, "not before all of them carry it");
}

#[test]
fn one_that_carries_it_is_not_written_again() {
    assert_eq!(told(&decided(stepping(25), about_to_raise(2, 0))), [format!("stamp {} with 2", v2())]);
}

#[test]
fn once_they_carry_it_the_status_does_and_the_rollout_goes_on() {
    let decision = decided(stepping(25), about_to_raise(2, 2));
    assert_eq!(decision.status.as_ref().map(|status| status.memo.epoch), Some(epoch(2)));
    assert!(told(&decision).iter().any(|change| change.contains("Raise")), "{:?}", told(&decision));
}

#[test]
fn what_brings_stable_back_does_not_wait_for_that() {
    let state = rolling_back(Cause::Failed(failure()));
    let carrying = |child: Child| Child { epoch: epoch(1), ..child };
    let observed = Observed { epoch: epoch(2), ..seen().with(v1(), carrying(child(5, 5))).with(v2(), carrying(child(5, 5))) };
    let told = told(&decided(state, observed));
    assert_eq!(told[0], format!("scale {} to 10: Lower", v1()));
    assert!(!told.iter().any(|change| change.contains("Raise")), "{told:?}");
    assert!(!told.contains(&format!("stamp {} with 2", v1())), "its scale fences it already: {told:?}");
}

#[test]
fn no_epoch_is_written_where_nothing_is_in_flight() {
    let observed = Observed { epoch: epoch(2), ..seen().with(v1(), child(10, 10)).with(v2(), child(0, 0)) };
    let told = told(&decided(idle(), observed));
    assert!(!told.iter().any(|change| change.starts_with("stamp")), "{told:?}");
}

#[test]
fn who_sees_a_higher_epoch_than_its_own_does_nothing() {
    for observed in [about_to_raise(3, 1), about_to_raise(1, 3), Observed { epoch: Epoch::default(), ..about_to_raise(1, 1) }] {
        let decision = decided(stepping(25), observed);
        assert_eq!((decision.status, decision.changes.len(), decision.answers.len(), decision.asks.len()), (None, 0, 0, 0));
        assert_eq!(decision.wake, Some(noon() + TimeDelta::seconds(2)), "it looks again whether the lease is still its own");
    }
}

#[test]
fn what_is_made_carries_the_epoch_from_the_beginning() {
    let observed = Observed { epoch: epoch(1), ..seen().with(v1(), Child { epoch: epoch(1), ..child(10, 10) }).accepting(v2()) };
    let decision = decided(stepping(25), observed);
    let made = decision.changes.iter().find_map(|change| if let Change::Create { epoch, .. } = change { Some(*epoch) } else { None });
    assert_eq!(made, Some(epoch(1)), "{:?}", told(&decision));
}

#[test]
fn a_leader_that_stays_takes_nothing_over() {
    let taken = |memo: i64, seen: &Observed| takeover(Some(&stepping(25)), &Memo { epoch: epoch(memo), ..Memo::default() }, seen);
    assert_eq!(taken(2, &about_to_raise(1, 2)), Takeover::None);
    assert_eq!(taken(1, &about_to_raise(2, 2)), Takeover::Done);
}

#[test]
fn another_deployment_carries_the_new_epoch_where_it_has_pods() {
    let stamped = |pods| {
        let observed = about_to_raise(2, 2).with(v3(), Child { epoch: epoch(1), ..child(pods, pods) });
        told(&decided(stepping(25), observed)).contains(&format!("stamp {} with 2", v3()))
    };
    assert!(stamped(1));
    assert!(!stamped(0));
}
