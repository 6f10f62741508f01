//! How many pods give a canary its share, where pods are the only way to shift traffic.

use super::{Capacity, Weight};

/// Pods of both tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Pods of the stable revision.
    pub stable: u32,
    /// Pods of the canary.
    pub canary: u32,
}

/// Extra pods are spent only where they bring the share closer by more than this many points.
const WORTH_A_POD: u64 = 5;

impl Split {
    /// All pods.
    pub const fn total(self) -> u32 {
        self.stable.saturating_add(self.canary)
    }

    /// The canary's share in tenths of a percent, rounded down.
    pub fn permille(self) -> u32 {
        permille(self.canary, self.total())
    }

    /// The canary's share in percent, rounded to the nearest.
    pub fn percent(self) -> u32 {
        (self.permille() + 5) / 10
    }

    /// How far the share is from `weight`, as a fraction of points: (numerator, denominator).
    fn error(self, weight: Weight) -> (u64, u64) {
        let total = u64::from(self.total());
        (u64::from(self.canary).saturating_mul(100).abs_diff(u64::from(weight.percent()) * total), total)
    }
}

/// `part` of `whole` in tenths of a percent, rounded down; nothing of nothing is nothing.
pub(super) fn permille(part: u32, whole: u32) -> u32 {
    if whole == 0 { 0 } else { u32::try_from(u64::from(part) * 1000 / u64::from(whole)).unwrap_or(1000) }
}

/// The pods that come nearest to `weight` for `replicas`.
///
/// The total lies in `replicas ..= replicas + surge`. Extra pods are used only where they cut the error by more than five
/// points; then fewer pods win, then more stable ones. Above 0 there is at least one canary pod, below 100 at least one
/// stable pod, even where `replicas` is 1 and nothing may surge. A stable floor lifts the total above that, up to as many
/// canary pods as `replicas`.
pub fn split(replicas: u32, weight: Weight, capacity: &Capacity) -> Split {
    match weight.percent() {
        0 => Split { stable: replicas, canary: 0 },
        100 => Split { stable: 0, canary: replicas },
        _ if replicas == 0 => Split { stable: 0, canary: 0 },
        _ if capacity.stable_floor > 0 => above_floor(replicas, weight, capacity),
        _ => (replicas..=replicas.saturating_add(capacity.surge))
            .map(|total| nearest(total.max(2), weight))
            .reduce(|best, next| if is_worth_it(best, next, weight) { next } else { best })
            .unwrap_or_else(|| nearest(replicas.max(2), weight)),
    }
}

/// The nearest share among exactly `total` pods, at least one on each side; more stable where two are equally near.
fn nearest(total: u32, weight: Weight) -> Split {
    let of = |canary: u32| Split { stable: total - canary, canary };
    let low = u32::try_from(u64::from(total) * u64::from(weight.percent()) / 100).unwrap_or(total).clamp(1, total - 1);
    let high = (low + 1).min(total - 1);
    if of(high).error(weight) < of(low).error(weight) { of(high) } else { of(low) }
}

/// Whether `next`, which has more pods, is nearer by more than [`WORTH_A_POD`] points.
fn is_worth_it(best: Split, next: Split, weight: Weight) -> bool {
    let ((n, n_of), (b, b_of)) = (next.error(weight), best.error(weight));
    (b * n_of).saturating_sub(n * b_of) > WORTH_A_POD * n_of * b_of
}

/// Stable keeps at least its floor; the canary gets the share that is nearest on top of it.
fn above_floor(replicas: u32, weight: Weight, capacity: &Capacity) -> Split {
    let plain = split(replicas, weight, &Capacity { stable_floor: 0, ..*capacity });
    let stable = capacity.stable_floor.min(replicas);
    if plain.stable >= stable {
        return plain;
    }
    let share = u64::from(weight.percent());
    let canary = u32::try_from((u64::from(stable) * share + (100 - share) / 2) / (100 - share)).unwrap_or(replicas);
    Split { stable, canary: canary.clamp(1, replicas) }
}

/// The weights of a rollout that names no steps: the distinct attainable shares nearest to 10, 25 and 50 percent.
pub fn default_weights(replicas: u32, capacity: &Capacity) -> Vec<Weight> {
    let mut weights: Vec<Weight> = [10, 25, 50]
        .into_iter()
        .filter_map(Weight::new)
        .filter_map(|wanted| Weight::new(split(replicas, wanted, capacity).percent()))
        .filter(|w| (1..100).contains(&w.percent()))
        .collect();
    weights.dedup();
    weights
}
