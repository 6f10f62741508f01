//! What does a spec mean, and what is said of one that cannot work?

use std::fs;

use chrono::TimeDelta;
use serde_json::{Value, json};
use serin::api::{Invalid, Providers, Shared, parse, revision, shared};
use serin::rollout::{Baseline, Capacity, CheckKind, Deadlines, OnStep, Pausing, Sharing, Subject};

use super::api_given::{check, parsed, providers, spec, spec_with, template};

#[test]
fn what_is_left_out_has_a_default_for_a_newcomer() {
    let intent = parsed(&spec()).unwrap();
    assert_eq!(intent.revision, revision(&template()));
    assert_eq!(intent.replicas, 4);
    let steps: Vec<_> = intent.steps.iter().map(|s| (s.weight.percent(), s.hold)).collect();
    assert_eq!(steps, [(25, TimeDelta::minutes(1)), (50, TimeDelta::minutes(1))], "what four pods can give nearest to 10, 25 and 50");
    assert_eq!((intent.every, intent.warm_up), (TimeDelta::seconds(10), TimeDelta::seconds(30)));
    let ten = TimeDelta::minutes(10);
    let deadlines = Deadlines { available: ten, step: TimeDelta::hours(1), rollback: ten, audit: ten, on_step: OnStep::Pause };
    assert_eq!(intent.deadlines, deadlines);
    assert_eq!(intent.capacity, Capacity { surge: 1, max_unavailable: 0, abort_unavailable: 1, stable_floor: 0 });
    assert_eq!((intent.pausing, intent.history_limit), (Pausing::Off, 10));
    assert_eq!(intent.checks[0].provider, "prod", "the default provider");
}

#[test]
fn a_rollout_without_replicas_has_one() {
    assert_eq!(parsed(&spec_with(&[("replicas", Value::Null)])).unwrap().replicas, 1);
}

#[test]
fn a_rollout_may_name_no_service_and_may_ask_for_exact_shares() {
    let intent = |traffic: Value| parsed(&spec_with(&[("service", Value::Null), ("traffic", traffic)])).unwrap();
    assert_eq!(intent(Value::Null).sharing, Sharing::Near);
    assert_eq!(intent(json!({})).sharing, Sharing::Near);
    assert_eq!(intent(json!({"replicas": {}})).sharing, Sharing::Near);
    assert_eq!(intent(json!({"replicas": {"strict": false}})).sharing, Sharing::Near);
    assert_eq!(intent(json!({"replicas": {"strict": true}})).sharing, Sharing::Strict);
}

#[test]
fn a_rollout_that_is_scaled_to_zero_still_has_steps() {
    let intent = parsed(&spec_with(&[("replicas", json!(0))])).unwrap();
    assert!(!intent.steps.is_empty());
    assert_eq!(intent.capacity, Capacity { surge: 0, max_unavailable: 0, abort_unavailable: 0, stable_floor: 0 });
}

#[test]
fn percentages_of_pods_round_to_the_safe_side() {
    let capacity = |replicas: u32, surge: Value, missing: Value, abort: Value, floor: Value| {
        let spec = spec_with(&[
            ("replicas", json!(replicas)),
            ("capacity", json!({"surge": surge, "maxUnavailable": missing, "abortUnavailable": abort, "stableFloor": floor})),
        ]);
        let c = parsed(&spec).unwrap().capacity;
        (c.surge, c.max_unavailable, c.abort_unavailable, c.stable_floor)
    };
    let percent = |text: &str| json!(text);
    assert_eq!(capacity(10, percent("25%"), percent("25%"), percent("25%"), percent("25%")), (3, 2, 2, 3));
    assert_eq!(capacity(10, json!(4), json!(3), json!(2), json!(1)), (4, 3, 2, 1));
    assert_eq!(capacity(3, percent("100%"), json!(9), json!(9), json!(9)), (3, 3, 3, 3), "never more than there are");
    assert_eq!(capacity(10_000, percent("1%"), percent("1%"), percent("99%"), percent("100%")), (100, 100, 9900, 10_000));
    assert_eq!(capacity(4, json!(0), percent("10%"), json!(0), json!(0)), (0, 1, 0, 0), "rounding leaves one, as in a Deployment");
}

#[test]
fn a_query_knows_its_rollout_and_leaves_the_pods_for_later() {
    let query = "rate(x{ns=\"{{namespace}}\",r=\"{{ rollout }}\",pod=~\"{{canaryPods}}|{{stablePods}}\"}[{{window}}])";
    let threshold = json!({"query": query, "window": "90s", "min": 1, "max": 1, "provider": "staging"});
    let intent = parsed(&spec_with(&[("analysis.checks.0.threshold", threshold)])).unwrap();
    let check = &intent.checks[0];
    let CheckKind::Threshold(threshold) = &check.kind else { panic!("no threshold: {check:?}") };
    let query = "rate(x{ns=\"shop\",r=\"checkout\",pod=~\"{{canaryPods}}|{{stablePods}}\"}[1m30s])";
    assert_eq!(threshold.subject, Subject::Query(query.to_owned()));
    assert_eq!((threshold.min, threshold.max, check.provider.as_str()), (Some(1.0), Some(1.0), "staging"));
}

#[test]
fn what_cannot_work_is_refused_in_words_that_say_what_to_do() {
    let query = |query: &str| json!({"query": query, "window": "1m", "max": 1});
    let step = |weight: i64| json!({"weight": weight, "hold": "1m"});
    #[rustfmt::skip]
    let table: Vec<(&str, Value, &str)> = vec![
        ("replicas", json!(-1), "replicas is -1: write 0 to 10000"),
        ("replicas", json!(10_001), "write 0 to 10000"),
        ("replicas", json!("4"), "the spec cannot be read: invalid type: string \"4\""),
        ("service", json!(""), "service is \"\": write at most 63 of a-z"),
        ("traffic", json!({"replicas": {"strict": "yes"}}), "the spec cannot be read"),
        ("service", json!("Check.out"), "service is \"Check.out\": write at most 63 of a-z"),
        ("minReadySeconds", json!(-1), "minReadySeconds is -1: write 0 to 3600"),
        ("revisionHistoryLimit", json!(101), "write 0 to 100"),
        ("template", json!({}), "template.metadata.labels is missing: write at least one label"),
        ("template.metadata.labels", json!({"app": 1}), "put it in quotes"),
        ("template.metadata.labels", json!({"app": "a", "serin.dev/revision": "1"}), "serin.dev/ is Serin's own prefix; remove or rename it"),
        ("template.metadata.annotations", json!({"serin.dev/x": "1"}), "template.metadata.annotations has \"serin.dev/x\""),
        ("template.spec.containers", json!([]), "write at least one container"),
        ("template.spec.restartPolicy", json!("Never"), "has to be Always"),
        ("steps", json!([]), "steps has 0 steps: give it 1 to 20"),
        ("steps", Value::from((1..=21).map(step).collect::<Vec<_>>()), "steps has 21 steps"),
        ("steps", json!([step(0)]), "steps[0].weight is 0: write 1 to 99"),
        ("steps", json!([step(100)]), "steps[0].weight is 100: write 1 to 99"),
        ("steps", json!([step(5), step(5)]), "steps[1].weight is 5 after 5: each step needs a larger weight"),
        ("steps", json!([step(50), step(25)]), "steps[1].weight is 25 after 50"),
        ("steps", json!([{"weight": 5, "hold": "5 minutes"}]), "steps[0].hold is \"5 minutes\": write a duration from 0s to 720h"),
        ("steps", json!([{"weight": 5, "hold": "721h"}]), "steps[0].hold is \"721h\""),
        ("analysis", Value::Null, "the spec cannot be read"),
        ("analysis", json!({}), "write analysis: {none: {}} to promote whatever keeps its pods ready"),
        ("analysis", json!({"none": {}, "checks": [check("a")]}), "analysis has both checks and none"),
        ("analysis", json!({"checks": []}), "analysis.checks has 0 checks: give it 1 to 16"),
        ("analysis.checks", json!([check("a"), check("a")]), "two checks have the name \"a\""),
        ("analysis.checks", json!([check("workload")]), "workload belongs to the built-in check"),
        ("analysis.checks", json!([check("Error rate")]), "is \"Error rate\": write at most 63"),
        ("analysis.every", json!("100ms"), "analysis.every is \"100ms\": write a duration from 500ms to 1h"),
        ("analysis.warmUp", json!("-1s"), "analysis.warmUp is \"-1s\""),
        ("analysis.baseline", json!("old"), "the spec cannot be read: unknown variant `old`, expected `stable` or `pods`"),
        ("analysis.checks.0.threshold.max", Value::Null, "check \"errors\" has no limit: give it min, max or both"),
        ("analysis.checks.0.threshold.min", json!(2), "has min 2 above max 0.01, so that no value could pass: swap them"),
        ("analysis.checks.0.threshold.window", json!("25h"), "analysis.checks[errors].threshold.window is \"25h\": write a duration from 0s to 24h"),
        ("analysis.checks.0.threshold.query", json!(""), "query has 0 characters: give it 1 to 4096"),
        ("analysis.checks.0.threshold", query("{{pods}}"), "check \"errors\": the query has the unknown placeholder {{pods}}; known are {{namespace}}, "),
        ("analysis.checks.0.threshold", query("{{window"), "check \"errors\": the query has {{ without }}; close the placeholder"),
        ("analysis.checks.0.threshold.provider", json!("eu"), "asks the provider \"eu\", which the controller's configuration does not have; name one of: prod, staging"),
        ("deadlines", json!({"step": "0s"}), "deadlines.step is \"0s\": write a duration from 1s to 720h"),
        ("deadlines", json!({"onStep": "Promote"}), "the spec cannot be read: unknown variant `Promote`, expected `Pause` or `Abort`"),
        ("capacity", json!({"surge": 0}), "are both zero, so that no pod could be replaced; allow one of them"),
        ("capacity", json!({"surge": "0%", "maxUnavailable": "0%"}), "are both zero"),
        ("capacity", json!({"surge": "101%"}), "capacity.surge is \"101%\": write a number of pods from 0 to 10000, or a percentage from 0% to 100%"),
        ("capacity", json!({"maxUnavailable": -1}), "capacity.maxUnavailable is \"-1\""),
        ("capacity", json!({"stableFloor": "half"}), "capacity.stableFloor is \"half\""),
    ];
    for (path, value, expected) in table {
        let told = parsed(&spec_with(&[(path, value.clone())])).map(|_| ()).expect_err(&format!("{path}: {value}")).to_string();
        assert!(told.contains(expected), "{path}: {value}\n  told     {told}\n  expected {expected}");
    }
}

/// No template is taken.
const NOTHING: Result<Shared, Invalid> = Ok(Shared { every: None, warm_up: None, checks: Vec::new() });

#[test]
fn a_name_that_would_break_pod_names_is_refused() {
    for name in ["", "a.b", "Checkout", "-a", "a-", &"a".repeat(36)] {
        let told = parse(("shop", name), &spec(), &NOTHING, &providers()).unwrap_err().to_string();
        assert!(told.contains("at most 35"), "{name}: {told}");
    }
    assert!(parse(("shop", &"a".repeat(35)), &spec(), &NOTHING, &providers()).is_ok());
}

/// Their pods are called by one letter more.
#[test]
fn young_pods_beside_the_canary_take_a_shorter_name() {
    let asking = |length: usize, baseline: &str| {
        let spec = spec_with(&[("analysis.baseline", json!(baseline))]);
        parse(("shop", &"a".repeat(length)), &spec, &NOTHING, &providers()).map(|intent| intent.baseline)
    };
    assert_eq!((asking(34, "pods"), asking(35, "stable")), (Ok(Baseline::Pods), Ok(Baseline::Stable)));
    let told = asking(35, "pods").unwrap_err().to_string();
    assert!(
        told.ends_with("is too long for analysis.baseline: pods: create the Rollout under at most 34 characters, or leave baseline out"),
        "{told}"
    );
    assert_eq!(parsed(&spec()).unwrap().baseline, Baseline::Stable);
}

#[test]
fn a_controller_without_providers_says_what_is_left() {
    let none = Providers { delays: std::collections::BTreeMap::new(), default: "default".to_owned() };
    let told = parse(("shop", "checkout"), &spec(), &NOTHING, &none).unwrap_err().to_string();
    assert!(told.ends_with("it has none: add a provider there, or write analysis: {none: {}}"), "{told}");
    assert!(parse(("shop", "checkout"), &spec_with(&[("analysis", json!({"none": {}}))]), &NOTHING, &none).is_ok());
}

#[test]
fn every_example_parses() {
    let providers = Providers { delays: [("prometheus".to_owned(), TimeDelta::zero())].into(), default: "prometheus".to_owned() };
    let mut seen = 0;
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let objects: Vec<Value> = text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect();
        let template = |name: &str| {
            let mut named = objects.iter().filter(|object| object["kind"] == "AnalysisTemplate" && object["metadata"]["name"] == name);
            named.next().map(|object| &object["spec"])
        };
        for object in &objects {
            if object["kind"] != "Rollout" {
                continue;
            }
            let text = |field: &str| object["metadata"][field].as_str().unwrap().to_owned();
            let shared = shared(&object["spec"], template);
            let intent = parse((&text("namespace"), &text("name")), &object["spec"], &shared, &providers);
            let intent = intent.unwrap_or_else(|e| panic!("{path:?}: {e}"));
            assert_eq!(intent.unresolved, None, "{path:?}");
            let measured = !intent.checks.is_empty();
            assert_eq!(measured, !path.ends_with("guest.yaml"), "{path:?}: only a guest's cluster has nothing to measure with");
            seen += 1;
        }
    }
    assert_eq!(seen, 5);
}

#[test]
fn the_example_of_all_fields_has_every_field_of_the_schema() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/all-fields.yaml")).unwrap();
    let mut missing = Vec::new();
    for (document, crd) in [(2, 0), (1, 2)] {
        let object: Value = serde_saphyr::from_str(text.split("\n---\n").nth(document).unwrap()).unwrap();
        let crd = serde_json::to_value(&serin::api::crds()[crd]).unwrap();
        let schema = crd.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec").unwrap();
        // Its checks are those of a Rollout.
        let checks = |path: &String| document == 1 && path.starts_with("spec.checks.");
        let mut here = Vec::new();
        compare("spec", schema, &[&object["spec"]], &mut here);
        missing.extend(here.into_iter().filter(|path| !checks(path)));
    }
    // Those that exclude others: they stand in comments.
    assert_eq!(missing, ["spec.analysis.none", "spec.workloadRef"]);
}

/// Collects the declared fields that none of these values has.
fn compare(path: &str, schema: &Value, values: &[&Value], missing: &mut Vec<String>) {
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{field}");
        let found: Vec<&Value> = values.iter().filter_map(|value| value.get(field)).collect();
        if found.is_empty() {
            missing.push(path);
            continue;
        }
        match schema.get("items") {
            Some(items) => compare(&path, items, &found.iter().filter_map(|v| v.as_array()).flatten().collect::<Vec<_>>(), missing),
            None => compare(&path, schema, &found, missing),
        }
    }
}
