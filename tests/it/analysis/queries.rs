//! What is Prometheus asked, word for word? All of it stands in a file of rules, which the tests of the control plane show to its own checker.

use std::fmt::Write as _;

use serde_json::{Value, json};
use serin::analysis::{Due, Evidence, due};
use serin::rollout::{Ask, Question, Shape};

use super::serving;
use crate::api_given::{parsed, spec_with};
use crate::generated::check;
use crate::given::{after, stepping};

/// How a check that counts requests so finds out which pods were scraped.
fn targets(from: &str) -> (String, bool) {
    let due = due_of("sequential", &json!({"of": "errors", "series": {"from": from}}));
    match due.questions.as_slice() {
        [Question::Measure { ask: Ask::Counts(counting), .. }] => {
            (counting.targets.as_ref().unwrap_or_else(|| panic!("{from} tells of no pods")).query.clone(), false)
        }
        other => panic!("no counts: {other:?}"),
    }
}

fn due_of(kind: &str, written: &Value) -> Due {
    let spec = spec_with(&[("analysis", json!({"warmUp": "0s", "checks": [{"name": "errors", kind: written}]}))]);
    let intent = parsed(&spec).unwrap_or_else(|error| panic!("{written}: {error}"));
    due(&intent, &stepping(10), &Evidence::default(), &serving(), after(600))
}

/// The question of the one check of a spec, ten minutes after its share was reached.
fn asked(kind: &str, written: &Value) -> (String, bool) {
    let due = due_of(kind, written);
    match due.questions.as_slice() {
        [Question::Measure { ask: Ask::Counts(counting), .. }] => (counting.query.clone(), matches!(counting.shape, Shape::Samples(_))),
        [Question::Measure { ask: Ask::Bounds(counting), .. }] => (counting.query.clone(), true),
        [Question::Measure { ask: Ask::Backed(query), .. }] => (query.clone(), false),
        [Question::Measure { ask: Ask::Means(measuring), .. }] => (measuring.query.clone(), false),
        other => panic!("no counts: {other:?}"),
    }
}

#[test]
fn every_query_stands_in_the_file_that_promtool_checks() {
    let mut rules = "# What Serin asks Prometheus by itself, in the words of its code; `make gen` writes this. Placeholders are filled in: the rollout checkout of the\n\
        # namespace shop, stable 1111111111 beside the canary 2222222222. Samples are counted by Serin; here a function makes rules of them.\n\
        groups:\n"
        .to_owned();
    let mut add = |name: &str, (query, samples): (String, bool)| {
        let query = if samples { format!("count_over_time({query})") } else { query };
        let _ = writeln!(rules, "- name: {name}\n  rules:\n  - record: serin:{}\n    expr: '{query}'", name.replace('-', "_"));
    };
    for from in ["pods", "revisions", "openTelemetry", "istio", "linkerd"] {
        add(&format!("errors-{from}"), asked("sequential", &json!({"of": "errors", "series": {"from": from}})));
        add(&format!("slow-{from}"), asked("sequential", &json!({"of": "slow", "slowerThan": "250ms", "series": {"from": from}})));
    }
    for from in ["pods", "revisions", "openTelemetry"] {
        add(&format!("targets-{from}"), targets(from));
    }
    add("slow-auto", asked("sequential", &json!({"of": "slow", "slowerThan": "auto"})));
    add("slow-whole-seconds", asked("compare", &json!({"of": "slow", "slowerThan": "1s"})));
    let sums =
        |metric: &str| format!("sum by (pod) (increase({metric}{{pod=~\"{{{{canaryPods}}}}|{{{{stablePods}}}}\"}}[{{{{window}}}}]))");
    let counts = json!({"total": sums("done_total"), "bad": sums("lost_total")});
    add("counts", asked("threshold", &json!({"counts": counts, "window": "1m", "max": 0.1})));
    let share = "sum(rate(lost_total{pod=~\"{{canaryPods}}\"}[{{window}}])) / sum(rate(done_total{pod=~\"{{canaryPods}}\"}[{{window}}]))";
    let count = "sum(increase(done_total{pod=~\"{{canaryPods}}\"}[{{window}}]))";
    add("number-and-count", asked("threshold", &json!({"query": share, "count": count, "window": "1m", "max": 0.1})));
    let gauge = "avg_over_time(process_resident_memory_bytes{pod=~\"{{canaryPods}}|{{stablePods}}\"}[{{window}}])";
    add("gauge", asked("sequential", &json!({"of": "gauge", "query": gauge})));
    check("docs/queries.yml", &rules);
}
