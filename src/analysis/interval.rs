//! Within which bounds does a share lie, for people who read a table?

use crate::rollout::Count;

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Wilson's 95 % interval of the share of bad requests (Wilson 1927). It is shown and decides nothing.
pub fn interval(count: Count) -> (f64, f64) {
    let Count { total, bad } = count.sound();
    let Some(share) = count.sound().share() else { return (0.0, 1.0) };
    let scale = 1.0 + Z * Z / total;
    let middle = (share + Z * Z / (2.0 * total)) / scale;
    let half = Z / scale * (share * (1.0 - share) / total + Z * Z / (4.0 * total * total)).sqrt();
    debug_assert!(bad <= total);
    // Where none is bad the ends meet in theory, and differ by the last digit of a float.
    let low = if bad > 0.0 { (middle - half).max(0.0) } else { 0.0 };
    (low, (middle + half).min(1.0))
}
