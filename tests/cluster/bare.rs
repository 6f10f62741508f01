//! A cluster that knows nothing of Serin.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ListParams};
use serin_dev::{Afterwards, ControlPlane, Guest, Options, demo_as_guest};

use super::ground::Ground;
use super::shop::Shop;

/// Without the CRD there is nothing to do, and the error says how to come by it.
pub async fn a_cluster_without_the_crd_is_refused_with_a_hint(_: &Ground, _: &Shop) -> Result<()> {
    let bare = bare(0).await?;
    let mut serin = tokio::process::Command::new(env!("CARGO_BIN_EXE_serin"));
    let ended = serin.args(["run", "--kubeconfig"]).arg(bare.kubeconfig()).output();
    let output = tokio::time::timeout(Duration::from_secs(30), ended).await.context("it should end by itself")??;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1) && words.contains("hint:") && words.contains("crds"), "{words}");
    bare.stop().await;
    Ok(())
}

/// `CONTEXT=name make demo`: it installs what it needs, promotes, rolls back, and leaves nothing; where Serin is already, it does not begin.
pub async fn the_demo_is_a_guest_on_a_cluster_that_is_there_already(ground: &Ground, _: &Shop) -> Result<()> {
    let guest = |plane: &ControlPlane| Guest { kubeconfig: Some(plane.kubeconfig()), context: "plane".to_owned() };
    let serin = env!("CARGO_BIN_EXE_serin").as_ref();
    let refused = demo_as_guest(&guest(&ground.plane), serin, Afterwards::Stop).await;
    ensure!(refused.as_ref().is_err_and(|error| error.to_string().contains(".serin.dev already")), "{refused:?}");

    let bare = bare(2).await?;
    let namespaces: Api<Namespace> = Api::all(bare.client().await?);
    let definitions: Api<CustomResourceDefinition> = Api::all(bare.client().await?);
    let before = namespaces.list(&ListParams::default()).await?.items.len();
    demo_as_guest(&guest(&bare), serin, Afterwards::Stop).await?;
    ensure!(
        namespaces.list(&ListParams::default()).await?.items.len() == before
            && definitions.list(&ListParams::default()).await?.items.is_empty()
    );
    bare.stop().await;
    Ok(())
}

async fn bare(nodes: u16) -> Result<ControlPlane> {
    ControlPlane::start(Options { name: "bare".to_owned(), nodes, ..Options::default() }).await
}
