//! What do commands do, and what do they leave alone?

use serin::rollout::{Action, Answer, EventKind, Handled, Idle, Memo, Next, Observed, Record, State, Verb};

use super::command;
use crate::given::{Seeing, after, child, given, idle, noon, seen, stepping, v1, v2, v3};
use crate::transition::decide as next;

/// Stable was undone while the spec had a third template, rejected before: that was forgotten, and it was tried again by itself.
#[test]
fn going_back_forgets_no_rejected_revision() {
    let State::Idle(at) = idle() else { unreachable!("idle is idle") };
    let state = State::Idle(Idle { rejected: Some(v3()), stable: v2(), ..at });
    let undo = Action { verb: Verb::Undo, ..command() };
    let served = |outcome: &str| Record { number: 1, outcome: Some(outcome.to_owned()), outcome_at: None };
    let mut look = seen().with(v1(), child(0, 0)).with(v2(), child(10, 10)).with(v3(), child(0, 0));
    look.records.insert(v1(), served("installed"));
    look.records.insert(v2(), served("promoted"));
    look.actions = vec![undo];
    let Next::Answer(edge, _) = next(&given(state).wants(v3()).sees(|seen| *seen = look.clone())) else { panic!("it is done") };
    assert_eq!((edge.state.stable(), edge.event.kind), (Some(&v1()), EventKind::Undone));

    let back = seen().with(v1(), child(10, 10)).with(v2(), child(0, 0)).with(v3(), child(0, 0));
    let Next::Edge(edge) = next(&given(edge.state).wants(v3()).sees(|seen| *seen = back.clone())) else { panic!("it is over") };
    let State::Idle(idle) = edge.state else { panic!("nothing is in flight") };
    assert_eq!(idle.rejected, Some(v3()));
}

/// An approval for a canary came when the template had changed already: the canary that nobody wanted any more was promoted first.
#[test]
fn a_command_raises_nothing_that_the_template_has_left_behind() {
    for verb in [Verb::Approve, Verb::Promote, Verb::Resume, Verb::Skip] {
        let mut look = seen().with(v1(), child(9, 9)).with(v2(), child(1, 1));
        look.actions = vec![Action { verb, revision: Some(v2()), ..command() }];
        let Next::Answer(edge, handled) = next(&given(stepping(10)).passing().wants(v3()).sees(|seen| *seen = look.clone())) else {
            panic!("{verb} has an answer")
        };
        assert_eq!((edge.state, handled.answer), (stepping(10), Answer::Superseded), "{verb}");
    }
}

/// Another process knew that the command was answered and forgotten, and not yet that the command itself said so: it was done once more.
#[test]
fn an_answer_is_remembered_for_longer_than_it_takes_everybody_to_hear_of_it() {
    let handled = Handled {
        uid: "a".to_owned(),
        name: "a".to_owned(),
        answer: Answer::Done,
        message: String::new(),
        phase: "Stepping".to_owned(),
        at: noon(),
    };
    let memo = Memo { handled: vec![handled], ..Memo::default() };
    let look = |answered| Observed { actions: vec![Action { answered, ..command() }], ..seen() };
    assert_eq!(memo.tidied(&look(Some(noon())), after(59)).handled.len(), 1);
    assert_eq!(memo.tidied(&look(Some(noon())), after(60)).handled.len(), 0);
    assert_eq!(memo.tidied(&look(None), after(3_600)).handled.len(), 1, "the command does not say so yet");
    assert!(memo.next(&look(None)).is_none(), "it is not done again");

    let full = Memo { handled: vec![memo.handled[0].clone(); 32], ..Memo::default() };
    let another = Observed { actions: vec![Action { uid: "b".to_owned(), ..command() }], ..seen() };
    assert_eq!((full.next(&another), full.room_at(&another)), (None, Some(after(60))), "it waits until there is room");
    assert_eq!(full.room_at(&seen()), None);
}
