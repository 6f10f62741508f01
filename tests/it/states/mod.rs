//! All states against all that can be seen: what holds in every cell, and the page that says it.

mod cells;
mod commands;
mod diagram;
mod list;
mod page;
mod rules;
