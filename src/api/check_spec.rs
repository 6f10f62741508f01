//! What does a user write to have a canary measured?

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// One measured question about the canary: `sequential`, `compare` or `threshold`.
#[derive(KubeSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.threshold), has(self.compare), has(self.sequential)].filter(x, x).size() == 1").message("say how the check is judged: write one of sequential, compare and threshold, such as sequential: {of: errors}"))]
pub struct CheckSpec {
    /// Unique within the Rollout: at most 63 of a-z, 0-9 and -. The name workload belongs to the built-in check.
    #[schemars(schema_with = "schema::check_name")]
    pub name: String,

    /// A measured value that has to stay within limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<ThresholdSpec>,

    /// Canary against stable in one window. Easy to explain, and without a promise for more than one look: prefer `sequential`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<CompareSpec>,

    /// Canary against stable, window after window, by a test with a stated error rate over the whole attempt. `{of: errors}` is enough to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequential: Option<SequentialSpec>,
}

/// A measured value that has to stay within limits.
#[derive(KubeSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.min) || has(self.max)").message("give min, max or both: without a limit no value can fail"),
    validation = Rule::new("!has(self.min) || !has(self.max) || self.min <= self.max").message("min is above max, so that no value could pass; swap them"),
    validation = Rule::new("[has(self.query), has(self.of), has(self.counts)].filter(x, x).size() == 1").message("say what is measured: write one of query, of and counts"),
    validation = Rule::new("self.window != '0s' || has(self.query) && !has(self.count) && !self.query.contains('{{window}}')").message("only a query without {{window}} looks at one moment, and nothing counts in one; give window at least 1s"),
    validation = Rule::new("!has(self.count) || has(self.query)").message("count says how many requests the query speaks of; remove it beside of and counts, which count them already"),
    validation = Rule::new("!has(self.minRequests) || !has(self.query) || has(self.count)").message("how many requests a query speaks of is not known; name a query for their number as count, or leave minRequests out"),
    validation = Rule::new("!has(self.onShared) || !has(self.query)").message("onShared needs the requests of both sides, of which a query tells nothing; remove it, or count with of or counts"),
)]
pub struct ThresholdSpec {
    /// A query in the provider's language (PromQL) that gives one number, at most 4096 characters. `{{namespace}}`, `{{rollout}}`, `{{window}}`,
    /// `{{canaryPods}}` and `{{stablePods}}` are filled in; the last two are regular expressions for `=~`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub query: Option<String>,

    /// With `query`: a second one for the number of requests that it speaks of, so that `minRequests` holds. Both give one number without labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub count: Option<String>,

    /// Instead of a query: the share of the canary's requests that are bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<OfSpec>,

    /// Where `of` finds the requests, if not at the usual places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesSpec>,

    /// With `of: slow`: which requests are slow, such as 250ms. It has to be a bound of the histogram's buckets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::slow")]
    pub slower_than: Option<String>,

    /// Instead of a query: two queries for numbers of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CountsSpec>,

    /// How far the query looks back: what `{{window}}` becomes. 1s to 24h. A sample counts once all of its window lies in the attempt. 0s is for a
    /// query that looks at one moment, as `up` does: it is asked as soon as the step's pods are warm. `warmUp` should then be at least one scrape.
    #[schemars(schema_with = "schema::lookback")]
    pub window: String,

    /// The smallest value that passes. Ratios are numbers from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,

    /// The largest value that passes. Ratios are numbers from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,

    /// How many of the last values have to be beyond the limits before the check fails. Left out: the newest alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<FailuresSpec>,

    /// With fewer requests in the window the value neither passes nor fails, 0 to 1000000. Only where requests are
    /// counted: with `of`, `counts` or `count`. Default: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub min_requests: Option<i64>,

    /// With `of` or `counts`: what a value beyond the limits is where stable's share is beyond them, too, and the canary's is not surely worse: hold keeps
    /// the exposure and blames nobody, fail counts it as any other. Default: hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_shared: Option<OnTroubleSpec>,

    /// Whom it asks, and what follows where it does not pass.
    #[serde(flatten)]
    pub asking: AskingSpec,
}

/// Whom a check asks, and what follows where it does not pass.
#[derive(JsonSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskingSpec {
    /// The name of a provider in the controller's configuration. Left out: the default provider there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub provider: Option<String>,

    /// What follows where the check fails: abort brings stable back, hold keeps the exposure until the step's deadline. Default: abort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_fail: Option<OnFailSpec>,

    /// What follows where three answers one after the other have no series of the canary: hold keeps the exposure, fail fails the check. Default: hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_no_data: Option<OnTroubleSpec>,

    /// What follows where the query itself cannot be answered, three times one after the other: hold or fail. A provider that is down always
    /// holds. Default: hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_query_error: Option<OnTroubleSpec>,
}

/// What a failed check does.
#[derive(JsonSchema, Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnFailSpec {
    /// It ends the attempt; stable comes back.
    Abort,
    /// It keeps the exposure; at the step's deadline follows what that says.
    Hold,
}

/// What a question without an answer does.
#[derive(JsonSchema, Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnTroubleSpec {
    /// It keeps the exposure.
    Hold,
    /// The check fails.
    Fail,
}

/// So many of the last values. They are never counted together over a whole attempt, so that bad luck does not add up.
#[derive(KubeSchema, Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.count <= self.of").message("count is above of, so that the check could never fail; lower count"))]
pub struct FailuresSpec {
    /// As many as fail, 1 to 20.
    #[schemars(range(min = 1, max = 20))]
    pub count: i64,

    /// Of so many, 1 to 20. What is no number is not among them.
    #[schemars(range(min = 1, max = 20))]
    pub of: i64,
}

/// Canary against stable in one window.
#[derive(KubeSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.of) != has(self.counts)").message("say which requests are compared: write of, such as errors, or counts with two queries"))]
pub struct CompareSpec {
    /// Which requests are bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<OfSpec>,

    /// Where `of` finds the requests, if not at the usual places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesSpec>,

    /// With `of: slow`: which requests are slow, such as 250ms. It has to be a bound of the histogram's buckets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::slow")]
    pub slower_than: Option<String>,

    /// Instead of `of`: two queries for numbers of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CountsSpec>,

    /// How far it looks back, 1s to 24h. Default: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::window")]
    pub window: Option<String>,

    /// Where harm begins: so many times stable's share of bad requests, and so much more. Default: {ratio: 1.25, plus: 0.0005}.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineSpec>,

    /// So many standard errors beyond the line fail, 1 to 10. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 10.0))]
    pub sigmas: Option<f64>,

    /// Fewer bad requests of the canary never fail, 1 to 1000. Default: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub min_events: Option<i64>,

    /// Fewer requests on either side never pass, 1 to 1000000. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_requests: Option<i64>,

    /// Whom it asks, and what follows where it does not pass.
    #[serde(flatten)]
    pub asking: AskingSpec,
}

/// A test with a stated error rate over the whole attempt.
#[derive(KubeSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(has(self.of) && self.of == 'gauge') == has(self.query)").message("of: gauge and query belong together; write both, such as query: avg_over_time(process_resident_memory_bytes{pod=~\"{{canaryPods}}|{{stablePods}}\"}[{{window}}])"),
    validation = Rule::new("!has(self.query) || self.query.contains('{{window}}')").message("the query has to look back for {{window}}, as in avg_over_time(process_resident_memory_bytes[{{window}}])"),
    validation = Rule::new("!has(self.bounds) || (has(self.of) && self.of == 'slow' && !has(self.slowerThan))").message("bounds belong to of: slow, instead of slowerThan; remove one of them"),
    validation = Rule::new("!has(self.query) || !(has(self.series) || has(self.slowerThan) || has(self.minRequests) || has(self.bursts))").message("series, slowerThan, minRequests and bursts speak of requests; remove them beside of: gauge"),
    validation = Rule::new("!has(self.query) || [has(self.limit) && has(self.limit.plus), has(self.alarm) && has(self.alarm.plus)].all(x, !x)").message("plus is a share of requests; a gauge is held against a ratio alone, such as limit: {ratio: 1.25}"),
    validation = Rule::new("has(self.of) != has(self.counts)").message("say which requests are compared: write of, such as errors, or counts with two queries"),
    validation = Rule::new("!has(self.incident) || (has(self.of) && self.of != 'gauge')").message("incident is held against what stable did before the attempt, which only of: errors and of: slow know; remove it"),
    validation = Rule::new("!has(self.limit) || self.limit.ratio > 1.0 || (has(self.limit.plus) && self.limit.plus > 0.0)").message("a limit of ratio 1 and plus 0 can never be proven; allow the canary a little more than stable, such as ratio 1.5, plus 0.001"),
    validation = Rule::new("!has(self.limit) || !has(self.alarm) || (self.alarm.ratio <= self.limit.ratio && (has(self.alarm.plus) ? self.alarm.plus : 0.0) <= (has(self.limit.plus) ? self.limit.plus : 0.0))").message("the alarm is above the limit, so that a canary could pass and fail at once; lower the alarm or leave it out"),
)]
pub struct SequentialSpec {
    /// What is compared: requests that failed, requests that were slow, or a quantity that each pod has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<TestedSpec>,

    /// With `of: gauge`: a query in the provider's language (PromQL) with one value for each pod, averaged over {{window}} (a minute). A label has to
    /// name the pods. At most 4096 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub query: Option<String>,

    /// Where `of` finds the requests, if not at the usual places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<SeriesSpec>,

    /// With `of: slow`: which requests are slow, such as 250ms. It has to be a bound of the histogram's buckets. auto: the smallest bound that 0.5 % to
    /// 5 % of stable's requests of the last ten minutes are beyond, chosen once an attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::slow_or_auto")]
    pub slower_than: Option<String>,

    /// Instead of slowerThan: two to four bounds. The canary has to be no slower at any of them; each is a check of its own, named after it, such as
    /// latency-250ms, and for a Fail their evidence counts as that of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::bounds")]
    pub bounds: Option<Vec<String>>,

    /// Instead of `of`: two queries for numbers of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<CountsSpec>,

    /// A proof is that the canary is surely below this: so many times stable's share of bad requests, and so much more.
    /// Default: {ratio: 1.5, plus: 0.001}, with `of: gauge` {ratio: 1.25}.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LineSpec>,

    /// The check fails once the canary is surely above this. Default: half-way from stable to the limit, {ratio: 1.25, plus: 0.0005}.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<LineSpec>,

    /// How sure is sure, 0.8 to 0.999: 0.95 means odds of 20:1, for a Fail over the whole attempt and all sequential checks together, and for each
    /// proof. Default: 0.95.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::confidence")]
    pub confidence: Option<f64>,

    /// Fewer requests on either side at an exposure never pass, 1 to 1000000. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_requests: Option<i64>,

    /// How much a pass has to mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<PassSpec>,

    /// How much wider than independent ones bad requests are spread, 1 to 50; evidence is divided by it. Left out: what stable's own requests show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 50.0))]
    pub bursts: Option<f64>,

    /// With `of`: when something that both sides share is broken. While stable itself is that bad, in 3 of 5 looks at a minute each, exposure is
    /// held; the canary is not blamed, and harm that it does is found as ever. Default: {max: 0.05, times: 3}.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentSpec>,

    /// Whom it asks, and what follows where it does not pass.
    #[serde(flatten)]
    pub asking: AskingSpec,
}

/// What is compared.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TestedSpec {
    /// Requests that failed.
    Errors,
    /// Requests that took longer than `slowerThan`.
    Slow,
    /// A quantity that each pod has, such as memory: `query` has it. It holds where it fails, unless `onFail: abort` says otherwise.
    Gauge,
}

/// Which requests are bad.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OfSpec {
    /// Those that failed.
    Errors,
    /// Those that took longer than `slowerThan`.
    Slow,
}

/// How bad the canary may be beside stable.
#[derive(JsonSchema, Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineSpec {
    /// Times stable's share of bad requests, 1 to 100.
    #[schemars(schema_with = "schema::ratio")]
    pub ratio: f64,

    /// And so much more, as a share of the requests, 0 to 0.5. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::plus")]
    pub plus: Option<f64>,
}

/// How bad stable itself may be: above both of these it is an incident.
#[derive(JsonSchema, Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncidentSpec {
    /// The share of its requests that are bad, 0 to 1; 1 means that exposure is never held for it. Default: 0.05.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max: Option<f64>,

    /// Times the share that it had in the ten minutes before the attempt, 1 to 100. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1.0, max = 100.0))]
    pub times: Option<f64>,
}

/// How much a pass has to mean.
#[derive(JsonSchema, Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassSpec {
    /// For the next step. Default: noHarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StrengthSpec>,

    /// For the promotion. Default: auto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<StrengthSpec>,
}

/// How much a pass means.
#[derive(JsonSchema, Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StrengthSpec {
    /// No harm was found in enough requests, and the plain estimate is inside the limit.
    NoHarm,
    /// And the evidence that the canary is below the limit has reached its odds.
    Proof,
    /// A proof where today's traffic gives one within the step's hold and deadline, else no harm.
    Auto,
}

/// Two queries for numbers of requests in `{{window}}`, each with one number for a revision: a label has to name the pods, the Deployment or the revision.
#[derive(KubeSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.total.contains('{{window}}') && self.bad.contains('{{window}}')").message("each query has to look back for {{window}}, so that no request is counted twice, as in increase(requests_total[{{window}}])"))]
pub struct CountsSpec {
    /// All requests, at most 4096 characters. The placeholders are those of a threshold's query.
    #[schemars(length(min = 1, max = 4096))]
    pub total: String,

    /// The bad ones among them, at most 4096 characters.
    #[schemars(length(min = 1, max = 4096))]
    pub bad: String,
}

/// Where requests are found.
#[derive(JsonSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeriesSpec {
    /// Who counts them. Default: pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<FromSpec>,

    /// The name of the counter, or of the histogram without _bucket. Left out: the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::metric")]
    pub metric: Option<String>,

    /// With `of: errors`: which requests failed. Left out: the usual label with 5xx.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedSpec>,
}

/// Who counts requests.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FromSpec {
    /// The pods, with the labels `namespace` and `pod`: `http_requests_total`, `http_request_duration_seconds`.
    #[default]
    Pods,
    /// The pods, with the labels `namespace`, `serin_dev_rollout` and `serin_dev_revision`, which a scrape configuration makes of the pods' labels.
    Revisions,
    /// The pods, by OpenTelemetry's conventions: `http_server_request_duration_seconds`.
    OpenTelemetry,
    /// Istio's proxies: `istio_requests_total`, `istio_request_duration_milliseconds`.
    Istio,
    /// Linkerd's proxies: `response_total`, `response_latency_ms`.
    Linkerd,
}

/// Which requests failed.
#[derive(JsonSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedSpec {
    /// The label's name, such as code.
    #[schemars(schema_with = "schema::label_name")]
    pub label: String,

    /// Its values: letters, digits, `_` and `-`, a dot for any character, `|` between alternatives, such as `5..|429`.
    #[schemars(schema_with = "schema::pattern")]
    pub values: String,
}
