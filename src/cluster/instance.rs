//! Which instance of the controller does a Rollout belong to?

use super::meta::INSTANCE;
use crate::api::Object;

/// The name of the first instance's Lease; those of the others begin with it.
const LEASE: &str = "serin";

/// One of several controllers that share a cluster: each works on its own Rollouts, and has a lease of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance(Option<String>);

impl Instance {
    /// The instance of that name; without one, that of all Rollouts without the label.
    pub fn new(name: Option<String>) -> Self {
        Self(name)
    }

    /// Its name; the first one has none.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Whether a Rollout belongs to it.
    pub fn owns(&self, rollout: &Object) -> bool {
        let label = rollout.metadata.labels.as_ref().and_then(|labels| labels.get(INSTANCE)).filter(|name| !name.is_empty());
        label == self.0.as_ref()
    }

    /// Whether it is that of the Rollouts without the label.
    pub fn is_first(&self) -> bool {
        self.0.is_none()
    }

    /// The name of its Lease.
    pub fn lease(&self) -> String {
        self.0.as_ref().map_or_else(|| LEASE.to_owned(), |name| format!("{LEASE}-{name}"))
    }
}
