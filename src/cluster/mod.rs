//! Kubernetes: what is watched there, and what is written there.

mod deployments;
mod meta;
mod pods;
mod records;
mod services;

pub use deployments::{ChildView, Deployment, child_view};
pub use meta::{FINALIZER, OUTCOME, REVISION, ROLLOUT, ROLLOUT_UID, child_name};
pub use pods::{Pod, pod_view};
pub use records::{Record, record_view};
pub use services::{Service, ServiceSpec, Wish, fit};
