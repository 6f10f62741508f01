//! What do the demo, the tests and the benchmarks run on? A real control plane on loopback, built from pins.
//!
//! [`ControlPlane::start`] starts etcd, the API server, the controller manager, the scheduler, kwok for the nodes, Prometheus, and the traffic: the
//! only thing that is simulated, because kwok's pods serve no requests. A [`Node`] has real ones, apart from the machine ([`Apart`]). [`Tools`] builds those programs once. A pod's image tag says how it behaves
//! ([`Tag`]; the pods' side of it is `tests/control-plane/kwok/stages.yaml`).
#![allow(clippy::disallowed_methods, reason = "the product's core takes the time as an argument; the workshop may ask for it")]

mod alerts;
mod apart;
mod audit;
mod chance;
mod demo;
mod fetch;
mod flow;
mod groups;
mod guest;
mod hold;
mod image;
mod install;
mod load;
mod names;
mod node;
mod nodes;
mod objects;
mod page;
mod part;
mod pins;
mod pki;
mod plane;
mod play;
mod ports;
mod scratch;
mod series;
mod start;
mod store;
mod supervise;
mod tag;
mod targets;
mod tools;
mod traces;
mod traffic;
mod users;

pub use alerts::{Alerts, Notified};
pub use apart::{Apart, settle};
pub use audit::AuditEvent;
pub use chance::improbable_count;
pub use demo::{Afterwards, demo};
pub use guest::{Guest, demo_as_guest};
pub use hold::{Held, down, hold, up};
pub use install::{CONTROLLER_USER, Installed};
pub use load::{Load, Loss, Outcome, Request};
pub use node::{Node, POD_IMAGE};
pub use objects::{create, objects_in, objects_of, repository, rollouts};
pub use page::write_between;
pub use part::Part;
pub use pins::{Kit, Tool};
pub use pki::{Authority, Identity};
pub use plane::{Audit, ControlPlane, Lists, Options};
pub use store::{LogStore, Tenant};
pub use supervise::Supervised;
pub use tag::{Tag, image_tag};
pub use tools::Tools;
pub use traces::{Marks, Traces};
pub use traffic::serve as serve_traffic;
pub use users::{client, impatient_client};
