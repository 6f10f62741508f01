//! The hermetic tests: tables over the pure core, properties, the simulator, goldens.

mod api_crd;
mod audit_bytes;
mod audit_chain;
mod audit_docs;
mod audit_given;
mod audit_outbox;
mod config_file;
mod floors;
mod given;
mod prometheus_asking;
mod prometheus_odd;
mod prometheus_peer;
mod sim;
mod sink_kubernetes;
mod sink_lanes;
mod sink_stdout;
mod split;
