//! What do checks mean that compare the canary with stable?

use chrono::TimeDelta;
use serde_json::{Value, json};
use serin::rollout::{
    Bad, Bursts, By, CheckKind, Incident, Line, OnFail, OnTrouble, Policy, Sequential, Series, Source, Strength, Subject, Unit,
};

use super::api_given::{parsed, spec_with};

/// The one check of a spec whose `analysis.checks[0]` is this.
fn kind(check: &Value) -> Result<CheckKind, String> {
    let spec = spec_with(&[("analysis.checks", json!([check]))]);
    parsed(&spec).map(|intent| intent.checks[0].kind.clone()).map_err(|error| error.to_string())
}

fn sequential(written: &Value) -> Sequential {
    match kind(&json!({"name": "errors", "sequential": written})) {
        Ok(CheckKind::Sequential(sequential)) => sequential,
        other => panic!("not sequential: {other:?}"),
    }
}

fn series(written: &Value) -> Series {
    match sequential(written).source {
        Source::Series(series) => series,
        other @ Source::Queries { .. } => panic!("no series: {other:?}"),
    }
}

#[test]
fn errors_alone_has_a_default_for_everything_else() {
    let Sequential { source, part, limit, alarm, alpha, least, step, promotion, bursts, incident } = sequential(&json!({"of": "errors"}));
    assert_eq!((limit, alarm), (Line { ratio: 1.5, plus: 0.001 }, Line { ratio: 1.25, plus: 0.0005 }));
    assert!((part - 1.0).abs() < 1e-12);
    assert!((alpha - 0.05).abs() < 1e-12 && (least - 100.0).abs() < 1e-12);
    assert_eq!((step, promotion, bursts), (Strength::NoHarm, Strength::Auto, Bursts::Auto));
    assert_eq!(incident, Some(Incident { max: 0.05, times: 3.0 }));
    let Source::Series(Series { metric, labels, by, bad }) = source else { panic!("no series") };
    assert_eq!((metric.as_str(), by), ("http_requests_total", By::Pod("pod".to_owned())));
    assert_eq!(labels, [("namespace".to_owned(), "shop".to_owned())]);
    assert!(matches!(&bad, Bad::Values { label, values } if label == "code" && values.as_str() == "5.."), "{bad:?}");
}

#[test]
fn an_incident_is_what_is_written_and_needs_to_know_how_stable_was() {
    assert_eq!(sequential(&json!({"of": "errors", "incident": {"max": 0.1}})).incident, Some(Incident { max: 0.1, times: 3.0 }));
    assert_eq!(sequential(&json!({"of": "errors", "incident": {"times": 5}})).incident, Some(Incident { max: 0.05, times: 5.0 }));
    let counts = json!({"total": "all[{{window}}]", "bad": "bad[{{window}}]"});
    assert_eq!(sequential(&json!({"counts": counts})).incident, None);
}

#[test]
fn the_alarm_is_half_way_to_the_limit() {
    let given = sequential(&json!({"of": "errors", "limit": {"ratio": 3, "plus": 0.01}}));
    assert_eq!(given.alarm, Line { ratio: 2.0, plus: 0.005 });
    assert_eq!(sequential(&json!({"of": "errors", "alarm": {"ratio": 1}})).alarm, Line { ratio: 1.0, plus: 0.0 });
}

#[test]
fn each_who_counts_has_its_own_names() {
    for (from, errors, slow) in [
        ("pods", "http_requests_total", "http_request_duration_seconds"),
        ("revisions", "http_requests_total", "http_request_duration_seconds"),
        ("openTelemetry", "http_server_request_duration_seconds_count", "http_server_request_duration_seconds"),
        ("istio", "istio_requests_total", "istio_request_duration_milliseconds"),
        ("linkerd", "response_total", "response_latency_ms"),
    ] {
        assert_eq!(series(&json!({"of": "errors", "series": {"from": from}})).metric, errors);
        let given = series(&json!({"of": "slow", "slowerThan": "250ms", "series": {"from": from}}));
        let unit = if ["istio", "linkerd"].contains(&from) { Unit::Millis } else { Unit::Seconds };
        assert_eq!((given.metric.as_str(), given.bad), (slow, Bad::SlowerThan(TimeDelta::milliseconds(250), unit)));
    }
    let own = series(&json!({"of": "errors", "series": {"metric": "rpc:calls", "failed": {"label": "outcome", "values": "lost|5.."}}}));
    assert!(
        matches!(&own.bad, Bad::Values { label, values } if label == "outcome" && values.is("lost") && values.is("503") && !values.is("5033"))
    );
}

#[test]
fn thresholds_and_comparisons_count_too() {
    let Ok(CheckKind::Threshold(threshold)) =
        kind(&json!({"name": "slo", "threshold": {"of": "errors", "window": "1m", "max": 0.05, "failures": {"count": 3, "of": 5}}}))
    else {
        panic!("no threshold")
    };
    assert!(matches!(threshold.subject, Subject::Share { least, shared: OnTrouble::Hold, .. } if (least - 50.0).abs() < 1e-12));
    assert_eq!((threshold.failures.count, threshold.failures.of), (3, 5));
    let Ok(CheckKind::Compare(compare)) = kind(&json!({"name": "quick", "compare": {"of": "errors"}})) else { panic!("no comparison") };
    assert_eq!((compare.window, compare.line), (TimeDelta::minutes(5), Line { ratio: 1.25, plus: 0.0005 }));
}

#[test]
fn only_measured_harm_aborts_unless_the_spec_says_otherwise() {
    let policy = |edit: Value| {
        let mut check = json!({"name": "errors", "threshold": {"query": "q", "window": "1m", "max": 1}});
        check["threshold"].as_object_mut().expect("a map").extend(edit.as_object().cloned().expect("a map"));
        parsed(&spec_with(&[("analysis.checks", json!([check]))])).expect("a spec").checks[0].policy
    };
    assert_eq!(policy(json!({})), Policy::USUAL);
    let strict = Policy { fail: OnFail::Hold, no_data: OnTrouble::Fail, query_error: OnTrouble::Fail };
    assert_eq!(policy(json!({"onFail": "hold", "onNoData": "fail", "onQueryError": "fail"})), strict);
}

#[test]
fn a_query_may_name_another_one_for_its_requests() {
    let threshold = json!({"query": "a{pod=~\"{{canaryPods}}\"}", "count": "b[{{window}}]", "minRequests": 20, "window": "1m", "max": 1});
    let Ok(CheckKind::Threshold(threshold)) = kind(&json!({"name": "errors", "threshold": threshold})) else { panic!("no threshold") };
    let Subject::Backed { query, count, least } = threshold.subject else { panic!("{:?}", threshold.subject) };
    assert_eq!((query.as_str(), count.as_str(), least), ("a{pod=~\"{{canaryPods}}\"}", "b[1m]", 20.0));
}

#[test]
fn a_gauge_has_a_default_for_everything_but_its_query() {
    let query = "avg_over_time(rss{namespace=\"{{namespace}}\"}[{{window}}])";
    let spec = spec_with(&[("analysis.checks", json!([{"name": "memory", "sequential": {"of": "gauge", "query": query}}]))]);
    let check = parsed(&spec).expect("a spec").checks.remove(0);
    assert_eq!(check.policy, Policy { fail: OnFail::Hold, ..Policy::USUAL });
    let CheckKind::Gauge(gauge) = check.kind else { panic!("no gauge: {:?}", check.kind) };
    assert_eq!(gauge.query, "avg_over_time(rss{namespace=\"shop\"}[{{window}}])");
    assert_eq!((gauge.limit, gauge.alarm, gauge.step, gauge.promotion), (1.25, 1.125, Strength::NoHarm, Strength::Auto));
}

#[test]
fn what_cannot_be_judged_is_refused_in_words_that_say_what_to_do() {
    let counts = json!({"total": "sum(a[{{window}}])", "bad": "sum(b[5m])"});
    for (check, expected) in [
        (json!({}), "write one of sequential, compare and threshold"),
        (json!({"sequential": {"of": "errors"}, "compare": {"of": "errors"}}), "write one of sequential, compare and threshold"),
        (json!({"sequential": {}}), "write of: errors, of: slow, or counts"),
        (json!({"sequential": {"of": "slow"}}), "of: slow needs slowerThan, a bound of the histogram's buckets, such as 250ms"),
        (json!({"sequential": {"of": "errors", "slowerThan": "1s"}}), "slowerThan belongs to of: slow; remove it"),
        (json!({"sequential": {"of": "errors", "counts": counts}}), "remove one of them"),
        (json!({"sequential": {"counts": counts}}), "has to look back for {{window}}"),
        (json!({"sequential": {"of": "errors", "series": {"metric": "a\"} or vector(1"}}}), "is no metric's name"),
        (json!({"sequential": {"of": "errors", "series": {"failed": {"label": "co de", "values": "5.."}}}}), "is no label's name"),
        (json!({"sequential": {"of": "errors", "series": {"failed": {"label": "code", "values": "5..\"}"}}}}), "is no pattern of values"),
        (json!({"sequential": {"of": "errors", "limit": {"ratio": 1}}}), "can never be proven"),
        (json!({"sequential": {"of": "errors", "alarm": {"ratio": 2}}}), "the alarm is above the limit"),
        (json!({"sequential": {"of": "errors", "limit": {"ratio": 0.5}}}), "limit.ratio is 0.5: write 1 to 100"),
        (json!({"sequential": {"of": "errors", "confidence": 0.5}}), "confidence is 0.5: write 0.8 to 0.999"),
        (json!({"sequential": {"of": "errors", "bursts": 0.5}}), "bursts is 0.5: write 1 to 50"),
        (json!({"sequential": {"of": "errors", "minRequests": 0}}), "minRequests is 0: write 1 to 1000000"),
        (
            json!({"threshold": {"query": "sum(a[{{window}}])", "window": "0s", "max": 1}}),
            "threshold.window is \"0s\": write a duration from 1s to 24h",
        ),
        (json!({"threshold": {"of": "errors", "window": "0s", "max": 1}}), "threshold.window is \"0s\": write a duration from 1s to 24h"),
        (json!({"threshold": {"query": "q", "minRequests": 5, "window": "1m", "max": 1}}), "name a query for their number as count"),
        (json!({"threshold": {"of": "errors", "count": "n", "window": "1m", "max": 1}}), "count says how many requests a query speaks of"),
        (json!({"sequential": {"of": "errors", "onFail": "explode"}}), "unknown variant `explode`, expected `abort` or `hold`"),
        (
            json!({"threshold": {"of": "errors", "window": "1m", "max": 1, "failures": {"count": 3, "of": 2}}}),
            "failures.count is 3: write 1 to 2",
        ),
        (json!({"compare": {"of": "slow", "slowerThan": "auto"}}), "slowerThan: auto belongs to a sequential check"),
        (json!({"threshold": {"of": "slow", "slowerThan": "auto", "window": "1m", "max": 1}}), "slowerThan: auto belongs to a sequential"),
        (json!({"sequential": {"of": "errors", "bounds": ["1s", "2s"]}}), "bounds belong to of: slow"),
        (json!({"sequential": {"of": "slow", "slowerThan": "1s", "bounds": ["1s", "2s"]}}), "instead of slowerThan; remove one of them"),
        (json!({"sequential": {"of": "slow", "bounds": ["1s"]}}), "the number of bounds of check errors is 1: write 2 to 4"),
        (json!({"sequential": {"of": "slow", "bounds": ["1s", "1s"]}}), "two checks have the name \"errors-1s\""),
        (json!({"sequential": {"of": "slow", "bounds": ["1s", "soon"]}}), "errors-soon"),
        (json!({"sequential": {"of": "gauge"}}), "of: gauge needs a query with one value for each pod"),
        (json!({"sequential": {"of": "errors", "query": "q"}}), "query belongs to of: gauge"),
        (json!({"sequential": {"of": "gauge", "query": "q"}}), "has to look back for {{window}}"),
        (json!({"sequential": {"of": "gauge", "query": "q[{{window}}]", "minRequests": 9}}), "speak of requests; remove them"),
        (json!({"sequential": {"of": "gauge", "query": "q[{{window}}]", "limit": {"ratio": 2, "plus": 0.1}}}), "against a ratio alone"),
        (json!({"sequential": {"of": "gauge", "query": "q[{{window}}]", "limit": {"ratio": 1}}}), "can never be proven"),
        (json!({"sequential": {"of": "gauge", "query": "q[{{window}}]", "alarm": {"ratio": 2}}}), "the alarm is above the limit"),
        (json!({"threshold": {"of": "gauge", "window": "1m", "max": 1}}), "unknown variant `gauge`"),
        (json!({"compare": {"of": "errors", "sigmas": 0}}), "sigmas is 0: write 1 to 10"),
    ] {
        refused(&check, expected);
    }
}

/// The check is refused in these words.
#[track_caller]
fn refused(check: &Value, expected: &str) {
    let mut named = check.clone();
    named["name"] = json!("errors");
    let told = kind(&named).expect_err("it is refused");
    assert!(told.contains(expected), "{check}: {told}");
}

#[test]
fn a_query_that_looks_back_further_than_its_window_is_refused() {
    for (check, expected) in [
        (
            json!({"threshold": {"query": "rate(a[5m])", "window": "1m", "max": 1}}),
            "query looks back for [5m], further than its window (1m), so that what was before the canary would count as its own; write [{{window}}], or a longer window",
        ),
        (
            json!({"threshold": {"query": "max_over_time(up[1m])", "window": "0s", "max": 1}}),
            "query looks back for [1m], further than its window (0s)",
        ),
        (
            json!({"threshold": {"query": "rate(a[{{window}}])", "count": "increase(a[1h])", "window": "1m", "max": 1}}),
            "count looks back for [1h], further than its window (1m)",
        ),
        (
            json!({"sequential": {"counts": {"total": "rate(a[{{window}}])", "bad": "rate(a[{{window}}]) + rate(a[30s])"}}}),
            "a query of counts looks back for [30s] whatever its window is, so that requests would count twice; write [{{window}}]",
        ),
        (
            json!({"sequential": {"of": "gauge", "query": "avg_over_time(a[{{window}}]) / avg_over_time(a[10m])"}}),
            "the query looks back for [10m], further than a minute, so that minutes would count twice; write [{{window}}]",
        ),
    ] {
        refused(&check, expected);
    }
    let week = json!({"query": "rate(a[{{window}}]) / rate(a[5m] offset 1w)", "window": "1m", "max": 1});
    assert!(kind(&json!({"name": "errors", "threshold": week})).is_ok(), "that is another time on purpose");
}

#[test]
fn what_both_sides_share_has_to_be_known() {
    for (check, expected) in [
        (
            json!({"sequential": {"counts": {"total": "a[{{window}}]", "bad": "b[{{window}}]"}, "incident": {}}}),
            "incident is held against what stable did before the attempt, which only of: errors and of: slow know; remove it",
        ),
        (json!({"sequential": {"of": "errors", "incident": {"max": 1.5}}}), "incident.max is 1.5: write 0 to 1"),
        (json!({"sequential": {"of": "errors", "incident": {"times": 0.5}}}), "incident.times is 0.5: write 1 to 100"),
        (
            json!({"threshold": {"query": "q", "window": "1m", "max": 1, "onShared": "hold"}}),
            "onShared needs the requests of both sides, of which a query tells nothing; remove it, or count with of or counts",
        ),
    ] {
        refused(&check, expected);
    }
}
