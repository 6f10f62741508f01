//! What is told of a provider that does not answer, and of nobody else's rollout.

use serin::api::Status;
use serin::rollout::{Check, Intent, Observed, Reading, Sample, State};

use crate::given::{Seeing as _, after, child, decided, errors_below, intent, look, seen, stepping, v1, v2, weight};

/// Two checks that ask two providers.
fn two() -> Intent {
    let own = Check { name: "own".to_owned(), provider: "mimir".to_owned(), ..errors_below(0.5) };
    Intent { checks: vec![errors_below(0.01), own], ..intent(v2()) }
}

/// What was answered to one check, every ten seconds from `from` on.
fn answers(check: &str, from: i64, readings: &[Reading]) -> Vec<Sample> {
    let sample = |(number, reading): (i64, &Reading)| Sample {
        check: check.to_owned(),
        attempt: 1,
        step: weight(25),
        at: after(from + number * 10),
        reading: reading.clone(),
    };
    (0..).zip(readings).map(sample).collect()
}

/// One pass over v2 at 25 %; the status after it, and the types of the events that it told.
fn pass(before: &Status, samples: Vec<Sample>, seconds: i64) -> (Status, Vec<String>) {
    let observed = Observed { samples, ..seen().with(v1(), child(8, 8)).with(v2(), child(2, 2)) };
    let status = decided(&look(before.clone(), two(), observed), after(seconds)).status.map_or_else(|| before.clone(), |status| *status);
    let fresh = status.audit.pending().filter(|record| record.seq > before.audit.seq());
    let told = fresh.map(|record| record.body().map(|body| format!("{}: {}", body.kind, body.message)).unwrap_or_default()).collect();
    (status, told)
}

fn condition(status: &Status) -> (&str, &str, &str) {
    let found = status.conditions.iter().find(|condition| condition.type_ == "ProvidersAnswer");
    found.map_or(("", "", ""), |condition| (&*condition.status, &*condition.reason, &*condition.message))
}

fn begun() -> Status {
    Status { state: Some(stepping(25)), ..Status::default() }
}

const GONE: Reading = Reading::Unavailable(503);
const FINE: Reading = Reading::Value(0.001);

#[test]
fn an_outage_is_told_once_and_so_is_its_end() {
    let (status, told) = pass(&begun(), answers("errors", 30, &[FINE, GONE, GONE]), 55);
    assert_eq!((condition(&status), told), (("True", "Answer", ""), vec![]));

    let outage = answers("errors", 30, &[FINE, GONE, GONE, GONE]);
    let (status, told) = pass(&status, outage.clone(), 65);
    assert_eq!(told, ["provider.silent: provider prometheus is not available (HTTP 503); exposure holds where a check asks it"]);
    let stands = ("False", "NoAnswer", "provider prometheus is not available (HTTP 503) (since 12:00:40 UTC)");
    assert_eq!(condition(&status), stands);
    let (status, told) = pass(&status, outage, 66);
    assert_eq!((condition(&status), told), (stands, vec![]), "it is told once");
    let (status, told) = pass(&status, Vec::new(), 67);
    assert_eq!((condition(&status), told), (stands, vec![]), "a new controller knows of no answer yet");

    let (status, told) = pass(&status, answers("errors", 70, &[Reading::NoData]), 75);
    assert_eq!(told, ["provider.answers: provider prometheus answers again"]);
    assert_eq!(condition(&status), ("True", "Answer", ""));
}

#[test]
fn one_provider_s_outage_says_nothing_of_another_one() {
    let both = |own: Reading| [answers("errors", 30, &[FINE, FINE, FINE]), answers("own", 30, &[own.clone(), own.clone(), own])].concat();
    let (status, told) = pass(&begun(), both(Reading::TimedOut), 55);
    assert_eq!(told, ["provider.silent: provider mimir does not answer in time; exposure holds where a check asks it"]);
    assert_eq!(condition(&status).2, "provider mimir does not answer in time (since 12:00:30 UTC)");
    let (_, told) = pass(&begun(), both(Reading::BadQuery("q".to_owned())), 55);
    assert!(told.is_empty(), "a query that is refused is answered: {told:?}");
}

#[test]
fn answers_of_another_attempt_or_from_the_future_are_no_outage() {
    let silent = || answers("errors", 30, &[GONE, GONE, GONE]);
    let of_another = silent().into_iter().map(|sample| Sample { attempt: 2, ..sample }).collect();
    assert!(pass(&begun(), of_another, 55).1.is_empty());
    assert!(pass(&begun(), silent(), 49).1.is_empty(), "the third is still to come");
    assert_eq!(pass(&begun(), silent(), 50).1.len(), 1);
}

#[test]
fn an_attempt_that_is_over_leaves_no_outage_behind() {
    let (silent, _) = pass(&begun(), answers("errors", 30, &[GONE, GONE, GONE]), 55);
    assert!(!silent.memo.outages.is_empty());
    let fails = answers("own", 60, &[Reading::Value(1.0)]);
    let (status, told) = pass(&silent, fails, 65);
    assert!(matches!(status.state, Some(State::RollingBack(_))) && told[0].starts_with("rollout.aborted"), "{told:?}");
    assert_eq!((status.memo.outages.len(), condition(&status)), (0, ("Unknown", "NotAsked", "")));
}
