//! How much evidence is enough, and what do several metrics say together?

use std::fmt;

/// The odds that decide, as the logarithm of their first number: 20:1 for a confidence of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Need(f64);

impl Need {
    /// The odds for an error rate: 1/0.05 = 20:1.
    pub fn for_errors(alpha: f64) -> Self {
        Self(-alpha.ln())
    }

    /// Whether evidence, as a logarithm, is enough.
    pub fn reached(self, evidence: f64) -> bool {
        evidence >= self.0
    }

    /// The logarithm.
    pub const fn log(self) -> f64 {
        self.0
    }

    /// The most that one window may add: half of the way, so that at least three windows have to agree. (Two of them reach it only from a
    /// whole stake, and a part of that is always in reserve or on other alternatives.)
    pub fn most(self) -> f64 {
        self.0 / 2.0
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}:1", self.0.exp())
    }
}

/// The mean of the evidence of several metrics, given as logarithms and weights that sum to 1: again evidence, however they depend on each other.
pub fn mean(evidence: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let weighted: Vec<f64> = evidence.into_iter().map(|(log, weight)| log + weight.ln()).collect();
    log_sum_exp(&weighted)
}

/// The logarithm of a sum whose terms are given as logarithms, without overflow.
pub(super) fn log_sum_exp(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln()
}
