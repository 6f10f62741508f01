//! Is something broken that both sides share? Then the canary is not blamed for it, and exposure does not grow.

use chrono::TimeDelta;

use super::compare::standard_errors;
use super::evidence::Weighed;
use super::words::percent;
use crate::rollout::{Count, Counts, Incident, Line};

/// What is within this of stable is as good as stable.
const BESIDE: Line = Line { ratio: 1.25, plus: 0.0005 };

/// Only what is so many standard errors beyond that is surely worse.
const SIGMAS: f64 = 3.0;

/// Stable is looked at so often, and each look is at what was newest then.
const LOOKS: usize = 5;

/// So many of them beyond the limit are no noise.
const TOO_MANY: usize = 3;

/// A look is at about so long.
const LONG: TimeDelta = TimeDelta::seconds(60);

/// In fewer requests a share says nothing.
const LEAST: f64 = 50.0;

/// Whether the canary does about as stable does. What is not surely worse is not blamed for what stable does as well.
pub(super) fn alike(counts: &Counts) -> bool {
    standard_errors(counts, BESIDE, 1.0).is_some_and(|beyond| beyond <= SIGMAS)
}

/// That stable itself is far worse than before the attempt, if it is. Where nobody knows how it was, nothing is said.
pub(super) fn incident(Incident { max, times }: Incident, weighed: &Weighed, window: TimeDelta) -> Option<String> {
    let usual = weighed.usual.filter(|usual| usual.total >= LEAST)?.share()?;
    let limit = max.max(times * usual);
    let newest: Vec<Count> = weighed.spread().rev().collect();
    let most = newest.len().saturating_sub(LOOKS).max(1);
    let each = usize::try_from(LONG.num_milliseconds() / window.num_milliseconds().max(1)).unwrap_or(1).clamp(1, most);
    let look = |back: usize| newest.iter().skip(back).take(each).fold(Count::default(), |sum, one| sum.plus(*one));
    let beyond = |look: &Count| look.total >= LEAST && look.share().is_some_and(|share| share > limit);
    let bad = (0..LOOKS.min(newest.len())).map(look).filter(beyond).count();
    let now = look(0).share()?;
    (bad >= TOO_MANY).then(|| {
        format!(
            "stable itself has {} bad requests of late, above {}, and had {} before the attempt; the canary is not blamed, exposure is held",
            percent(now),
            percent(limit),
            percent(usual)
        )
    })
}
