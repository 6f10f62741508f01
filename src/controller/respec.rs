//! What changed in the spec that no event has told of yet?

use super::world::Seen;
use crate::audit::Respec;
use crate::rollout::{Event, EventKind, Intent, Known, Lifetime, Memo, State, Why};

/// Autoscalers write it all day: a change of it alone is no event of its own.
const SCALED: &str = "replicas";

/// What the fields of the spec say now.
pub(super) fn known(seen: &Seen) -> Known {
    Known { generation: seen.generation, fields: seen.fields.clone() }
}

/// What changed since an event told of the spec last, if anything did.
pub(super) fn respec(memo: &Memo, seen: &Seen) -> Option<Respec> {
    // Most passes end here.
    let Known { generation, fields } = memo.spec.as_ref().filter(|known| known.fields != seen.fields)?;
    let changed: Vec<String> = seen.fields.changed(fields).into_iter().map(str::to_owned).collect();
    let from = generation.saturating_add(1).min(seen.generation);
    (!changed.is_empty()).then_some(Respec { changed, from, to: seen.generation })
}

/// The event of an edit that nothing else tells of. While the API server is still asked about a template, an attempt may be about to begin.
pub(super) fn edited(memo: &Memo, seen: &Seen, (state, why): (&State, &Why), intent: &Intent) -> Option<Event> {
    let Respec { changed, from, to } = respec(memo, seen)?;
    let matters = changed.iter().any(|name| name != SCALED);
    if !matters || *why == Why::CheckingTemplate || seen.observed.lifetime == Lifetime::Deleting {
        return None;
    }
    let generations = if from == to { format!("generation {to}") } else { format!("generations {from} to {to}") };
    Some(Event {
        kind: EventKind::SpecChanged,
        revision: intent.revision.clone(),
        stable: state.stable().cloned(),
        attempt: state.attempt().map_or(0, |attempt| attempt.number),
        weight: None,
        reason: "Edited",
        message: format!("somebody changed the spec ({generations}): {}", changed.join(", ")),
        failure: None,
        author: None,
    })
}
