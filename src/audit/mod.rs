//! How an event is told: canonical bytes, a hash chain, and the outbox that keeps what sinks have not got yet.
//!
//! Nothing here knows a clock, a network or a sink. [`Outbox::append`] runs inside the decision, so an event exists exactly
//! when the status write that carries its edge succeeded. The format is `docs/events.md`; it is dear to change.

mod body;
mod chain;
mod checkpoint;
mod export;
pub mod format;
mod journal;
mod kind;
mod notice;
mod outbox;
mod own;
mod parts;
mod record;
mod schema;
mod text;

pub use body::{Body, MAX_EVENT_BYTES};
pub use chain::{Break, verify};
pub use checkpoint::{Checkpoint, Doubt, Head, PublicKey, SigningKey, UnusableKey};
pub use export::{Export, Findings, Stream};
pub use format::{Format, Reporter};
pub use journal::{Condition, Facts, JOURNAL, Journal, LATE, QUIET, Voice};
pub use kind::{Kind, severity_named};
pub use notice::Messenger;
pub use outbox::{Backlog, DROP, HOLD_AT, KEEP, Outbox, Receipt, SinkName};
pub use own::{Own, OwnKind, Process};
pub use parts::{About, Actor, Analysis, Claim, Cluster, Gap, Origin, Respec, Step, Subject, Teller};
pub use record::{NAMESPACE, NO_PREV, Record, digest};
pub use schema::schema;
