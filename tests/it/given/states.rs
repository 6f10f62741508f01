//! Where does a rollout stand? Each state as the tables know it, since noon.

use chrono::TimeDelta;
use serin::rollout::{
    Approval, Attempt, AttemptResult, Baking, Cause, Clock, EndReason, Ended, Failure, Idle, Installing, PauseCause, Paused, Promoting,
    RollingBack, State, Stepping,
};

use super::actions::ana;
use super::{noon, v1, v2, weight};

pub(crate) fn attempt() -> Attempt {
    Attempt { number: 1, stable: v1(), canary: v2() }
}

/// v1 is stable and nothing happened since.
pub(crate) fn idle() -> State {
    let last = Ended {
        revision: v1(),
        result: AttemptResult::Installed,
        reason: EndReason::Available,
        message: "installed".to_owned(),
        at: noon(),
    };
    State::Idle(Idle::new(v1(), 0, last))
}

pub(crate) fn installing() -> State {
    State::Installing(Installing { revision: v1(), since: noon(), overdue: false, attempts: 0 })
}

/// v2 at that weight, whose share has been reached since noon.
pub(crate) fn stepping(percent: u32) -> State {
    let clock = Clock::Running { since: noon(), held: TimeDelta::zero() };
    State::Stepping(Stepping { attempt: attempt(), step: weight(percent), clock, approved: false })
}

/// v2 at that weight since noon, its share not reached yet.
pub(crate) fn reaching(percent: u32) -> State {
    State::Stepping(Stepping::new(attempt(), weight(percent), noon()))
}

pub(crate) fn promoting() -> State {
    State::Promoting(Promoting { attempt: attempt(), since: noon(), forced: false })
}

/// v2 passed the step of that weight, which it held for a minute, and waits for somebody.
pub(crate) fn approval(percent: u32) -> State {
    State::Approval(Approval { attempt: attempt(), step: weight(percent), held: TimeDelta::minutes(1), since: noon() })
}

/// v2 is promoted and still watched.
pub(crate) fn baking() -> State {
    State::Baking(Baking { attempt: attempt(), since: noon(), forced: false })
}

/// v2 stands still at that weight; its share had been held for that many seconds.
pub(crate) fn paused(percent: u32, cause: PauseCause, held: i64) -> State {
    let author = (cause == PauseCause::Action).then(ana);
    State::Paused(Paused { attempt: attempt(), step: weight(percent), held: TimeDelta::seconds(held), cause, author, approved: false })
}

/// v2 was given up and v1 serves again.
pub(crate) fn rejected() -> State {
    let last = Ended {
        revision: v2(),
        result: AttemptResult::Aborted,
        reason: EndReason::CheckFailed,
        message: "errors is 0.2, above 0.01".to_owned(),
        at: noon(),
    };
    State::Idle(Idle { rejected: Some(v2()), ..Idle::new(v1(), 1, last) })
}

pub(crate) fn rolling_back(cause: Cause) -> State {
    State::RollingBack(RollingBack::new(attempt(), cause, noon()))
}

/// The failed check of every table.
pub(crate) fn failure() -> Failure {
    Failure {
        check: "errors".to_owned(),
        message: "errors is 0.2, above 0.01".to_owned(),
        value: Some("0.2".to_owned()),
        limit: Some("0.01".to_owned()),
        evidence: None,
    }
}
