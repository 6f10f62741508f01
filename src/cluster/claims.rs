//! Whose is a Service that several Rollouts name?

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::rollout::Key;

/// When a Rollout was created, and its name.
pub(super) type Claim = (DateTime<Utc>, String);

/// Who names a Service, the oldest first: that one has it. The key is the Service.
#[derive(Debug, Default)]
pub(super) struct Claims(HashMap<Key, BTreeSet<Claim>>);

impl Claims {
    /// The Rollout that has a Service.
    pub(super) fn first(&self, service: &Key) -> Option<&str> {
        self.0.get(service)?.first().map(|(_, name)| name.as_str())
    }

    /// All Rollouts that name a Service.
    pub(super) fn claimants(&self, service: &Key) -> Vec<Key> {
        let claims = self.0.get(service).into_iter().flatten();
        claims.map(|(_, name)| Key { namespace: service.namespace.clone(), name: name.clone() }).collect()
    }

    /// Notes a claim; says whom that may concern, if it is new. Who names no Service claims none.
    pub(super) fn stake(&mut self, service: &Key, claim: Claim) -> Vec<Key> {
        if service.name.is_empty() {
            return Vec::new();
        }
        if self.0.entry(service.clone()).or_default().insert(claim) { self.claimants(service) } else { Vec::new() }
    }

    /// Forgets a claim; says who may move up.
    pub(super) fn withdraw(&mut self, service: &Key, claim: &Claim) -> Vec<Key> {
        if let Some(claims) = self.0.get_mut(service) {
            claims.remove(claim);
            if claims.is_empty() {
                self.0.remove(service);
            }
        }
        self.claimants(service)
    }
}
