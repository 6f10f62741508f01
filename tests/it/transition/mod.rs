//! What happens next? Tables: a state and facts are given, four lines are expected.

mod adopting;
mod alias;
mod approval;
mod attempts;
mod baking;
mod beside;
mod blocked;
mod commands_at_rest;
mod commands_in_flight;
mod commands_refused;
mod deleting;
mod drift;
mod handing_back;
mod holding;
mod hotfix;
mod idle;
mod install_overdue;
mod installing;
mod interrupted;
mod leaving;
mod memo;
mod paused;
mod promoting;
mod reaching;
mod recovered;
mod rolling_back;
mod sharing;
mod table;
mod taking_over;
mod undo;
mod upkeep;
mod walks;

use table::check;
pub(crate) use table::decide;
