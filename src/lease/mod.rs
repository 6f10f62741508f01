//! May this process write? Leader election by the rules of client-go, as a table.
//!
//! No clock and no I/O: time is a `now` since some beginning of this machine, and what two machines call the time is never compared.

mod elector;
mod record;
mod terms;

pub use elector::{Answer, Ask, Elector, Over, Step};
pub use record::Record;
pub use terms::Terms;
