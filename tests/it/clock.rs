//! When is it written that a step's clock began to run?

use chrono::TimeDelta;
use serin::api::Status;
use serin::controller::Seen;
use serin::rollout::{Clock, Observed, Question, Reading, Sample, State, Stepping};

use crate::given::{Seeing as _, after, child, decided, intent, look, reaching, seen, v1, v2, weight};

/// A step of so many seconds at 25 %, whose share is there and was not when it was last looked at.
fn reached(hold: i64) -> Seen {
    let mut wanted = intent(v2());
    wanted.steps.iter_mut().for_each(|step| step.hold = TimeDelta::seconds(hold));
    look(Status { state: Some(reaching(25)), observed_generation: Some(7), ..Status::default() }, wanted, pods(2))
}

fn pods(canary: u32) -> Observed {
    seen().with(v1(), child(8, 8)).with(v2(), child(2, canary))
}

/// What the same process sees next, and then.
fn next(seen: Seen, begun: Option<Box<Stepping>>) -> Seen {
    Seen { begun, ..seen }
}

fn running(since: i64) -> Clock {
    Clock::Running { since: after(since), held: TimeDelta::zero() }
}

fn clock(state: Option<&State>) -> Option<Clock> {
    if let Some(State::Stepping(at)) = state { Some(at.clock) } else { None }
}

#[test]
fn the_beginning_of_a_clock_is_written_2_s_later_with_the_time_at_which_it_began() {
    let first = decided(&reached(60), after(61));
    assert!(first.status.is_none(), "{first:?}");
    assert_eq!(first.begun.as_ref().map(|step| step.clock), Some(running(61)));
    assert!(matches!(first.asks.as_slice(), [Question::Measure { .. }]), "the first look does not wait for it: {first:?}");

    let seen = next(reached(60), first.begun);
    let early = decided(&seen, after(62));
    assert!(early.status.is_none() && early.begun == seen.begun, "it is kept: {early:?}");
    assert!(early.wake.is_some_and(|at| at <= after(63)), "{early:?}");
    let status = decided(&seen, after(63)).status.expect("it is written");
    assert_eq!(clock(status.state.as_ref()), Some(running(61)));
}

#[test]
fn a_step_that_is_over_by_then_is_written_once() {
    let first = decided(&reached(0), after(61));
    let good = Sample { check: "errors".to_owned(), attempt: 1, step: weight(25), at: after(61), reading: Reading::Value(0.0) };
    let seen = reached(0);
    let observed = Observed { samples: vec![good], ..seen.observed.clone() };
    let passed = decided(&Seen { observed, ..next(seen, first.begun) }, after(62));
    let status = passed.status.expect("an edge is committed");
    assert!(matches!(&status.state, Some(State::Stepping(at)) if at.step == weight(50)), "{status:?}");
}

#[test]
fn a_share_that_is_lost_again_is_written_at_once_with_the_time_it_was_held() {
    let first = decided(&reached(60), after(1));
    let lost = Seen { observed: pods(1), ..next(reached(60), first.begun) };
    let status = decided(&lost, after(2)).status.expect("the clock stands");
    assert_eq!(clock(status.state.as_ref()), Some(Clock::Waiting { since: after(2), held: TimeDelta::seconds(1) }));
}

/// A clock was set back by an hour: what had begun before that began later than all that was committed since, and was kept. So the share was lost anew in
/// each pass, and each pass wrote so, for an hour.
#[test]
fn a_beginning_is_forgotten_with_the_write_that_follows_it() {
    let first = decided(&reached(60), after(3_600));
    let lost = Seen { observed: pods(1), ..next(reached(60), first.begun) };
    let second = decided(&lost, after(61));
    let state = second.status.expect("the clock stands").state;
    assert_eq!((clock(state.as_ref()), second.begun), (Some(Clock::Waiting { since: after(61), held: TimeDelta::zero() }), None));
}

/// What a spec that cannot be read falls back on is what the status says.
#[test]
fn what_is_said_of_a_new_spec_does_not_wait_for_a_clock() {
    let edited = Seen { generation: 8, ..reached(60) };
    let status = decided(&edited, after(1)).status.expect("it is written");
    assert_eq!((status.observed_generation, clock(status.state.as_ref())), (Some(8), Some(running(1))));
}

/// Nothing that counts was held before: a step is longer then, never shorter.
#[test]
fn a_process_that_knows_of_no_beginning_begins_anew() {
    let first = decided(&reached(60), after(10));
    assert_eq!(first.begun.map(|step| step.clock), Some(running(10)));
}

/// The same revision at the same step may be on trial a second time.
#[test]
fn a_clock_that_began_for_what_is_no_longer_committed_is_none() {
    let begun = decided(&reached(60), after(1)).begun.expect("it began");
    let others = [
        State::Stepping(Stepping { step: weight(10), ..(*begun).clone() }),
        State::Stepping(Stepping { clock: Clock::Waiting { since: after(5), held: TimeDelta::zero() }, ..(*begun).clone() }),
        State::Stepping(Stepping { clock: Clock::Waiting { since: after(0), held: TimeDelta::seconds(3) }, ..(*begun).clone() }),
    ];
    for committed in others {
        let seen = look(Status { state: Some(committed.clone()), ..Status::default() }, intent(v2()), pods(2));
        assert_eq!(next(seen, Some(begun.clone())).state().as_deref(), Some(&committed));
    }
}
