//! What is wrong with a spec, and what to do about it?

use thiserror::Error;

use crate::analysis::BadPlaceholder;

/// Why a spec cannot be worked with. Each says what to do. The API server refuses most of these already; a cluster with an older CRD does not.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Invalid {
    /// The Rollout's own name or namespace.
    #[error(
        "the name {0:?} cannot be used: create the Rollout under at most 35 of a-z, 0-9 and -, beginning and ending with a letter or digit"
    )]
    Name(String),
    /// A name that leaves no room for those of baseline pods.
    #[error(
        "the name {0:?} is too long for analysis.baseline: pods: create the Rollout under at most 34 characters, or leave baseline out"
    )]
    BaselineName(String),
    /// A field is missing or has another type.
    #[error("the spec cannot be read: {0}; correct the field, and update the CRD to the one that `serin crds` prints")]
    Shape(String),
    /// The Deployment that is to be taken over.
    #[error("the Deployment of spec.workloadRef cannot be used: {0}")]
    Workload(String),
    /// A number out of its range.
    #[error("{field} is {value}: write {low} to {high}")]
    Number {
        /// The field's path.
        field: String,
        /// What was written.
        value: i64,
        /// The smallest that is allowed.
        low: i64,
        /// The largest that is allowed.
        high: i64,
    },
    /// A list or text that is too short or too long.
    #[error("{field} has {len} {unit}: give it {low} to {high}")]
    Length {
        /// The field's path.
        field: String,
        /// How long it is.
        len: usize,
        /// What is counted.
        unit: &'static str,
        /// The smallest length that is allowed.
        low: usize,
        /// The largest length that is allowed.
        high: usize,
    },
    /// A duration that cannot be read or is out of its range.
    #[error("{field} is {text:?}: write a duration from {low} to {high}, in the form of 90s, 5m or 1h30m")]
    Duration {
        /// The field's path.
        field: String,
        /// What was written.
        text: String,
        /// The shortest that is allowed.
        low: String,
        /// The longest that is allowed.
        high: String,
    },
    /// A number of pods that cannot be read.
    #[error("{field} is {text:?}: write a number of pods from 0 to 10000, or a percentage from 0% to 100%")]
    Amount {
        /// The field's path.
        field: &'static str,
        /// What was written.
        text: String,
    },
    /// Neither surge nor maxUnavailable.
    #[error("capacity.surge and capacity.maxUnavailable are both zero, so that no pod could be replaced; allow one of them")]
    NoRoom,
    /// A name of a Service or check that is none.
    #[error("{field} is {text:?}: write at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit")]
    Label {
        /// The field's path.
        field: String,
        /// What was written.
        text: String,
    },
    /// The template lacks what a Rollout needs.
    #[error("template.{0}")]
    Template(&'static str),
    /// A label or annotation of ours in the template.
    #[error("template.metadata.{field} has {key:?}: serin.dev/ is Serin's own prefix; remove or rename it")]
    Reserved {
        /// `labels` or `annotations`.
        field: &'static str,
        /// The key.
        key: String,
    },
    /// Weights that do not grow.
    #[error("steps[{index}].weight is {weight} after {before}: each step needs a larger weight than the one before, such as 5, 25, 50")]
    Weights {
        /// The step, counted from 0.
        index: usize,
        /// Its weight.
        weight: i64,
        /// The weight of the step before.
        before: i64,
    },
    /// Neither checks nor `none: {}`.
    #[error(
        "analysis has neither checks nor none: name at least one check, or write analysis: {{none: {{}}}} to promote whatever keeps its pods ready"
    )]
    NoAnalysis,
    /// Both checks and `none: {}`.
    #[error("analysis has both checks and none: remove one of them")]
    TwoAnalyses,
    /// A check's name is taken.
    #[error("two checks have the name {0:?}: give each its own; workload belongs to the built-in check")]
    CheckName(String),
    /// A threshold without a limit.
    #[error("check {0:?} has no limit: give it min, max or both")]
    NoLimit(String),
    /// A threshold that nothing can pass.
    #[error("check {check:?} has min {min} above max {max}, so that no value could pass: swap them")]
    Limits {
        /// The check.
        check: String,
        /// Its smallest value.
        min: f64,
        /// Its largest value.
        max: f64,
    },
    /// A check that says in no way, or in several, how it is judged.
    #[error("check {0:?} has to say how it is judged: write one of sequential, compare and threshold, such as sequential: {{of: errors}}")]
    Kind(String),
    /// What a check counts, or the limits that it holds that against.
    #[error("check {check:?}: {text}")]
    Counting {
        /// The check.
        check: String,
        /// What is wrong with it, and what to do.
        text: String,
    },
    /// A template of checks that cannot be taken.
    #[error("the AnalysisTemplate {template:?} {text}")]
    Shared {
        /// Its name.
        template: String,
        /// What is wrong with it, and what to do.
        text: String,
    },
    /// A query with a placeholder that nothing can be filled into.
    #[error("check {check:?}: {problem}")]
    Placeholder {
        /// The check.
        check: String,
        /// What is wrong with it.
        problem: BadPlaceholder,
    },
    /// A provider that the controller does not have.
    #[error("check {check:?} asks the provider {provider:?}, which the controller's configuration does not have; {known}")]
    Provider {
        /// The check.
        check: String,
        /// The provider that was asked for.
        provider: String,
        /// The providers that there are, as part of a sentence.
        known: String,
    },
}
