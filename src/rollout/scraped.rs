//! Were the pods of both sides scraped? What is told of a few of them says little of the others.

use std::collections::BTreeSet;

use super::Track;

/// So many percent of the pods of a side have to be scraped, or nothing is concluded: some are always being replaced.
pub const ENOUGH: u32 = 80;

/// Pods that were ready for all of a window, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The canary's.
    pub canary: BTreeSet<String>,
    /// Stable's.
    pub stable: BTreeSet<String>,
}

/// How it is found out which of them were scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Those that should have been.
    pub ready: Ready,
    /// The label that is the name of a pod.
    pub label: String,
    /// A query for where some have no samples: those that are up are marked by [`Shape::VALUE`](super::Shape::VALUE), those that have any
    /// series by [`Shape::ALL`](super::Shape::ALL). A pod that answered no request yet may have none, and was scraped nevertheless.
    pub query: String,
}

/// How many of each side's ready pods were scraped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scraped {
    /// Of the canary's.
    pub canary: Reached,
    /// Of stable's.
    pub stable: Reached,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Pods that were scraped.
    pub scraped: u32,
    /// Pods that were ready for the whole window.
    pub ready: u32,
}

impl Ready {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.canary.is_empty() && self.stable.is_empty()
    }

    /// How many of them are among these.
    pub fn among(&self, pods: &BTreeSet<&str>) -> Scraped {
        let reached = |ready: &BTreeSet<String>| {
            let scraped = ready.iter().filter(|pod| pods.contains(pod.as_str())).count();
            let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            Reached { scraped: number(scraped), ready: number(ready.len()) }
        };
        Scraped { canary: reached(&self.canary), stable: reached(&self.stable) }
    }
}

impl Scraped {
    /// The side of which too few pods were scraped, if there is one; the canary's first.
    pub fn missing(&self) -> Option<(Track, Reached)> {
        [(Track::Canary, self.canary), (Track::Stable, self.stable)].into_iter().find(|(_, reached)| reached.is_too_few())
    }
}

impl Reached {
    /// Whether nothing can be concluded from those that were scraped.
    pub fn is_too_few(self) -> bool {
        self.scraped.saturating_mul(100) < self.ready.saturating_mul(ENOUGH)
    }
}
