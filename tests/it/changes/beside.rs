//! Young pods of stable's beside a canary: they never cost capacity, exposure, or a promotion.

use serin::rollout::{Cause, Reach, reach, split};

use super::fleet::{Fleet, LARGEST, Pace, capacity, fleet};
use crate::given::{attempt, failure, idle, promoting, reaching, rolling_back, v1, v2, v3, weight};

const PACES: [Pace; 3] = [Pace::AtOnce, Pace::CanaryFirst, Pace::StableFirst];

fn beside(replicas: u32, surge: u32, pace: Pace) -> Fleet {
    fleet(replicas, capacity(surge, 0, 1), pace).beside_young()
}

#[test]
fn as_many_as_the_canary_has_and_at_most_half_of_stables() {
    let young = |replicas, surge, percent| beside(replicas, surge, Pace::AtOnce).intent.baseline(weight(percent));
    assert_eq!([(10, 10), (10, 25), (10, 50), (10, 80), (10, 99)].map(|(replicas, percent)| young(replicas, 3, percent)), [1, 2, 2, 1, 0]);
    assert_eq!([(4, 25), (4, 50), (4, 75), (2, 50), (1, 50)].map(|(replicas, percent)| young(replicas, 1, percent)), [1, 1, 0, 0, 0]);
    assert_eq!([young(10, 3, 0), young(10, 3, 100)], [0, 0], "nothing shifts");
    assert_eq!(young(10, 0, 10), 0, "no room for a pod more");
    let mut fleet = beside(10, 3, Pace::AtOnce);
    fleet.intent.checks.clear();
    assert_eq!(fleet.intent.baseline(weight(10)), 0, "nothing compares");
}

#[test]
fn every_size_divides_stables_pods_at_every_step_and_has_none_left_at_the_end() {
    for replicas in 1..=LARGEST {
        for surge in [1, 3, replicas] {
            for pace in PACES {
                let mut fleet = beside(replicas, surge, pace);
                for percent in [5, 10, 25, 33, 50, 80, 99] {
                    fleet.step(percent);
                    let (granted, young) =
                        (split(replicas, weight(percent), &fleet.intent.capacity), fleet.intent.baseline(weight(percent)));
                    assert_eq!(fleet.ready(), (granted.stable, granted.canary), "N={replicas} surge={surge} {pace:?} at {percent}%");
                    assert_eq!(fleet.young(), (young, young), "N={replicas} surge={surge} {pace:?} at {percent}%");
                }
                fleet.settle(&promoting());
                assert_eq!(fleet.ready(), (0, replicas), "N={replicas} {pace:?}");
                assert!(!fleet.pods.contains_key(&v1().baseline()), "N={replicas} {pace:?}: {fleet:?}");
            }
        }
    }
}

#[test]
fn a_rollback_from_every_moment_leaves_no_young_pod_and_no_gap() {
    for replicas in 2..=LARGEST {
        for (percent, moments) in [(10, 8), (50, 12), (100, 12)] {
            for moment in 0..moments {
                let mut fleet = beside(replicas, replicas.div_ceil(4), Pace::StableFirst);
                fleet.step(10);
                let state = if percent == 100 { promoting() } else { reaching(percent) };
                for _ in 0..moment {
                    fleet.pass(&state);
                    fleet.tick();
                }
                for cause in [Cause::Failed(failure()), Cause::Superseded(v3()), Cause::Deleted] {
                    let mut fleet = fleet.clone();
                    fleet.settle(&rolling_back(cause));
                    assert_eq!(fleet.ready(), (replicas, 0), "N={replicas} at {percent}%, moment {moment}");
                    assert!(!fleet.pods.contains_key(&v1().baseline()), "N={replicas} at {percent}%, moment {moment}: {fleet:?}");
                }
            }
        }
    }
}

#[test]
fn young_pods_that_never_get_ready_cost_nothing_and_hold_up_no_step() {
    for replicas in 1..=LARGEST {
        let mut fleet = beside(replicas, replicas.div_ceil(4), Pace::NoYoung);
        for percent in [10, 25, 50, 80] {
            let granted = split(replicas, weight(percent), &fleet.intent.capacity);
            fleet.step(percent);
            assert_eq!(fleet.of(&v1()), (granted.stable, granted.stable), "N={replicas} at {percent}%");
            assert_eq!(fleet.of(&v2()), (granted.canary, granted.canary), "N={replicas} at {percent}%");
            assert_eq!(reach(&fleet.intent, &attempt(), weight(percent), &fleet.observe()), Reach::Reached, "N={replicas} at {percent}%");
        }
        fleet.settle(&promoting());
        assert_eq!(fleet.ready(), (0, replicas), "N={replicas}");
    }
}

#[test]
fn old_pods_take_over_from_young_ones_that_die_and_give_way_to_them_again() {
    let mut fleet = beside(10, 3, Pace::AtOnce);
    fleet.step(25);
    let split = (fleet.of(&v1()), fleet.young(), fleet.of(&v2()));
    assert_eq!(split, ((6, 6), (2, 2), (2, 2)));
    fleet.pods.insert(v1().baseline(), (2, 0));
    fleet.pace = Pace::NoYoung;
    fleet.settle(&reaching(25));
    assert_eq!((fleet.of(&v1()), fleet.of(&v2())), ((8, 8), (2, 2)));
    fleet.pace = Pace::AtOnce;
    fleet.settle(&reaching(25));
    assert_eq!((fleet.of(&v1()), fleet.young(), fleet.of(&v2())), split);
}

#[test]
fn those_of_an_earlier_attempt_go_while_nothing_is_in_flight() {
    let mut fleet = beside(4, 1, Pace::AtOnce);
    fleet.pods.insert(v1().baseline(), (2, 2));
    fleet.settle(&idle());
    assert_eq!(fleet.of(&v1()), (4, 4));
    assert!(!fleet.pods.contains_key(&v1().baseline()), "{fleet:?}");
}
