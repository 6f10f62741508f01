//! Serin: a progressive-delivery controller for Kubernetes.
//!
//! # Words
//! A **rollout** brings a new pod template into service. Each template is a **revision**, named by its hash. An **attempt**
//! is one try at promoting a revision. It takes **steps**; each grants an **exposure** (the share of traffic a canary may
//! get), written as a **weight** in percent. A **gate** is something that must speak before a step may end. A **check** is one
//! measured question, a **sample** one answer, a **verdict** what all checks say: Pass, Fail, Inconclusive or Error. The end is a
//! **promotion**, or an **abort** (giving the attempt up) with a **rollback** (bringing stable back). An **event** is what
//! an edge of the state machine states, a **sink** is where events go, a **change** is one write that the cluster needs.
//!
//! # Floors
//! Modules import downwards only; `tests/it/floors.rs` holds the table.

pub mod analysis;
pub mod api;
pub mod audit;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod controller;
pub mod lease;
pub mod prometheus;
pub mod retry;
pub mod rollout;
pub mod server;
pub mod sink;
pub mod wire;
