//! How do figures that a program measured get into a page that people write?

use std::fs;

use anyhow::{Context, Result};

use crate::objects::repository;

/// Replaces what stands in a page of the repository between the line of the first mark and the second mark.
///
/// # Errors
/// There is no such page, or no such place in it.
pub fn write_between(page: &str, (begin, end): (&str, &str), text: &str) -> Result<()> {
    let file = repository(page);
    let old = fs::read_to_string(&file).with_context(|| format!("no page {page}"))?;
    let place = || format!("{page} has no place between {begin} and {end}");
    let (before, rest) = old.split_once(&format!("{begin}\n")).with_context(place)?;
    let (_, after) = rest.split_once(end).with_context(place)?;
    fs::write(&file, format!("{before}{begin}\n{text}{end}{after}")).with_context(|| format!("cannot write {page}"))
}
