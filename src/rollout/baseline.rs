//! How are stable's pods divided between its own Deployment and the young ones that a canary is compared with?
//!
//! Together they are the pods that the exposure asks for. The own Deployment gives pods up only as young ones are ready, and keeps or gets those that
//! are not: a baseline that never comes costs nothing.

use chrono::{DateTime, Utc};

use super::reach::tolerated;
use super::{Child, Observed, Revision};

/// Stable's side at an exposure.
pub(super) struct Side<'a> {
    /// Its own Deployment.
    pub(super) own: Option<&'a Child>,
    /// That of its young pods.
    pub(super) young: Option<&'a Child>,
    /// All pods that it should have.
    goal: u32,
    /// How many of them should be young.
    wanted: u32,
}

impl<'a> Side<'a> {
    pub(super) fn new(seen: &'a Observed, stable: &Revision, goal: u32, wanted: u32) -> Self {
        Self { own: seen.children.get(stable), young: seen.baseline_of(stable), goal, wanted }
    }

    /// Pods that its own Deployment asks for.
    pub(super) fn own_has(&self) -> u32 {
        self.own.map_or(0, |child| child.desired)
    }

    /// Pods that its young ones' asks for.
    pub(super) fn young_has(&self) -> u32 {
        self.young.map_or(0, |child| child.desired)
    }

    /// Young pods that serve.
    pub(super) fn young(&self) -> u32 {
        self.young.map_or(0, Child::counted)
    }

    /// Those of them that stand for old ones.
    pub(super) fn leant_on(&self) -> u32 {
        self.young().min(self.wanted)
    }

    /// Pods of both that the canary may lean on.
    pub(super) fn counted(&self) -> u32 {
        self.own.map_or(0, Child::counted).saturating_add(self.young())
    }

    /// The pods that its own Deployment has to have: all that ready young ones do not stand for.
    pub(super) fn own_goal(&self) -> u32 {
        self.goal - self.leant_on().min(self.goal)
    }
}

impl Observed {
    /// The Deployment of a revision's young pods, if there is one.
    pub fn baseline_of(&self, revision: &Revision) -> Option<&Child> {
        self.children.iter().find(|(name, _)| name.is_baseline_of(revision)).map(|(_, child)| child)
    }

    /// Pods of a revision that can be counted on, young ones beside a canary included.
    pub fn serving(&self, revision: &Revision) -> u32 {
        let serving = |child: Option<&Child>| child.map_or(0, Child::serving);
        serving(self.children.get(revision)).saturating_add(serving(self.baseline_of(revision)))
    }

    /// How many of a revision's young pods are ready.
    pub fn young(&self, revision: &Revision) -> usize {
        self.young_since(revision).len()
    }

    /// Since when so many young pods of a revision are ready, but for those that a gate tolerates to be missing. A pod that comes later is no
    /// beginning.
    pub fn young_for(&self, revision: &Revision, wanted: u32) -> Option<DateTime<Utc>> {
        let needed = usize::try_from(wanted - tolerated(wanted)).ok()?;
        self.young_since(revision).get(needed.checked_sub(1)?).copied()
    }

    /// Since when each of a revision's young pods is ready, the first one first.
    fn young_since(&self, revision: &Revision) -> Vec<DateTime<Utc>> {
        let ready = self.baseline_of(revision).into_iter().flat_map(Child::ready);
        let mut since: Vec<_> = ready.map(|(_, since)| since).collect();
        since.sort_unstable();
        since
    }

    /// What has to go before nothing is left of a revision's young pods, if anything has.
    pub(super) fn young_left(&self, revision: &Revision) -> Option<String> {
        let young = self.baseline_of(revision).filter(|child| child.desired > 0)?;
        Some(format!("{} baseline pods have to become 0", young.desired))
    }
}
