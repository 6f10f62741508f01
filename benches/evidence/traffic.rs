//! Which requests come, and which of them go wrong?

use serin::rollout::{Count, Counts};

use super::scenarios::{EVERY, SHARES, STEP, Scenario};

/// Windows before the rollout that show what stable is like: ten minutes.
pub(crate) const BEFORE: usize = 60;

/// One run.
pub(crate) struct Traffic<'a> {
    scenario: &'a Scenario,
    rng: Rng,
}

/// The requests of one run.
pub(crate) struct Windows {
    /// Stable's before it begins.
    pub(crate) before: Vec<Count>,
    pub(crate) during: Vec<Counts>,
}

impl<'a> Traffic<'a> {
    /// The run of that number: always the same one.
    pub(crate) fn new(scenario: &'a Scenario, run: u32) -> Self {
        let name = scenario.name.bytes().fold(0_u64, |sum, byte| sum * 256 + u64::from(byte));
        Self { scenario, rng: Rng(name.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(run)) }
    }

    pub(crate) fn windows(mut self) -> Windows {
        let before = (0..BEFORE).map(|_| self.requests(1.0, self.scenario.stable)).collect();
        let during = (0..SHARES.len() * STEP).map(|at| self.window(at)).collect();
        Windows { before, during }
    }

    fn window(&mut self, at: usize) -> Counts {
        let Scenario { stable, canary, from, incident, .. } = *self.scenario;
        let share = SHARES[at / STEP];
        let (canary, stable) = match incident {
            Some((begin, end)) if (begin..end).contains(&at) => (0.08, 0.08),
            Some(_) | None => (if at < from { stable } else { canary }, stable),
        };
        Counts { canary: self.requests(share, canary), stable: self.requests(1.0 - share, stable) }
    }

    /// The requests of one side in ten seconds.
    fn requests(&mut self, share: f64, bad: f64) -> Count {
        let expected = self.scenario.rps * f64::from(EVERY) * share;
        let bad = if self.scenario.bursty {
            let clusters = self.rng.poisson(expected * bad / 4.0);
            (0..clusters).map(|_| self.rng.geometric(4.0)).sum()
        } else {
            self.rng.poisson(expected * bad)
        };
        let good = self.rng.poisson((expected - f64::from(bad)).max(0.0));
        Count { total: f64::from(good + bad), bad: f64::from(bad) }
    }
}

/// SplitMix64: the same numbers on every machine.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        (f64::from(bits) + 1.0) / 4_294_967_296.0
    }

    /// Knuth's method in portions that do not underflow.
    fn poisson(&mut self, mean: f64) -> u32 {
        let (mut left, mut count) = (mean, 0);
        while left > 0.0 {
            let limit = (-left.min(100.0)).exp();
            let mut product = self.unit();
            while product > limit {
                count += 1;
                product *= self.unit();
            }
            left -= 100.0;
        }
        count
    }

    /// How many tries until one of `mean` succeeds, on average.
    fn geometric(&mut self, mean: f64) -> u32 {
        let mut tries = 1;
        while self.unit() > 1.0 / mean {
            tries += 1;
        }
        tries
    }
}
