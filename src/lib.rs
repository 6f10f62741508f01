//! Serin.
