//! Back to an earlier revision: which one, how, and what does not come back by itself.

use serin::rollout::{Action, Attempt, Cause, Revision, RollingBack, State, Verb};

use super::check;
use super::commands_at_rest::for_stable;
use super::commands_refused::said;
use super::idle::{after_an_abort, settled};
use crate::given::{Given, action, child, noon, v1, v2, v3};

/// v3 was stable before v1, and v2 before that.
fn history() -> Given {
    settled().with(v2(), child(0, 0)).with(v3(), child(0, 0)).remembers(v2(), "installed", -900).remembers(v3(), "promoted", -600)
}

/// v1 goes because somebody undid it, and v3 comes back.
fn undone() -> RollingBack {
    RollingBack::new(Attempt { number: 2, stable: v3(), canary: v1() }, Cause::Undone(action(Verb::Undo).author), noon())
}

#[test]
fn an_undo_goes_back_to_what_was_stable_last() {
    check(
        history().asked(for_stable(Verb::Undo)),
        "
        state   RollingBack #1 v3>v1 since +0s, Undone
        event   rollout.undone Undone #1 v3>v1 0%: revision v1 is undone by ana: it is time; revision v3 comes back <undo: Done>
        changes scale v3 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
    check(
        history().remembers(v2(), "promoted", -300).asked(for_stable(Verb::Undo)),
        "
        state   RollingBack #1 v2>v1 since +0s, Undone
        event   rollout.undone Undone #1 v2>v1 0%: revision v1 is undone by ana: it is time; revision v2 comes back <undo: Done>
        changes scale v2 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
    check(
        history().remembers(v3(), "aborted", -300).asked(for_stable(Verb::Undo)),
        "
        state   RollingBack #1 v2>v1 since +0s, Undone
        event   rollout.undone Undone #1 v2>v1 0%: revision v1 is undone by ana: it is time; revision v2 comes back <undo: Done>
        changes scale v2 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
}

#[test]
fn an_undo_goes_back_to_what_it_names() {
    check(
        history().asked(Action { to: Some(v2()), ..for_stable(Verb::Undo) }),
        "
        state   RollingBack #1 v2>v1 since +0s, Undone
        event   rollout.undone Undone #1 v2>v1 0%: revision v1 is undone by ana: it is time; revision v2 comes back <undo: Done>
        changes scale v2 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
}

#[test]
fn an_undo_makes_the_deployment_again_where_only_its_record_is_left() {
    check(
        history().without(&v3()).asked(for_stable(Verb::Undo)),
        "
        state   RollingBack #1 v3>v1 since +0s, Undone
        event   rollout.undone Undone #1 v3>v1 0%: revision v1 is undone by ana: it is time; revision v3 comes back <undo: Done>
        changes create v3 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
}

#[test]
fn an_undo_leads_only_to_what_was_stable() {
    let to = |revision: Revision| Action { to: Some(revision), ..for_stable(Verb::Undo) };
    assert_eq!(said(&history().asked(to(v1()))), "revision v1 is stable already");
    let aborted = history().remembers(v2(), "aborted", -300);
    assert_eq!(said(&aborted.asked(to(v2()))), "revision v2 is not in the history as one that was stable");
    assert_eq!(said(&settled().asked(to(v3()))), "revision v3 is not in the history as one that was stable");
    assert_eq!(said(&settled().asked(for_stable(Verb::Undo))), "there is no earlier revision to go back to");
    assert_eq!(said(&history().asked(action(Verb::Undo))), "it is meant for revision v2, and now it is about revision v1");
}

#[test]
fn what_was_undone_is_rejected_until_the_template_changes() {
    let back = State::RollingBack(undone());
    check(
        history().stands(back).with(v1(), child(0, 0)).with(v3(), child(10, 10)),
        "
        state   Idle v3, attempts 2, v1 undone, rejects v1
        event   rollout.rolled-back Undone #2 v3>v1 0%: revision v3 serves everything again: undone by ana: it is time
        changes mark v1 undone
        wake    at once; Rejected: revision v1 was aborted (undone by ana: it is time); retry it, or change the template
        ",
    );
}

#[test]
fn an_undo_does_not_bring_a_rejected_template_back() {
    let rejected = || after_an_abort().remembers(v3(), "promoted", -600).with(v3(), child(0, 0));
    check(
        rejected().asked(for_stable(Verb::Undo)),
        "
        state   Idle v1, attempts 1, v2 aborted, rejects v2
        event   action.refused Refused #0 v1>v1 -: Undo is not done: there is no earlier revision to go back to (asked by ana: it is time) <undo: Refused>
        changes none
        wake    at once; Rejected: revision v2 was aborted (errors is 0.2, above 0.01); retry it, or change the template
        ",
    );
    let back = || State::RollingBack(RollingBack { rejected: Some(v2()), ..undone() });
    let over = || rejected().stands(back()).pods(0, 0).with(v3(), child(10, 10));
    check(
        over(),
        "
        state   Idle v3, attempts 2, v1 undone, rejects v2
        event   rollout.rolled-back Undone #2 v3>v1 0%: revision v3 serves everything again: undone by ana: it is time
        changes mark v1 undone
        wake    at once; Rejected: revision v2 was aborted (in an earlier attempt); retry it, or change the template
        ",
    );
    check(
        over().wants(v1()),
        "
        state   Idle v3, attempts 2, v1 undone, rejects v1
        event   rollout.rolled-back Undone #2 v3>v1 0%: revision v3 serves everything again: undone by ana: it is time
        changes mark v1 undone
        wake    at once; Rejected: revision v1 was aborted (undone by ana: it is time); retry it, or change the template
        ",
    );
}

#[test]
fn an_undo_does_not_bring_an_alias_of_what_goes_back() {
    let alias = || Revision::new("alias");
    let aliased = history().wants(alias()).rests(|idle| idle.alias = Some(alias()));
    check(
        aliased.asked(for_stable(Verb::Undo)),
        "
        state   RollingBack #1 v3>v1 since +0s, Undone, rejects alias
        event   rollout.undone Undone #1 v3>v1 0%: revision v1 is undone by ana: it is time; revision v3 comes back <undo: Done>
        changes scale v3 10
        wake    at once; RollingBack: rolling back: undone by ana: it is time
        ",
    );
}
