//! Did somebody else change what Serin holds in place? It is put right like everything else; here it is told.

use super::{ADOPTED, Change, Child, Clock, Event, EventKind, Facts, Revision, State, Stepping, changes};

/// The event of a change by somebody else that the state is about to put right, if there is one that was not told a short while ago.
pub(super) fn drift(state: &State, facts: &Facts) -> Option<Event> {
    if facts.brake.is_some_and(|brake| matches!(brake, super::Why::InvalidSpec(_))) {
        return None;
    }
    let found = changes(facts.intent, state, facts.seen).into_iter().find_map(|change| found(&change, state, facts));
    let (revision, reason, what) = found?;
    Some(Event {
        kind: EventKind::DriftCorrected,
        stable: state.stable().cloned(),
        attempt: state.attempt().map_or(0, |attempt| attempt.number),
        weight: None,
        reason,
        message: format!("{} {what}; it is put right", deployment(&revision)),
        revision: revision.template().into_owned(),
        failure: None,
        author: None,
    })
}

/// Which Deployment it is, for people.
fn deployment(revision: &Revision) -> String {
    let whose = if revision.is_baseline() { "the baseline" } else { "the Deployment" };
    format!("{whose} of revision {}", revision.template())
}

/// What a change puts right, if that was somebody else's doing.
fn found(change: &Change, state: &State, facts: &Facts) -> Option<(Revision, &'static str, String)> {
    let child = |revision: &Revision| facts.seen.children.get(revision);
    let (revision, reason, what) = match change {
        Change::Scale { revision, .. } => {
            let Child { desired, upkeep, .. } = child(revision)?;
            let by = upkeep.scaled_by.as_ref()?;
            (revision, "Scaled", format!("was scaled to {desired} by {by}"))
        }
        Change::Repair { revision, .. } => {
            let Child { upkeep, .. } = child(revision)?;
            match &upkeep.edited_by {
                Some(by) => (revision, "Edited", format!("was changed by {by}")),
                None if upkeep.paused => (revision, "Paused", "was paused by somebody else".to_owned()),
                // The spec asks for another `minReadySeconds` than before.
                None => return None,
            }
        }
        Change::Create { revision, .. } if had_pods(state, revision) => (revision, "Deleted", "was deleted by somebody else".to_owned()),
        Change::ScaleHeld { .. } | Change::Hold { .. } => return held(facts, state),
        Change::Create { .. }
        | Change::LetGo { .. }
        | Change::Unpause { .. }
        | Change::Guard
        | Change::Record { .. }
        | Change::Mark { .. }
        | Change::Restart { .. }
        | Change::Stamp { .. }
        | Change::Prune { .. }
        | Change::Discard { .. }
        | Change::Answer(_)
        | Change::Forget { .. }
        | Change::Release => return None,
    };
    (!facts.memo.told(revision.template().as_str(), facts.now)).then(|| (revision.clone(), reason, what))
}

/// The word for drift of the Deployment that was taken over.
pub(super) const HELD: &str = "AdoptedScaled";

/// The Deployment that was taken over has pods again, or rolls out by itself.
fn held(facts: &Facts, state: &State) -> Option<(Revision, &'static str, String)> {
    let adoptee = facts.seen.workload.adoptee()?;
    let stable = match state {
        State::Adopting(_) | State::HandingBack(_) => return None,
        _ => state.stable()?,
    };
    let by = adoptee.scaled_by.as_deref().unwrap_or("somebody else");
    let what = if adoptee.desired > 0 { format!("was scaled to {} by {by}", adoptee.desired) } else { "was resumed".to_owned() };
    let text = format!("took over Deployment {}, which {what}", adoptee.name);
    (!facts.memo.told(ADOPTED, facts.now)).then(|| (stable.clone(), HELD, text))
}

/// Whether the state could not have been reached without a Deployment of this revision.
fn had_pods(state: &State, revision: &Revision) -> bool {
    match state {
        // Where a rollback goes to may have been pruned long ago.
        State::Installing(_) | State::Adopting(_) | State::RollingBack(_) | State::HandingBack(_) | State::Deleted(_) => false,
        State::Idle(at) => at.stable == *revision,
        State::Stepping(Stepping { attempt, clock, .. }) => {
            let began = match clock {
                Clock::Running { .. } => true,
                Clock::Waiting { held, .. } => !held.is_zero(),
            };
            attempt.stable == *revision || (began && attempt.canary == *revision)
        }
        // It was paused or promoted by somebody before it had a pod, perhaps.
        State::Paused(_) | State::Promoting(_) => state.attempt().is_some_and(|attempt| attempt.stable == *revision),
        State::Approval(_) | State::Baking(_) => {
            state.attempt().is_some_and(|attempt| attempt.stable == *revision || attempt.canary == *revision)
        }
    }
}
