//! Serin.
fn main() {}
