//! Is the evidence what comes out when its windows are counted again?

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;
use serin::analysis::{Evidence, Window, judge};
use serin::rollout::{Ask, Count, Counted, Counts, Intent, Newest, Observed, Reading, Sample, Young};

use super::serving;
use crate::api_given::{parsed, spec_with};
use crate::given::{after, stepping, weight};

fn intent() -> Intent {
    let checks = json!([{"name": "errors", "sequential": {"of": "errors"}}]);
    parsed(&spec_with(&[("analysis", json!({"warmUp": "0s", "checks": checks}))])).expect("it can be read")
}

/// The window of that length that ends then; in bursts, so that what stable did before counts.
fn counted((from, end): (i64, i64), bad: f64) -> Counted {
    let stable = Count { total: 900.0, bad: if end % 20 == 0 { 40.0 } else { 1.0 } };
    let counts = Counts { canary: Count { total: 100.0, bad }, stable };
    let newest = Newest { canary: Some(after(end)), stable: Some(after(end)) };
    Counted { from: after(from), counts, newest, scrape: Some(TimeDelta::seconds(5)), before: vec![stable; 12], scraped: None }
}

/// The evidence after these windows: how long each is, at which exposure, and with how many bad requests of the canary.
fn judged(windows: &[(i64, u32, u32)]) -> (Evidence, Vec<Counted>) {
    let (mut evidence, mut from, mut all) = (Evidence::default(), 0, Vec::new());
    for (seconds, percent, bad) in windows {
        let end = from + seconds;
        let window = counted((from, end), f64::from(*bad));
        let reading = Reading::Counts(Box::new(window.clone()));
        let sample = Sample { check: "errors".to_owned(), attempt: 1, step: weight(*percent), at: after(end), reading };
        let seen = Observed { samples: vec![sample], ..serving() };
        evidence = judge(&intent(), &stepping(*percent), &evidence, &seen, after(end + 5)).evidence;
        all.push(window);
        from = end;
    }
    (evidence, all)
}

#[test]
fn each_window_is_asked_for_as_it_was_and_stable_s_earlier_ones_with_the_first() {
    let (evidence, _) = judged(&[(10, 10, 0), (10, 10, 0), (30, 10, 0), (10, 25, 0)]);
    let intent = intent();
    let again = evidence.again("checkout", &intent).expect("the revisions are known");
    let questions = again[0].questions().expect("all windows are known");
    let told: Vec<_> = questions
        .iter()
        .map(|(Window { step, from, to }, ask)| {
            let Ask::Counts(counting) = ask else { panic!("no counts: {ask:?}") };
            assert_eq!((counting.from, &counting.young), (*from, &Young::All));
            assert!(counting.query.contains("checkout-1111111111") && counting.query.contains("checkout-2222222222"), "{}", counting.query);
            let seconds = |at: chrono::DateTime<chrono::Utc>| (at - after(0)).num_seconds();
            (step.percent(), seconds(*from), seconds(*to), counting.before.is_some())
        })
        .collect();
    assert_eq!(told, [(10, 0, 10, true), (10, 10, 20, false), (10, 20, 50, false), (25, 50, 60, false)]);
}

#[test]
fn windows_of_one_length_are_listed_where_they_were_and_a_gap_stays_one() {
    let state = stepping(10);
    let at = |from: i64| Sample {
        check: "errors".to_owned(),
        attempt: 1,
        step: weight(10),
        at: after(from + 10),
        reading: Reading::Counts(Box::new(counted((from, from + 10), 0.0))),
    };
    let begins = [0, 10, 20, 40, 50];
    let seen = Observed { samples: begins.map(at).to_vec(), ..serving() };
    let evidence = judge(&intent(), &state, &Evidence::default(), &seen, after(65)).evidence;
    let intent = intent();
    let questions = evidence.again("checkout", &intent).expect("the revisions are known")[0].questions().expect("all windows are known");
    let told: Vec<i64> = questions.iter().map(|(window, _)| (window.from - after(0)).num_seconds()).collect();
    assert_eq!(told, begins);
}

#[test]
fn windows_of_one_length_take_no_more_room_however_many_they_are() {
    let (evidence, _) = judged(&[(10, 10, 0); 40]);
    let intent = intent();
    let questions = evidence.again("checkout", &intent).expect("the revisions are known")[0].questions().expect("all windows are known");
    assert_eq!(questions.len(), 40);
}

#[test]
fn a_course_of_many_lengths_is_bounded_and_says_that_its_beginning_is_forgotten() {
    let windows: Vec<(i64, u32, u32)> = (0..60).map(|number| (10 + number % 2, 10, 0)).collect();
    let (evidence, _) = judged(&windows);
    let intent = intent();
    let why = evidence.again("checkout", &intent).expect("the revisions are known")[0].questions().expect_err("it is forgotten");
    assert!(why.starts_with("its first windows are forgotten"), "{why}");
    assert!(serde_json::to_string(&evidence).expect("plain data").len() < 8 << 10);
}

#[test]
fn evidence_of_an_older_version_says_so() {
    assert!(Evidence::default().again("checkout", &intent()).is_err());
}

proptest! {
    #[test]
    fn what_is_counted_again_from_the_same_answers_is_what_was_recorded(
        windows in proptest::collection::vec((prop_oneof![Just(10_i64), Just(20)], 0_u32..4), 1..24),
        raise in 0_usize..24,
        lost in 0_usize..24,
    ) {
        let windows: Vec<(i64, u32, u32)> =
            (0..).zip(windows).map(|(number, (seconds, bad))| (seconds, if number < raise { 10 } else { 25 }, bad)).collect();
        let (evidence, answers) = judged(&windows);
        let intent = intent();
        let again = evidence.again("checkout", &intent).expect("the revisions are known").remove(0);
        let asked = again.questions().expect("all windows are known");
        prop_assert_eq!(asked.len(), answers.len());
        let mut answers: Vec<(Window, Counted)> = asked.into_iter().map(|(window, _)| window).zip(answers).collect();
        prop_assert_eq!(again.differs(&again.recount(&answers)), None);
        answers.remove(lost % windows.len());
        prop_assert!(again.differs(&again.recount(&answers)).is_some_and(|text| text.contains("requests of the canary now")));
    }
}
