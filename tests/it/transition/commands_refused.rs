//! Which commands are not done, whatever they ask for? Those that come too late, too early, for something else, or without a name.

use serin::rollout::{Action, Answer, Cause, Next, PauseCause, Verb};

use super::approval::waiting;
use super::baking::watched;
use super::check;
use super::commands_in_flight::{holding, stopped};
use super::idle::{after_an_abort, settled};
use crate::given::{Given, action, after, failure, given, installing, promoting, rolling_back, stepping, v1, v2, v3};

/// What the action is told, where it is not done.
pub(super) fn said(row: &Given) -> String {
    let Next::Answer(edge, handled) = super::decide(row) else { panic!("not answered: {:?}", super::decide(row)) };
    assert_eq!(edge.state, row.state, "{}", handled.message);
    assert_ne!(handled.answer, Answer::Done, "{}", handled.message);
    handled.message.replace(v2().as_str(), "v2").replace(v3().as_str(), "v3").replace(v1().as_str(), "v1")
}

#[test]
fn nothing_that_raises_exposure_is_done_while_the_spec_is_paused() {
    for verb in Verb::ALL.into_iter().filter(|verb| verb.raises() && *verb != Verb::Retry) {
        let row = stopped(PauseCause::Spec).paused().asked(action(verb));
        assert_eq!(said(&row), "spec.paused is set; unset it first", "{verb}");
    }
}

#[test]
fn nothing_that_raises_exposure_is_done_under_a_brake() {
    for verb in Verb::ALL.into_iter().filter(|verb| verb.raises()) {
        for row in [holding(), waiting(), stopped(PauseCause::Action), after_an_abort()] {
            let blind = row.clone().unreadable().asked(action(verb));
            assert_eq!(said(&blind), "exposure cannot grow now: spec.steps: weights must increase", "{verb}");
            let full = row.backlogged().asked(action(verb));
            let why = "exposure cannot grow now: 32 events wait for their sinks; exposure does not grow until they are delivered";
            assert_eq!(said(&full), why, "{verb}");
        }
    }
}

#[test]
fn what_brings_stable_back_is_done_whatever_brake_is_on() {
    check(
        holding().unreadable().asked(action(Verb::Abort)),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
    check(
        holding().backlogged().asked(action(Verb::Undo)),
        "
        state   RollingBack #1 v1>v2 since +0s, Undone
        event   rollout.aborted Undone #1 v1>v2 0%: revision v2 is undone by ana: it is time; revision v1 comes back <undo: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
}

#[test]
fn a_command_says_what_it_is_meant_for_where_it_raises_exposure() {
    for verb in Verb::ALL.into_iter().filter(|verb| verb.raises()) {
        let row = holding().asked(Action { revision: None, ..action(verb) });
        assert_eq!(said(&row), format!("{verb} has to name the revision that it is meant for"));
    }
}

#[test]
fn a_command_for_another_revision_or_attempt_is_superseded() {
    for verb in Verb::ALL {
        for row in [holding(), waiting(), stopped(PauseCause::Action), given(promoting()), watched()] {
            let other = row.clone().asked(Action { revision: Some(v3()), ..action(verb) });
            assert_eq!(said(&other), "it is meant for revision v3, and now it is about revision v2", "{verb}");
            let later = row.asked(Action { attempt: Some(2), ..action(verb) });
            assert_eq!(said(&later), "it is meant for attempt 2, and now it is attempt 1", "{verb}");
        }
    }
    check(
        holding().asked(Action { revision: Some(v3()), ..action(Verb::Promote) }),
        "
        state   Stepping #1 v1>v2 25%, running since +0s, held 0s
        event   action.superseded Superseded #1 v1>v3 -: Promote is not done: it is meant for revision v3, and now it is about revision v2 (asked by ana: it is time) <promote: Superseded>
        changes none
        wake    at once; Holding: the step holds until 12:01:00 UTC
        ",
    );
}

#[test]
fn more_traffic_for_a_revision_that_the_spec_no_longer_has_is_superseded() {
    for verb in Verb::ALL.into_iter().filter(|verb| verb.raises()) {
        for row in [holding(), waiting(), stopped(PauseCause::Action)] {
            assert_eq!(said(&row.wants(v3()).asked(action(verb))), "the template changed to revision v3", "{verb}");
        }
    }
}

#[test]
fn a_command_that_is_older_than_its_rollout_is_superseded() {
    for verb in Verb::ALL {
        let row = holding().asked(Action { at: after(-1), ..action(verb) });
        assert_eq!(said(&row), "it is older than this Rollout", "{verb}");
    }
}

#[test]
fn a_refused_command_changes_nothing_and_leaves_the_reason_as_it_is() {
    check(
        settled().asked(action(Verb::Pause)),
        "
        state   Idle v1, attempts 0, v1 installed
        event   action.refused Refused #0 v1>v2 -: Pause is not done: no attempt is in flight (asked by ana: it is time) <pause: Refused>
        changes none
        wake    at once; Settled: the spec's revision is stable
        ",
    );
}

#[test]
fn what_is_being_promoted_or_was_can_only_be_taken_back() {
    let half = || given(promoting()).pods(5, 5);
    check(
        half().asked(action(Verb::Abort)),
        "
        state   RollingBack #1 v1>v2 since +0s, AbortedByAction
        event   rollout.aborted AbortedByAction #1 v1>v2 0%: revision v2 is aborted by ana: it is time; revision v1 comes back <abort: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: aborted by ana: it is time
        ",
    );
    check(
        half().asked(action(Verb::Undo)),
        "
        state   RollingBack #1 v1>v2 since +0s, Undone
        event   rollout.aborted Undone #1 v1>v2 0%: revision v2 is undone by ana: it is time; revision v1 comes back <undo: Done>
        changes scale v1 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
    for verb in Verb::ALL.into_iter().filter(|verb| ![Verb::Abort, Verb::Undo].contains(verb)) {
        assert_eq!(said(&half().asked(action(verb))), "it is being promoted already");
        assert_eq!(said(&watched().asked(action(verb))), "it is promoted already");
    }
}

#[test]
fn a_rollback_takes_no_commands() {
    let back = || given(rolling_back(Cause::Failed(failure()))).pods(5, 5);
    for verb in Verb::ALL {
        let text = match verb {
            Verb::Abort | Verb::Undo => "the attempt at revision v2 is being rolled back already",
            Verb::Approve | Verb::Promote | Verb::Pause | Verb::Resume | Verb::Retry | Verb::Skip | Verb::Restart => {
                "revision v2 is being rolled back"
            }
        };
        assert_eq!(said(&back().asked(action(verb))), text, "{verb}");
    }
    check(
        back().asked(action(Verb::Abort)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   action.superseded Superseded #1 v1>v2 -: Abort is not done: the attempt at revision v2 is being rolled back already (asked by ana: it is time) <abort: Superseded>
        changes scale v1 10, scale v2 3
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
    check(
        back().asked(action(Verb::Retry)),
        "
        state   RollingBack #1 v1>v2 since +0s, CheckFailed
        event   action.refused Refused #1 v1>v2 -: Retry is not done: revision v2 is being rolled back (asked by ana: it is time) <retry: Refused>
        changes scale v1 10, scale v2 3
        wake    at once; RollingBack: rolling back: errors is 0.2, above 0.01 (5 of 10 stable pods are available)
        ",
    );
}

#[test]
fn an_installation_takes_no_commands() {
    for verb in Verb::ALL {
        assert_eq!(said(&given(installing()).asked(action(verb))), "the first revision is still being installed", "{verb}");
    }
    check(
        given(installing()).accepting(v1()).asked(Action { revision: None, ..action(Verb::Pause) }),
        "
        state   Installing v1 since +0s
        event   action.refused Refused #0 ->v1 -: Pause is not done: the first revision is still being installed (asked by ana: it is time) <pause: Refused>
        changes record v1 #0, create v1 10
        wake    at once; WaitingForPods: 0 of 10 first pods are available
        ",
    );
}

#[test]
fn nobody_is_answered_once_the_rollout_goes() {
    check(
        settled().deleting().asked(action(Verb::Undo)),
        "
        state   Deleted since +0s, v1 serves
        event   rollout.deleted Deleted #0 v1>v1 -: the Rollout was deleted; the Deployment of revision v1 goes on serving
        changes none
        wake    at once; Deleting: the last events are being delivered
        ",
    );
    check(
        given(stepping(25)).pods(8, 2).deleting().asked(Action { revision: Some(v2()), ..action(Verb::Promote) }),
        "
        state   RollingBack #1 v1>v2 since +0s, Deleted
        event   rollout.aborted Deleted #1 v1>v2 0%: revision v2 aborted: the Rollout was deleted; revision v1 comes back
        changes scale v1 10
        wake    at once; RollingBack: rolling back: the Rollout was deleted
        ",
    );
}
