//! Is everything known that has to be, and what may not be?

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::lacking;
use super::index::Index;
use super::item::Kind;

/// The kinds that the API server does not let us follow: what is known of them is missing, or goes stale.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<Kind, String>>);

impl Index {
    /// Whether every kind was listed once.
    pub fn is_ready(&self) -> bool {
        self.listed.borrow().len() == Kind::ALL.len()
    }

    /// Waits until every kind was listed once.
    pub async fn ready(&self) {
        let mut listed = self.listed.subscribe();
        // The sender lives in `self`, so it cannot be gone.
        let _ = listed.wait_for(|listed| listed.len() == Kind::ALL.len()).await;
    }

    /// The kinds that were not listed yet.
    pub fn missing(&self) -> Vec<Kind> {
        let listed = self.listed.borrow();
        Kind::ALL.into_iter().filter(|kind| !listed.contains(kind)).collect()
    }

    /// What the API server does not let us follow.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }
}

impl Refusals {
    /// One sentence for each kind that may not be watched.
    pub fn sentences(&self) -> Vec<String> {
        self.kinds().iter().map(|(kind, text)| format!("{} may not be watched: {text}", kind.resource())).collect()
    }

    /// The rights that are missing, in the API server's words.
    pub fn rights(&self) -> Vec<String> {
        self.kinds().values().map(|text| lacking(text).unwrap_or(text).to_owned()).collect()
    }

    /// The API server does not let us follow this kind, and said so.
    pub(super) fn add(&self, kind: Kind, text: &str) {
        self.kinds().insert(kind, text.to_owned());
    }

    /// The API server lets us follow this kind.
    pub(super) fn end(&self, kind: Kind) {
        self.kinds().remove(&kind);
    }

    /// No holder panics half-way through a change, so a poisoned lock guards nothing broken.
    fn kinds(&self) -> MutexGuard<'_, BTreeMap<Kind, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
