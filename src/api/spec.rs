//! What does a user write? The Rollout resource, and the rules that the API server holds it to.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_spec::CheckSpec;
use super::schema;
use super::shared_spec::TemplateRefSpec;
use super::status::Status;
use super::template::PodTemplate;

/// What a Rollout asks for.
#[derive(CustomResource, KubeSchema, Clone, Debug, Serialize, Deserialize)]
#[kube(
    group = "serin.dev",
    version = "v1alpha1",
    kind = "Rollout",
    namespaced,
    shortname = "sro",
    status = "Status",
    doc = "A Rollout runs pods behind a Service and brings each new pod template into service step by step, on evidence: it is promoted, or stable comes back.",
    scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.replicas", label_selector_path = ".status.selector"),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase", description = "Where the rollout stands"),
    printcolumn(name = "Step", type_ = "string", json_path = ".status.step", description = "The step in flight, of all"),
    printcolumn(name = "Weight", type_ = "integer", json_path = ".status.weight.wanted", description = "The canary's share that the step asks for, in percent"),
    printcolumn(name = "Achieved", type_ = "integer", json_path = ".status.weight.achieved", description = "The canary's share among the pods that serve, in percent"),
    printcolumn(name = "Stable", type_ = "string", json_path = ".status.stable", description = "The revision that serves"),
    printcolumn(name = "Canary", type_ = "string", json_path = ".status.canary", description = "The revision on trial"),
    printcolumn(name = "Why", type_ = "string", json_path = ".status.why.reason", description = "Why nothing moves now"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("self.metadata.name.size() <= 35").message("the name may have at most 35 characters, so that pod names stay whole; create the Rollout under a shorter name"),
    validation = Rule::new("has(self.spec.template) != has(self.spec.workloadRef)").message("write either template or workloadRef: the pods themselves, or the Deployment that is taken over"),
    validation = Rule::new("!has(self.spec.workloadRef) || has(oldSelf.spec.workloadRef)").message("a Rollout with a template cannot take a Deployment over; delete the Rollout, its pods go on serving, and create it anew with workloadRef"),
    validation = Rule::new("!has(self.spec.workloadRef) || !has(oldSelf.spec.workloadRef) || self.spec.workloadRef.name == oldSelf.spec.workloadRef.name").message("workloadRef cannot name another Deployment; create another Rollout for that"),
    validation = Rule::new("!has(self.spec.workloadRef) || !has(self.spec.deletionPolicy) || self.spec.deletionPolicy == 'Orphan'").message("a Deployment that was taken over is given back, so that deletionPolicy cannot be Delete; leave it out"),
    validation = Rule::new("!has(self.spec.analysis.baseline) || self.spec.analysis.baseline != 'pods' || self.metadata.name.size() <= 34").message("with analysis.baseline: pods the name may have at most 34 characters, so that the names of those pods stay whole; create the Rollout under a shorter name, or leave baseline out"),
    validation = Rule::new("!self.metadata.name.contains('.')").message("the name may not have dots, because it becomes part of pod names; use - instead"),
)]
#[serde(rename_all = "camelCase")]
pub struct RolloutSpec {
    /// Pods that serve when nothing is in flight, 0 to 10000. Also set through the scale subresource, so that a
    /// HorizontalPodAutoscaler can target the Rollout; that needs a number here to begin with. Default: 1, with `workloadRef` as many as the
    /// Deployment had when it was taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000))]
    pub replicas: Option<i64>,

    /// Seconds that a new pod has to be ready before it counts as available, 0 to 3600. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 3600))]
    pub min_ready_seconds: Option<i64>,

    /// The pods, written as in a Deployment. A change of it starts an attempt to promote the new revision. It is kept as you
    /// wrote it, fields included that this version of Serin does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<PodTemplate>,

    /// Instead of `template`: a running Deployment that the Rollout takes over. No ready pod is lost on the way; then the Deployment has no pods any
    /// more, and each change of its template starts an attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_ref: Option<WorkloadRefSpec>,

    /// The name of the Service in the same namespace that carries the traffic. It has to select the template's own labels,
    /// so that it selects the pods of both the stable revision and the canary. Left out, as for workers that take their work from a
    /// queue: a step's weight is then the canary's share of the pods, and no Service is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::service")]
    pub service: Option<String>,

    /// The shares of traffic that a canary has to earn, one after the other, 1 to 20. Left out: the attainable shares nearest to
    /// 10, 25 and 50 percent, a minute each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("self.map(s, s.weight).isSorted() && self.all(a, self.exists_one(b, b.weight == a.weight))").message("each step needs a larger weight than the one before, such as 5, 25, 50"))]
    pub steps: Option<Vec<StepSpec>>,

    /// What decides whether a canary is good enough.
    pub analysis: AnalysisSpec,

    /// Watching goes on for a while after the promotion, and a check that fails still rolls back. Left out: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<BakeSpec>,

    /// When waiting ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadlines: Option<DeadlinesSpec>,

    /// How many pods may be missing or too many while a rollout is in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacitySpec>,

    /// How traffic is shared out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<TrafficSpec>,

    /// Set to true, exposure does not grow any more; a failed check still rolls back. Set back to false, it goes on. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,

    /// How many old revisions are kept, without pods, to go back to: 0 to 100. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub revision_history_limit: Option<i64>,

    /// What becomes of the Deployments when the Rollout is deleted: Orphan leaves stable serving, Delete takes them away. Default: Orphan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicySpec>,
}

/// How traffic is shared out: by the pods behind the Service.
#[derive(JsonSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrafficSpec {
    /// A share of traffic is a share of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<ReplicasSpec>,
}

/// Shares of traffic that are shares of pods.
#[derive(JsonSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicasSpec {
    /// Set to true, no revision begins where shares of pods would not be the shares of requests that the steps ask for: where the Service is headless,
    /// has sessionAffinity ClientIP, a topology preference or a Local traffic policy, or where a weight is more than 10 points from what whole pods
    /// can give. Otherwise conditions warn of that (TrafficByShare, StepsAttainable). Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// What becomes of the Deployments when the Rollout is deleted.
#[derive(JsonSchema, Clone, Copy, Debug, Serialize, Deserialize)]
pub enum DeletionPolicySpec {
    /// What serves goes on serving.
    Orphan,
    /// They go with the Rollout.
    Delete,
}

/// Watching after the promotion.
#[derive(JsonSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BakeSpec {
    /// For how long, 1s to 720h.
    #[serde(rename = "for")]
    #[schemars(schema_with = "schema::deadline")]
    pub time: String,

    /// Pods of the old revision that stay meanwhile, a number or a percentage of `replicas` (rounded up): the first capacity of a rollback. They
    /// serve, beside all pods of the new one. Default: 25%.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::amount")]
    pub keep: Option<IntOrString>,
}

/// A running Deployment of the same namespace.
#[derive(JsonSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRefSpec {
    /// The Deployment's API version: apps/v1.
    #[schemars(schema_with = "schema::deployments")]
    pub api_version: String,

    /// What kind of object it is: Deployment.
    #[schemars(schema_with = "schema::deployment")]
    pub kind: String,

    /// The Deployment's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// One share of traffic that a canary has to earn.
#[derive(JsonSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepSpec {
    /// The canary's share of the traffic in percent, 1 to 99. The nearest share that the pods can give is used.
    #[schemars(range(min = 1, max = 99))]
    pub weight: i64,

    /// At least this long at this weight, such as 5m, up to 30 days (720h). The step ends when it is over and all checks pass.
    #[schemars(schema_with = "schema::duration")]
    pub hold: String,

    /// After the step passed, a person or CI has to approve before exposure grows: see `serin approve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalSpec>,
}

/// Waiting for an approval. `{}` asks for one with every default.
#[derive(JsonSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalSpec {
    /// How long it is waited for, 1s to 720h. Default: 24h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::deadline")]
    pub timeout: Option<String>,

    /// What happens then: Abort brings stable back, Pause keeps the exposure. Default: Abort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_timeout: Option<OnStepSpec>,
}

/// What decides whether a canary is good enough: `checks`, or `none: {}`.
#[derive(KubeSchema, Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("(has(self.checks) || has(self.templates)) != has(self.none)").message("name at least one check or template, or write analysis: {none: {}} to promote whatever keeps its pods ready; not both"))]
pub struct AnalysisSpec {
    /// Measured questions, 1 to 16. All have to pass; one that fails aborts the attempt. Whether the canary's pods run is always asked beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub checks: Option<Vec<CheckSpec>>,

    /// AnalysisTemplates whose checks are taken beside these, at most 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub templates: Option<Vec<TemplateRefSpec>>,

    /// Written as `none: {}`: no metric is asked; only the pods have to stay ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub none: Option<NoAnalysis>,

    /// Time between two samples of one check, 500ms to 1h. Default: 10s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::interval")]
    pub every: Option<String>,

    /// Time after a step's share is reached during which nothing is asked, because new pods are slow at first. Default: 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::duration")]
    pub warm_up: Option<String>,

    /// Which of stable's pods the canary is compared with. Pods that have run for days have full caches, a canary's have not: with `pods`, young
    /// pods of stable's own template are started beside the canary, as many as it has and at most half of stable's, and `compare` and `sequential`
    /// checks wait for them and hold the canary against them. They take stable's traffic in the place of old pods and go once the steps are over; then
    /// nothing is compared any more. Where a step has no room for them (it takes two stable pods and a pod of surge to spare) the old pods are
    /// compared with. Default: stable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineSpec>,
}

/// Which of stable's pods a canary is compared with.
#[derive(JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BaselineSpec {
    /// Those that serve anyway.
    Stable,
    /// Young ones of the same template.
    Pods,
}

/// Has no fields: writing it is the statement.
#[derive(JsonSchema, Clone, Debug, Serialize, Deserialize)]
pub struct NoAnalysis {}

/// When waiting ends. Each is 1s to 720h.
#[derive(JsonSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadlinesSpec {
    /// For pods to become available; then the attempt is aborted. Default: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::deadline")]
    pub available: Option<String>,

    /// For all checks to pass, counted from the end of a step's hold; then see `onStep`. Default: 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::deadline")]
    pub step: Option<String>,

    /// For a rollback, before an event tells that it takes too long. Rolling back never gives up. Default: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::deadline")]
    pub rollback: Option<String>,

    /// For the last events to reach their sinks before a deleted Rollout is let go. Default: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::deadline")]
    pub audit: Option<String>,

    /// What the end of `step` does. Default: Pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_step: Option<OnStepSpec>,
}

/// Pause keeps the exposure until somebody looks, Abort brings stable back.
#[derive(JsonSchema, Clone, Copy, Debug, Serialize, Deserialize)]
pub enum OnStepSpec {
    /// Keep the exposure.
    Pause,
    /// Bring stable back.
    Abort,
}

/// How many pods may be missing or too many. Each is a number of pods or a percentage of `replicas`.
#[derive(KubeSchema, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!(has(self.surge) && string(self.surge) in ['0', '0%'] && (!has(self.maxUnavailable) || string(self.maxUnavailable) in ['0', '0%']))").message("with neither surge nor maxUnavailable no pod could be replaced; allow one of them"))]
pub struct CapacitySpec {
    /// Extra pods while both revisions run; a percentage is rounded up. Default: 25%.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::amount")]
    pub surge: Option<IntOrString>,

    /// How many ready pods may be missing from `replicas` while traffic shifts; a percentage is rounded down. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::amount")]
    pub max_unavailable: Option<IntOrString>,

    /// How many ready pods may be missing at once in a rollback from a failed check; a percentage is rounded down. Default: 25%.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::amount")]
    pub abort_unavailable: Option<IntOrString>,

    /// Stable pods that stay during the steps whatever the weight; a percentage is rounded up. With 100% a rollback waits for no pod,
    /// at the price of more pods in all. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::amount")]
    pub stable_floor: Option<IntOrString>,
}
