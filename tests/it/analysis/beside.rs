//! Young pods of stable's stand beside the canary: when it is compared with them, and what is said of it.

use chrono::TimeDelta;
use serde_json::json;
use serin::analysis::{Due, Evidence, due, judge, outline};
use serin::rollout::{
    Ask, Baseline, Count, Counted, Counting, Counts, Intent, Newest, Observed, PodState, Question, Reading, Sample, State,
};

use super::{line, spec};
use crate::api_given::{parsed, spec_with};
use crate::given::{Seeing, after, attempt, child, compared, pod, promoting, seen, stepping, v1, v2, weight};

fn intent() -> Intent {
    Intent { checks: vec![compared("errors")], baseline: Baseline::Pods, ..spec() }
}

/// v2 at 10 % with its one pod, and a young one of v1 that has been ready since then, if it is.
fn beside(young: Option<i64>) -> Observed {
    let pods = young.map(|since| pod(0, PodState::Ready { since: after(since) }));
    let young = serin::rollout::Child { pods: pods.into_iter().collect(), ..child(1, 1) };
    seen().with(v1(), child(8, 8)).with(v2(), child(1, 1)).with(v1().baseline(), young)
}

/// Ten seconds in which both sides answered a hundred requests.
fn window(end: i64, before: &[Count]) -> Sample {
    let counts = Counts { canary: Count { total: 100.0, bad: 2.0 }, stable: Count { total: 100.0, bad: 2.0 } };
    let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
    let counted = Counted { from: after(end - 10), counts, newest, scrape: None, before: before.to_vec(), scraped: None };
    Sample { check: "errors".to_owned(), attempt: 1, step: weight(10), at: after(end), reading: Reading::Counts(Box::new(counted)) }
}

fn judged(intent: &Intent, state: &State, seen: &Observed, now: i64) -> (String, Evidence) {
    let judged = judge(intent, state, &Evidence::default(), seen, after(now));
    (line(judged.verdict), judged.evidence)
}

fn asked(intent: &Intent, state: &State, seen: &Observed, now: i64) -> Due {
    due(intent, state, &Evidence::default(), seen, after(now))
}

fn counting(due: &Due) -> &Counting {
    let [Question::Measure { ask: Ask::Counts(counting), .. }] = due.questions.as_slice() else { panic!("{:?}", due.questions) };
    counting
}

#[test]
fn nothing_is_asked_or_concluded_before_the_young_pods_are_ready() {
    let late = beside(None);
    assert!(asked(&intent(), &stepping(10), &late, 60).questions.is_empty());
    let samples = (1..=6).map(|number| window(number * 10, &[])).collect();
    let (told, evidence) = judged(&intent(), &stepping(10), &Observed { samples, ..late }, 65);
    let words = "errors: 0 of 1 baseline pods are ready, which the canary is compared with; holding, this is not a failure";
    assert_eq!(told, format!("Inconclusive: {words}"));
    assert!(evidence.is_empty(), "windows that were counted without them are nothing");
}

#[test]
fn where_there_is_nothing_to_make_young_pods_of_the_check_says_so() {
    let mut seen = seen().with(v1(), child(9, 9)).with(v2(), child(1, 1));
    let words = |seen: &Observed| judged(&intent(), &stepping(10), seen, 60).0;
    assert!(words(&seen).starts_with("Inconclusive: errors: 0 of 1 baseline pods are ready"), "{}", words(&seen));
    seen.records.remove(&v1());
    let gone = "errors: the template of revision 1111111111 is not stored any more, so that there are no baseline pods to compare with";
    assert_eq!(words(&seen), format!("Inconclusive: {gone}; holding, this is not a failure"));
}

#[test]
fn what_compares_nothing_waits_for_no_pod() {
    let mut both = intent();
    both.checks.extend(spec().checks.into_iter().map(|check| serin::rollout::Check { name: "slo".to_owned(), ..check }));
    let due = asked(&both, &stepping(10), &beside(None), 60);
    let names: Vec<_> =
        due.questions.iter().filter_map(|it| if let Question::Measure { check, .. } = it { Some(check) } else { None }).collect();
    assert_eq!(names, ["slo"]);
}

#[test]
fn windows_begin_once_the_young_pods_are_ready_and_warm() {
    let warm = Intent { warm_up: TimeDelta::seconds(20), ..intent() };
    let seen = beside(Some(100));
    assert_eq!(asked(&warm, &stepping(10), &seen, 120).wake, Some(after(135)));
    let due = asked(&warm, &stepping(10), &seen, 135);
    assert_eq!((counting(&due).from, &counting(&due).sides.stable), (after(120), &v1().baseline()));
    let samples = vec![window(115, &[]), window(125, &[]), window(130, &[])];
    let evidence = judged(&warm, &stepping(10), &Observed { samples, ..seen }, 140).1;
    let weighed = evidence.of(1, "errors").expect("one window was counted");
    assert_eq!((weighed.since, weighed.windows), (after(120), 1));
}

#[test]
fn the_pods_that_are_asked_about_are_the_young_ones_and_the_time_before_is_told_by_the_old_ones() {
    let checks = json!([{"name": "errors", "sequential": {"of": "errors"}}]);
    let intent =
        parsed(&spec_with(&[("analysis", json!({"warmUp": "0s", "checks": checks, "baseline": "pods"}))])).expect("it can be read");
    let intent = Intent { capacity: spec().capacity, replicas: 10, ..intent };
    let first = asked(&intent, &stepping(10), &beside(Some(0)), 30);
    let counting = counting(&first);
    assert!(counting.before.is_some() && counting.past == Some(v1()));
    let names = ["y1111111111", "2222222222", "1111111111"].map(|revision| format!("checkout-{revision}-[a-z0-9]+-[a-z0-9]+"));
    assert!(counting.query.contains(&format!("pod=~\"{}\"", names.join("|"))), "{}", counting.query);
    let targets = counting.targets.as_ref().expect("pods are told");
    assert_eq!((targets.ready.canary.len(), targets.ready.stable.len()), (1, 1));
    assert!(targets.query.contains("y1111111111") && !targets.query.contains("-1111111111"), "{}", targets.query);
}

#[test]
fn the_verdict_and_the_evidence_say_whom_the_canary_was_compared_with() {
    let before = vec![Count { total: 900.0, bad: 1.0 }; 60];
    let samples: Vec<Sample> = (1..=6).map(|number| window(number * 10, &before)).collect();
    let (told, evidence) = judged(&intent(), &stepping(10), &Observed { samples, ..beside(Some(0)) }, 65);
    assert!(
        told.starts_with("Pass: workload: 1 ready; errors: canary 2.00% vs 2.00%") && told.ends_with("; compared with 1 baseline pod"),
        "{told}"
    );
    assert_eq!((evidence.baseline(weight(10)), evidence.baseline(weight(25))), (1, 0));
    let page = evidence.to_string();
    assert!(page.contains("at 10% stable's side are 1 young pods of its template (baseline: pods)"), "{page}");
    let read: Evidence = serde_json::from_str(&serde_json::to_string(&evidence).expect("plain data")).expect("it reads back");
    assert_eq!(read, evidence);
}

#[test]
fn a_recount_asks_about_the_same_pods_and_comes_to_the_same_odds() {
    let before = [Count { total: 900.0, bad: 1.0 }, Count { total: 900.0, bad: 60.0 }].repeat(30);
    let windows: Vec<Sample> = (1..=6).map(|number| window(number * 10, if number == 1 { &before } else { &[] })).collect();
    let evidence = judged(&intent(), &stepping(10), &Observed { samples: windows.clone(), ..beside(Some(0)) }, 65).1;
    assert!(evidence.of(1, "errors").expect("it was counted").bursts > 10.0, "bursts before the attempt count, whosever they were");
    let intent = intent();
    let again = evidence.again("checkout", &intent).expect("the revisions are known");
    let questions = again[0].questions().expect("all windows are known");
    let of = |ask: &Ask| if let Ask::Counts(counting) = ask { counting.sides.stable.clone() } else { panic!("no counts: {ask:?}") };
    assert!(questions.iter().all(|(_, ask)| of(ask) == v1().baseline()));
    let counted = windows.iter().filter_map(|sample| sample.counted().cloned());
    let answers: Vec<_> = questions.iter().map(|(window, _)| *window).zip(counted).collect();
    assert_eq!(again[0].differs(&again[0].recount(&answers)), None);
}

#[test]
fn after_the_steps_nothing_is_compared_and_where_there_is_no_room_the_old_pods_are() {
    let seen = beside(Some(0));
    let (told, _) = judged(&intent(), &promoting(), &seen, 60);
    assert_eq!(told, "Inconclusive: errors: baseline pods are there during the steps, so nothing is compared after them");
    assert!(asked(&intent(), &promoting(), &seen, 60).questions.is_empty());
    let mut cramped = intent();
    cramped.capacity.surge = 0;
    assert_eq!(counting(&asked(&cramped, &stepping(10), &seen, 60)).sides.stable, v1());
    let samples = (1..=6).map(|number| window(number * 10, &[])).collect();
    let (told, evidence) = judged(&cramped, &stepping(10), &Observed { samples, ..seen }, 65);
    assert!(told.ends_with("; compared with stable's old pods, for there is no room for baseline pods at this exposure"), "{told}");
    assert_eq!(evidence.baseline(weight(10)), 0);
}

#[test]
fn what_a_check_will_ask_is_told_with_the_young_pods_and_what_a_proof_takes_beside_them() {
    let intent = intent();
    let told = outline(&intent.checks[0], &intent, "checkout", &attempt(), None);
    assert!(told.contains("compared with young pods of stable's template (1 at 10%, 2 at 25%, 2 at 50%)"), "{told}");
    let old = outline(&intent.checks[0], &Intent { baseline: Baseline::Stable, ..intent.clone() }, "checkout", &attempt(), None);
    let proof = |text: &str| text.split("takes about ").nth(1).and_then(|rest| rest.split(' ').next()).map(ToOwned::to_owned);
    assert!(proof(&told).is_some() && proof(&told) != proof(&old), "five pods beside two are not five beside five: {told}\n{old}");
}

#[test]
fn a_pod_that_comes_later_than_needed_is_no_new_beginning() {
    let mut seen = beside(Some(0));
    let young = seen.children.get_mut(&v1().baseline()).expect("it is there");
    young.pods.push(pod(1, PodState::Ready { since: after(50) }));
    assert_eq!(seen.young_for(&v1(), 1), Some(after(0)));
    assert_eq!(seen.young_for(&v1(), 2), Some(after(50)));
    assert_eq!(seen.young_for(&v1(), 3), None);
    assert_eq!(seen.young_for(&v1(), 0), None);
}
