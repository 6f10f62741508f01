//! A tiny model of a cluster that looks every single write over.

use std::collections::BTreeMap;

use serin::rollout::{Baseline, Capacity, Cause, Change, Intent, Observed, Record, Revision, State, changes, split};

use crate::given::{Seeing, child, compared, intent, reaching, record, seen, v1, v2, weight};

/// How far the tables and properties go.
pub(super) const LARGEST: u32 = 20;

/// Pods of one revision: wanted, ready.
type Pods = (u32, u32);

/// How fast wanted pods become ready between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// All at once.
    AtOnce,
    /// One pod of the canary if one is missing, else one of stable.
    CanaryFirst,
    /// One pod of stable if one is missing, else one of the canary.
    StableFirst,
    /// No canary pod ever; stable ones at once.
    NoCanary,
    /// No young pod of stable's ever; others at once.
    NoYoung,
    /// No pod ever.
    Never,
}

pub(super) const PACES: [Pace; 6] = [Pace::AtOnce, Pace::CanaryFirst, Pace::StableFirst, Pace::NoCanary, Pace::NoYoung, Pace::Never];

/// A cluster that scales at once, takes pods that are not ready first, and makes pods ready at its pace.
#[derive(Clone, Debug)]
pub(super) struct Fleet {
    pub(super) intent: Intent,
    pub(super) pods: BTreeMap<Revision, Pods>,
    marks: BTreeMap<Revision, String>,
    pub(super) pace: Pace,
}

/// v1 serves with `replicas` pods and v2 is in the spec.
pub(super) fn fleet(replicas: u32, capacity: Capacity, pace: Pace) -> Fleet {
    let intent = Intent { replicas, capacity, ..intent(v2()) };
    Fleet { intent, pods: [(v1(), (replicas, replicas))].into(), marks: BTreeMap::new(), pace }
}

pub(super) fn capacity(surge: u32, max_unavailable: u32, abort_unavailable: u32) -> Capacity {
    Capacity { surge, max_unavailable, abort_unavailable, stable_floor: 0 }
}

/// Whether the share `part` has is at most the share that `other` has.
fn at_most(part: (u32, u32), other: (u32, u32)) -> bool {
    u64::from(part.1) * u64::from(other.0 + other.1) <= u64::from(other.1) * u64::from(part.0 + part.1)
}

impl Fleet {
    pub(super) fn of(&self, revision: &Revision) -> Pods {
        self.pods.get(revision).copied().unwrap_or_default()
    }

    /// The same where the canary is compared with young pods of stable's.
    pub(super) fn beside_young(mut self) -> Self {
        self.intent = Intent { baseline: Baseline::Pods, checks: vec![compared("errors")], ..self.intent };
        self
    }

    /// Of stable's side and of the canary's. A young pod that is not ready stands for no old one.
    pub(super) fn wanted(&self) -> (u32, u32) {
        (self.of(&v1()).0 + self.young().1, self.of(&v2()).0)
    }

    pub(super) fn ready(&self) -> (u32, u32) {
        (self.of(&v1()).1 + self.young().1, self.of(&v2()).1)
    }

    /// Those of stable's that are young.
    pub(super) fn young(&self) -> Pods {
        self.of(&v1().baseline())
    }

    pub(super) fn observe(&self) -> Observed {
        let empty = seen().accepting(self.intent.revision.clone());
        let mut seen =
            self.pods.iter().fold(empty, |seen, (revision, (desired, ready))| seen.with(revision.clone(), child(*desired, *ready)));
        for (revision, outcome) in &self.marks {
            seen.records.insert(revision.clone(), Record { outcome: Some(outcome.clone()), ..record() });
        }
        seen
    }

    /// Looks and writes once; says whether there was something to write. After every single write the fleet is looked over.
    pub(super) fn pass(&mut self, state: &State) -> bool {
        let writes = changes(&self.intent, state, &self.observe());
        for write in &writes {
            let before = self.clone();
            self.write(write);
            self.look_over(&before, state, write);
        }
        !writes.is_empty()
    }

    fn write(&mut self, write: &Change) {
        let (revision, replicas) = match write {
            Change::Create { revision, replicas, .. } | Change::Scale { revision, replicas, .. } => (revision, *replicas),
            Change::Guard
            | Change::Record { .. }
            | Change::Repair { .. }
            | Change::Restart { .. }
            | Change::Stamp { .. }
            | Change::Discard { .. }
            | Change::Hold { .. }
            | Change::Unpause { .. }
            | Change::ScaleHeld { .. }
            | Change::LetGo { .. }
            | Change::Answer(_)
            | Change::Forget { .. }
            | Change::Release => return,
            Change::Mark { revision, outcome, .. } => {
                self.marks.insert(revision.clone(), outcome.clone());
                return;
            }
            Change::Prune { revision, .. } => {
                assert_eq!(self.pods.remove(revision).unwrap_or_default(), (0, 0), "nothing that serves is pruned");
                return;
            }
        };
        let pods = self.pods.entry(revision.clone()).or_default();
        *pods = (replicas, pods.1.min(replicas));
    }

    /// What has to hold after every write, whatever came before.
    fn look_over(&self, before: &Self, state: &State, write: &Change) {
        let case = format!("{write:?} in {state:?}\nbefore {before:?}\nafter  {self:?}");
        let Capacity { surge, max_unavailable, abort_unavailable, .. } = self.intent.capacity;
        let missing = if matches!(state, State::RollingBack(at) if matches!(at.cause, Cause::Failed(_))) {
            abort_unavailable
        } else {
            max_unavailable
        };
        let floor = self.intent.replicas.saturating_sub(missing);
        let sum = |fleet: &Self| fleet.pods.values().fold((0, 0), |sum, pods| (sum.0 + pods.0, sum.1 + pods.1));
        let ((_, ready), (wanted, served)) = (sum(self), sum(before));
        assert!(ready >= served.min(floor), "ready pods fall below {floor}: {case}");
        let granted = match state {
            State::Stepping(at) => self.intent.split(at.step),
            State::Approval(at) => self.intent.split(at.step),
            State::Paused(at) => self.intent.split(at.step),
            State::Promoting(_) | State::Baking(_) => self.intent.split(weight(100)),
            State::Installing(_)
            | State::Adopting(_)
            | State::Idle(_)
            | State::RollingBack(_)
            | State::HandingBack(_)
            | State::Deleted(_) => return,
        };
        let ceiling = (self.intent.replicas + surge).max(granted.total());
        assert!(sum(self).0 <= ceiling.max(wanted), "more than {ceiling} pods: {case}");
        let grants = (granted.stable, granted.canary);
        assert!(at_most(self.wanted(), grants) || at_most(self.wanted(), before.wanted()), "more than {granted:?} is asked for: {case}");
    }

    /// Pods become ready.
    pub(super) fn tick(&mut self) {
        let (canary, stable, young) = (v2(), v1(), v1().baseline());
        let ready = |pods: &mut Pods| pods.1 = pods.0;
        match self.pace {
            Pace::AtOnce => self.pods.values_mut().for_each(ready),
            Pace::CanaryFirst => self.one_of([&canary, &stable, &young]),
            Pace::StableFirst => self.one_of([&stable, &young, &canary]),
            Pace::NoCanary => self.pods.iter_mut().filter(|(revision, _)| **revision != canary).for_each(|(_, pods)| ready(pods)),
            Pace::NoYoung => self.pods.iter_mut().filter(|(revision, _)| **revision != young).for_each(|(_, pods)| ready(pods)),
            Pace::Never => {}
        }
    }

    fn one_of(&mut self, order: [&Revision; 3]) {
        let missing = order.into_iter().find(|revision| self.pods.get(*revision).is_some_and(|pods| pods.1 < pods.0));
        if let Some(pods) = missing.and_then(|revision| self.pods.get_mut(revision)) {
            pods.1 += 1;
        }
    }

    /// Looks, writes and waits until nothing is left to write and no pod is on its way; `watch` sees every moment.
    pub(super) fn settle_watched(&mut self, state: &State, mut watch: impl FnMut(&Self)) {
        for _ in 0..400 {
            let wrote = self.pass(state);
            watch(self);
            let before = self.pods.clone();
            self.tick();
            watch(self);
            if !wrote && before == self.pods {
                assert!(!self.pass(state), "nothing is left to write");
                return;
            }
        }
        panic!("no end in {state:?}: {self:?}");
    }

    pub(super) fn settle(&mut self, state: &State) {
        self.settle_watched(state, |_| ());
    }

    /// Settles at a step and holds the share of the *ready* pods to what the step grants, at every moment. From five stable pods on,
    /// one in twenty may be on its way, at least one.
    pub(super) fn step(&mut self, percent: u32) {
        let granted = split(self.intent.replicas, weight(percent), &self.intent.capacity);
        let (on_its_way, grants) = (u32::from(granted.stable >= 5), (granted.stable, granted.canary));
        self.settle_watched(&reaching(percent), |fleet| {
            let (stable, canary) = fleet.ready();
            let stable = stable.max(granted.stable.min(stable + on_its_way));
            assert!(at_most((stable, canary), grants), "{:?} serve at {percent}%, which grants {granted:?}: {fleet:?}", fleet.ready());
        });
    }
}
