//! What do templates of checks give, and what is said of those that cannot be taken?

use serde_json::{Value, json};
use serin::api::{Invalid, Shared, parse, shared};
use serin::rollout::{CheckKind, Intent, Subject};

use crate::api_given::{check, parsed, providers, spec_with};

/// One template, `slo`, whose arguments are a number with a default, a duration and a text that have none.
fn template() -> Value {
    json!({
        "args": [
            {"name": "max", "type": "number", "default": "0.05"},
            {"name": "window", "type": "duration"},
            {"name": "job"},
        ],
        "every": "20s",
        "checks": [{"name": "slo", "threshold": {
            "query": "errors{job=\"{{args.job}}\",pod=~\"{{canaryPods}}\"}[{{window}}] > {{args.max}}", "window": "{{args.window}}", "max": "{{args.max}}",
        }}],
    })
}

/// A spec that takes `slo` with these arguments, beside a check of its own.
fn taking(args: &Value) -> Value {
    spec_with(&[("analysis.templates", json!([{"name": "slo", "args": args}]))])
}

fn taken(args: &Value, template: &Value) -> Result<Shared, Invalid> {
    shared(&taking(args), |name| (name == "slo").then_some(template))
}

fn intent(args: &Value, template: &Value) -> Intent {
    parse(("shop", "checkout"), &taking(args), &taken(args, template), &providers()).expect("the spec itself is sound")
}

#[test]
fn the_checks_of_a_template_come_with_the_arguments_beside_those_of_the_spec() {
    let intent = intent(&json!({"window": "2m", "job": "web", "max": "0.1"}), &template());
    assert_eq!(intent.unresolved, None);
    let names: Vec<&str> = intent.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!((names.as_slice(), intent.every.num_seconds()), (&["errors", "slo"][..], 20));
    let CheckKind::Threshold(threshold) = &intent.checks[1].kind else { panic!("{:?}", intent.checks[1]) };
    assert_eq!((threshold.max, threshold.window.num_seconds()), (Some(0.1), 120));
    let Subject::Query(query) = &threshold.subject else { panic!("{:?}", threshold.subject) };
    assert_eq!(query, "errors{job=\"web\",pod=~\"{{canaryPods}}\"}[2m] > 0.1");
}

#[test]
fn what_a_rollout_does_not_give_is_the_default_and_what_it_says_itself_counts_for_more() {
    let args = json!({"window": "2m", "job": "web"});
    assert!(matches!(&intent(&args, &template()).checks[1].kind, CheckKind::Threshold(threshold) if threshold.max == Some(0.05)));
    let mut own = taking(&args);
    own["analysis"]["every"] = json!("7s");
    let intent = parse(("shop", "checkout"), &own, &taken(&args, &template()), &providers()).expect("a spec");
    assert_eq!(intent.every.num_seconds(), 7);
}

#[test]
fn a_spec_may_have_nothing_but_templates() {
    let spec = spec_with(&[("analysis", json!({"templates": [{"name": "slo", "args": {"window": "2m", "job": "web"}}]}))]);
    let template = template();
    let shared = shared(&spec, |_| Some(&template));
    assert_eq!(parse(("shop", "checkout"), &spec, &shared, &providers()).expect("a spec").checks.len(), 1);
    let both = spec_with(&[("analysis", json!({"templates": [{"name": "slo"}], "none": {}}))]);
    assert!(parsed(&both).expect_err("it says both").to_string().contains("remove one of them"));
}

#[test]
fn a_template_that_cannot_be_taken_is_named_and_is_no_fault_of_the_spec() {
    let good = json!({"window": "2m", "job": "web"});
    let with = |pointer: &str, value: Value| {
        let mut template = template();
        *template.pointer_mut(pointer).expect("a part of it") = value;
        template
    };
    for (args, template, expected) in [
        (
            json!({"job": "web"}),
            template(),
            "the AnalysisTemplate \"slo\" needs the argument window, a duration, such as 90s or 5m; give it",
        ),
        (json!({"window": "2m", "job": "web", "maxx": "1"}), template(), "has no argument maxx; it has max, window, job"),
        (json!({"window": "soon", "job": "web"}), template(), "takes a duration, such as 90s or 5m, as window, not \"soon\""),
        (json!({"window": "2m", "job": "web", "max": "many"}), template(), "takes a number, such as 0.05, as max, not \"many\""),
        (json!({"window": "2m", "job": "a\"} or vector(1) #"}), template(), "takes a text of letters, digits and _ . / : @ -, as job"),
        (json!({"window": "2m", "job": "web", "max": "NaN"}), template(), "takes a number"),
        (good.clone(), with("/checks/0/threshold/max", json!("{{args.most}}")), "uses {{args.most}}, which is none of its arguments"),
        (good.clone(), with("/checks/0/threshold/max", json!("{{args.job}}")), "a check of an AnalysisTemplate: invalid type: string"),
        (good.clone(), with("/checks/0/name", json!("errors")), "two checks have the name \"errors\""),
        (good.clone(), with("/checks/0/threshold/query", json!("{{nonsense}}")), "unknown placeholder {{nonsense}}"),
        (
            good.clone(),
            with("/checks/0/threshold", json!({"of": "errors", "window": "1m", "max": 1, "provider": "nobody"})),
            "provider \"nobody\"",
        ),
        (good.clone(), with("/checks/0/threshold/query", json!("x".repeat(40_000))), "checks of more than 32 KiB"),
        (good, with("/checks", json!("many")), "cannot be read"),
    ] {
        let intent = intent(&args, &template);
        let told = intent.unresolved.unwrap_or_default();
        assert!(told.contains(expected), "{args}: {told}");
        assert_eq!(intent.checks.len(), 1, "its own check is still known");
    }
    let missing = parsed(&taking(&json!({}))).expect("the spec itself is sound").unresolved.unwrap_or_default();
    assert_eq!(missing, "the AnalysisTemplate \"slo\" does not exist in this namespace; create it, or take it out of analysis.templates");
}

#[test]
fn no_argument_can_change_what_a_query_means() {
    for value in ["a\"", "a\\", "a\n", "{{namespace}}", "a|b", "a*", "(a)", "a,b", "a'b", "a`b", "é"] {
        let told = taken(&json!({"window": "2m", "job": value}), &template()).expect_err(value).to_string();
        assert!(told.contains("as job"), "{value}: {told}");
    }
}

#[test]
fn several_templates_add_up() {
    let spec = spec_with(&[("analysis", json!({"checks": [check("own")], "templates": [{"name": "a"}, {"name": "b"}]}))]);
    let template = |name: &str| json!({"checks": [check(name)], "warmUp": if name == "a" { "5s" } else { "9s" }});
    let (one, other) = (template("a"), template("b"));
    let shared = shared(&spec, |name| Some(if name == "a" { &one } else { &other }));
    let intent = parse(("shop", "checkout"), &spec, &shared, &providers()).expect("a spec");
    let names: Vec<&str> = intent.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!((names, intent.warm_up.num_seconds()), (vec!["own", "a", "b"], 5), "the first one that says it");
}
