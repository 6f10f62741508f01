//! Which events does a sink get?

use serde::Deserialize;

use super::parts;
use crate::audit::Kind;
use crate::audit::format::Told;
use crate::rollout::Severity;

/// An event has to fit everything that is given here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Filter {
    /// Types, or families of types as `rollout.*`; empty: all.
    #[serde(deserialize_with = "parts::event_types")]
    pub types: Vec<String>,
    /// This severity or a worse one.
    #[serde(deserialize_with = "parts::severity")]
    pub severity: Option<Severity>,
    /// The namespaces of Rollouts; empty: all, and what the controller tells of itself.
    #[serde(deserialize_with = "parts::namespaces")]
    pub namespaces: Vec<String>,
}

impl Filter {
    /// Whether the sink gets this event.
    pub fn wants(&self, told: &Told<'_>) -> bool {
        let typed = self.types.is_empty() || self.types.iter().any(|pattern| fits(pattern, told.kind.name()));
        let severe = self.severity.is_none_or(|least| told.severity >= least);
        let placed =
            self.namespaces.is_empty() || told.body.rollout.as_ref().is_some_and(|rollout| self.namespaces.contains(&rollout.namespace));
        typed && severe && placed
    }
}

/// Whether any event can fit a pattern.
pub(super) fn is_known(pattern: &str) -> bool {
    Kind::all().any(|kind| fits(pattern, kind.name()))
}

fn fits(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(family) => family.ends_with('.') && kind.starts_with(family),
        None => pattern == kind,
    }
}
