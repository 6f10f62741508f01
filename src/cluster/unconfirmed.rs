//! Which Deployments does nothing but our own write tell of, and are they still there?
//!
//! A watch confirms what we wrote within moments. Where it began anew meanwhile, the Deployment may have been deleted, or may have lost our labels,
//! before the list that it began with: that list does not bring it, does not say how new it is, and no watch ever tells of it again. So it is asked
//! for by its name. Whatever else we write to is found gone by the next write.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kube::{Api, Client};
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::deployments::Deployment;
use super::index::Index;
use super::item::Item;
use super::watches::Notice;
use crate::rollout::Key;

/// A watch has so long to confirm a write, and up to twice as long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A Deployment that only the reply to a write of ours told of, at this version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unconfirmed {
    owner: Key,
    /// Its name.
    pub name: String,
    version: u64,
}

/// Reads what stays unconfirmed, until it is dropped.
pub(super) async fn follow(client: Client, index: Arc<Index>, tell: impl Fn(Notice)) {
    let mut before = BTreeSet::new();
    loop {
        sleep(PATIENCE).await;
        let now = index.unconfirmed();
        let all = async {
            for unconfirmed in now.intersection(&before) {
                match reread(&client, &index, unconfirmed).await {
                    Ok(touched) => touched.into_iter().map(Notice::Changed).for_each(&tell),
                    Err(error) => debug!(name = unconfirmed.name, %error, "a Deployment that no watch told of cannot be read"),
                }
            }
        };
        if timeout(PATIENCE, all).await.is_err() {
            debug!("no answer about Deployments that no watch told of; they are asked for again");
        }
        before = now;
    }
}

/// Reads one of them as it is in the store at this moment; says which rollouts have to be looked at again.
///
/// # Errors
/// There is no answer.
pub async fn reread(client: &Client, index: &Index, unconfirmed: &Unconfirmed) -> Result<Vec<Key>, kube::Error> {
    let Unconfirmed { owner, name, .. } = unconfirmed;
    let found = Api::<Deployment>::namespaced(client.clone(), &owner.namespace).get_opt(name).await?;
    debug!(namespace = owner.namespace, name, found = found.is_some(), "read a Deployment that no watch told of");
    Ok(index.confirm(unconfirmed, found.as_ref().and_then(Item::deployment)))
}

impl Index {
    /// The Deployments that no watch has confirmed yet.
    pub fn unconfirmed(&self) -> BTreeSet<Unconfirmed> {
        let tables = self.tables();
        let all = tables.children.unconfirmed();
        all.map(|(owner, name, version)| Unconfirmed { owner: owner.clone(), name: name.clone(), version }).collect()
    }

    /// Takes over what the API server says of one, `None` where it has none with our labels; says which rollouts have to be looked at again.
    pub fn confirm(&self, unconfirmed: &Unconfirmed, found: Option<Item>) -> Vec<Key> {
        let Some(item) = found else {
            let Unconfirmed { owner, name, version } = unconfirmed;
            let mut tables = self.tables();
            let gone = tables.children.remove(owner, name, *version);
            return tables.touched(owner.clone(), gone);
        };
        self.put(item)
    }
}
