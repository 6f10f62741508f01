//! Whole ways of a fleet, for every size.

use serin::rollout::{Capacity, Cause, Installing, PauseCause, State, split};

use super::fleet::{LARGEST, Pace, capacity, fleet};
use crate::given::{failure, idle, installing, paused, promoting, reaching, rolling_back, v1, v2, v3, weight};

/// Surge and missing pods that a rollout of that size can be given; where both are 0 nothing could move.
fn capacities(replicas: u32) -> impl Iterator<Item = Capacity> {
    let few = move |n: u32| n.min(replicas);
    [(1, 0), (0, 1), (few(3), 0), (few(2), few(2)), (0, replicas), (replicas, 0)].into_iter().map(move |(s, m)| capacity(s, m, few(2)))
}

#[test]
fn every_size_steps_to_its_promotion_and_every_moment_is_safe() {
    for replicas in 1..=LARGEST {
        for capacity in capacities(replicas) {
            for pace in [Pace::AtOnce, Pace::CanaryFirst, Pace::StableFirst] {
                let mut fleet = fleet(replicas, capacity, pace);
                for percent in [5, 10, 25, 33, 50, 80, 99] {
                    fleet.step(percent);
                    let granted = split(replicas, weight(percent), &capacity);
                    assert_eq!(fleet.ready(), (granted.stable, granted.canary), "N={replicas} {capacity:?} {pace:?} at {percent}%");
                }
                fleet.settle(&promoting());
                assert_eq!(fleet.ready(), (0, replicas), "N={replicas} {capacity:?} {pace:?}");
            }
        }
    }
}

#[test]
fn a_rollback_from_every_moment_of_every_step_ends_with_stable_alone() {
    for replicas in 1..=LARGEST {
        for capacity in capacities(replicas) {
            for (percent, moments) in [(10, 4), (50, 8), (100, 8)] {
                for moment in 0..moments {
                    let mut fleet = fleet(replicas, capacity, Pace::StableFirst);
                    let state = if percent == 100 { promoting() } else { reaching(percent) };
                    for _ in 0..moment {
                        fleet.pass(&state);
                        fleet.tick();
                    }
                    for cause in [Cause::Failed(failure()), Cause::Superseded(v3()), Cause::Deleted] {
                        let mut fleet = fleet.clone();
                        fleet.settle(&rolling_back(cause));
                        assert_eq!(fleet.ready(), (replicas, 0), "N={replicas} {capacity:?} at {percent}%, moment {moment}");
                    }
                }
            }
        }
    }
}

#[test]
fn four_to_eight_and_back_at_half_keeps_the_ratio_and_the_canary_shrinks_first() {
    for pace in [Pace::AtOnce, Pace::CanaryFirst, Pace::StableFirst] {
        let mut fleet = fleet(4, capacity(1, 0, 1), pace);
        fleet.step(50);
        assert_eq!(fleet.ready(), (2, 2));
        fleet.intent.replicas = 8;
        let mut stages = Vec::new();
        fleet.settle_watched(&reaching(50), |fleet| stages.push(fleet.wanted()));
        assert_eq!(fleet.ready(), (4, 4));
        stages.dedup();
        assert_eq!(stages, [(4, 2), (4, 4)], "stable grows first");
        fleet.intent.replicas = 4;
        stages.clear();
        fleet.settle_watched(&reaching(50), |fleet| stages.push(fleet.wanted()));
        assert_eq!(fleet.ready(), (2, 2));
        stages.dedup();
        assert_eq!(stages, [(4, 2), (2, 2)], "the canary shrinks first");
    }
}

#[test]
fn a_canary_that_never_gets_ready_costs_stable_no_pod() {
    for replicas in 1..=LARGEST {
        let mut fleet = fleet(replicas, capacity(1, 0, 1), Pace::NoCanary);
        fleet.settle_watched(&reaching(10), |fleet| assert_eq!(fleet.ready().0, replicas));
        fleet.settle(&rolling_back(Cause::Unavailable("0 of 1 canary pods are available".to_owned())));
        assert_eq!(fleet.wanted(), (replicas, 0));
    }
}

#[test]
fn a_stable_that_cannot_start_again_keeps_the_canary_serving() {
    let mut fleet = fleet(10, capacity(3, 0, 2), Pace::AtOnce);
    fleet.step(50);
    fleet.pace = Pace::Never;
    fleet.settle(&rolling_back(Cause::Superseded(v3())));
    assert_eq!((fleet.wanted(), fleet.ready()), ((10, 5), (5, 5)), "no pod may be missing");
    fleet.settle(&rolling_back(Cause::Failed(failure())));
    assert_eq!((fleet.wanted(), fleet.ready()), ((10, 3), (5, 3)), "two may be missing in a rollback from a fail");
    fleet.pace = Pace::AtOnce;
    fleet.settle(&rolling_back(Cause::Failed(failure())));
    assert_eq!(fleet.ready(), (10, 0), "it goes on once the cause is gone");
}

#[test]
fn a_stable_floor_keeps_stable_whole_until_the_promotion() {
    let mut fleet = fleet(10, Capacity { stable_floor: 10, ..capacity(3, 0, 2) }, Pace::StableFirst);
    for percent in [10, 25, 50] {
        fleet.step(percent);
        assert_eq!(fleet.ready().0, 10);
    }
    let whole = fleet.clone();
    fleet.settle(&promoting());
    assert_eq!(fleet.ready(), (0, 10));
    let mut back = whole;
    back.pace = Pace::Never;
    back.settle(&rolling_back(Cause::Superseded(v3())));
    assert_eq!(back.ready(), (10, 0), "a rollback waits for no pod");
}

#[test]
fn a_first_revision_is_replaced_without_losing_what_serves() {
    let mut fleet = fleet(6, capacity(2, 0, 1), Pace::StableFirst);
    fleet.pods = [(v1(), (6, 4))].into();
    let State::Installing(at) = installing() else { panic!("installing") };
    fleet.settle(&State::Installing(Installing { revision: v2(), ..at }));
    assert_eq!(fleet.ready(), (0, 6));
}

#[test]
fn nothing_is_written_twice_for_what_is_settled() {
    let mut fleet = fleet(10, capacity(3, 0, 2), Pace::AtOnce);
    for state in [idle(), reaching(10), paused(10, PauseCause::Spec, 0), promoting(), rolling_back(Cause::Failed(failure()))] {
        fleet.settle(&state);
        for _ in 0..10 {
            assert!(!fleet.pass(&state), "{state:?}: {fleet:?}");
        }
    }
}
