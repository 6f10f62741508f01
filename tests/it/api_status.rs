//! How large can a status become, and when does a condition change its time?

use chrono::TimeDelta;
use proptest::prelude::*;
use serin::analysis::{Evidence, judge};
use serin::api::{Shared, Status, View};
use serin::audit::Outbox;
use serin::rollout::{
    Action, Author, Cause, Check, Count, Counted, Counts, Event, EventKind, Failure, Handled, Intent, Memo, Newest, Observed, Outage,
    PauseCause, Paused, Reading, Revision, RollingBack, Sample, State, Step, Verb, Why,
};

use crate::audit_given::{event, subject, teller};
use crate::given::{
    Seeing as _, action, after, approval, attempt, baking, child, compared, handled, idle, installing, intent, noon, paused, promoting,
    reaching, rejected, rolling_back, seen, stepping, v1, v2, v3, weight,
};

/// The largest status that there can be, in bytes. etcd takes 1.5 MiB for a whole object, and a template may be large.
const LARGEST: usize = 480 * 1024;

/// A text that never ends, of the characters that take the most bytes in JSON.
fn endless() -> String {
    "\u{1}".repeat(100_000)
}

fn author() -> Author {
    Author { name: Some(endless()), on_behalf_of: Some(endless()), reason: Some(endless()) }
}

fn failure() -> Failure {
    Failure { check: endless(), message: endless(), value: Some(endless()), limit: Some(endless()), evidence: Some(endless()) }
}

/// The states that hold texts, each with endless ones, as they are committed.
fn states() -> Vec<State> {
    let back = |cause| State::RollingBack(RollingBack { rejected: Some(v3()), ..RollingBack::new(attempt(), cause, noon()) });
    let State::Idle(mut rest) = rejected() else { panic!("idle") };
    rest.last.message = endless();
    let State::Paused(stopped) = paused(25, PauseCause::Action, 40) else { panic!("paused") };
    let causes = [
        Cause::Failed(failure()),
        Cause::Unavailable(endless()),
        Cause::Undecided(endless()),
        Cause::Unapproved(endless()),
        Cause::Aborted(author()),
        Cause::Undone(author()),
    ];
    let rest = [State::Idle(rest), State::Paused(Paused { author: Some(author()), ..stopped })];
    causes.map(back).into_iter().chain(rest).map(State::bounded).collect()
}

/// As many of everything as is ever remembered, each as long as can be.
fn memo() -> Memo {
    let mut memo = Memo::default();
    let longest = Action { uid: "u".repeat(36), name: "n".repeat(253), ..action(Verb::Promote) };
    let answer = Handled { message: endless(), phase: "RollingBack".to_owned(), ..handled(&longest) };
    memo.handled = vec![answer.bounded(); 32];
    for number in 0..1000 {
        let revision = Revision::new(format!("{number:010}"));
        memo.note(&Event { revision, ..event(EventKind::DriftCorrected, "") }, after(number));
    }
    for number in 0..16 {
        memo.outages.insert(format!("{number:063}"), Outage::new(u32::MAX, after(number), &endless()));
    }
    memo
}

/// 64 events that wait, each as large as an event can be.
fn outbox() -> Outbox {
    let mut outbox = Outbox::default();
    let longest = Event { failure: Some(failure()), author: Some(author()), ..event(EventKind::Aborted, &endless()) };
    for _ in 0..200 {
        outbox.append(&longest, &teller(), &subject().into(), crate::audit_given::noon());
    }
    outbox
}

/// As many checks as a spec may have, with long names and counts that are no whole numbers, after an hour.
fn evidence() -> Evidence {
    let name = |number: usize| format!("{number:063}");
    let checks: Vec<Check> = (0..16).map(|number| compared(&name(number))).collect();
    let seen = seen().with(v1(), child(9, 9)).with(v2(), child(1, 1));
    let mut evidence = Evidence::default();
    for minute in 0..12 {
        let window = |check: &Check, number: i64| {
            let end = (minute * 30 + number) * 10;
            let count = |total: f64| Count { total: total / 7.0, bad: total / 700.0 };
            let (counts, newest) = (Counts { canary: count(1e7), stable: count(1e8) }, Newest::default());
            let scrape = Some(TimeDelta::seconds(5));
            // No two of the same length follow each other, so that each is told by itself.
            let counted = Counted { from: after(end - 10 + number % 2), counts, newest, scrape, before: Vec::new(), scraped: None };
            Sample { check: check.name.clone(), attempt: 1, step: weight(10), at: after(end), reading: Reading::Counts(Box::new(counted)) }
        };
        let samples = checks.iter().flat_map(|check| (1..=30).map(|number| window(check, number))).collect();
        let intent = Intent { checks: checks.clone(), ..intent(v2()) };
        let seen = Observed { samples, ..seen.clone() };
        evidence = judge(&intent, &stepping(10), &evidence, &seen, after(minute * 300 + 300)).evidence;
    }
    evidence
}

#[test]
fn the_evidence_of_a_check_takes_little_of_a_status() {
    let size = serde_json::to_vec(&evidence()).expect("plain data").len();
    assert!(size < 16 * 4608 && size > 16 * 1024, "{size}");
}

#[test]
fn the_largest_status_is_far_from_what_etcd_takes() {
    let steps = (1..=20).map(|percent| Step { weight: weight(percent), hold: TimeDelta::minutes(1), approval: None }).collect();
    let intent = Intent { steps, replicas: 1, ..intent(v2()) };
    let observed = seen().with(v1(), child(1, 1)).with(v2(), child(1, 1));
    let evidence = evidence();
    // As much as may be taken from templates.
    let shared = Shared { checks: vec![serde_json::Value::from("x".repeat(32 * 1024))], ..Shared::default() };
    let sizes: Vec<usize> = states()
        .iter()
        .map(|state| {
            let why = Why::RollingBack(endless());
            let view = View {
                name: &"n".repeat(35),
                generation: i64::MAX,
                intent: &intent,
                state: Some(state),
                why: &why,
                observed: &observed,
                evidence: &evidence,
                shared: &shared,
                now: noon(),
            };
            serde_json::to_vec(&Status::default().render(&view, memo(), outbox())).expect("plain data").len()
        })
        .collect();
    let largest = sizes.iter().max().copied().unwrap_or_default();
    assert!(largest < LARGEST && largest > LARGEST * 8 / 10, "{largest} of {LARGEST}: {sizes:?}");
}

/// A state, why it waits, and the spec's revision: in any combination, sense or not.
fn view() -> impl Strategy<Value = (State, Why, Revision)> {
    let states = vec![
        installing(),
        idle(),
        rejected(),
        reaching(25),
        stepping(25),
        approval(25),
        paused(25, PauseCause::Spec, 0),
        paused(25, PauseCause::Deadline, 0),
        promoting(),
        baking(),
        rolling_back(Cause::Superseded(v3())),
        rolling_back(Cause::Failed(crate::given::failure())),
    ];
    let whys = vec![
        Why::Settled,
        Why::CheckingTemplate,
        Why::WaitingForPods("1 of 10".to_owned()),
        Why::WaitingForPods("2 of 10".to_owned()),
        Why::Holding(noon()),
        Why::Paused(PauseCause::Deadline, String::new()),
        Why::InvalidSpec("steps".to_owned()),
        Why::RollingBack("errors".to_owned()),
    ];
    let revisions = proptest::sample::select(vec![v1(), v2(), v3()]);
    (proptest::sample::select(states), proptest::sample::select(whys), revisions)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_condition_changes_its_time_when_it_stands_otherwise_and_only_then(views in proptest::collection::vec(view(), 1..40)) {
        let mut before = Status::default();
        for (second, (state, why, revision)) in (0..).zip(views) {
            let intent = intent(revision);
            let observed = seen().with(v1(), child(10, 10));
            let view = View {
                name: "checkout", generation: 7, intent: &intent, state: Some(&state), why: &why, observed: &observed, evidence: &Evidence::default(),
                shared: &Shared::default(),
                now: after(second),
            };
            let status = before.render(&view, Memo::default(), Outbox::default());
            for old in &before.conditions {
                let new = status.conditions.iter().find(|new| new.type_ == old.type_).expect("no condition goes");
                let moved = new.last_transition_time != old.last_transition_time;
                prop_assert_eq!(moved, new.status != old.status, "{:?} became {:?}", old, new);
            }
            before = status;
        }
    }
}
