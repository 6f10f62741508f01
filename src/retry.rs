//! How long to wait before something is tried again? The only place that knows the `backoff` crate.

use std::time::Duration;

use backoff::backoff::Backoff as _;
use backoff::{ExponentialBackoff, ExponentialBackoffBuilder};

/// Each delay is drawn from half below to half above the interval, so that those who failed together do not return together.
const JITTER: f64 = 0.5;
/// Each interval is twice the one before.
const GROWTH: f64 = 2.0;

/// What is tried again, and so how patiently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A pass over one rollout that failed: about 0.2 s at first, at most 15 s, because a rollback may be waiting for it.
    Pass,
    /// A delivery to a sink: about 1 s at first, at most 60 s; events are kept meanwhile, and a sink that restarts is not flooded.
    Sink,
    /// A watch that broke: about 0.8 s at first, at most 10 s, because its cache goes stale meanwhile.
    Watch,
}

impl Pace {
    /// The interval that the first delay is drawn around.
    pub const fn base(self) -> Duration {
        match self {
            Self::Pass => Duration::from_millis(200),
            Self::Sink => Duration::from_secs(1),
            Self::Watch => Duration::from_millis(800),
        }
    }

    /// No delay is longer.
    pub const fn cap(self) -> Duration {
        match self {
            Self::Pass => Duration::from_secs(15),
            Self::Sink => Duration::from_mins(1),
            Self::Watch => Duration::from_secs(10),
        }
    }
}

/// Delays between tries: growing, jittered, capped, without an end. After a success, begin anew with another iterator.
///
/// Nothing sleeps here. `backoff` would look at the machine's clock to give up after a quarter of an hour; without a
/// maximum of elapsed time it never gives up, and what the clock says has no effect.
pub fn delays(pace: Pace) -> impl Iterator<Item = Duration> + Send {
    let mut backoff: ExponentialBackoff = ExponentialBackoffBuilder::new()
        .with_initial_interval(pace.base())
        .with_multiplier(GROWTH)
        .with_randomization_factor(JITTER)
        // The crate adds the jitter on top of its maximum; this keeps the sum below the cap without piling delays up at the cap.
        .with_max_interval(pace.cap().div_f64(1.0 + JITTER))
        .with_max_elapsed_time(None)
        .build();
    std::iter::from_fn(move || backoff.next_backoff()).map(move |delay| delay.min(pace.cap()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACES: [Pace; 3] = [Pace::Pass, Pace::Sink, Pace::Watch];

    #[test]
    fn delays_begin_around_the_base_and_never_exceed_the_cap() {
        for pace in PACES {
            let first = delays(pace).next().unwrap();
            assert!(first >= pace.base() / 2 && first <= pace.base() * 3 / 2, "{pace:?} begins with {first:?}");
            let longest = delays(pace).take(200).max().unwrap();
            assert!(longest <= pace.cap() && longest > pace.cap() / 2, "{pace:?} reaches {longest:?}");
        }
    }

    #[test]
    fn delays_do_not_end() {
        for pace in PACES {
            assert_eq!(delays(pace).take(10_000).count(), 10_000, "{pace:?}");
        }
    }

    #[test]
    fn two_that_failed_together_do_not_return_together() {
        let one: Vec<Duration> = delays(Pace::Pass).take(20).collect();
        let other: Vec<Duration> = delays(Pace::Pass).take(20).collect();
        assert_ne!(one, other);
    }
}
