//! Which writes the cluster needs to get from what is seen to what a state asks for.
//!
//! A change is released only when what it waits for was *observed*: a side shrinks only as far as the other side's
//! available pods carry the load. Writes that bring capacity stand before writes that take it away.

use std::collections::BTreeMap;

use super::reach::tolerated;
use super::upkeep::upkeep;
use super::workload::{Move, Readiness, keep_down};
use super::{
    Adoptee, AttemptResult, Change, Child, DeletionPolicy, Direction, Ended, Idle, Intent, Lifetime, Observed, Record, Revision, State,
    Target, Template, sharing_trouble, target,
};

/// The changes that `state` still needs, in the order in which they have to be made.
///
/// # Guarantees
/// Pure and total. Applying all of them and observing the result leads to fewer changes until there are none. No change takes the
/// ready pods below the capacity floor, and the canary never gets more than its step's share.
pub fn changes(intent: &Intent, state: &State, seen: &Observed) -> Vec<Change> {
    if let State::Deleted(_) = state {
        return if intent.deletion == DeletionPolicy::Delete { everything(seen) } else { Vec::new() };
    }
    if seen.lifetime == Lifetime::Unguarded {
        return vec![Change::Guard];
    }
    let plan = Plan { intent, state, seen };
    let target = target(intent, state);
    let spent = plan.spent(&target);
    let mut out = match target {
        Target::One { revision, pods } => plan.one(&revision, pods),
        Target::Shift { stable, canary, split, baseline } => plan.shift(&stable, &canary, split, baseline),
        Target::Adopt { revision, .. } => plan.adopt(&revision),
        Target::HandBack { revision, .. } => plan.hand_back(&revision),
        Target::Retreat { stable, canary, pods, floor } => plan.retreat(&stable, &canary, pods, floor),
        Target::HandsOff => Vec::new(),
    };
    if let State::Baking(at) = state {
        // It is stable already: should the status be lost, it is found again.
        out.extend(mark(&at.ended(), seen));
    }
    out.extend(spent);
    out.extend(upkeep(intent, state, seen));
    out.extend(keep_down(state, seen));
    out
}

/// All that the rollout has made: it goes with the Rollout.
fn everything(seen: &Observed) -> Vec<Change> {
    let deployments = seen.children.iter().map(|(revision, child)| prune(revision, child));
    let bare = seen.records.keys().filter(|revision| !seen.children.contains_key(*revision));
    deployments.chain(bare.map(|revision| Change::Discard { revision: revision.clone() })).collect()
}

/// What became of the last attempt, where its record does not say so yet.
pub(super) fn mark(last: &Ended, seen: &Observed) -> Option<Change> {
    let Ended { revision, result, at, .. } = last;
    let record = seen.records.get(revision)?;
    let news = match result {
        // What was stable once remains a way back.
        AttemptResult::Superseded => !record.served(),
        AttemptResult::Recovered => false,
        AttemptResult::Installed | AttemptResult::Promoted | AttemptResult::Aborted | AttemptResult::Undone => true,
    };
    // It is stored in whole seconds. A revision that was promoted before and is so again has served last now: an undo asks for that.
    let older = record.outcome_at.is_some_and(|written| written.timestamp() < at.timestamp());
    let unmarked = record.outcome.as_deref() != Some(result.word()) || older;
    (news && unmarked).then(|| Change::Mark { revision: revision.clone(), outcome: result.word().to_owned(), at: *at })
}

pub(super) struct Plan<'a> {
    pub(super) intent: &'a Intent,
    pub(super) state: &'a State,
    pub(super) seen: &'a Observed,
}

impl Plan<'_> {
    /// One revision gets all pods; what else still serves goes as that one becomes available.
    fn one(&self, revision: &Revision, pods: u32) -> Vec<Change> {
        let floor = if matches!(self.state, State::Installing(_)) { pods } else { self.intent.floor() };
        let mut out = self.grow(revision, pods);
        let here = counted(self.seen.children.get(revision));
        out.extend(self.others(&[revision]).filter_map(|(other, child)| self.shrink(other, child, 0, floor.saturating_sub(here))));
        if let Some(child) = self.seen.children.get(revision)
            && child.desired > pods
        {
            out.push(scale(revision, child, pods, Direction::Raise));
        }
        if let State::Idle(idle) = self.state {
            out.extend(self.bookkeeping(idle));
        }
        out
    }

    /// What runs is held first, as it was looked at: its template is stored before, so that its pods can be made of it. Then ours grows.
    fn adopt(&self, revision: &Revision) -> Vec<Change> {
        let (child, adoptee) = (self.seen.children.get(revision), self.seen.workload.adoptee());
        let held = adoptee.is_none_or(|adoptee| adoptee.is_held(&self.seen.name));
        if let Some(adoptee) = adoptee.filter(|_| !held) {
            let free = adoptee.readiness(&self.seen.name) == Readiness::Free && adoptee.revision == *revision;
            let ready = free && self.is_accepted(revision) && sharing_trouble(self.intent, &self.seen.service).is_none();
            let record = (!self.seen.records.contains_key(revision)).then(|| Change::Record { revision: revision.clone(), number: 0 });
            let take = Change::Hold { fence: adoptee.fence.clone() };
            return if ready { record.into_iter().chain([take]).collect() } else { Vec::new() };
        }
        let way = Move { intent: self.intent, child, adoptee };
        let up = way.ours_up();
        let mut out = if up > 0 || self.intent.replicas == 0 { self.grow(revision, up) } else { Vec::new() };
        out.extend(way.theirs_down());
        // Replicas may have shrunk meanwhile: ours follows once theirs has none.
        let alone = adoptee.is_none_or(|adoptee| adoptee.desired == 0);
        if let Some(child) = child.filter(|child| alone && child.desired > self.intent.replicas) {
            out.push(scale(revision, child, self.intent.replicas, Direction::Raise));
        }
        out
    }

    /// The other way round; it is let go once it has everything.
    fn hand_back(&self, revision: &Revision) -> Vec<Change> {
        let child = self.seen.children.get(revision);
        let held = |adoptee: &&Adoptee| adoptee.is_held(&self.seen.name);
        let Some(adoptee) = self.seen.workload.adoptee().filter(held) else { return Vec::new() };
        // While it is paused it would make pods of an older template of its own.
        if adoptee.paused {
            return vec![Change::Unpause { fence: adoptee.fence.clone() }];
        }
        let way = Move { intent: self.intent, child, adoptee: Some(adoptee) };
        let mut out: Vec<Change> = way.theirs_up().into_iter().collect();
        match child.filter(|child| child.desired > 0) {
            Some(child) => out.extend(self.shrink(revision, child, 0, way.ours_needed())),
            None if out.is_empty() => out.push(Change::LetGo { fence: adoptee.fence.clone() }),
            None => {}
        }
        out
    }

    fn is_accepted(&self, revision: &Revision) -> bool {
        matches!(&self.seen.template, Template::Accepted { revision: accepted, .. } if accepted == revision)
    }

    /// Stable gets all its pods at once; the canary goes as far as the floor allows at once, the rest as stable becomes available. Its young pods are
    /// well: they stay until then.
    fn retreat(&self, stable: &Revision, canary: &Revision, pods: u32, floor: u32) -> Vec<Change> {
        let mut out = self.grow(stable, pods);
        let back = counted(self.seen.children.get(stable));
        let missing = floor.max(pods - tolerated(pods)).saturating_sub(back);
        let stay = counted(self.seen.baseline_of(stable)).min(missing);
        out.extend(self.others(&[stable]).filter_map(|(other, child)| {
            let needed = match other {
                _ if other == canary => floor.saturating_sub(back).saturating_sub(stay),
                _ if other.is_baseline_of(stable) => missing,
                _ => 0,
            };
            self.shrink(other, child, 0, needed)
        }));
        // Replicas may have shrunk, or a step may have lent stable extra pods: they go once the canary is gone, or its share would grow.
        let gone = self.others(&[stable]).next().is_none();
        if let Some(child) = self.seen.children.get(stable).filter(|child| gone && child.desired > pods) {
            out.push(scale(stable, child, pods, Direction::Raise));
        }
        out
    }

    /// Creates the revision or scales it up to `pods`.
    pub(super) fn grow(&self, revision: &Revision, pods: u32) -> Vec<Change> {
        match self.seen.children.get(revision) {
            Some(child) if child.desired < pods => vec![scale(revision, child, pods, self.growing(revision))],
            Some(_) => Vec::new(),
            None => self.create(revision, pods),
        }
    }

    /// Young pods that nothing is compared with any more leave no Deployment behind: a later attempt wants young ones of its own.
    fn spent(&self, target: &Target) -> Vec<Change> {
        let wanted = match target {
            Target::Shift { stable, baseline: 1.., .. } => Some(stable.baseline()),
            Target::Shift { .. }
            | Target::One { .. }
            | Target::Adopt { .. }
            | Target::HandBack { .. }
            | Target::Retreat { .. }
            | Target::HandsOff => None,
        };
        let empty = self.seen.children.iter().filter(|(revision, child)| revision.is_baseline() && child.desired == 0);
        empty.filter(|(revision, _)| Some(*revision) != wanted.as_ref()).map(|(revision, child)| prune(revision, child)).collect()
    }

    /// What can be made is the template of the spec, and what is stored; a first one only once the API server accepted it.
    fn create(&self, revision: &Revision, replicas: u32) -> Vec<Change> {
        let accepted = self.is_accepted(revision) && sharing_trouble(self.intent, &self.seen.service).is_none();
        let accepted = accepted || !matches!(self.state, State::Installing(_));
        let template = revision.template();
        let stored = self.seen.records.contains_key(&template);
        let known = *template == self.intent.revision || stored;
        if !known || !accepted || self.seen.lifetime == Lifetime::Deleting {
            return Vec::new();
        }
        let record = Change::Record { revision: template.into_owned(), number: self.state.attempt().map_or(0, |a| a.number) };
        let missing = (!stored).then_some(record);
        missing.into_iter().chain([Change::Create { revision: revision.clone(), replicas, epoch: self.seen.epoch }]).collect()
    }

    /// More of the canary is more exposure, and young pods beside it are in no hurry; more of anything else brings stable back.
    fn growing(&self, revision: &Revision) -> Direction {
        match self.state.attempt() {
            Some(_) if revision.is_baseline() => Direction::Raise,
            Some(attempt) if attempt.canary == *revision => Direction::Raise,
            Some(_) | None => Direction::Lower,
        }
    }

    /// Scales down to `goal`, but keeps `needed` serving pods. Pods that do not serve go first and cost nothing.
    pub(super) fn shrink(&self, revision: &Revision, child: &Child, goal: u32, needed: u32) -> Option<Change> {
        let keep = goal.max(needed.min(child.serving()));
        let exposed = self.state.attempt().is_some_and(|a| a.canary == *revision);
        let direction = if exposed { Direction::Lower } else { Direction::Raise };
        (keep < child.desired).then(|| scale(revision, child, keep, direction))
    }

    pub(super) fn others<'b>(&'b self, known: &'b [&Revision]) -> impl Iterator<Item = (&'b Revision, &'b Child)> {
        self.seen.children.iter().filter(move |(revision, child)| !known.contains(revision) && child.desired > 0)
    }

    /// Idle only: the last outcome is written on its record, and old revisions beyond the history limit go.
    fn bookkeeping(&self, idle: &Idle) -> Vec<Change> {
        mark(&idle.last, self.seen).into_iter().chain(self.prune(idle)).chain(self.discard(idle)).collect()
    }

    fn prune<'b>(&'b self, idle: &'b Idle) -> impl Iterator<Item = Change> + 'b {
        let wanted = |revision: &Revision| *revision == idle.stable || *revision == self.intent.revision;
        let old: BTreeMap<_, _> = self
            .seen
            .children
            .iter()
            .filter(|(r, c)| !wanted(r) && !r.is_baseline() && c.desired == 0)
            .map(|(r, c)| ((c.created, r), c))
            .collect();
        let surplus = old.len().saturating_sub(self.intent.history_limit as usize);
        old.into_iter().take(surplus).map(|((_, revision), child)| prune(revision, child))
    }

    /// Records whose Deployment is gone: they are a way back as long as the history has room.
    fn discard<'b>(&'b self, idle: &'b Idle) -> impl Iterator<Item = Change> + 'b {
        let wanted = |revision: &Revision| *revision == idle.stable || *revision == self.intent.revision;
        let mut old: Vec<(&Revision, &Record)> = self.seen.records.iter().filter(|(revision, _)| !wanted(revision)).collect();
        old.sort_by_key(|(revision, record)| (record.number, *revision));
        let surplus = old.len().saturating_sub(self.intent.history_limit as usize);
        let bare = |(revision, _): &(&Revision, &Record)| !self.seen.children.contains_key(*revision);
        old.into_iter().take(surplus).filter(bare).map(|(revision, _)| Change::Discard { revision: revision.clone() })
    }
}

fn prune(revision: &Revision, child: &Child) -> Change {
    Change::Prune { revision: revision.clone(), fence: child.fence.clone() }
}

/// Pods of a side that the other side may lean on; none where there is no Deployment.
pub(super) fn counted(child: Option<&Child>) -> u32 {
    child.map_or(0, Child::counted)
}

fn scale(revision: &Revision, child: &Child, replicas: u32, direction: Direction) -> Change {
    Change::Scale { revision: revision.clone(), from: child.desired, replicas, fence: child.fence.clone(), direction }
}
