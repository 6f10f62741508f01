//! How is a state told in the trace?

use serin::rollout::State;

/// A state in a few words.
pub(super) fn brief(state: Option<&State>) -> String {
    let Some(state) = state else { return "nothing yet".to_owned() };
    let attempt = state.attempt().map_or(String::new(), |a| format!(" {} {}->{}", a.number, a.stable, a.canary));
    let weight = state.trial().map_or(String::new(), |(_, weight)| format!(" {weight}"));
    let stable = if let State::Idle(at) = state { format!(" {} rejected {:?}", at.stable, at.rejected) } else { String::new() };
    format!("{}{attempt}{weight}{stable}", state.phase())
}
