//! Kubernetes: what is watched there, and what is written there.

mod actions;
mod claims;
mod client;
mod deployments;
mod error;
mod gone;
mod group;
mod holding;
mod index;
mod instance;
mod item;
mod lead;
mod lease;
mod look;
mod managers;
mod meaning;
mod meta;
mod places;
mod pods;
mod readiness;
mod records;
mod referenced;
mod refresh;
pub mod requests;
mod services;
mod source;
mod templates;
mod uptime;
mod watches;
mod workloads;
mod writer;

pub use actions::{ACTIONS_POLICY, Action, Binding, action_view};
pub use client::{client, lease_client};
pub use deployments::{ChildView, Deployment, child_view};
pub use error::{Error, refusal};
pub use group::Listed;
pub use index::{Census, Index};
pub use instance::Instance;
pub use item::{Item, Kind};
pub use lead::{Lead, NotLeading};
pub use lease::{LeaseName, Leases, lease_request};
pub use look::Look;
pub use meta::{
    ADOPTED_BY, EPOCH, FINALIZER, INSTANCE, NUMBER, OUTCOME, OUTCOME_AT, REQUESTED_BY, RESTART, REVISION, ROLLOUT, ROLLOUT_UID, child_name,
};
pub use pods::{Pod, pod_view};
pub use readiness::Refusals;
pub use records::{Record, record_view};
pub use refresh::refresh;
pub use services::{Service, ServiceSpec, Wish, fit, service_view};
pub use templates::Template;
pub use uptime::uptime;
pub use watches::{Notice, watch};
pub use workloads::{Autoscaler, Found, Place, Running, filled, place};
pub use writer::Writer;
