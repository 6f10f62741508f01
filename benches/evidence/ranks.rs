//! Does a rank test find the canary's points higher than stable's? The judge of Kayenta, from what is published of it.
//!
//! Each window is one point: the share of bad requests, however many requests that is of; a window without any is left out. The shift between both sides
//! is estimated by Hodges and Lehmann (the middle of all differences), with a confidence of 98 %. It is high where the lower bound is above a quarter of the
//! estimate, and the canary's mean is not below stable's.

use serin::rollout::{Count, Counts};

/// The 99 % point of the normal distribution, for a two-sided confidence of 98 %.
const Z: f64 = 2.326_347_874_040_841;
/// The shift that is tolerated, as a part of its estimate.
const TOLERANCE: f64 = 0.25;

/// Whether the canary's points are higher.
pub(crate) fn higher(windows: &[Counts]) -> bool {
    let canary = points(windows.iter().map(|window| window.canary));
    let stable = points(windows.iter().map(|window| window.stable));
    if canary.is_empty() || stable.is_empty() {
        return false;
    }
    let mut shifts: Vec<f64> = canary.iter().flat_map(|one| stable.iter().map(move |other| one - other)).collect();
    shifts.sort_by(f64::total_cmp);
    let estimate = f64::midpoint(shifts[(shifts.len() - 1) / 2], shifts[shifts.len() / 2]);
    let (n, m) = (number(canary.len()), number(stable.len()));
    // The rank statistic is nearly normal; its bounds are those of the sorted differences.
    let below = n * m / 2.0 - Z * (spread(&canary, &stable) * n * m / 12.0).sqrt() - 0.5;
    let low = (0..shifts.len()).zip(&shifts).take_while(|(index, _)| number(*index) <= below).last().map_or(shifts[0], |(_, shift)| *shift);
    low > TOLERANCE * estimate.abs() && mean(&canary) >= mean(&stable)
}

fn points(counts: impl Iterator<Item = Count>) -> Vec<f64> {
    counts.filter_map(Count::share).collect()
}

/// `N + 1`, less what ties take off.
fn spread(canary: &[f64], stable: &[f64]) -> f64 {
    let mut all: Vec<f64> = canary.iter().chain(stable).copied().collect();
    all.sort_by(f64::total_cmp);
    let total = number(all.len());
    let ties: f64 =
        all.chunk_by(|one, other| one.total_cmp(other).is_eq()).map(|tied| number(tied.len()).powi(3) - number(tied.len())).sum();
    (total + 1.0 - ties / (total * (total - 1.0))).max(0.0)
}

fn mean(points: &[f64]) -> f64 {
    points.iter().sum::<f64>() / number(points.len())
}

fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
