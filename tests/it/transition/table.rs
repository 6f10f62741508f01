//! The one door of the tables: what follows from a row, in four lines.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serin::rollout::{
    Adopting, Approval, Attempt, Baking, Cause, Change, Clock, Deleted, Direction, Edge, Edited, Event, Facts, HandingBack, Handled, Idle,
    Installing, Next, Paused, Promoting, RollingBack, State, Stepping, Why, changes, transition,
};

use crate::given::{Given, noon};

/// Decides the row and compares the four lines of what follows with those expected. Revisions are written v1, v2, v3; times are
/// seconds after noon; a change that raises exposure or lowers capacity has an exclamation mark.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "a row reads as a sentence")]
pub(super) fn check(given: Given, expected: &str) {
    compare(&rendered(&given), expected);
}

/// The same for a state that was not decided by [`transition`].
#[track_caller]
pub(super) fn begins(given: &Given, edge: &Edge, expected: &str) {
    compare(&picture(given, &edge.state, (told(&edge.event), &edge.why, "at once".to_owned())), expected);
}

#[track_caller]
fn compare(got: &str, expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let same = expected.len() == 4 && expected.iter().zip(got.lines()).all(|(expected, got)| *expected == got);
    assert!(same, "{}\nin full:\n{got}", differences(&expected, got));
}

/// The lines that differ, one below the other.
fn differences(expected: &[&str], got: &str) -> String {
    let mut out = String::from("the row does not decide as it says");
    for (number, got) in got.lines().enumerate() {
        let expected = expected.get(number).copied().unwrap_or_default();
        if expected != got {
            let _ = write!(out, "\n  expected {expected}\n  got      {got}");
        }
    }
    out
}

/// What is decided of a row.
pub(crate) fn decide(given: &Given) -> Next {
    let Given { state, intent, seen, verdict, brake, memo, now } = given;
    transition(state, &Facts { intent, seen, memo, verdict, brake: brake.as_ref(), now: *now })
}

fn rendered(given: &Given) -> String {
    let next = decide(given);
    let (state, event, why, wake) = match &next {
        Next::Stay { state, why, wake } => (state, "none".to_owned(), why, wake.map_or_else(|| "never".to_owned(), at)),
        Next::Edge(Edge { state, event, why }) => (state, told(event), why, "at once".to_owned()),
        Next::Answer(Edge { state, event, why }, handled) => {
            let answer = answered(given, event, handled);
            (state, format!("{} <{answer}>", told(event)), why, "at once".to_owned())
        }
    };
    picture(given, state, (event, why, wake))
}

/// Four lines.
fn picture(Given { intent, seen, .. }: &Given, state: &State, (event, why, wake): (String, &Why, String)) -> String {
    let writes: Vec<String> = changes(intent, state, seen).iter().map(written).collect();
    let writes = if writes.is_empty() { "none".to_owned() } else { writes.join(", ") };
    let text = format!("state   {}\nevent   {event}\nchanges {writes}\nwake    {wake}; {}", stands(state), waits(why));
    text.replace("1111111111", "v1").replace("2222222222", "v2").replace("3333333333", "v3")
}

/// How an action was answered. Its object will say the same as the event, and the event says who asked.
fn answered(given: &Given, event: &Event, handled: &Handled) -> String {
    let action = given.seen.actions.iter().find(|action| action.uid == handled.uid).expect("an action that was seen");
    assert_eq!(event.author.as_ref(), Some(&action.author));
    assert_eq!((&handled.name, handled.at), (&action.name, given.now));
    assert_eq!(handled.phase, given.state.phase().name());
    assert!(event.message.contains(&handled.message), "{} is not {}", event.message, handled.message);
    format!("{}: {:?}", handled.name, handled.answer)
}

fn stands(state: &State) -> String {
    let late = |overdue: bool| if overdue { ", overdue" } else { "" };
    match state {
        State::Installing(Installing { revision, since, overdue, .. }) => {
            format!("Installing {revision} since {}{}", at(*since), late(*overdue))
        }
        State::Adopting(Adopting { revision, since, overdue }) => format!("Adopting {revision} since {}{}", at(*since), late(*overdue)),
        State::HandingBack(HandingBack { stable, since, alias }) => {
            let alias = alias.as_ref().map(|r| format!(", means {r}")).unwrap_or_default();
            format!("HandingBack {stable} since {}{alias}", at(*since))
        }
        State::Idle(Idle { stable, attempts, last, rejected, alias, restart, down }) => {
            let rejected = rejected.as_ref().map(|r| format!(", rejects {r}")).unwrap_or_default();
            let alias = alias.as_ref().map(|r| format!(", means {r}")).unwrap_or_default();
            let restart = restart.as_ref().map(|r| format!(", restart {}", r.as_str())).unwrap_or_default();
            let down = down.map(|since| format!(", down since {}", at(since))).unwrap_or_default();
            format!("Idle {stable}, attempts {attempts}, {} {}{rejected}{alias}{restart}{down}", last.revision, last.result.word())
        }
        State::Stepping(Stepping { attempt, step, clock, approved }) => {
            format!("Stepping {} {step}, {}{}", tried(attempt), measured(*clock), if *approved { ", approved" } else { "" })
        }
        State::Approval(Approval { attempt, step, held, since }) => {
            format!("Approval {} {step}, held {}s, since {}", tried(attempt), held.num_seconds(), at(*since))
        }
        State::Paused(Paused { attempt, step, held, cause, author: _, approved }) => {
            let approved = if *approved { ", approved" } else { "" };
            format!("Paused {} {step}, held {}s, by {cause:?}{approved}", tried(attempt), held.num_seconds())
        }
        State::Promoting(Promoting { attempt, since, forced }) => {
            format!("Promoting {} since {}{}", tried(attempt), at(*since), if *forced { ", forced" } else { "" })
        }
        State::Baking(Baking { attempt, since, forced }) => {
            format!("Baking {} since {}{}", tried(attempt), at(*since), if *forced { ", forced" } else { "" })
        }
        State::RollingBack(RollingBack { attempt, cause, since, overdue, blocked, rejected }) => {
            let blocked = if *blocked { ", blocked" } else { "" };
            let rejected = rejected.as_ref().map(|r| format!(", rejects {r}")).unwrap_or_default();
            format!("RollingBack {} since {}, {}{}{blocked}{rejected}", tried(attempt), at(*since), ended(cause), late(*overdue))
        }
        State::Deleted(Deleted { stable, since }) => {
            format!("Deleted since {}, {} serves", at(*since), stable.as_ref().map_or("nothing".to_owned(), ToString::to_string))
        }
    }
}

fn tried(Attempt { number, stable, canary }: &Attempt) -> String {
    format!("#{number} {stable}>{canary}")
}

fn measured(clock: Clock) -> String {
    match clock {
        Clock::Waiting { since, held } => format!("waiting since {}, held {}s", at(since), held.num_seconds()),
        Clock::Running { since, held } => format!("running since {}, held {}s", at(since), held.num_seconds()),
    }
}

/// The cause without its text, which stands in the event or the reason.
fn ended(cause: &Cause) -> String {
    match cause {
        Cause::Failed(_)
        | Cause::Unavailable(_)
        | Cause::Undecided(_)
        | Cause::Deleted
        | Cause::Unapproved(_)
        | Cause::Aborted(_)
        | Cause::Undone(_) => cause.reason().to_owned(),
        Cause::Superseded(by) => format!("Superseded by {by}"),
    }
}

fn told(event: &Event) -> String {
    let Event { kind, revision, stable, attempt, weight, reason, message, failure, author: _ } = event;
    let stable = stable.as_ref().map_or("-".to_owned(), ToString::to_string);
    let weight = weight.map_or("-".to_owned(), |weight| weight.to_string());
    let failed = failure.as_ref().map(|f| format!(" [{} {:?} {:?}]", f.check, f.value, f.limit)).unwrap_or_default();
    format!("{} {reason} #{attempt} {stable}>{revision} {weight}: {message}{failed}", kind.name())
}

fn waits(why: &Why) -> String {
    format!("{}: {why}", why.reason())
}

fn written(change: &Change) -> String {
    match change {
        Change::Guard => "guard".to_owned(),
        Change::Record { revision, number } => format!("record {revision} #{number}"),
        Change::Create { revision, replicas, .. } => format!("create {revision} {replicas}"),
        Change::Scale { revision, from, replicas, fence, direction } => {
            assert_ne!(from, replicas, "every scale changes something");
            assert!(!fence.uid.is_empty() && !fence.resource_version.is_empty(), "every scale is fenced");
            format!("scale {revision} {replicas}{}", if *direction == Direction::Raise { "!" } else { "" })
        }
        Change::Mark { revision, outcome, .. } => format!("mark {revision} {outcome}"),
        Change::Repair { revision, template, .. } => {
            format!("repair {revision}{}", if *template == Edited::Yes { " template" } else { "" })
        }
        Change::Stamp { revision, epoch, .. } => format!("stamp {revision} with {epoch}"),
        Change::Restart { revision, restart, .. } => format!("restart {revision} {}", restart.as_str()),
        Change::Hold { .. } => "hold".to_owned(),
        Change::Unpause { .. } => "unpause".to_owned(),
        Change::ScaleHeld { replicas, direction, .. } => {
            format!("scale held {replicas}{}", if *direction == Direction::Raise { "!" } else { "" })
        }
        Change::LetGo { .. } => "let go".to_owned(),
        Change::Discard { revision } => format!("discard {revision}"),
        Change::Answer(handled) => format!("answer {}", handled.name),
        Change::Forget { name, .. } => format!("forget {name}"),
        Change::Prune { revision, .. } => format!("prune {revision}"),
        Change::Release => "release".to_owned(),
    }
}

/// A time as seconds after noon.
fn at(time: DateTime<Utc>) -> String {
    format!("{:+}s", (time - noon()).num_seconds())
}
