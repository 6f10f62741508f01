//! Looks, decides, commits, changes: one pass at a time for each rollout.

mod decide;
mod frozen;
mod pass;
mod world;

pub use decide::{Decision, decide};
pub use pass::pass;
pub use world::{Ack, Key, Seen, World};
