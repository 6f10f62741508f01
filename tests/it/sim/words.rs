//! How is a run told to people? Four lines a step at most: what a pass sees, what it decides, what is committed, what takes effect.

use serin::controller::{Decision, Seen, decide};
use serin::rollout::{Change, Child, Direction, Revision, Settled, State};

use super::process::Life;
use super::state::{Sim, key};

impl Sim {
    /// The first two lines of a pass. One that sees what it saw before, and does nothing, has none.
    pub(super) fn describe(&mut self, life: Life, seen: &Seen) {
        if self.trace.is_none() {
            return;
        }
        let (told, decision) = (sees(seen), decide(&key(), seen, self.clock(life)));
        let idle = decision.status.is_none() && decision.changes.is_empty() && decision.answers.is_empty() && decision.asks.is_empty();
        if idle && self.last_seen.get(&life) == Some(&told) {
            return;
        }
        self.tell(life, |_| format!("sees     {told}"));
        self.last_seen.insert(life, told);
        if !idle {
            self.tell(life, |_| format!("decides  {}", decides(&decision)));
        }
    }
}

fn sees(seen: &Seen) -> String {
    let child = |(revision, child): (&Revision, &Child)| {
        let busy = match child.settled {
            Settled::Yes => "",
            Settled::No => "~",
            Settled::Unseen => "?",
        };
        format!(" {revision}:{}/{}{busy}", child.available, child.desired)
    };
    let children: String = seen.observed.children.iter().map(child).collect();
    let wanted = seen.intent.as_ref().map_or("an unreadable spec".to_owned(), |i| format!("{} x{}", i.revision, i.replicas));
    let state = seen.status.as_ref().ok().and_then(|status| status.state.as_ref());
    format!("{} |{children} | wants {wanted}", brief(state))
}

fn decides(decision: &Decision) -> String {
    let Decision { status, answers, changes, asks, .. } = decision;
    let why = |status: &serin::api::Status| status.why.as_ref().map_or(String::new(), |why| format!(", {}", why.reason));
    let next = status.as_ref().map_or("no commit".to_owned(), |status| format!("{}{}", brief(status.state.as_ref()), why(status)));
    let writes: Vec<String> = answers.iter().chain(changes).map(change).collect();
    let asks = if asks.is_empty() { String::new() } else { format!(" | asks {} questions", asks.len()) };
    format!("{next} | {}{asks}", if writes.is_empty() { "no writes".to_owned() } else { writes.join(", ") })
}

/// A change in a few words.
fn change(change: &Change) -> String {
    match change {
        Change::Guard => "guard".to_owned(),
        Change::Record { revision, number } => format!("record {revision} as {number}"),
        Change::Create { revision, replicas, .. } => format!("create {revision} with {replicas}"),
        Change::Scale { revision, from, replicas, direction, .. } => {
            let raise = if *direction == Direction::Raise { " (raise)" } else { "" };
            format!("scale {revision} {from}>{replicas}{raise}")
        }
        Change::Mark { revision, outcome, .. } => format!("mark {revision} {outcome}"),
        Change::Repair { revision, .. } => format!("repair {revision}"),
        Change::Restart { revision, .. } => format!("restart {revision}"),
        Change::Stamp { revision, epoch, .. } => format!("stamp {revision} with {epoch}"),
        Change::Prune { revision, .. } => format!("prune {revision}"),
        Change::Discard { revision } => format!("discard {revision}"),
        Change::Answer(handled) => format!("answer {} {:?}", handled.name, handled.answer),
        Change::Forget { name, .. } => format!("forget {name}"),
        Change::Hold { .. } | Change::Unpause { .. } | Change::ScaleHeld { .. } | Change::LetGo { .. } => format!("{change:?}"),
        Change::Release => "release".to_owned(),
    }
}

/// A state in a few words.
pub(super) fn brief(state: Option<&State>) -> String {
    let Some(state) = state else { return "nothing yet".to_owned() };
    let attempt = state.attempt().map_or(String::new(), |a| format!(" {} {}->{}", a.number, a.stable, a.canary));
    let weight = state.trial().map_or(String::new(), |(_, weight)| format!(" {weight}"));
    let rest = match state {
        State::Idle(at) => format!(" {}{}", at.stable, at.rejected.as_ref().map_or(String::new(), |it| format!(" rejected {it}"))),
        State::Installing(at) => format!(" {}", at.revision),
        State::Adopting(_)
        | State::HandingBack(_)
        | State::Stepping(_)
        | State::Approval(_)
        | State::Paused(_)
        | State::Promoting(_)
        | State::Baking(_)
        | State::RollingBack(_)
        | State::Deleted(_) => String::new(),
    };
    format!("{}{attempt}{weight}{rest}", state.phase())
}
