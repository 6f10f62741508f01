//! What are the nodes, and how are they lost?

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Node, NodeStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::part::KUBELET_LABEL;

/// Creates `node-0`, `node-1` and so on.
pub(crate) async fn create(client: Client, count: u16) -> Result<()> {
    for at in 0..count {
        create_one(client.clone(), &format!("node-{at}")).await?;
    }
    Ok(())
}

/// Creates a node with room for anything.
pub(crate) async fn create_one(client: Client, name: &str) -> Result<()> {
    let labels =
        [(KUBELET_LABEL, "kwok"), ("kubernetes.io/hostname", name), ("kubernetes.io/os", "linux"), ("kubernetes.io/arch", "amd64")];
    let room = [("cpu", "1000"), ("memory", "1Ti"), ("pods", "20000")];
    let room: BTreeMap<_, _> = room.map(|(what, much)| (what.to_owned(), Quantity(much.to_owned()))).into();
    let node = Node {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            ..ObjectMeta::default()
        },
        status: Some(NodeStatus { allocatable: Some(room.clone()), capacity: Some(room), ..NodeStatus::default() }),
        ..Node::default()
    };
    Api::<Node>::all(client).create(&PostParams::default(), &node).await.with_context(|| format!("cannot create {name}"))?;
    Ok(())
}

/// True once every node is ready and takes pods.
pub(crate) async fn all_ready(client: &Client) -> bool {
    let nodes: Api<Node> = Api::all(client.clone());
    nodes.list(&ListParams::default()).await.is_ok_and(|list| list.items.iter().all(|node| ready(node) && untainted(node)))
}

/// True once a node came by itself and takes pods.
pub(crate) async fn some_ready(client: &Client) -> bool {
    let nodes: Api<Node> = Api::all(client.clone());
    nodes.list(&ListParams::default()).await.is_ok_and(|list| list.items.iter().any(|node| ready(node) && untainted(node)))
}

pub(crate) async fn cut_heartbeat(client: Client, name: &str) -> Result<()> {
    label(client, name, &Value::Null).await
}

pub(crate) async fn resume_heartbeat(client: Client, name: &str) -> Result<()> {
    label(client, name, &json!("kwok")).await
}

pub(crate) async fn delete(client: Client, name: &str) -> Result<()> {
    Api::<Node>::all(client).delete(name, &DeleteParams::default()).await.with_context(|| format!("cannot delete {name}"))?;
    Ok(())
}

async fn label(client: Client, name: &str, value: &Value) -> Result<()> {
    let patch = Patch::Merge(json!({"metadata": {"labels": {KUBELET_LABEL: value}}}));
    Api::<Node>::all(client).patch(name, &PatchParams::default(), &patch).await.with_context(|| format!("cannot label {name}"))?;
    Ok(())
}

fn ready(node: &Node) -> bool {
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True"))
}

fn untainted(node: &Node) -> bool {
    node.spec.as_ref().and_then(|spec| spec.taints.as_ref()).is_none_or(Vec::is_empty)
}
