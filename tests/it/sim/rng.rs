//! Where does chance come from? From one seed, so that a run can be run again.

use chrono::TimeDelta;

/// SplitMix64: small, fast, and the same on every machine.
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high - low) + 1;
        low + u32::try_from(self.next() % span).expect("below the span")
    }

    /// True in `permille` of a thousand cases.
    pub(super) fn chance(&mut self, permille: u32) -> bool {
        permille > 0 && self.between(1, 1000) <= permille
    }

    /// A duration from `low` to `high` milliseconds.
    pub(super) fn millis(&mut self, low: u32, high: u32) -> TimeDelta {
        TimeDelta::milliseconds(i64::from(self.between(low, high)))
    }

    /// One of several; there has to be one.
    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.between(0, u32::try_from(from.len()).expect("few") - 1) as usize].clone()
    }
}
