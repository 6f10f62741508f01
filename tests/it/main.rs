//! it

mod audit_bytes;
mod audit_chain;
mod audit_docs;
mod audit_given;
mod audit_outbox;
mod sink_kubernetes;
mod sink_lanes;
mod sink_stdout;
