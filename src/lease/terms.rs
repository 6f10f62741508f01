//! How long does a lease last, and how often is it renewed?

use std::time::Duration;

/// A silent API server must not eat up the time in which a renewal could be tried again.
const LONGEST_CALL: Duration = Duration::from_secs(5);

/// The terms of a lease: those of client-go where nobody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// So long after the last renewal that it saw a process waits before it takes a lease; whole seconds.
    pub duration: Duration,
    /// So long after its last renewal a leader writes; then it ends.
    pub renew_deadline: Duration,
    /// How often a leader renews, and a standby looks.
    pub retry: Duration,
}

impl Terms {
    /// 15 s, 10 s and 2 s.
    pub const DEFAULT: Self =
        Self { duration: Duration::from_secs(15), renew_deadline: Duration::from_secs(10), retry: Duration::from_secs(2) };

    /// How long one call may take: a renewal is tried at least twice before its deadline.
    pub fn call(&self) -> Duration {
        (self.renew_deadline / 2).min(LONGEST_CALL)
    }

    /// The pause before a standby looks again: up to a quarter shorter than `retry`, by a number from 0 to 1, so that those who started together
    /// do not ask together.
    pub(super) fn pause(&self, luck: f64) -> Duration {
        self.retry.mul_f64(1.0 - luck.clamp(0.0, 1.0) / 4.0)
    }
}
