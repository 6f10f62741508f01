//! What does a new leader read anew? All Rollouts: what the one before it committed last may not have come by the watch yet.

use kube::api::ListParams;
use kube::{Api, Client};

use super::index::Index;
use super::instance::Instance;
use super::item::Item;
use crate::api::Object;
use crate::rollout::{Epoch, Key};

/// One answer of the API server holds so many Rollouts: what was needed to read it stays with the process.
const PAGE: u32 = 100;

/// Reads all Rollouts as they are in the store at this moment; tells which have to be looked at again: the watch that brings the same later is no news.
///
/// # Errors
/// There is no answer; what was read until then is known.
pub async fn refresh(client: &Client, index: &Index, tell: impl Fn(Key)) -> Result<(), kube::Error> {
    let all: Api<Object> = Api::all(client.clone());
    let mut page = ListParams::default().limit(PAGE);
    loop {
        let list = all.list(&page).await?;
        for item in list.items.into_iter().filter_map(Item::rollout) {
            index.reply(item).into_iter().for_each(&tell);
        }
        match list.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => page = page.continue_token(&token),
            None => return Ok(()),
        }
    }
}

impl Index {
    /// The highest epoch that anything of an instance carries. Before a new leader writes anything, all of it is somebody else's.
    pub fn highest_epoch(&self, instance: &Instance) -> Epoch {
        let tables = self.tables();
        let ours = tables.rollouts.iter().filter(|(_, entry)| instance.owns(&entry.object));
        let epochs = ours.flat_map(|(key, entry)| {
            let status = entry.object.status.as_ref().map_or_else(|_| Epoch::default(), |status| status.memo.epoch);
            tables.children.of(key).map(|(_, kept)| kept.view.epoch).chain([status])
        });
        epochs.max().unwrap_or_default()
    }
}
