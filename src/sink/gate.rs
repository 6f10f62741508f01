//! May a sink be tried now? It has a bound on what is under way, and it rests after several failures in a row.

use std::time::Duration;

use super::lanes::{Delays, LONGEST_DELAY};

/// So many failures in a row, whichever rollouts they are of, and it is the sink that is ill and not an event.
const PATIENCE: u32 = 3;

/// What stands before one sink: all lanes to it go through here.
pub(super) struct Gate {
    at_once: usize,
    under_way: usize,
    failures: u32,
    /// How often it fell ill.
    falls: u64,
    health: Health,
    /// From the first rest until the next success.
    delays: Option<Delays>,
}

enum Health {
    Well,
    /// Until this `now`; then one delivery is tried.
    Resting(Duration),
    /// The one delivery is under way.
    Probing,
}

/// What a delivery says of the sink.
pub(super) enum Sign {
    /// It answered.
    Well,
    /// It was not asked.
    None,
    /// It failed.
    Ill,
    /// It failed, and said for how long to leave it alone.
    Busy(Duration),
}

/// What a sign changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The sink works again after a rest.
    Recovered,
    /// Nothing that others have to know.
    Same,
}

impl Gate {
    /// A sink that has at most so many deliveries under way.
    pub(super) fn new(at_once: usize) -> Self {
        Self { at_once, under_way: 0, failures: 0, falls: 0, health: Health::Well, delays: None }
    }

    /// How many more deliveries may begin.
    pub(super) fn room(&self, now: Duration) -> usize {
        match self.health {
            Health::Well => self.at_once.saturating_sub(self.under_way),
            Health::Resting(until) => usize::from(until <= now),
            Health::Probing => 0,
        }
    }

    /// When it may be tried again, if it rests.
    pub(super) fn rests_until(&self) -> Option<Duration> {
        match self.health {
            Health::Resting(until) => Some(until),
            Health::Well | Health::Probing => None,
        }
    }

    /// Whether nothing but a delivery that ends lets the next one begin.
    pub(super) fn is_full(&self) -> bool {
        match self.health {
            Health::Well => self.under_way >= self.at_once,
            Health::Probing => true,
            Health::Resting(_) => false,
        }
    }

    /// Whether the sink failed several times in a row and did not work since.
    pub(super) fn is_ill(&self) -> bool {
        match self.health {
            Health::Well => false,
            Health::Resting(_) | Health::Probing => true,
        }
    }

    /// How often it fell ill so far.
    pub(super) fn falls(&self) -> u64 {
        self.falls
    }

    /// A delivery begins.
    pub(super) fn begin(&mut self) {
        self.under_way += 1;
        if self.is_ill() {
            self.health = Health::Probing;
        }
    }

    /// A delivery ended.
    pub(super) fn end(&mut self, sign: &Sign, now: Duration, delays: impl FnOnce() -> Delays) -> Turn {
        self.under_way = self.under_way.saturating_sub(1);
        match sign {
            Sign::Well => return self.recover(),
            Sign::None => {
                if let Health::Probing = self.health {
                    self.health = Health::Resting(now);
                }
            }
            Sign::Busy(pause) => {
                self.failures += 1;
                self.fall();
                self.health = Health::Resting(now + *pause);
            }
            Sign::Ill => {
                self.failures += 1;
                match self.health {
                    // Those that were under way when it fell ill say nothing new.
                    Health::Resting(_) => {}
                    Health::Well if self.failures < PATIENCE => {}
                    Health::Well | Health::Probing => {
                        self.fall();
                        let pause = self.delays.get_or_insert_with(delays).next().unwrap_or(LONGEST_DELAY);
                        self.health = Health::Resting(now + pause);
                    }
                }
            }
        }
        Turn::Same
    }

    fn fall(&mut self) {
        self.falls += u64::from(!self.is_ill());
    }

    fn recover(&mut self) -> Turn {
        let turn = if self.is_ill() { Turn::Recovered } else { Turn::Same };
        (self.failures, self.health, self.delays) = (0, Health::Well, None);
        turn
    }
}
