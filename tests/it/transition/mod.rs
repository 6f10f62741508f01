//! What happens next? Tables: a state and facts are given, four lines are expected.

mod adopting;
mod attempts;
mod deleting;
mod holding;
mod idle;
mod install_overdue;
mod installing;
mod interrupted;
mod paused;
mod promoting;
mod reaching;
mod rolling_back;
mod table;
mod walks;

use table::check;
pub(crate) use table::decide;
