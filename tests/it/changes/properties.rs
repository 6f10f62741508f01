//! Whatever happens to a fleet: no write is unsafe, and it comes to rest where its state wants it.

use proptest::prelude::*;
use serin::rollout::{Baseline, Capacity, Cause, PauseCause, Revision, split};

use super::fleet::{Fleet, LARGEST, PACES, Pace, capacity, fleet};
use crate::given::{failure, idle, paused, promoting, reaching, rolling_back, v1, v2, v3, weight};

/// What may happen to a fleet.
#[derive(Clone, Debug)]
enum Turn {
    /// The attempt stands at that step.
    Step(u32),
    /// It is paused there.
    Pause(u32),
    /// It is promoted.
    Promote,
    /// `spec.replicas` becomes another.
    Resize(u32),
    /// So many ready pods of stable are lost.
    LoseStable(u32),
    /// So many ready pods of the canary are lost.
    LoseCanary(u32),
    /// So many ready young pods of stable's are lost.
    LoseYoung(u32),
    /// The canary is compared with young pods from now on, or no longer.
    Beside(Baseline),
}

fn turns() -> impl Strategy<Value = Vec<(Turn, u8)>> {
    let turn = prop_oneof![
        (1..100_u32).prop_map(Turn::Step),
        (1..100_u32).prop_map(Turn::Pause),
        Just(Turn::Promote),
        (0..=LARGEST).prop_map(Turn::Resize),
        (0..5_u32).prop_map(Turn::LoseStable),
        (0..5_u32).prop_map(Turn::LoseCanary),
        (0..5_u32).prop_map(Turn::LoseYoung),
        prop_oneof![Just(Baseline::Pods), Just(Baseline::Stable)].prop_map(Turn::Beside),
    ];
    proptest::collection::vec((turn, 0..6_u8), 1..8)
}

fn any_capacity() -> impl Strategy<Value = Capacity> {
    (0..8_u32, 0..4_u32, 0..4_u32, 0..2_u32).prop_map(|(surge, missing, abort, floor)| Capacity {
        stable_floor: floor * LARGEST,
        // Where no pod may be too many and none missing, nothing could move: the spec is refused.
        ..capacity(if missing == 0 { surge.max(1) } else { surge }, missing, abort.max(missing))
    })
}

/// Plays the turns, each for a few looks; the writes are looked over by the fleet itself.
fn play(fleet: &mut Fleet, turns: &[(Turn, u8)]) {
    let mut state = reaching(10);
    for (turn, looks) in turns {
        match turn {
            Turn::Step(percent) => state = reaching(*percent),
            Turn::Pause(percent) => state = paused(*percent, PauseCause::Spec, 0),
            Turn::Promote => state = promoting(),
            Turn::Resize(replicas) => fleet.intent.replicas = *replicas,
            Turn::LoseStable(pods) => lose(fleet, &v1(), *pods),
            Turn::LoseCanary(pods) => lose(fleet, &v2(), *pods),
            Turn::LoseYoung(pods) => lose(fleet, &v1().baseline(), *pods),
            Turn::Beside(baseline) => fleet.intent.baseline = *baseline,
        }
        for _ in 0..*looks {
            fleet.pass(&state);
            fleet.tick();
        }
    }
}

fn lose(fleet: &mut Fleet, revision: &Revision, lost: u32) {
    if let Some(pods) = fleet.pods.get_mut(revision) {
        pods.1 = pods.1.saturating_sub(lost);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_write_is_unsafe_and_every_state_comes_to_rest(
        replicas in 1..=LARGEST, capacity in any_capacity(), pace in proptest::sample::select(&PACES[..]), turns in turns(), last in 0..4_u8,
        young in proptest::bool::ANY,
    ) {
        let fleet = fleet(replicas, capacity, pace);
        let mut fleet = if young { fleet.beside_young() } else { fleet };
        play(&mut fleet, &turns);
        let state = match last {
            0 => reaching(50),
            1 => promoting(),
            2 => rolling_back(Cause::Failed(failure())),
            _ => rolling_back(Cause::Superseded(v3())),
        };
        fleet.settle(&state);
        fleet.pace = Pace::AtOnce;
        fleet.settle(&state);
        let all = fleet.intent.replicas;
        let goal = match last {
            0 => { let split = split(all, weight(50), &capacity); (split.stable, split.canary) }
            1 => (0, all),
            _ => (all, 0),
        };
        prop_assert_eq!(fleet.ready(), goal, "{:?}", fleet);
        let beside = if last == 0 { fleet.intent.baseline(weight(50)) } else { 0 };
        prop_assert_eq!(fleet.young(), (beside, beside), "{:?}", fleet);
    }

    #[test]
    fn an_idle_rollout_of_any_size_comes_back_to_stable_alone(
        replicas in 0..=LARGEST, others in proptest::collection::vec((0..8_u32, 0..8_u32), 0..4), stable in (0..30_u32, 0..30_u32),
    ) {
        let mut fleet = fleet(replicas, capacity(1, 0, 0), Pace::StableFirst);
        fleet.pods.insert(v1(), (stable.0, stable.1.min(stable.0)));
        for (number, (desired, ready)) in others.iter().enumerate() {
            fleet.pods.insert(Revision::new(format!("other-{number}")), (*desired, *ready.min(desired)));
        }
        fleet.settle(&idle());
        prop_assert_eq!(fleet.of(&v1()), (replicas, replicas));
        prop_assert!(fleet.pods.iter().all(|(revision, pods)| *revision == v1() || pods.0 == 0), "{:?}", fleet);
    }
}
