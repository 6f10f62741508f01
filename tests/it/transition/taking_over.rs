//! Is a running Deployment taken over, and given back, without a ready pod less, whatever comes in between? A small model plays it.
//!
//! A pass may die after each of its writes, and what it had sent may arrive later; CI changes the template, strangers scale and resume, pods
//! become ready in any order, and the Rollout may be deleted at any time.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serin::rollout::{
    Adoptee, Capacity, Change, Child, Direction, Fence, Lifetime, Next, Pausing, Revision, Settled, State, Workload, changes,
};

use super::decide;
use crate::given::{Given, adopting, child, given, held, record, running, v1, v2};

/// A Deployment: the pods that are asked for, those that are ready, what its status says, and the version that a fence has to name.
#[derive(Clone, Debug)]
struct Side {
    desired: u32,
    ready: u32,
    told: u32,
    settled: Settled,
    version: u32,
}

/// What is there.
#[derive(Clone, Debug)]
struct Cluster {
    state: State,
    lifetime: Lifetime,
    replicas: u32,
    capacity: Capacity,
    ours: Option<Side>,
    theirs: Side,
    /// Who holds it, and whether it is paused.
    hold: Option<&'static str>,
    paused: bool,
    revision: Revision,
    /// The templates that are stored.
    stored: BTreeSet<Revision>,
    /// What a pass that died had sent.
    late: Vec<Change>,
}

/// What happens next.
#[derive(Clone, Debug)]
enum Turn {
    /// A pass, of which so many writes arrive.
    Look(usize),
    /// What an earlier pass had sent arrives.
    Late,
    OursReady(u32),
    TheirsReady(u32),
    /// The statuses follow.
    Told,
    /// CI writes another template.
    Image,
    /// A stranger scales what was taken over.
    Scale(u32),
    /// A stranger resumes it.
    Resume,
    Replicas(u32),
    Delete,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        4 => (0..4_usize).prop_map(Turn::Look),
        4 => Just(Turn::Look(usize::MAX)),
        1 => Just(Turn::Late),
        3 => (1..8_u32).prop_map(Turn::OursReady),
        3 => (1..8_u32).prop_map(Turn::TheirsReady),
        4 => Just(Turn::Told),
        1 => Just(Turn::Image),
        1 => (0..12_u32).prop_map(Turn::Scale),
        1 => Just(Turn::Resume),
        1 => (1..12_u32).prop_map(Turn::Replicas),
        1 => Just(Turn::Delete),
    ];
    proptest::collection::vec(turn, 1..60)
}

impl Side {
    fn scale(&mut self, desired: u32) {
        (self.desired, self.ready, self.settled) = (desired, self.ready.min(desired), Settled::Unseen);
        self.version += 1;
    }

    fn become_ready(&mut self, pods: u32) {
        self.ready = self.desired.min(self.ready + pods);
    }

    /// Ready pods of which its status tells.
    fn known(&self) -> u32 {
        self.ready.min(self.told)
    }

    fn tell(&mut self) {
        (self.told, self.settled) = (self.ready, Settled::Yes);
    }

    fn fence(&self) -> Fence {
        Fence { uid: "uid".to_owned(), resource_version: self.version.to_string() }
    }
}

impl Cluster {
    fn new(replicas: u32, capacity: Capacity) -> Self {
        let theirs = Side { desired: replicas, ready: replicas, told: replicas, settled: Settled::Yes, version: 1 };
        Self {
            state: adopting(),
            lifetime: Lifetime::Guarded,
            replicas,
            capacity,
            ours: None,
            theirs,
            hold: None,
            paused: false,
            revision: v1(),
            stored: BTreeSet::new(),
            late: Vec::new(),
        }
    }

    /// What a pass sees. The template is the Deployment's; a new one waits, for attempts are none of this.
    fn look(&self) -> Given {
        let Side { desired, told, settled, .. } = self.theirs;
        let known = if self.hold.is_some() { held(desired) } else { running() };
        let fence = self.theirs.fence();
        let adoptee = Adoptee { revision: self.revision.clone(), desired, available: told, settled, paused: self.paused, fence, ..known };
        let mut row = given(self.state.clone()).wants(self.revision.clone()).accepting(self.revision.clone());
        row = row.spec(|intent| (intent.replicas, intent.capacity, intent.pausing) = (self.replicas, self.capacity, Pausing::On));
        row = row.sees(|seen| (seen.workload, seen.lifetime) = (Workload::There(adoptee), self.lifetime));
        row = row.sees(|seen| seen.records.extend(self.stored.iter().map(|revision| (revision.clone(), record()))));
        if let Some(ours) = &self.ours {
            let Side { desired, told, settled, .. } = *ours;
            let known = Child { available: told, settled, fence: ours.fence(), ..child(desired, told.min(desired)) };
            row = row.with(self.served(), known);
        }
        row
    }

    /// The revision that ours is of: the one that was held first.
    fn served(&self) -> Revision {
        self.state.revision().cloned().unwrap_or_else(v1)
    }

    fn play(&mut self, turn: &Turn) {
        match turn {
            Turn::Look(arrive) => self.pass(*arrive),
            Turn::Late => {
                for change in std::mem::take(&mut self.late) {
                    self.write(&change, Direction::Raise);
                }
            }
            Turn::OursReady(pods) => self.ours.iter_mut().for_each(|ours| ours.become_ready(*pods)),
            Turn::TheirsReady(pods) => self.theirs.become_ready(*pods),
            Turn::Told => self.ours.iter_mut().chain([&mut self.theirs]).for_each(Side::tell),
            Turn::Image => {
                self.revision = v2();
                (self.theirs.version, self.theirs.settled) = (self.theirs.version + 1, Settled::Unseen);
            }
            Turn::Scale(desired) if self.hold.is_some() => self.theirs.scale(*desired),
            Turn::Resume if self.hold.is_some() => {
                self.paused = false;
                self.theirs.version += 1;
            }
            Turn::Scale(_) | Turn::Resume => {}
            Turn::Replicas(replicas) => self.replicas = *replicas,
            Turn::Delete => self.lifetime = Lifetime::Deleting,
        }
    }

    /// Looks, decides and writes; what does not arrive now may arrive later, unless the Rollout is gone by then.
    fn pass(&mut self, arrive: usize) {
        if matches!(self.state, State::Deleted(_)) {
            self.late.clear();
            return;
        }
        let row = self.look();
        self.state = match decide(&row) {
            Next::Stay { state, .. } => state,
            Next::Edge(edge) | Next::Answer(edge, _) => edge.state,
        };
        let writes = changes(&row.intent, &self.state, &row.seen);
        for change in writes.iter().take(arrive) {
            let before = self.clone();
            self.judge_first(change);
            self.write(change, Direction::Lower);
            self.judge(&before, change);
        }
        self.late = writes.into_iter().skip(arrive).collect();
    }

    /// A write takes effect where its fence names what is there. One that gives pods back is tried again while its process lives.
    fn write(&mut self, change: &Change, alive: Direction) {
        let version = self.theirs.version.to_string();
        let fits = |fence: &Fence| fence.resource_version == version;
        match change {
            Change::Record { revision, .. } => drop(self.stored.insert(revision.clone())),
            Change::Create { replicas, .. } if self.ours.is_none() => {
                self.ours = Some(Side { desired: *replicas, ready: 0, told: 0, settled: Settled::Unseen, version: 1 });
            }
            Change::Scale { replicas, fence, .. } => {
                let ours = self.ours.iter_mut().filter(|ours| ours.version.to_string() == fence.resource_version);
                ours.for_each(|ours| ours.scale(*replicas));
            }
            Change::Hold { fence } if fits(fence) => self.held(Some("checkout"), true),
            Change::Unpause { fence } if fits(fence) => self.held(Some("checkout"), false),
            Change::LetGo { fence } if fits(fence) => self.held(None, false),
            Change::ScaleHeld { replicas, fence, direction }
                if fits(fence) || (*direction, alive) == (Direction::Lower, Direction::Lower) =>
            {
                self.theirs.scale(*replicas);
            }
            // Refused, or nothing that counts here.
            Change::Create { .. }
            | Change::Hold { .. }
            | Change::Unpause { .. }
            | Change::LetGo { .. }
            | Change::ScaleHeld { .. }
            | Change::Guard
            | Change::Repair { .. }
            | Change::Restart { .. }
            | Change::Stamp { .. }
            | Change::Mark { .. }
            | Change::Prune { .. }
            | Change::Discard { .. }
            | Change::Answer(_)
            | Change::Forget { .. }
            | Change::Release => {}
        }
    }

    fn held(&mut self, hold: Option<&'static str>, paused: bool) {
        (self.hold, self.paused) = (hold, paused);
        self.theirs.version += 1;
    }

    /// What has to be so before a write.
    fn judge_first(&self, change: &Change) {
        let ours = self.ours.as_ref().map_or(0, |ours| ours.desired);
        match change {
            Change::Hold { .. } if self.hold.is_none() => {
                assert!(
                    self.stored.contains(&self.revision) && self.theirs.settled == Settled::Yes,
                    "its template is stored, and it is at rest: {self:?}"
                );
            }
            Change::Create { .. } => assert!(self.hold.is_some(), "it is held first: {self:?}"),
            Change::ScaleHeld { .. } => assert!(self.hold.is_some(), "nobody else's pods are moved: {self:?}"),
            Change::Unpause { .. } => assert_eq!(self.revision, self.served(), "its template is what serves: {self:?}"),
            Change::LetGo { .. } => {
                assert_eq!((ours, self.theirs.desired >= self.replicas), (0, true), "it has everything: {self:?}");
            }
            Change::Hold { .. }
            | Change::Record { .. }
            | Change::Scale { .. }
            | Change::Guard
            | Change::Repair { .. }
            | Change::Restart { .. }
            | Change::Stamp { .. }
            | Change::Mark { .. }
            | Change::Prune { .. }
            | Change::Discard { .. }
            | Change::Answer(_)
            | Change::Forget { .. }
            | Change::Release => {}
        }
    }

    /// No write leaves fewer ready pods than the floor, nor more pods than surge allows. A pod that became ready unnoticed is nobody's to keep.
    fn judge(&self, before: &Self, change: &Change) {
        if !matches!(self.state, State::Adopting(_) | State::HandingBack(_)) {
            return;
        }
        let ready = |it: &Self| it.theirs.known() + it.ours.as_ref().map_or(0, Side::known);
        let wanted = |it: &Self| it.theirs.desired + it.ours.as_ref().map_or(0, |ours| ours.desired);
        let floor = self.replicas.saturating_sub(self.capacity.max_unavailable);
        assert!(ready(self) >= ready(before).min(floor), "{change:?} leaves too few ready pods\nbefore {before:?}\nafter  {self:?}");
        let ceiling = self.replicas + self.capacity.surge;
        assert!(wanted(self) <= ceiling.max(wanted(before)), "{change:?} makes too many pods\nbefore {before:?}\nafter  {self:?}");
    }

    /// Nobody disturbs any more.
    fn calm_down(&mut self) {
        let all = u32::MAX / 2;
        for _ in 0..60 {
            let before = format!("{self:?}");
            for turn in [Turn::Look(usize::MAX), Turn::OursReady(all), Turn::TheirsReady(all), Turn::Told] {
                self.play(&turn);
            }
            if before == format!("{self:?}") {
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_ready_pod_is_lost_whatever_comes_in_between(
        replicas in 1..12_u32, surge in 1..6_u32, max_unavailable in 0..3_u32, turns in turns(),
    ) {
        let mut cluster = Cluster::new(replicas, Capacity { surge, max_unavailable, abort_unavailable: 0, stable_floor: 0 });
        for turn in &turns {
            cluster.play(turn);
        }
        cluster.calm_down();
        let Cluster { state, ours, theirs, hold, paused, replicas, .. } = &cluster;
        let ours = ours.as_ref().map_or((0, 0), |ours| (ours.desired, ours.ready));
        if let State::Deleted(_) = state {
            prop_assert!(hold.is_none() || cluster.revision != cluster.served(), "it was not given back: {:?}", cluster);
            return Ok(());
        }
        prop_assert!(matches!(state, State::Idle(_)), "there is no end: {:?}", cluster);
        prop_assert_eq!((ours, theirs.desired, hold.is_some(), *paused), ((*replicas, *replicas), 0, true, true), "{:?}", cluster);
    }
}
