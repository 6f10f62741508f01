//! What does a Rollout say while the cluster refuses a write?

use serin::api::Status;
use serin::controller::Decision;
use serin::rollout::{Deleted, Observed, State};

use super::given::{Seeing as _, child, decided, idle, intent, look, noon, seen, stepping, v1, v2};

const WORDS: &str = "deleting Deployment checkout-0000000000: User \"serin\" cannot delete resource \"deployments\"";

/// One pass over a rollout in this state, while its last write was refused, or was not.
fn pass(before: Status, observed: Observed, refused: Option<&str>) -> Decision {
    let wanted = before.state.as_ref().and_then(State::attempt).map_or_else(v1, |attempt| attempt.canary.clone());
    let observed = Observed { refused: refused.map(str::to_owned), ..observed };
    decided(&look(before, intent(wanted), observed), noon())
}

fn at(state: State) -> Status {
    Status { state: Some(state), ..Status::default() }
}

fn reason(status: &Status) -> &str {
    status.why.as_ref().map_or("", |why| why.reason.as_str())
}

fn accepted(status: &Status) -> (&str, &str) {
    let found = status.conditions.iter().find(|condition| condition.type_ == "WritesAccepted");
    found.map_or(("", ""), |condition| (&*condition.status, &*condition.message))
}

#[test]
fn a_refused_write_of_a_settled_rollout_is_a_condition_and_it_stays_settled() {
    let there = || seen().with(v1(), child(10, 10));
    let calm = pass(at(idle()), there(), None).status.expect("a first status");
    assert_eq!((reason(&calm), accepted(&calm)), ("Settled", ("True", "")));
    assert!(pass(*calm.clone(), there(), None).status.is_none(), "nothing is new");

    let told = pass(*calm, there(), Some(WORDS)).status.expect("it is told");
    assert_eq!((reason(&told), accepted(&told)), ("Settled", ("False", WORDS)));
    assert!(pass(*told.clone(), there(), Some(WORDS)).status.is_none(), "it is told once");

    let over = pass(*told, there(), None).status.expect("its end is told");
    assert_eq!(accepted(&over), ("True", ""));
}

#[test]
fn what_waits_for_a_refused_write_says_so() {
    let waiting = pass(at(stepping(25)), seen().with(v1(), child(10, 10)), Some(WORDS)).status.expect("a status");
    assert_eq!((reason(&waiting), accepted(&waiting)), ("WriteRefused", ("False", WORDS)));
    let deleted = pass(at(State::Deleted(Deleted { stable: Some(v2()), since: noon() })), seen().with(v2(), child(10, 10)), Some(WORDS))
        .status
        .expect("a status");
    assert_eq!((reason(&deleted), accepted(&deleted)), ("WriteRefused", ("False", WORDS)));
}
