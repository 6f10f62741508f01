//! Looks, decides, commits, changes: one pass at a time for each rollout.

mod bounded;
mod campaign;
mod decide;
mod follow_up;
mod frozen;
mod gauges;
mod keeper;
mod live;
mod memory;
mod metrics;
mod news;
mod pass;
mod providers_up;
mod queue;
mod respec;
mod run;
mod shadow;
mod start;
mod strays;
mod words;
mod work;
mod world;

pub use decide::{Decision, decide};
pub use gauges::rollout_gauges;
pub use metrics::{Metrics, PassResult};
pub use pass::pass;
pub use queue::{CONCURRENCY, Ended, Queue};
pub use run::{Controller, Role, Setup};
pub use start::{RunError, StartError};
pub use world::{Ack, Key, Seen, World};
