//! Which Deployments do Rollouts take over, and what is known of them?

use std::collections::BTreeSet;

use tokio::sync::watch;

use super::index::Index;
use super::workloads::{Autoscaler, Found, Place, Running};
use crate::rollout::Key;

impl Index {
    /// The Deployments that have to be watched.
    pub(super) fn places(&self) -> watch::Receiver<BTreeSet<Place>> {
        self.wanted_places().subscribe()
    }

    /// Says which Deployments have to be watched, where that changed.
    pub(super) fn name_places(&self) {
        let moved = self.tables().workloads.moved();
        if let Some(places) = moved {
            self.wanted_places().send_replace(places);
        }
    }

    /// Takes over what is seen of a Deployment, by a watch or in the reply to a write of ours.
    pub(super) fn put_running(&self, place: &Place, running: &Running) {
        self.tables().workloads.put(place.clone(), running);
    }

    /// What is known of a Deployment that is taken over.
    pub(super) fn running(&self, place: &Place) -> Option<Found> {
        self.tables().workloads.find(place)
    }

    /// There is no Deployment at a place.
    pub(super) fn place_missing(&self, place: &Place) {
        self.tables().workloads.missing(place.clone());
    }

    /// A place cannot be watched.
    pub(super) fn place_unknown(&self, place: &Place, text: &str) {
        self.tables().workloads.unknown(place.clone(), text.to_owned());
    }

    /// Nobody names a place any more.
    pub(super) fn forget_place(&self, place: &Place) {
        self.tables().workloads.forget(place);
    }

    /// Takes over what is seen of an autoscaler; `None` where it is gone.
    pub(super) fn put_autoscaler(&self, namespace: &str, name: &str, autoscaler: Option<&Autoscaler>) {
        self.tables().workloads.autoscaler(namespace, name, autoscaler);
    }

    /// The rollouts that name a place.
    pub(super) fn claimants_of(&self, place: &Place) -> Vec<Key> {
        self.tables().workloads.claimants(place)
    }
}
