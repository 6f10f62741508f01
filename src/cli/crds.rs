//! Prints the custom resource definitions.

use super::failure::Failure;
use crate::api;

/// As YAML, for `kubectl apply`.
pub(super) fn print() -> Result<(), Failure> {
    super::data(&api::crds_yaml())
}
