//! Sinks against a real log store, VictoriaLogs: what it was sent, what it has, and nothing lost whatever happens on the way.
//!
//! `cargo test --workspace --test sinks` builds the store once (a minute, with Go) and runs the production's dispatcher against it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "a test says what it sees")]

mod faults;
mod flow;
mod given;
mod proxy;
mod real;
