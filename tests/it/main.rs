//! The hermetic tests: tables over the pure core, properties, the simulator, goldens.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

/// The simulator makes and drops small things all the time, which this one does faster.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod analysis;
mod api_checks;
mod api_crd;
mod api_duration;
mod api_given;
mod api_object;
mod api_parse;
mod api_query;
mod api_render;
mod api_revision;
mod api_shared;
mod api_status;
mod audit_bytes;
mod audit_chain;
mod audit_checkpoint;
mod audit_docs;
mod audit_export;
mod audit_given;
mod audit_outbox;
mod changes;
mod cli;
mod cluster_actions;
mod cluster_index;
mod cluster_lease;
mod cluster_pods;
mod cluster_requests;
mod cluster_services;
mod config_file;
mod config_sinks;
mod container;
mod controller_gauges;
mod controller_queue;
mod decisions;
mod docs;
mod floors;
mod formats;
mod found_by_sim;
mod generated;
mod given;
mod outage;
mod prometheus_asking;
mod prometheus_credentials;
mod prometheus_odd;
mod prometheus_peer;
mod refused;
mod server;
mod sim;
mod sink_file;
mod sink_gates;
mod sink_http;
mod sink_kubernetes;
mod sink_lanes;
mod sink_stdout;
mod sink_syslog;
mod split;
mod splunk_indexer;
mod state_json;
mod states;
mod syslog_receiver;
mod takeover;
mod transition;
mod why;
