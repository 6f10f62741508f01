//! The hermetic tests: tables over the pure core, properties, the simulator, goldens.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod analysis;
mod api_crd;
mod api_duration;
mod api_given;
mod api_object;
mod api_parse;
mod api_query;
mod api_render;
mod api_revision;
mod audit_bytes;
mod audit_chain;
mod audit_docs;
mod audit_given;
mod audit_outbox;
mod changes;
mod cli;
mod config_file;
mod floors;
mod found_by_sim;
mod generated;
mod given;
mod prometheus_asking;
mod prometheus_odd;
mod prometheus_peer;
mod server;
mod sim;
mod sink_kubernetes;
mod sink_lanes;
mod sink_stdout;
mod split;
mod state_json;
mod states;
mod transition;
mod why;
