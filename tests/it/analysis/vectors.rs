//! Do the statistics give what another implementation of the same formulas gives?

use serde_json::Value;
use serin::analysis::sequential::{Course, Need, Side, Terms, Wealth, dispersion, factor, mean, requests_needed};
use serin::analysis::{gauge, interval, standard_errors};
use serin::prometheus::{Birth, increase};
use serin::rollout::{Count, Counts, Line};

/// The only door to a case: a number at a key, `inf` included.
fn number(case: &Value, key: &str) -> f64 {
    real(&case[key]).unwrap_or_else(|| panic!("no number {key} in {case}"))
}

fn real(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

fn whole(case: &Value, key: &str) -> u32 {
    case[key].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_else(|| panic!("no whole number {key} in {case}"))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().filter_map(real).collect()
}

fn line(input: &Value) -> Line {
    Line { ratio: number(input, "ratio"), plus: number(input, "plus") }
}

fn counts(input: &Value) -> Counts {
    let count = |n: &str, x: &str| Count { total: number(input, n), bad: number(input, x) };
    Counts { canary: count("n_canary", "x_canary"), stable: count("n_stable", "x_stable") }
}

fn side(input: &Value) -> Side {
    if input["side"] == "fail" { Side::Worse } else { Side::Better }
}

/// What a case gives: the names of the expected numbers, and ours.
fn ours(kind: &str, input: &Value) -> Vec<(&'static str, Vec<f64>)> {
    match kind {
        "increment" => {
            let terms = Terms { bursts: number(input, "phi"), most: number(input, "cap") };
            vec![("log_e", vec![factor(number(input, "r"), line(input), &counts(input), terms)])]
        }
        "evidence" => evidence(input),
        "combine" => {
            let log = mean(numbers(&input["log_e"]).into_iter().zip(numbers(&input["weights"])));
            vec![("log_e", vec![log]), ("fail", vec![f64::from(u8::from(Need::for_errors(0.05).reached(log)))])]
        }
        "compare" => {
            let z = standard_errors(&counts(input), line(input), number(input, "phi")).expect("requests on both sides");
            vec![("z", vec![z]), ("fail", vec![f64::from(u8::from(z > 3.0 && number(input, "x_canary") >= 5.0))])]
        }
        "planning" => {
            let mut wealth = Wealth::default();
            wealth.invest(number(input, "invest"));
            let (canary, stable) = (number(input, "p_canary"), number(input, "p_stable"));
            let course = Course { canary, stable, split: number(input, "split"), bursts: 1.0 };
            let need = Need::for_errors(number(input, "alpha"));
            let needed = requests_needed(&wealth, (side(input), line(input)), need, course);
            vec![("canary_requests", vec![needed.unwrap_or(f64::INFINITY)])]
        }
        "dispersion" => {
            let windows = input["intervals"].as_array().expect("windows").iter().map(numbers);
            vec![("phi", vec![dispersion(windows.map(|w| Count { total: w[0], bad: w[1] }))])]
        }
        "wilson" => {
            let (lower, upper) = interval(Count { total: number(input, "n"), bad: number(input, "x") });
            vec![("lower", vec![lower]), ("upper", vec![upper])]
        }
        "gauge" => {
            let pods = gauge::Pods { spread: number(input, "pod_sd"), canary: whole(input, "m_c"), stable: whole(input, "m_s") };
            let mut batches = gauge::Batches::default();
            for ratio in numbers(&input["batch_log_ratios"]) {
                batches.count(ratio);
            }
            let (lower, upper) = batches.bounds(number(input, "alpha"), pods);
            vec![("lower", vec![lower]), ("upper", vec![upper])]
        }
        "counter" => {
            let samples = input["samples"].as_array().expect("samples").iter().map(numbers).map(|s| (s[0], s[1]));
            let (from, to) = (number(input, "t0"), number(input, "t1"));
            let young = input["pod_start"].as_f64().is_some_and(|start| to - start <= number(input, "horizon"));
            let birth = if young { Birth::AtZero } else { Birth::Unknown };
            vec![("increase", vec![increase(samples, (from, to), birth)])]
        }
        "validity" => vec![(
            "expectation",
            vec![super::properties::expectation(
                number(input, "r"),
                line(input),
                ["n_canary", "n_stable"].map(|key| whole(input, key)),
                [number(input, "p_canary"), number(input, "p_stable")],
                Terms { bursts: 1.0, most: f64::INFINITY },
            )],
        )],
        other => panic!("an unknown kind: {other}"),
    }
}

fn evidence(input: &Value) -> Vec<(&'static str, Vec<f64>)> {
    let need = Need::for_errors(number(input, "alpha"));
    let most = if input["capped"] == true { need.most() } else { f64::INFINITY };
    let mut wealth = Wealth::default();
    let mut logs = Vec::new();
    for step in input["steps"].as_array().expect("steps") {
        if step["open"] == true {
            wealth.invest(number(input, "invest"));
        }
        for window in step["intervals"].as_array().expect("windows").iter().map(numbers) {
            let [n, x, m, y, bursts] = window[..] else { panic!("five numbers: {window:?}") };
            let window = Counts { canary: Count { total: n, bad: x }, stable: Count { total: m, bad: y } };
            wealth.count(side(input), line(input), &window, Terms { bursts, most });
            logs.push(wealth.log());
        }
    }
    let first = logs.iter().position(|log| need.reached(*log)).map_or(-1.0, |at| f64::from(u32::try_from(at).expect("few")));
    vec![("log_e", logs), ("first_decision", vec![first])]
}

/// What a case expects at a key: truths as 1 and 0, no window as -1.
fn expected(value: &Value) -> Vec<f64> {
    match value {
        Value::Null => vec![-1.0],
        Value::Bool(truth) => vec![f64::from(u8::from(*truth))],
        Value::Array(_) => numbers(value),
        Value::Number(_) | Value::String(_) | Value::Object(_) => real(value).into_iter().collect(),
    }
}

fn near(one: f64, other: f64, tolerance: f64) -> bool {
    one.total_cmp(&other).is_eq() || (one - other).abs() <= tolerance * one.abs().max(other.abs()).max(1e-3)
}

#[test]
fn every_vector_is_met() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("vectors/vectors.json")).expect("vectors");
    assert_eq!(cases.len(), 54);
    for case in cases {
        let (id, kind) = (case["id"].as_str().unwrap_or_default(), case["kind"].as_str().unwrap_or_default());
        let tolerance = if id.contains("huge") { 1e-7 } else { 1e-9 };
        for (key, ours) in ours(kind, &case["input"]) {
            let theirs = expected(&case["expect"][key]);
            let same = theirs.len() == ours.len() && theirs.iter().zip(&ours).all(|(one, other)| near(*one, *other, tolerance));
            assert!(same && !theirs.is_empty(), "{id}, {key}: {ours:?} instead of {theirs:?}");
        }
    }
}
