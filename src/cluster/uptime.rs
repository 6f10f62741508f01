//! How much time has passed, whoever slept meanwhile?

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Linux stops its monotonic clock while the machine is suspended, and this one goes on; elsewhere the monotonic one goes on by itself.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Monotonic;

/// Time since some beginning of this machine. It only ever grows, also while this process is stopped or the machine is suspended.
pub fn uptime() -> Duration {
    Duration::try_from(clock_gettime(CLOCK)).unwrap_or_default()
}
