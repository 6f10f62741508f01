//! How does exposure move between two revisions, one of which may have young pods beside its old ones?

use super::baseline::Side;
use super::changes::{Plan, counted};
use super::reach::tolerated;
use super::{Change, Revision, Split, Weight};

impl Plan<'_> {
    /// Exposure moves to `goal`: up before down, never above the ceiling, never below the floor. So many of stable's pods should be young ones.
    pub(super) fn shift(&self, stable: &Revision, canary: &Revision, goal: Split, young: u32) -> Vec<Change> {
        let (side, new) = (Side::new(self.seen, stable, goal.stable, young), self.seen.children.get(canary));
        let (old_has, young_has, new_has) = (side.own_has(), side.young_has(), new.map_or(0, |c| c.desired));
        let (old_serves, new_serves) = (side.counted(), counted(new));
        let floor = self.intent.floor();
        let ceiling = self.intent.replicas.saturating_add(self.intent.capacity.surge).max(goal.total());
        let mut out = Vec::new();

        let old_goal = side.own_goal();
        let old_up = old_goal.min(ceiling.saturating_sub(new_has).saturating_sub(young_has));
        if old_up > old_has {
            out.extend(self.grow(stable, old_up));
        }
        // The old pods that a bake keeps are only a way back: what earned everything does not wait for them.
        let earned = matches!(self.state.trial(), Some((_, Weight::FULL)));
        // Old pods without room come back in the place of the canary's, where young ones still stand for them: exposure only falls by that.
        let stuck = old_has < old_goal && old_up <= old_has;
        let most =
            if stuck && !earned { goal.canary.min(ceiling.saturating_sub(old_goal).saturating_sub(side.young())) } else { goal.canary };
        let stable_is_there = earned || old_serves + tolerated(goal.stable) >= goal.stable;
        let stable_has = old_has.max(old_up).saturating_add(young_has);
        let new_up = if stable_is_there { goal.canary.min(ceiling.saturating_sub(stable_has)) } else { new_has };
        // Without replicas there is nothing to grow, but a revision without a Deployment could not become stable.
        if new_up > new_has || (new.is_none() && self.intent.replicas == 0) {
            out.extend(self.grow(canary, new_up));
        }
        if new_has > most
            && let Some(child) = new
        {
            out.extend(self.shrink(canary, child, most, floor.saturating_sub(old_serves)));
        }
        // When the whole fleet shrinks, the canary shrinks first.
        let canary_is_there = new_up <= new_has && new_has <= most && new_serves + tolerated(new_has) >= new_has;
        let needed = floor.saturating_sub(new_serves).saturating_sub(side.leant_on());
        let goes = side.own.filter(|child| child.desired > old_goal && canary_is_there);
        let goes = goes.and_then(|child| self.shrink(stable, child, old_goal, needed));
        let left = goes.as_ref().map_or(old_has, scaled_to);
        out.extend(goes);
        // Young pods have the last call on room, and go only where old ones, or what earned everything, carry what they did.
        let cramped = stuck || new_has < goal.canary && new_up < goal.canary;
        let free = ceiling.saturating_sub(old_has).saturating_sub(new_has);
        let room = if cramped || old_has < old_goal || new_has < goal.canary { 0 } else { free };
        let (kept, carried) = (if cramped { side.leant_on() } else { young }, if earned { 0 } else { goal.stable });
        if let Some(child) = side.young.filter(|child| child.desired > kept && new_has <= most) {
            let needed = carried.max(floor.saturating_sub(new_serves)).saturating_sub(left.min(counted(side.own)));
            out.extend(self.shrink(&stable.baseline(), child, kept, needed));
        } else if young.min(room) > young_has {
            out.extend(self.grow(&stable.baseline(), young.min(room)));
        }
        let both = [stable, canary];
        let others = self.others(&both).filter(|(other, _)| !other.is_baseline_of(stable));
        out.extend(others.filter_map(|(other, child)| self.shrink(other, child, 0, 0)));
        out
    }
}

/// What a change makes of a Deployment's size.
fn scaled_to(change: &Change) -> u32 {
    if let Change::Scale { replicas, .. } = change { *replicas } else { 0 }
}
