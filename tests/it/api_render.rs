//! What do people, `kubectl wait` and kstatus read in each state?

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use serin::analysis::Evidence;
use serin::api::{Reason, Status, View};
use serin::audit::Outbox;
use serin::rollout::{
    AttemptResult, Baseline, Cause, EndReason, Ended, Failure, Idle, Intent, Memo, Observed, PauseCause, Paused, State, Step, Why,
};

use super::given::{
    Seeing as _, after, attempt, child, compared, idle, installing, intent, noon, promoting, reaching, rolling_back, seen, stepping, v1,
    v2, v3, weight,
};

/// Renders after `before`, as a pass at `now` over v1 with eight and v2 with two pods would.
fn render(before: &Status, intent: &Intent, state: Option<&State>, why: &Why, now: DateTime<Utc>) -> Status {
    let observed = seen().with(v1(), child(8, 8)).with(v2(), child(2, 2));
    render_seeing(before, intent, state, why, &observed, now)
}

fn render_seeing(before: &Status, intent: &Intent, state: Option<&State>, why: &Why, observed: &Observed, now: DateTime<Utc>) -> Status {
    before.render(
        &View {
            name: "checkout",
            generation: 7,
            intent,
            state,
            why,
            observed,
            evidence: &Evidence::default(),
            shared: &serin::api::Shared::default(),
            now,
        },
        Memo::default(),
        Outbox::default(),
    )
}

fn is(status: &Status, kind: &str) -> String {
    status.conditions.iter().find(|c| c.type_ == kind).map_or_else(|| "-".to_owned(), |c| c.status.to_string())
}

/// The conditions that are True, or Unknown with a question mark.
fn true_conditions(status: &Status) -> String {
    let told = ["Ready", "Reconciling", "Stalled", "Promoted", "Aborted"].map(|kind| match is(status, kind).as_str() {
        "True" => kind.to_owned(),
        "Unknown" => format!("{kind}?"),
        _ => String::new(),
    });
    told.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" ")
}

fn failure() -> Cause {
    Cause::Failed(Failure {
        check: "errors".to_owned(),
        message: "errors is 0.2, above 0.01".to_owned(),
        value: None,
        limit: None,
        evidence: None,
    })
}

fn ended(stable: serin::rollout::Revision, revision: serin::rollout::Revision, result: AttemptResult) -> State {
    let rejected = (result == AttemptResult::Aborted).then(|| revision.clone());
    let last = Ended { revision, result, reason: EndReason::CheckFailed, message: "errors is 0.2, above 0.01".to_owned(), at: noon() };
    State::Idle(Idle { rejected, ..Idle::new(stable, 1, last) })
}

fn paused(cause: PauseCause) -> State {
    State::Paused(Paused { attempt: attempt(), step: weight(25), held: chrono::TimeDelta::zero(), cause, author: None, approved: false })
}

#[test]
fn conditions_tell_tools_what_to_wait_for() {
    let pods = || Why::WaitingForPods("1 of 4".to_owned());
    let settled = || Why::Settled;
    let rejected = || Why::Rejected(v2(), "errors".to_owned());
    #[rustfmt::skip]
    let table: Vec<(&str, serin::rollout::Revision, Option<State>, Why, &str)> = vec![
        ("new", v1(), None, pods(), "Reconciling Promoted? Aborted?"),
        ("installing", v1(), Some(installing()), pods(), "Reconciling Promoted? Aborted?"),
        ("install failed", v1(), Some(installing()), Why::InstallFailed("x".to_owned()), "Stalled Promoted? Aborted?"),
        ("installed", v1(), Some(idle()), settled(), "Ready Promoted"),
        ("scaled", v1(), Some(idle()), pods(), "Reconciling Promoted"),
        ("a new template, not begun", v2(), Some(idle()), settled(), "Reconciling Promoted? Aborted?"),
        ("refused template", v2(), Some(idle()), Why::InvalidTemplate("x".to_owned()), "Stalled Promoted? Aborted?"),
        ("stepping", v2(), Some(stepping(25)), Why::Holding(after(60)), "Reconciling Promoted? Aborted?"),
        ("paused by the user", v2(), Some(paused(PauseCause::Spec)), Why::Paused(PauseCause::Spec, String::new()), "Reconciling Promoted? Aborted?"),
        ("paused by a deadline", v2(), Some(paused(PauseCause::Deadline)), Why::Paused(PauseCause::Deadline, String::new()), "Stalled Promoted? Aborted?"),
        ("promoting", v2(), Some(promoting()), pods(), "Reconciling Promoted? Aborted?"),
        ("promoted", v2(), Some(ended(v2(), v2(), AttemptResult::Promoted)), settled(), "Ready Promoted"),
        ("rolling back", v2(), Some(rolling_back(failure())), Why::RollingBack("x".to_owned()), "Reconciling Aborted"),
        ("aborted", v2(), Some(ended(v1(), v2(), AttemptResult::Aborted)), rejected(), "Stalled Aborted"),
        ("aborted, then the template went back", v1(), Some(ended(v1(), v2(), AttemptResult::Aborted)), settled(), "Ready Promoted"),
        ("aborted, then another template", v3(), Some(ended(v1(), v2(), AttemptResult::Aborted)), Why::CheckingTemplate, "Reconciling Promoted? Aborted?"),
        ("superseded", v3(), Some(rolling_back(Cause::Superseded(v3()))), Why::RollingBack("x".to_owned()), "Reconciling Promoted? Aborted?"),
        ("failed, then another template", v3(), Some(rolling_back(failure())), Why::RollingBack("x".to_owned()), "Reconciling Promoted? Aborted?"),
    ];
    for (name, revision, state, why, expected) in table {
        let status = render(&Status::default(), &intent(revision), state.as_ref(), &why, noon());
        assert_eq!(true_conditions(&status), expected, "{name}");
        assert!(status.conditions.iter().all(|c| c.observed_generation == Some(7) && !c.reason.is_empty()), "{name}");
    }
}

#[test]
fn a_spec_that_cannot_be_read_claims_nothing_and_keeps_what_was_shown() {
    let before = render(&Status::default(), &intent(v2()), Some(&stepping(25)), &Why::Settled, noon());
    let frozen = Intent { steps: Vec::new(), ..intent(v2()) };
    let why = Why::InvalidSpec("steps[0].weight is 0: write 1 to 99".to_owned());
    let status = render(&before, &frozen, Some(&stepping(25)), &why, noon());
    assert_eq!(true_conditions(&status), "Stalled Promoted? Aborted?");
    assert_eq!((status.step, status.weight), (before.step, before.weight));
}

/// Four pods in steps of 25, 50 and 75 %: at the last one stable has only one.
#[test]
fn a_step_without_room_for_the_baseline_that_is_asked_for_is_told_beforehand() {
    let intent = |baseline| Intent {
        replicas: 4,
        steps: [25, 50, 75].map(|w| Step { weight: weight(w), hold: TimeDelta::zero(), approval: None }).to_vec(),
        checks: vec![compared("errors")],
        baseline,
        ..intent(v2())
    };
    let attainable = |baseline| {
        let status = render(&Status::default(), &intent(baseline), Some(&idle()), &Why::Settled, noon());
        let told = status.conditions.iter().find(|c| c.type_ == "StepsAttainable").map(|c| (c.reason.to_string(), c.message.to_string()));
        told.expect("it is always told")
    };
    assert_eq!(attainable(Baseline::Stable), ("Attainable".to_owned(), String::new()));
    let (reason, message) = attainable(Baseline::Pods);
    assert_eq!(reason, "NoBaseline");
    assert_eq!(
        message,
        "with 4 replicas there are no baseline pods at 75%, where stable's old pods are compared with; that takes two stable pods, a pod of surge \
         to spare and a check that compares"
    );
}

#[test]
fn what_people_print_is_typed() {
    let status = render(&Status::default(), &intent(v2()), Some(&stepping(25)), &Why::Holding(after(60)), noon());
    let shown = serde_json::to_value(&status).unwrap();
    assert_eq!(shown["phase"], "Stepping");
    assert_eq!((&shown["step"], &shown["attempt"]), (&json!("2/3"), &json!(1)));
    assert_eq!(shown["weight"], json!({"wanted": 25, "granted": 20, "achieved": 20}));
    assert_eq!((&shown["stable"], &shown["canary"]), (&json!("1111111111"), &json!("2222222222")));
    assert_eq!((&shown["replicas"], &shown["selector"]), (&json!(10), &json!("serin.dev/rollout=checkout")));
    assert_eq!(shown["why"]["reason"], "Holding");
    assert_eq!(shown["state"]["stepping"]["step"], 25);
}

#[test]
fn young_pods_of_stable_are_stables_share() {
    let observed = seen().with(v1(), child(6, 6)).with(v1().baseline(), child(2, 2)).with(v2(), child(2, 2));
    let status = render_seeing(&Status::default(), &intent(v2()), Some(&stepping(25)), &Why::Holding(after(60)), &observed, noon());
    assert_eq!(status.weight.and_then(|shares| shares.achieved), Some(20));
}

#[test]
fn shares_are_shown_only_while_two_revisions_are_in_play() {
    let shares = |state: &State| {
        let status = render(&Status::default(), &intent(v2()), Some(state), &Why::Settled, noon());
        (status.step, status.weight.map(|w| (w.wanted, w.granted, w.achieved)), status.canary.is_some())
    };
    assert_eq!(shares(&installing()), (None, None, false));
    assert_eq!(shares(&idle()), (None, None, false));
    assert_eq!(shares(&promoting()), (Some("3/3".to_owned()), Some((100, Some(100), Some(20))), true));
    assert_eq!(shares(&rolling_back(failure())), (None, Some((0, Some(0), Some(20))), true));
}

#[test]
fn rendering_again_changes_nothing() {
    let states =
        [None, Some(installing()), Some(idle()), Some(stepping(10)), Some(reaching(25)), Some(promoting()), Some(rolling_back(failure()))];
    let whys = [Why::Settled, Why::Holding(after(60)), Why::WaitingForPods("1 of 4".to_owned()), Why::InvalidSpec("x".to_owned())];
    let foreign = json!({"conditions": [{"type": "Vetted", "status": "True", "reason": "Yes", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]});
    for before in [Status::default(), serde_json::from_value(foreign).unwrap()] {
        for (state, why) in states.iter().flat_map(|state| whys.iter().map(move |why| (state, why))) {
            let first = render(&before, &intent(v2()), state.as_ref(), why, noon());
            let stored: Status = serde_json::from_slice(&serde_json::to_vec(&first).unwrap()).unwrap();
            assert_eq!(stored, first, "what is stored is what was rendered");
            let second = render(&stored, &intent(v2()), state.as_ref(), why, after(3600));
            assert_eq!(serde_json::to_vec(&second).unwrap(), serde_json::to_vec(&first).unwrap());
            assert!(second.tells(why, 7) && !second.tells(why, 8));
        }
    }
}

#[test]
fn new_numbers_are_no_reason_to_write_and_are_told_with_what_is_written_anyway() {
    let render = |before: &Status, state: &State, text: &str| {
        render(before, &intent(v2()), Some(state), &Why::WaitingForPods(text.to_owned()), noon())
    };
    let first = render(&Status::default(), &reaching(25), "1 of 3");
    assert!(first.tells(&Why::WaitingForPods("2 of 3".to_owned()), 7));
    let told = Reason { reason: "WaitingForPods".to_owned(), message: "2 of 3".to_owned() };
    assert_eq!(render(&first, &reaching(25), "2 of 3").why, Some(told));
}

#[test]
fn a_condition_keeps_its_time_while_it_stands() {
    let holding = render(&Status::default(), &intent(v2()), Some(&stepping(25)), &Why::Holding(after(60)), noon());
    let failed = render(&holding, &intent(v2()), Some(&rolling_back(failure())), &Why::RollingBack("x".to_owned()), after(90));
    let times = |kind: &str| failed.conditions.iter().find(|c| c.type_ == kind).map(|c| c.last_transition_time.0.as_second());
    assert_eq!(times("Reconciling"), Some(noon().timestamp()), "True before and after");
    assert_eq!(times("Aborted"), Some(after(90).timestamp()));
}

#[test]
fn the_last_outcome_stays_through_the_next_attempt() {
    let aborted = render(&Status::default(), &intent(v2()), Some(&ended(v1(), v2(), AttemptResult::Aborted)), &Why::Settled, noon());
    let next = render(&aborted, &intent(v3()), Some(&stepping(10)), &Why::Settled, noon());
    assert_eq!(next.last_outcome.as_ref().map(|o| (o.revision.as_str(), o.result.as_str())), Some(("2222222222", "Aborted")));
}

#[test]
fn a_page_of_a_message_is_cut() {
    let status = render(&Status::default(), &intent(v2()), Some(&idle()), &Why::InvalidTemplate("é".repeat(9000)), noon());
    assert!(serde_json::to_vec(&status).unwrap().len() < 9000);
}
