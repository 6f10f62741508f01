//! Kubernetes: what is watched there, and what is written there.

mod claims;
mod client;
mod deployments;
mod error;
mod group;
mod holding;
mod index;
mod item;
mod managers;
mod meaning;
mod meta;
mod places;
mod pods;
mod records;
mod referenced;
pub mod requests;
mod services;
mod source;
mod watches;
mod workloads;
mod writer;

pub use client::client;
pub use deployments::{ChildView, Deployment, child_view};
pub use error::Error;
pub use group::Listed;
pub use index::{Census, Index, Look};
pub use item::{Item, Kind};
pub use meta::{ADOPTED_BY, FINALIZER, NUMBER, OUTCOME, OUTCOME_AT, RESTART, REVISION, ROLLOUT, ROLLOUT_UID, child_name};
pub use pods::{Pod, pod_view};
pub use records::{Record, record_view};
pub use services::{Service, ServiceSpec, Wish, fit};
pub use watches::{Notice, watch};
pub use workloads::{Autoscaler, Found, Place, Running, filled, place};
pub use writer::Writer;
