//! What is remembered beside the state: actions that were answered, drift that was told. It stays small, and goes when it can.

use chrono::{DateTime, TimeDelta, Utc};
use serin::rollout::{Action, Event, EventKind, Handled, Memo, Revision, Verb, forgotten_at};

use super::check;
use super::commands_in_flight::holding;
use super::idle::settled;
use crate::given::{Given, action, after, handled, noon, seen, v1, v2};

/// That many actions that were answered, and whose own status may not say so yet.
fn answered(count: usize) -> (Vec<Action>, Vec<Handled>) {
    let actions: Vec<Action> = (0..count).map(|number| Action { uid: format!("uid-{number}"), ..action(Verb::Pause) }).collect();
    let handled = actions.iter().map(handled).collect();
    (actions, handled)
}

/// v2 holds 25 %; that many actions are answered, and somebody asks for one more.
fn busy(count: usize) -> Given {
    let (actions, handled) = answered(count);
    let row = holding().sees(|seen| seen.actions = actions).asked(action(Verb::Abort));
    Given { memo: Memo { handled, ..Memo::default() }, ..row }
}

#[test]
fn what_was_answered_is_not_done_again_and_the_next_one_is() {
    check(
        busy(1),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
}

#[test]
fn the_oldest_is_answered_first() {
    check(
        holding().asked(action(Verb::Pause)).asked(action(Verb::Abort)),
        "
        state   Paused #1 v1>v2 25%, held 0s, by Action
        event   rollout.paused PausedByAction #1 v1>v2 25%: revision v2 stays at 25%: paused by ana: it is time <pause: Done>
        changes none
        wake    at once; PausedByAction: paused by ana: it is time; resume it, or change the template
        ",
    );
}

#[test]
fn an_action_that_says_itself_that_it_was_answered_is_passed_over() {
    let done = Action { answered: Some(noon()), ..action(Verb::Abort) };
    check(
        holding().asked(done),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn nothing_more_is_done_while_32_answers_wait_to_be_written() {
    check(
        busy(31),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
    check(
        busy(32),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   none
        changes none
        wake    +60s; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn an_answer_is_remembered_until_its_action_says_it_for_a_minute_or_is_gone() {
    let (actions, handled) = answered(3);
    let memo = Memo { handled, ..Memo::default() };
    let mut seen = seen();
    seen.actions = actions;
    seen.actions[1].answered = Some(noon());
    seen.actions.remove(2);
    let left = |seconds| memo.tidied(&seen, after(seconds)).handled.into_iter().map(|handled| handled.uid).collect::<Vec<_>>();
    assert_eq!(left(59), ["uid-0", "uid-1"], "whoever takes over then may not know what the action says");
    assert_eq!(left(60), ["uid-0"]);
}

#[test]
fn where_32_answers_are_remembered_the_next_action_waits_until_the_oldest_is_forgotten() {
    let Given { memo, seen, .. } = busy(32);
    assert_eq!(memo.room_at(&seen), Some(after(60)));
    let Given { memo, seen, .. } = busy(31);
    assert_eq!(memo.room_at(&seen), None);
}

/// Drift of that revision's Deployment was told so many seconds after noon.
fn told(revision: &Revision, seconds: i64) -> (String, DateTime<Utc>) {
    (revision.to_string(), after(seconds))
}

#[test]
fn drift_is_remembered_for_an_hour() {
    let memo = Memo { drift: [told(&v1(), 0), told(&v2(), 10)].into(), ..Memo::default() };
    assert_eq!(memo.tidied(&seen(), after(3599)), memo);
    assert_eq!(memo.tidied(&seen(), after(3600)).drift, [told(&v2(), 10)].into());
    assert!(memo.tidied(&seen(), after(3610)).is_empty());
}

#[test]
fn an_action_is_kept_for_a_day_after_it_was_answered() {
    assert_eq!(forgotten_at(noon()), noon() + TimeDelta::hours(24));
}

#[test]
fn drift_of_one_deployment_is_told_once_an_hour_and_put_right_each_time() {
    let scaled = |seconds: i64| {
        let row = settled().child(&v1(), |child| (child.desired, child.upkeep.scaled_by) = (7, Some("kubectl".to_owned())));
        Given { memo: Memo { drift: [told(&v1(), seconds)].into(), ..Memo::default() }, ..row }
    };
    check(
        scaled(-3599),
        "
        state   Idle v1, attempts 0, v1 installed
        event   none
        changes scale v1 10
        wake    never; WaitingForPods: 7 of 10 stable pods are available
        ",
    );
    check(
        scaled(-3600),
        "
        state   Idle v1, attempts 0, v1 installed
        event   drift.corrected Scaled #0 v1>v1 -: the Deployment of revision v1 was scaled to 7 by kubectl; it is put right
        changes scale v1 10
        wake    at once; WaitingForPods: 7 of 10 stable pods are available
        ",
    );
}

#[test]
fn drift_of_another_deployment_is_told_all_the_same() {
    let by = || Some("kubectl".to_owned());
    let row = holding();
    let row = row.child(&v1(), |child| child.upkeep.edited_by = by()).child(&v2(), |child| child.upkeep.edited_by = by());
    check(
        Given { memo: Memo { drift: [told(&v1(), 0)].into(), ..Memo::default() }, ..row },
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   drift.corrected Edited #1 v1>v2 -: the Deployment of revision v2 was changed by kubectl; it is put right
        changes repair v1 template, repair v2 template
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

/// Drift of a Deployment is told once an hour, of as many as there may be.
#[test]
fn of_drift_that_was_told_the_newest_is_remembered() {
    let told = |number: usize| {
        let mut memo = Memo::default();
        for seconds in (0..).take(number) {
            let event = Event {
                kind: EventKind::DriftCorrected,
                revision: Revision::new(format!("{seconds:010}")),
                stable: None,
                attempt: 0,
                weight: None,
                reason: "Scaled",
                message: String::new(),
                failure: None,
                author: None,
            };
            memo.note(&event, after(seconds));
        }
        (memo.drift.len(), memo.drift.values().min().copied())
    };
    assert_eq!(told(2), (2, Some(noon())));
    assert_eq!(told(128), (128, Some(noon())));
    assert_eq!(told(129), (128, Some(after(1))));
}
