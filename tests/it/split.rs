//! Splitting replicas: a property for every size, and the numbers that people ask about.

use chrono::TimeDelta;
use serin::rollout::{Capacity, Intent, Split, Step, Weight, default_weights, split};

use crate::given::{intent, v1, weight};

fn capacity(surge: u32) -> Capacity {
    Capacity { surge, max_unavailable: 0, abort_unavailable: 0, stable_floor: 0 }
}

fn at(replicas: u32, percent: u32, surge: u32) -> (u32, u32) {
    let Split { stable, canary } = split(replicas, weight(percent), &capacity(surge));
    (stable, canary)
}

/// How far a share is from its weight, in points.
fn error(Split { stable, canary }: Split, weight: u32) -> f64 {
    (f64::from(canary) / f64::from(stable + canary) * 100.0 - f64::from(weight)).abs()
}

#[test]
fn every_split_stays_within_its_pods_and_never_starves_a_side() {
    for replicas in 1..=60 {
        for surge in 0..=replicas {
            for percent in 0..=100 {
                let got = split(replicas, weight(percent), &capacity(surge));
                let case = format!("N={replicas} surge={surge} w={percent}: {got:?}");
                // One pod cannot be split: there a second one is allowed even without surge.
                let most = if (1..100).contains(&percent) { (replicas + surge).max(2) } else { replicas };
                assert!((replicas..=most).contains(&got.total()), "{case}");
                assert_eq!(got.canary == 0, percent == 0, "{case}");
                assert_eq!(got.stable == 0, percent == 100, "{case}");
            }
        }
    }
}

#[test]
fn a_step_is_far_from_what_pods_can_give_by_more_than_ten_points() {
    let told = |percent| {
        let step = Step { weight: weight(percent), hold: TimeDelta::zero(), approval: None };
        Intent { replicas: 5, steps: vec![step], capacity: capacity(0), ..intent(v1()) }.far_steps()
    };
    assert_eq!(told(10), None);
    assert_eq!(told(9).as_deref(), Some("with 5 replicas 9% becomes 20%; use other weights, more replicas or more surge"));
}

#[test]
fn an_extra_pod_is_used_only_where_it_brings_the_share_more_than_five_points_closer() {
    for replicas in 2..=60 {
        for surge in 0..=replicas {
            for percent in 1..=99 {
                let got = split(replicas, weight(percent), &capacity(surge));
                let without = split(replicas, weight(percent), &capacity(0));
                let case = format!("N={replicas} surge={surge} w={percent}: {got:?}, without surge {without:?}");
                if got.total() > replicas {
                    assert!(error(got, percent) < error(without, percent) - 5.0, "{case}");
                } else {
                    assert_eq!(got, without, "{case}");
                }
            }
        }
    }
}

#[test]
fn no_other_split_of_the_same_pods_is_nearer() {
    for total in 2..=60 {
        for percent in 1..=99 {
            let got = split(total, weight(percent), &capacity(0));
            let best = (1..total).map(|canary| error(Split { stable: total - canary, canary }, percent)).fold(f64::MAX, f64::min);
            assert!(error(got, percent) <= best + 1e-9, "N={total} w={percent}: {got:?}");
        }
    }
}

#[test]
fn the_splits_that_peers_get_wrong_keep_both_sides() {
    assert_eq!(at(2, 75, 0), (1, 1));
    assert_eq!(at(5, 90, 0), (1, 4));
    assert_eq!(at(10, 95, 0), (1, 9));
    assert_eq!(at(25, 98, 0), (1, 24));
    assert_eq!(at(50, 99, 0), (1, 49));
    assert_eq!(at(1, 10, 0), (1, 1));
}

#[test]
fn ten_replicas_step_as_the_readme_says() {
    assert_eq!([10, 25, 50].map(|w| at(10, w, 3)), [(9, 1), (8, 2), (5, 5)]);
}

#[test]
fn a_stable_floor_keeps_stable_whole_and_adds_the_canary_on_top() {
    let floor = Capacity { stable_floor: 10, ..capacity(3) };
    assert_eq!(split(10, weight(50), &floor), Split { stable: 10, canary: 10 });
    assert_eq!(split(10, weight(10), &floor), Split { stable: 10, canary: 1 });
    assert_eq!(split(10, weight(90), &floor), Split { stable: 10, canary: 10 }, "never more canary pods than replicas");
    let half = Capacity { stable_floor: 5, ..capacity(3) };
    assert_eq!(split(10, weight(60), &half), Split { stable: 5, canary: 8 }, "7.5 is nearer to 8");
    assert_eq!(split(10, weight(40), &half), split(10, weight(40), &capacity(3)), "stable has more than that anyway");
}

#[test]
fn left_out_steps_are_the_distinct_shares_that_can_be_had() {
    let weights = |replicas, surge| default_weights(replicas, &capacity(surge)).into_iter().map(Weight::percent).collect::<Vec<_>>();
    assert_eq!(weights(10, 3), [10, 20, 50]);
    assert_eq!(weights(4, 1), [25, 50]);
    assert_eq!(weights(1, 1), [50]);
    assert_eq!(weights(2, 1), [33, 50]);
}

#[test]
fn left_out_steps_increase_and_each_is_the_share_that_it_names() {
    for replicas in 1..=60 {
        for surge in 0..=replicas {
            let weights = default_weights(replicas, &capacity(surge));
            assert!(weights.windows(2).all(|pair| pair[0] < pair[1]), "N={replicas} surge={surge}: {weights:?}");
            assert!(!weights.is_empty(), "N={replicas} surge={surge}");
            for weight in &weights {
                let got = split(replicas, *weight, &capacity(surge));
                assert_eq!(got.percent(), weight.percent(), "N={replicas} surge={surge} w={weight}: {got:?}");
            }
        }
    }
}

#[test]
fn a_larger_weight_never_gets_a_smaller_share() {
    for replicas in 1..=60 {
        for surge in 0..=replicas {
            for percent in 0..100 {
                let (one, more) =
                    (split(replicas, weight(percent), &capacity(surge)), split(replicas, weight(percent + 1), &capacity(surge)));
                assert!(one.permille() <= more.permille(), "N={replicas} surge={surge} w={percent}: {one:?}, then {more:?}");
            }
        }
    }
}

#[test]
fn a_step_is_told_by_its_place() {
    let place = |percent| intent(v1()).position(weight(percent));
    assert_eq!([5, 10, 24, 25, 50, 100].map(place), [1, 1, 1, 2, 3, 3]);
}
