//! Kubernetes: what is watched there, and what is written there.

mod actions;
mod claims;
mod client;
mod deployments;
mod error;
mod gone;
mod group;
mod index;
mod item;
mod look;
mod managers;
mod meaning;
mod meta;
mod pods;
mod records;
pub mod requests;
mod services;
mod source;
mod watches;
mod writer;

pub use actions::{ACTIONS_POLICY, Action, Binding, action_view};
pub use client::client;
pub use deployments::{ChildView, Deployment, child_view};
pub use error::Error;
pub use group::Listed;
pub use index::{Census, Index};
pub use item::{Item, Kind};
pub use look::Look;
pub use meta::{FINALIZER, NUMBER, OUTCOME, OUTCOME_AT, RESTART, REVISION, ROLLOUT, ROLLOUT_UID, child_name};
pub use pods::{Pod, pod_view};
pub use records::{Record, record_view};
pub use services::{Service, ServiceSpec, Wish, fit};
pub use watches::{Notice, watch};
pub use writer::Writer;
