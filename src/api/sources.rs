//! Where are requests counted, by what people have?

use chrono::TimeDelta;

use super::check_spec::{CountsSpec, FailedSpec, FromSpec, OfSpec, SeriesSpec};
use super::invalid::Invalid;
use super::parse::{duration, length};
use super::ranges::longer;
use crate::analysis::fill_fixed;
use crate::rollout::{Bad, By, Pattern, Series, Source, Unit};

/// Leaves the bound of slow requests to stable's own.
pub(super) const AUTO: &str = "auto";
/// More query than this is a recording rule.
pub(super) const MAX_QUERY: usize = 4096;

/// What a check counts, as it was written.
pub(super) struct Written<'a> {
    pub(super) check: &'a str,
    pub(super) namespace: &'a str,
    pub(super) rollout: &'a str,
    pub(super) of: Option<OfSpec>,
    pub(super) series: Option<&'a SeriesSpec>,
    pub(super) slower_than: Option<&'a str>,
    pub(super) counts: Option<&'a CountsSpec>,
}

/// The requests that a check counts.
pub(super) fn source(written: &Written<'_>) -> Result<Source, Invalid> {
    let Written { check, of, series, slower_than, counts, .. } = written;
    let odd = |text: &str| Err(Invalid::Counting { check: (*check).to_owned(), text: text.to_owned() });
    match (of, counts, series, slower_than) {
        (None, None, ..) => odd("nothing says which requests are counted; write of: errors, of: slow, or counts with two queries"),
        (Some(_), Some(_), ..) => odd("of and counts say twice which requests are counted; remove one of them"),
        (None, Some(_), Some(_), _) => odd("series says where `of` finds requests; remove it beside counts"),
        (_, _, _, Some(_)) if *of != Some(OfSpec::Slow) => odd("slowerThan belongs to of: slow; remove it"),
        (None, Some(counts), None, _) => queries(written, counts),
        (Some(of), None, series, _) => preset(written, *of, series.cloned().unwrap_or_default()),
    }
}

fn queries(written: &Written<'_>, counts: &CountsSpec) -> Result<Source, Invalid> {
    let Written { check, namespace, rollout, .. } = written;
    let fill = |query: &str| {
        length(&format!("analysis.checks[{check}].counts"), query.chars().count(), "characters", 1, MAX_QUERY)?;
        // The window is another one for each question.
        let filled = fill_fixed(query, namespace, rollout, "{{window}}")
            .map_err(|problem| Invalid::Placeholder { check: (*check).to_owned(), problem })?;
        let odd = |text: String| Err(Invalid::Counting { check: (*check).to_owned(), text });
        match (filled.contains("{{window}}"), longer(query, TimeDelta::zero())) {
            (false, _) => odd("a query of counts has to look back for {{window}}, as in increase(requests_total[{{window}}])".to_owned()),
            (true, Some(range)) => odd(format!(
                "a query of counts looks back for [{range}] whatever its window is, so that requests would count twice; write [{{{{window}}}}]"
            )),
            (true, None) => Ok(filled),
        }
    };
    Ok(Source::Queries { total: fill(&counts.total)?, bad: fill(&counts.bad)? })
}

/// What is usual for whoever counts.
struct Usual {
    counter: &'static str,
    histogram: (&'static str, Unit),
    failed: (&'static str, &'static str),
    labels: Vec<(&'static str, String)>,
    by: By,
}

fn usual(from: FromSpec, namespace: &str, rollout: &str) -> Usual {
    let namespace = namespace.to_owned();
    match from {
        FromSpec::Pods => Usual {
            counter: "http_requests_total",
            histogram: ("http_request_duration_seconds", Unit::Seconds),
            failed: ("code", "5.."),
            labels: vec![("namespace", namespace)],
            by: By::Pod("pod".to_owned()),
        },
        FromSpec::Revisions => Usual {
            labels: vec![("namespace", namespace), ("serin_dev_rollout", rollout.to_owned())],
            by: By::Revision("serin_dev_revision".to_owned()),
            ..usual(FromSpec::Pods, "", rollout)
        },
        FromSpec::OpenTelemetry => Usual {
            counter: "http_server_request_duration_seconds_count",
            histogram: ("http_server_request_duration_seconds", Unit::Seconds),
            failed: ("http_response_status_code", "5.."),
            ..usual(FromSpec::Pods, &namespace, rollout)
        },
        FromSpec::Istio => Usual {
            counter: "istio_requests_total",
            histogram: ("istio_request_duration_milliseconds", Unit::Millis),
            // 0 is a connection that broke.
            failed: ("response_code", "0|5.."),
            labels: vec![("reporter", "destination".to_owned()), ("destination_workload_namespace", namespace)],
            by: By::Workload("destination_workload".to_owned()),
        },
        FromSpec::Linkerd => Usual {
            counter: "response_total",
            histogram: ("response_latency_ms", Unit::Millis),
            failed: ("classification", "failure"),
            labels: vec![("direction", "inbound".to_owned()), ("namespace", namespace)],
            by: By::Workload("deployment".to_owned()),
        },
    }
}

fn preset(written: &Written<'_>, of: OfSpec, series: SeriesSpec) -> Result<Source, Invalid> {
    let Written { check, namespace, rollout, slower_than, .. } = written;
    let odd = |text: String| Invalid::Counting { check: (*check).to_owned(), text };
    let SeriesSpec { from, metric, failed } = series;
    let usual = usual(from.unwrap_or_default(), namespace, rollout);
    if let Some(metric) = metric.as_ref().filter(|metric| !is_metric(metric)) {
        return Err(odd(format!("{metric:?} is no metric's name; write letters, digits, _ and :, without a digit at the beginning")));
    }
    let labels = usual.labels.into_iter().map(|(label, value)| (label.to_owned(), value)).collect();
    let (name, bad) = match of {
        OfSpec::Errors => (usual.counter, failures(failed, usual.failed).map_err(odd)?),
        OfSpec::Slow if failed.is_some() => return Err(odd("series.failed belongs to of: errors; remove it".to_owned())),
        OfSpec::Slow => {
            let Some(text) = slower_than else {
                return Err(odd(
                    "of: slow needs slowerThan, a bound of the histogram's buckets, such as 250ms; a sequential check also takes auto"
                        .to_owned(),
                ));
            };
            let (name, unit) = usual.histogram;
            let field = format!("analysis.checks[{check}].slowerThan");
            let read = |text| duration(&field, text, TimeDelta::milliseconds(1), TimeDelta::hours(1));
            (name, if *text == AUTO { Bad::Slow(unit) } else { Bad::SlowerThan(read(text)?, unit) })
        }
    };
    Ok(Source::Series(Series { metric: metric.unwrap_or_else(|| name.to_owned()), labels, by: usual.by, bad }))
}

fn failures(written: Option<FailedSpec>, usual: (&str, &str)) -> Result<Bad, String> {
    let FailedSpec { label, values } = written.unwrap_or(FailedSpec { label: usual.0.to_owned(), values: usual.1.to_owned() });
    if !is_metric(&label) || label.contains(':') {
        return Err(format!("{label:?} is no label's name; write letters, digits and _, without a digit at the beginning"));
    }
    let values = Pattern::new(&values)
        .ok_or_else(|| format!("{values:?} is no pattern of values; write letters, digits, _ and -, a dot for any character, | between"))?;
    Ok(Bad::Values { label, values })
}

/// Whether it is a name as Prometheus has them.
fn is_metric(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    (1..=200).contains(&text.len()) && text.chars().all(known) && !text.starts_with(|c: char| c.is_ascii_digit())
}
