//! How much of something do the pods of each side have, on average?

use super::Scraped;

/// A quantity of both sides in the same minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    /// What the canary's pods have.
    pub canary: Mean,
    /// What stable's pods have.
    pub stable: Mean,
    /// How many of the pods that were ready all the time that tells of, where that is known.
    pub scraped: Option<Scraped>,
}

/// A quantity of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// Pods of which a series tells.
    pub pods: u32,
    /// The mean over those.
    pub mean: f64,
    /// The standard deviation of the logarithms of what each of them has; 0 where nothing can be said of it.
    pub spread: f64,
}

impl Mean {
    /// Of what each pod has.
    pub fn of(pods: &[f64]) -> Self {
        let Some(number) = u32::try_from(pods.len()).ok().filter(|number| *number > 0) else { return Self::default() };
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / f64::from(number);
        let logs = mean(&mut pods.iter().map(|value| value.ln()));
        let squares: f64 = pods.iter().map(|value| (value.ln() - logs).powi(2)).sum();
        let spread = (squares / f64::from(number.saturating_sub(1).max(1))).sqrt();
        // A pod that has nothing has no logarithm.
        Self { pods: number, mean: mean(&mut pods.iter().copied()), spread: if spread.is_finite() { spread } else { 0.0 } }
    }
}

impl Means {
    /// Whether one can be divided by the other.
    pub fn compare(&self) -> bool {
        let some = |side: &Mean| side.pods > 0 && side.mean.is_finite() && side.mean > 0.0;
        some(&self.canary) && some(&self.stable)
    }
}
