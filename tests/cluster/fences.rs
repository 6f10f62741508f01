//! Does a write hit what was looked at, or nothing? The product's writer against the real API server, beside the controller.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde::Deserialize as _;
use serde_json::json;
use serin::api::{Object, Status};
use serin::cluster::{Error, Index, Item, Kind, Listed, Writer, reread};
use serin::rollout::{Change, Direction, Fence, Key, Revision};

use super::ground::{Ground, wait};
use super::rights;
use super::shop::{NAME, Shop, quick};

/// A rollout that the controller does not know, so that it leaves its Deployment alone.
const GHOST: &str = "ghost";

/// One Deployment as it was seen, and who writes to it.
struct Stage {
    deployments: Api<Deployment>,
    writer: Writer,
    key: Key,
    seen: Fence,
}

fn revision() -> Revision {
    Revision::new("1111111111")
}

fn deployment() -> Result<Deployment> {
    let labels = json!({"serin.dev/rollout": GHOST, "serin.dev/revision": "1111111111"});
    Ok(serde_json::from_value(json!({
        "metadata": {"name": "ghost-1111111111", "labels": labels},
        "spec": {
            "replicas": 4,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "registry.example/web:v1"}]}},
        },
    }))?)
}

/// What is kept of it.
fn seen(made: &Deployment) -> Result<Item> {
    Item::deployment(&serin::cluster::Deployment::deserialize(serde_json::to_value(made)?)?).context("it has our labels")
}

impl Stage {
    /// A Deployment of four that was looked at before somebody else wrote to it.
    async fn stale(shop: &Shop) -> Result<Self> {
        Self::stale_for(shop, shop.client.clone()).await
    }

    /// The same, and this client writes.
    async fn stale_for(shop: &Shop, client: Client) -> Result<Self> {
        let deployments: Api<Deployment> = Api::namespaced(shop.client.clone(), &shop.namespace);
        let made = deployments.create(&PostParams::default(), &deployment()?).await?;
        let index = Arc::new(Index::default());
        index.put(seen(&made)?);
        let seen =
            Fence { uid: made.metadata.uid.context("a uid")?, resource_version: made.metadata.resource_version.context("a version")? };
        let key = Key { namespace: shop.namespace.clone(), name: GHOST.to_owned() };
        let stage = Self { deployments, writer: Writer::new(client, index), key, seen };
        stage.write(json!({"metadata": {"annotations": {"somebody": "was here"}}})).await?;
        Ok(stage)
    }

    async fn write(&self, patch: serde_json::Value) -> Result<()> {
        self.deployments.patch("ghost-1111111111", &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    async fn scale(&self, (from, replicas): (u32, u32), direction: Direction) -> Result<(), Error> {
        let change = Change::Scale { revision: revision(), from, replicas, fence: self.seen.clone(), direction };
        self.writer.change(&self.key, &change).await
    }

    async fn replicas(&self) -> Result<i32> {
        self.deployments.get("ghost-1111111111").await?.spec.and_then(|spec| spec.replicas).context("replicas")
    }
}

/// Design: a conflict on a raise means looking again, from the start.
pub async fn a_raise_on_a_stale_look_writes_nothing(_: &Ground, shop: &Shop) -> Result<()> {
    let stage = Stage::stale(shop).await?;
    let refused = stage.scale((4, 6), Direction::Raise).await;
    ensure!(matches!(refused, Err(Error::Changed { .. })), "{refused:?}");
    ensure!(stage.replicas().await? == 4);
    Ok(())
}

/// Design: a lowering write reads the one scale and tries again at once.
pub async fn a_lowering_write_on_a_stale_look_goes_through_at_once(_: &Ground, shop: &Shop) -> Result<()> {
    let stage = Stage::stale(shop).await?;
    stage.scale((4, 1), Direction::Lower).await?;
    ensure!(stage.replicas().await? == 1);
    // Bringing stable back is a lowering write too, and it goes up.
    stage.scale((1, 4), Direction::Lower).await?;
    ensure!(stage.replicas().await? == 4);
    Ok(())
}

/// Where the right to read that one scale is missing, the refusal says so.
pub async fn a_conflict_that_may_not_be_read_names_the_right(ground: &Ground, shop: &Shop) -> Result<()> {
    let account = "never-reads-a-scale";
    let all = rights::rights()?;
    let missing = all.iter().find(|right| right.verb == "get" && right.resource == "deployments/scale").context("a right of Serin")?;
    rights::grant(&shop.client, account, all.iter().filter(|right| *right != missing)).await?;
    rights::account(&shop.client, account).await?;
    let kubeconfig = ground.plane.service_account_kubeconfig(rights::SERIN, account).await?;
    let stage = Stage::stale_for(shop, serin_dev::client(&kubeconfig).await?).await?;
    let refused = stage.scale((4, 1), Direction::Lower).await;
    ensure!(matches!(&refused, Err(Error::Refused { text, .. }) if text.contains(&missing.missing())), "{refused:?}");
    ensure!(stage.replicas().await? == 4);
    Ok(())
}

/// Where somebody else scaled meanwhile, what was decided may be wrong by now: a lowering write would even raise what is lower already.
pub async fn a_lowering_write_leaves_what_somebody_else_scaled(_: &Ground, shop: &Shop) -> Result<()> {
    let stage = Stage::stale(shop).await?;
    stage.write(json!({"spec": {"replicas": 0}})).await?;
    let refused = stage.scale((4, 2), Direction::Lower).await;
    ensure!(matches!(refused, Err(Error::Changed { .. })), "{refused:?}");
    ensure!(stage.replicas().await? == 0);
    Ok(())
}

/// A Deployment of the same name that was made anew is another one.
pub async fn a_write_never_hits_a_namesake(_: &Ground, shop: &Shop) -> Result<()> {
    let stage = Stage::stale(shop).await?;
    stage.deployments.delete("ghost-1111111111", &DeleteParams::default()).await?;
    let is_gone = || async { matches!(stage.deployments.get_opt("ghost-1111111111").await, Ok(None)) };
    wait("the Deployment is gone", Duration::from_secs(30), is_gone).await?;
    let gone = stage.scale((4, 1), Direction::Lower).await;
    ensure!(matches!(gone, Err(Error::Gone { .. })), "{gone:?}");
    stage.deployments.create(&PostParams::default(), &deployment()?).await?;
    let refused = stage.scale((4, 1), Direction::Lower).await;
    ensure!(matches!(refused, Err(Error::Changed { .. })), "{refused:?}");
    let pruned = stage.writer.change(&stage.key, &Change::Prune { revision: revision(), fence: stage.seen.clone() }).await;
    ensure!(matches!(pruned, Err(Error::Changed { .. })), "{pruned:?}");
    ensure!(stage.replicas().await? == 4);
    Ok(())
}

/// The reply to a write came, and no watch told of it.
pub async fn what_no_watch_told_of_is_known_as_long_as_it_is_there_and_ours(_: &Ground, shop: &Shop) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(shop.client.clone(), &shop.namespace);
    let made = deployments.create(&PostParams::default(), &deployment()?).await?;
    let key = Key { namespace: shop.namespace.clone(), name: GHOST.to_owned() };
    let (index, reply) = (Index::default(), seen(&made)?);
    for kind in Kind::ALL {
        index.list_done(kind, &Listed::default());
    }
    let metadata = json!({"name": GHOST, "namespace": shop.namespace, "resourceVersion": "1"});
    let rollout: Object = serde_json::from_value(json!({"metadata": metadata, "spec": {}}))?;
    index.put(Item::rollout(rollout).context("it has a name")?);
    index.reply(reply);
    let known = || index.look(&key).is_some_and(|look| look.children.contains_key(&revision()));

    let unconfirmed = index.unconfirmed().pop_first().context("no watch told of it")?;
    reread(&shop.client, &index, &unconfirmed).await?;
    ensure!(known() && index.unconfirmed().is_empty(), "it is there");

    let scaled = deployments.patch("ghost-1111111111", &PatchParams::default(), &Patch::Merge(json!({"spec": {"replicas": 3}}))).await?;
    index.reply(seen(&scaled)?);
    let unconfirmed = index.unconfirmed().pop_first().context("no watch told of it")?;
    let unlabelled = json!({"metadata": {"labels": {"serin.dev/rollout": null}}});
    deployments.patch("ghost-1111111111", &PatchParams::default(), &Patch::Merge(unlabelled)).await?;
    let touched = reread(&shop.client, &index, &unconfirmed).await?;
    ensure!(touched == [key.clone()] && !known(), "{touched:?}");
    Ok(())
}

/// A status is written onto the version that was seen, or not at all.
pub async fn a_commit_on_a_stale_look_writes_nothing(_: &Ground, shop: &Shop) -> Result<()> {
    shop.service(0).await?;
    shop.create(quick(1, "v1")).await?;
    let installed = shop.installed().await?;
    let writer = Writer::new(shop.client.clone(), Arc::new(Index::default()));
    let key = Key { namespace: shop.namespace.clone(), name: NAME.to_owned() };
    let refused = writer.commit(&key, "1", &Status::default()).await;
    ensure!(matches!(refused, Err(Error::Changed { .. })), "{refused:?}");
    let now = shop.installed().await?;
    ensure!(now["status"]["state"] == installed["status"]["state"]);
    Ok(())
}
