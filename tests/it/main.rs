//! it

mod audit_bytes;
mod audit_chain;
mod audit_given;
mod audit_outbox;
