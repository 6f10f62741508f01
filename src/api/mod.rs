//! The custom resources: what users write, what it means, and what they read back.

#[expect(unreachable_pub, reason = "the derive of rules makes helper structs that nobody reaches")]
#[expect(clippy::duplicated_attributes, reason = "columns are alike")]
mod action;
mod capacity;
#[expect(unreachable_pub, reason = "the derive of rules makes helper structs that nobody reaches")]
mod check_spec;
mod checks;
mod condition;
mod conditions;
mod crd;
mod duration;
mod gauges;
mod incident;
mod invalid;
mod object;
mod parse;
mod providers;
mod ranges;
mod render;
mod revision;
mod schema;
mod shared;
#[expect(unreachable_pub, reason = "the derive of rules makes helper structs that nobody reaches")]
mod shared_spec;
mod slim;
mod sources;
#[expect(unreachable_pub, reason = "the derive of rules makes helper structs that nobody reaches")]
mod spec;
mod status;
mod template;
mod time;

pub use action::{ActionStatus, ActorSpec, RolloutAction, RolloutActionSpec, VerbSpec};
pub use check_spec::{
    AskingSpec, CheckSpec, CompareSpec, CountsSpec, FailedSpec, FailuresSpec, FromSpec, IncidentSpec, LineSpec, OfSpec, OnFailSpec,
    OnTroubleSpec, PassSpec, SequentialSpec, SeriesSpec, StrengthSpec, TestedSpec, ThresholdSpec,
};
pub use condition::{Condition, Word};
pub use crd::{crd_files, crds, crds_yaml};
pub use duration::{LONGEST, duration_text, parse_duration};
pub use invalid::Invalid;
pub use object::Object;
pub use parse::parse;
pub use providers::Providers;
pub use render::{View, result_name};
pub use revision::{fields, revision};
pub use shared::{Frozen, Shared, shared, template_names};
pub use shared_spec::{AnalysisTemplate, AnalysisTemplateSpec, ArgKindSpec, ArgSpec, TemplateRefSpec};
pub(crate) use slim::{Slim, TOPOLOGY, slim};
pub use spec::{
    AnalysisSpec, ApprovalSpec, BakeSpec, CapacitySpec, DeadlinesSpec, DeletionPolicySpec, NoAnalysis, OnStepSpec, Rollout, RolloutSpec,
    StepSpec, WorkloadRefSpec,
};
pub use status::{LastOutcome, Reason, Shares, Status};
pub use template::{PodTemplate, RESERVED, images};
pub use time::{from_time, to_micro_time, to_time};
