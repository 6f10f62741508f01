//! Do a service's bad requests come in bursts?

use super::super::number_of;
use crate::rollout::Count;

/// Fewer windows say nothing of their spread.
const FEWEST_WINDOWS: usize = 6;
/// Nor do fewer bad requests.
const FEWEST_BAD: f64 = 10.0;
/// Beyond, the counts are no requests.
const LARGEST: f64 = 50.0;

/// How many times wider stable's bad requests are spread over its windows than independent ones would be: the *design effect*, from 1 to 50.
///
/// It is `m/(m-1) sum (x - n p)^2 / (N p (1 - p))` over m windows, where p is their common share: Pearson's statistic over its degrees of
/// freedom (McCullagh and Nelder, Generalized Linear Models, 4.5). Stable's, so that the canary's own harm cannot hide itself, and from windows
/// before the one that it is used for, so that it is known beforehand.
pub fn dispersion(windows: impl IntoIterator<Item = Count>) -> f64 {
    let windows: Vec<Count> = windows.into_iter().filter(|window| window.total > 0.0).collect();
    let all = windows.iter().fold(Count::default(), |sum, window| sum.plus(*window));
    let share = all.share().unwrap_or(1.0);
    if windows.len() < FEWEST_WINDOWS || all.bad < FEWEST_BAD || share >= 1.0 {
        return 1.0;
    }
    let number = number_of(&windows);
    let spread: f64 = windows.iter().map(|window| (window.bad - window.total * share).powi(2)).sum();
    (spread * number / (number - 1.0) / (all.total * share * (1.0 - share))).clamp(1.0, LARGEST)
}
