//! Which pod gets how many of a Service's requests, and which of them fail? Evenly, without chance: the same input gives the same counts.

use std::time::Duration;

const MICROS: u128 = 1_000_000;

/// The requests of one Service. What does not fill a whole request is kept for the next look.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// In millionths of a request.
    owed: u128,
    /// How many requests have been given out: the next one goes to the pod after the last one's.
    given: u128,
}

impl Flow {
    /// How many requests each of `pods` ready pods gets in the time since the last look. With no pod there is nobody to ask: nothing is owed.
    pub(crate) fn spread(&mut self, per_second: u32, elapsed: Duration, pods: usize) -> Vec<u64> {
        let Ok(among) = u128::try_from(pods) else { return vec![] };
        if among == 0 {
            self.owed = 0;
            return vec![];
        }
        self.owed += u128::from(per_second) * elapsed.as_micros();
        let requests = self.owed / MICROS;
        self.owed %= MICROS;
        let (each, left) = (requests / among, requests % among);
        let first = self.given % among;
        self.given += requests;
        // The pods from `first` on, in a circle, get the requests that do not go round.
        (0..among)
            .map(|pod| each + u128::from((pod + among - first) % among < left))
            .map(|count| u64::try_from(count).unwrap_or(u64::MAX))
            .collect()
    }
}

/// The failures of one pod.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    /// In thousandths of a failure.
    owed: u64,
}

impl Failures {
    /// How many of these requests fail.
    pub(crate) fn of(&mut self, requests: u64, per_mille: u32) -> u64 {
        self.owed += requests * u64::from(per_mille);
        let failed = self.owed / 1000;
        self.owed %= 1000;
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(200);

    fn total(per_second: u32, pods: usize, ticks: usize) -> Vec<u64> {
        let mut flow = Flow::default();
        let mut sums = vec![0; pods];
        for _ in 0..ticks {
            flow.spread(per_second, TICK, pods).iter().zip(&mut sums).for_each(|(count, sum)| *sum += count);
        }
        sums
    }

    #[test]
    fn every_pod_gets_the_same_share_to_within_one_request() {
        for pods in 1..=13 {
            for per_second in [1, 7, 50, 999] {
                let sums = total(per_second, pods, 50);
                assert_eq!(sums.iter().sum::<u64>(), u64::from(per_second) * 10, "{per_second}/s among {pods}");
                let (least, most) = (sums.iter().min().expect("a pod"), sums.iter().max().expect("a pod"));
                assert!(most - least <= 1, "{per_second}/s among {pods}: {sums:?}");
            }
        }
    }

    #[test]
    fn a_slow_rate_is_not_lost_between_two_looks() {
        assert_eq!(total(1, 1, 5), [1]);
        assert_eq!(total(0, 3, 5), [0, 0, 0]);
    }

    #[test]
    fn requests_to_nobody_are_not_made_up_for_later() {
        let mut flow = Flow::default();
        assert!(flow.spread(50, TICK, 0).is_empty());
        assert_eq!(flow.spread(50, TICK, 2), [5, 5]);
    }

    #[test]
    fn the_share_of_failures_is_exact_over_time() {
        let mut failures = Failures::default();
        let failed: u64 = (0..100).map(|_| failures.of(3, 70)).sum();
        assert_eq!(failed, 21);
        assert_eq!(failures.of(10, 1000), 10);
        assert_eq!(failures.of(10, 0), 0);
    }
}
