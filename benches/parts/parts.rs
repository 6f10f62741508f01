//! The parts that are measured, each ready to be done again and again.

use std::hint::black_box;

use chrono::TimeDelta;
use serin::api::Status;
use serin::audit::Outbox;
use serin::cluster::{Index, Kind, Listed};
use serin::controller::{Key, Seen, decide};
use serin::rollout::{Capacity, Memo, Observed, Reading, Sample, State, split};

use crate::audit_given::{about, started, teller};
use crate::given::{Seeing as _, after, child, idle, intent, look, noon, seen, stepping, v1, v2, weight};
use crate::objects::{object, template};

/// All of them.
pub(crate) const NAMES: [&str; 7] = ["decide, at rest", "decide, in flight", "decide, an edge", "look", "split", "event", "revision"];

type Part = Box<dyn Fn()>;

/// The part of that name.
pub(crate) fn named(name: &str) -> Option<Part> {
    let part: Part = match name {
        "decide, at rest" => {
            let seen = settled(idle(), &at_rest(), 0);
            Box::new(move || drop(black_box(decide(&key(0), black_box(&seen), noon()))))
        }
        "decide, in flight" => deciding(30),
        "decide, an edge" => deciding(61),
        "look" => {
            let index = index(1_000);
            Box::new(move || drop(black_box(index.look(black_box(&key(500))))))
        }
        "split" => {
            let capacity = Capacity { surge: 3, max_unavailable: 0, abort_unavailable: 2, stable_floor: 0 };
            Box::new(move || {
                black_box(split(black_box(10), weight(25), black_box(&capacity)));
            })
        }
        "event" => {
            let (event, teller, about) = (started(), teller(), about());
            Box::new(move || {
                let mut outbox = Outbox::default();
                outbox.append(black_box(&event), &teller, &about, noon());
                drop(black_box(outbox));
            })
        }
        "revision" => {
            let template = template();
            Box::new(move || drop(black_box(serin::api::revision(black_box(&template)))))
        }
        _ => return None,
    };
    Some(part)
}

/// A step of a minute, so many seconds after its share was reached, with a good sample of a moment ago.
fn deciding(seconds: i64) -> Part {
    let at = after(seconds - 1);
    let sample = Sample { check: "errors".to_owned(), attempt: 1, step: weight(25), at, reading: Reading::Value(0.001) };
    let observed = seen().with(v1(), child(9, 9)).with(v2(), child(3, 3)).accepting(v2());
    let seen = settled(stepping(25), &Observed { samples: vec![sample], ..observed }, seconds);
    let now = after(seconds) + TimeDelta::milliseconds(1);
    Box::new(move || drop(black_box(decide(&key(0), black_box(&seen), now))))
}

pub(crate) fn at_rest() -> Observed {
    seen().with(v1(), child(10, 10))
}

/// Where a status has been committed that says all there is to say.
pub(crate) fn settled(state: State, observed: &Observed, seconds: i64) -> Seen {
    let canary = state.attempt().map_or_else(v1, |attempt| attempt.canary.clone());
    let status = Status { state: Some(state), memo: Memo::default(), ..Status::default() };
    let mut seen = Seen { origin: about().origin, ..look(status, intent(canary), observed.clone()) };
    // What this look has to say is said before.
    if let Some(status) = decide(&key(0), &seen, after(seconds.min(30))).status {
        seen.status = Ok(status.into());
    }
    seen
}

pub(crate) fn key(number: usize) -> Key {
    Key { namespace: "shop".to_owned(), name: format!("r-{number}") }
}

/// So many rollouts of four pods each.
fn index(count: usize) -> Index {
    let index = Index::default();
    for number in 0..count {
        index.put(object(Kind::Rollout, number));
        index.put(object(Kind::Deployment, number));
        for pod in 0..4 {
            index.put(object(Kind::Pod, 4 * number + pod));
        }
    }
    for kind in Kind::ALL {
        index.list_done(kind, &Listed::default());
    }
    index
}
