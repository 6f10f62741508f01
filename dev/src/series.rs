//! What has been counted, for which pod, and how long does it stay visible?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::tag::Tag;

/// A pod that is gone is scraped a while longer, as a stopped process is remembered by its last scrape.
const FORGET_AFTER: Duration = Duration::from_mins(1);
/// Upper bounds of the histogram, in seconds.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A pod behind a Service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) pod: String,
}

/// The counters of all pods.
#[derive(Debug, Default)]
pub(crate) struct Series {
    pods: BTreeMap<Key, Counts>,
}

impl Series {
    /// Keeps counters for the pods that are there, from zero for a new one, and forgets those that have been gone for a minute.
    pub(crate) fn keep(&mut self, present: &BTreeSet<Key>, now: Instant) {
        for key in present {
            self.pods.entry(key.clone()).or_default().gone_since = None;
        }
        self.pods.retain(|key, counts| {
            if present.contains(key) {
                return true;
            }
            now.duration_since(*counts.gone_since.get_or_insert(now)) < FORGET_AFTER
        });
    }

    /// Counts requests to a pod, of which some failed.
    pub(crate) fn count(&mut self, key: &Key, requests: u64, tag: Tag) {
        let counts = self.pods.entry(key.clone()).or_default();
        let failed = counts.failures.of(requests, tag.errors_per_mille);
        counts.failed += failed;
        counts.succeeded += requests - failed;
        counts.latencies.add(tag.latency, requests);
    }

    /// The page that Prometheus scrapes, in its text format.
    pub(crate) fn page(&self) -> String {
        let mut page = String::new();
        self.write(&mut page).unwrap_or_default();
        page
    }

    fn write(&self, page: &mut String) -> std::fmt::Result {
        page.push_str(
            "# HELP http_requests_total Requests to a pod behind a Service, by status code.\n# TYPE http_requests_total counter\n",
        );
        for (key, counts) in &self.pods {
            let pod = labels(key);
            writeln!(page, "http_requests_total{{{pod},code=\"200\"}} {}", counts.succeeded)?;
            // From the start, at zero: a rate over a series that begins with its first failure would miss that failure.
            writeln!(page, "http_requests_total{{{pod},code=\"500\"}} {}", counts.failed)?;
        }
        page.push_str("# HELP http_request_duration_seconds How long requests took.\n# TYPE http_request_duration_seconds histogram\n");
        for (key, counts) in &self.pods {
            let pod = labels(key);
            let Latencies { within, sum, count } = &counts.latencies;
            for (bound, requests) in BUCKETS.iter().zip(within) {
                writeln!(page, "http_request_duration_seconds_bucket{{{pod},le=\"{bound:?}\"}} {requests}")?;
            }
            writeln!(page, "http_request_duration_seconds_bucket{{{pod},le=\"+Inf\"}} {count}")?;
            writeln!(page, "http_request_duration_seconds_sum{{{pod}}} {}", sum.as_secs_f64())?;
            writeln!(page, "http_request_duration_seconds_count{{{pod}}} {count}")?;
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Counts {
    succeeded: u64,
    failed: u64,
    failures: crate::flow::Failures,
    latencies: Latencies,
    gone_since: Option<Instant>,
}

/// A histogram as Prometheus has it: each bucket counts all requests up to its bound.
#[derive(Debug, Default)]
struct Latencies {
    within: [u64; BUCKETS.len()],
    sum: Duration,
    count: u64,
}

impl Latencies {
    fn add(&mut self, latency: Duration, requests: u64) {
        for (bound, count) in BUCKETS.iter().zip(&mut self.within) {
            if latency.as_secs_f64() <= *bound {
                *count += requests;
            }
        }
        self.sum += latency * u32::try_from(requests).unwrap_or(u32::MAX);
        self.count += requests;
    }
}

/// Kubernetes names hold nothing that would need escaping.
fn labels(key: &Key) -> String {
    format!("namespace=\"{}\",pod=\"{}\",service=\"{}\"", key.namespace, key.pod, key.service)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pod: &str) -> Key {
        Key { namespace: "shop".to_owned(), service: "web".to_owned(), pod: pod.to_owned() }
    }

    #[test]
    fn a_new_pod_has_a_series_of_failures_at_zero() {
        let mut series = Series::default();
        series.keep(&[key("a")].into(), Instant::now());
        assert!(
            series.page().contains("http_requests_total{namespace=\"shop\",pod=\"a\",service=\"web\",code=\"500\"} 0\n"),
            "{}",
            series.page()
        );
    }

    #[test]
    fn requests_are_counted_by_code_and_latency() {
        let mut series = Series::default();
        series.count(&key("a"), 50, Tag::of_image("web:v2-err20-lat250"));
        let page = series.page();
        for line in [
            "http_requests_total{namespace=\"shop\",pod=\"a\",service=\"web\",code=\"200\"} 40",
            "http_requests_total{namespace=\"shop\",pod=\"a\",service=\"web\",code=\"500\"} 10",
            "http_request_duration_seconds_bucket{namespace=\"shop\",pod=\"a\",service=\"web\",le=\"0.1\"} 0",
            "http_request_duration_seconds_bucket{namespace=\"shop\",pod=\"a\",service=\"web\",le=\"0.25\"} 50",
            "http_request_duration_seconds_sum{namespace=\"shop\",pod=\"a\",service=\"web\"} 12.5",
        ] {
            assert!(page.lines().any(|found| found == line), "no {line} in\n{page}");
        }
    }

    #[test]
    fn a_pod_that_is_gone_is_told_for_a_minute_and_counts_on_if_it_comes_back() {
        let (mut series, start) = (Series::default(), Instant::now());
        let present = [key("a")].into();
        series.keep(&present, start);
        series.keep(&BTreeSet::new(), start + Duration::from_secs(1));
        series.keep(&BTreeSet::new(), start + Duration::from_mins(1));
        assert!(series.page().contains("pod=\"a\""));
        series.keep(&present, start + Duration::from_secs(62));
        series.keep(&BTreeSet::new(), start + Duration::from_secs(63));
        assert!(series.page().contains("pod=\"a\""));
        series.keep(&BTreeSet::new(), start + Duration::from_secs(124));
        assert!(!series.page().contains("pod=\"a\""));
    }
}
