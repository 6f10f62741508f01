//! What happens next? Tables: a state and facts are given, four lines are expected.

mod deleting;
mod idle;
mod installing;
mod paused;
mod promoting;
mod rolling_back;
mod stepping;
mod table;

use table::check;
