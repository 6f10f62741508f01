//! Which rollout is looked at next, and when?
//!
//! No clock and no I/O: time is a `now` since some beginning.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::rollout::Key;

/// How many passes run at once. Each waits for the API server most of the time and has at most one call under way, so this is
/// also the number of connections; more would only wait in the API server's own queues.
pub const CONCURRENCY: usize = 64;

/// So long a rollout rests between two passes: what comes in a burst, as the news of several pods does, is looked at once. No reaction waits longer for it.
const REST: Duration = Duration::from_millis(10);

type Delays = Box<dyn Iterator<Item = Duration> + Send>;

/// Rollouts that wait for a pass.
///
/// # Guarantees
/// No rollout has two passes at a time, nor one within 10 ms after another. A trigger during a pass leads to one more pass, however many triggers there were. A failed pass
/// is tried again after a growing delay; a trigger is never held back by that, for it may be what mends the failure.
pub struct Queue {
    delays: Box<dyn Fn() -> Delays + Send>,
    slots: HashMap<Key, Slot>,
    ready: VecDeque<Key>,
    wakes: BTreeSet<(Duration, Key)>,
    running: usize,
}

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Well; look again at this time even if nothing happens.
    Well(Option<Duration>),
    /// Something was not written: look again after a delay.
    Badly,
}

#[derive(Default)]
struct Slot {
    activity: Activity,
    wake: Option<Duration>,
    /// No pass begins before.
    rested: Duration,
    /// From the first failure until the next success.
    delays: Option<Delays>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Activity {
    #[default]
    Idle,
    /// It stands in `ready`.
    Ready,
    Running,
    /// It runs, and something happened since.
    RunningStale,
}

impl Queue {
    /// An empty queue. Each failing rollout takes fresh delays.
    pub fn new<I>(delays: impl Fn() -> I + Send + 'static) -> Self
    where
        I: Iterator<Item = Duration> + Send + 'static,
    {
        let delays: Box<dyn Fn() -> Delays + Send> = Box::new(move || Box::new(delays()));
        Self { delays, slots: HashMap::new(), ready: VecDeque::new(), wakes: BTreeSet::new(), running: 0 }
    }

    /// Something happened: this rollout has to be looked at.
    pub fn trigger(&mut self, key: Key) {
        let slot = self.slots.entry(key.clone()).or_default();
        match slot.activity {
            Activity::Idle => {
                slot.activity = Activity::Ready;
                self.ready.push_back(key);
            }
            Activity::Running => slot.activity = Activity::RunningStale,
            Activity::Ready | Activity::RunningStale => {}
        }
    }

    /// The next rollout whose pass may begin now. It runs until [`Self::done`].
    pub fn next(&mut self, now: Duration) -> Option<Key> {
        while self.wakes.first().is_some_and(|(at, _)| *at <= now)
            && let Some((_, key)) = self.wakes.pop_first()
        {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.wake = None;
            }
            self.trigger(key);
        }
        if self.running >= CONCURRENCY {
            return None;
        }
        while let Some(key) = self.ready.pop_front() {
            let slot = self.slots.entry(key.clone()).or_default();
            // The pass that begins now, or once it has rested, says itself when to look again.
            if let Some(at) = slot.wake.take() {
                self.wakes.remove(&(at, key.clone()));
            }
            if slot.rested <= now {
                slot.activity = Activity::Running;
                self.running += 1;
                return Some(key);
            }
            slot.activity = Activity::Idle;
            slot.wake = Some(slot.rested);
            self.wakes.insert((slot.rested, key));
        }
        None
    }

    /// A pass ended; says after which delay a failed one is tried again.
    pub fn done(&mut self, key: &Key, ended: Ended, now: Duration) -> Option<Duration> {
        let slot = self.slots.get_mut(key)?;
        self.running -= 1;
        let stale = slot.activity == Activity::RunningStale;
        slot.activity = Activity::Idle;
        slot.rested = now + REST;
        let delay = match ended {
            Ended::Well(wake) => {
                slot.delays = None;
                slot.wake = wake;
                None
            }
            Ended::Badly => {
                let delay = slot.delays.get_or_insert_with(&self.delays).next().unwrap_or_default();
                slot.wake = Some(now + delay);
                Some(delay)
            }
        };
        match slot.wake {
            Some(at) => {
                self.wakes.insert((at, key.clone()));
            }
            None if !stale => {
                self.slots.remove(key);
            }
            None => {}
        }
        if stale {
            self.trigger(key.clone());
        }
        delay
    }

    /// When the next rollout has to be looked at even if nothing happens.
    pub fn wake(&self) -> Option<Duration> {
        self.wakes.first().map(|(at, _)| *at)
    }
}
